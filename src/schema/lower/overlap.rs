//! Could an item of one type be taken for an item of another? Decided by the languages of their keys.

use indexmap::IndexMap;

use super::Lowering;
use crate::id::TenantId;
use crate::schema::language::{Alphabet, Language, alphabet, meet, of_template};
use crate::schema::plan::{Attribute, Item, KeyTemplates, Layout, Name, Part, Shape, Template};

impl Lowering<'_> {
    /// Types whose keys meet must be told apart by a discriminator.
    pub(super) fn overlaps(&self) {
        let items: Vec<_> =
            self.drafts.iter().filter_map(|(name, draft)| Some((name, draft.item.as_ref()?))).collect();
        for (at, (name, draft)) in items.iter().enumerate() {
            for (other_name, other) in items.iter().take(at) {
                if told_apart(&draft.item, &other.item) {
                    continue;
                }
                let Some(place) = self.shared_place(name, &draft.item, other_name, &other.item) else {
                    continue;
                };
                let message =
                    format!("an item of `{name}` can have the same key as one of `{other_name}` in {place}");
                let hint = "give them keys that cannot meet, or `type: \"__typename\"` in both `@item`s";
                self.reports.report(draft.span, message, hint);
            }
        }
    }

    /// What stands before the tenant must not look like a tenant: with `T#${tenant}#…` and `T#X#${tenant}` in one
    /// table, a tenant named `X` would make keys of the second form. Table and indexes are looked at together: a
    /// policy's `dynamodb:LeadingKeys` are the same for all of them.
    pub(super) fn prefixes(&self) {
        let items = self.drafts.iter().filter_map(|(name, draft)| Some((name, draft.item.as_ref()?)));
        let items = items.filter(|(_, draft)| {
            self.tables.get(&draft.item.table).is_some_and(|table| table.layout == Layout::Pooled)
        });
        let keys: Vec<_> = items
            .flat_map(|(name, draft)| partitions(&draft.item).map(move |template| (name, draft, template)))
            .collect();
        for (at, (name, draft, template)) in keys.iter().enumerate() {
            for (other_name, other, other_template) in keys.iter().take(at) {
                let is_mistakable =
                    mistakable(template, other_template) || mistakable(other_template, template);
                if draft.item.table == other.item.table && is_mistakable {
                    let message = format!(
                        "a tenant's keys under `{template}` of `{name}` can be another's under `{other_template}` of `{other_name}`"
                    );
                    let hint = "begin all partition keys of a table and its indexes alike, up to the tenant";
                    self.reports.report(draft.span, message, hint);
                    break;
                }
            }
        }
    }

    /// Where the keys of two types meet: in the table or in an index.
    fn shared_place(&self, one: &Name, one_item: &Item, other: &Name, other_item: &Item) -> Option<String> {
        if one_item.table != other_item.table {
            return None;
        }
        if self.keys_meet((one, &one_item.keys), (other, &other_item.keys)) {
            return Some(format!("the table `{}`", one_item.table));
        }
        one_item.indexes.iter().find_map(|index| {
            let same = other_item.indexes.iter().find(|other| other.name == index.name)?;
            self.keys_meet((one, &index.keys), (other, &same.keys))
                .then(|| format!("the index `{}`", index.name))
        })
    }

    fn keys_meet(&self, one: (&Name, &KeyTemplates), other: (&Name, &KeyTemplates)) -> bool {
        let language = |(object, template): (&Name, &Template)| self.language(object, template);
        let partitions = meet(&language((one.0, &one.1.partition)), &language((other.0, &other.1.partition)));
        partitions
            && match (&one.1.sort, &other.1.sort) {
                (Some(sort), Some(other_sort)) => {
                    meet(&language((one.0, sort)), &language((other.0, other_sort)))
                }
                _ => true,
            }
    }

    /// A type other than `object` whose items a query can meet. `sort` is the language of the sort keys that it asks for.
    pub(super) fn met_by_query(&self, object: &Name, index: Option<usize>, sort: &Language) -> Option<&Name> {
        let item = &self.drafts.get(object)?.item.as_ref()?.item;
        let keys = match index {
            None => &item.keys,
            Some(at) => &item.indexes.get(at)?.keys,
        };
        let index_name = index.and_then(|at| item.indexes.get(at)).map(|index| &index.name);
        self.drafts.iter().find_map(|(name, draft)| {
            let other = &draft.item.as_ref()?.item;
            if name == object || other.table != item.table || told_apart(item, other) {
                return None;
            }
            let other_keys = match index_name {
                None => &other.keys,
                Some(index_name) => &other.indexes.iter().find(|index| index.name == *index_name)?.keys,
            };
            let partitions =
                meet(&self.language(object, &keys.partition), &self.language(name, &other_keys.partition));
            let sorts = other_keys.sort.as_ref().is_none_or(|other| meet(sort, &self.language(name, other)));
            (partitions && sorts).then_some(name)
        })
    }

    /// All keys that a template makes.
    pub(super) fn language(&self, object: &Name, template: &Template) -> Language {
        let attributes = self.drafts.get(object).map(|draft| &draft.attributes);
        of_template(template, |name| {
            let attribute = attributes.and_then(|attributes| attributes.get(name));
            attribute.map_or_else(Alphabet::all, |attribute| alphabet(attribute, &self.enums))
        })
    }
}

/// The templates of an item's partition keys: the table's, and its indexes'.
fn partitions(item: &Item) -> impl Iterator<Item = &Template> {
    std::iter::once(&item.keys)
        .chain(item.indexes.iter().map(|index| &index.keys))
        .map(|keys| &keys.partition)
}

/// Whether the second template's keys can begin as the first's do for a tenant that its literal spells.
fn mistakable(shorter: &Template, longer: &Template) -> bool {
    let (Some(short), Some(long)) = (before_tenant(shorter), before_tenant(longer)) else {
        return false;
    };
    let rest = long.strip_prefix(short).and_then(|rest| rest.chars().next());
    rest.is_some_and(TenantId::allows)
}

fn before_tenant(template: &Template) -> Option<&str> {
    match template.parts.as_slice() {
        [Part::Tenant, ..] => Some(""),
        [Part::Literal(text), Part::Tenant, ..] => Some(text),
        _ => None,
    }
}

/// Both carry a discriminator in the same attribute, so that every read can tell them apart.
fn told_apart(one: &Item, other: &Item) -> bool {
    one.discriminator.is_some() && one.discriminator == other.discriminator
}

/// Whether a value of a type with a known alphabet may contain a character: then no value could ever be checked
/// against it, and the template is refused. Free text is checked value by value instead.
pub(super) fn always_may_contain(attribute: &Attribute, c: char) -> bool {
    match alphabet(attribute, &IndexMap::new()) {
        Alphabet::Only(chars) => chars.contains(&c),
        Alphabet::AllBut(_) => {
            matches!(attribute.shape, Shape::Enum(_)) && (c.is_ascii_alphanumeric() || c == '_')
        }
    }
}
