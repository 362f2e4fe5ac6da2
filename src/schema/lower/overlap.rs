//! Could an item of one type be taken for an item of another? Decided by the languages of their keys.

use indexmap::IndexMap;

use super::Lowering;
use super::items::ItemDraft;
use super::keyspace::Keyspace;
use crate::id::TenantId;
use crate::schema::language::{Alphabet, alphabet};
use crate::schema::plan::{Attribute, Item, KeyKind, KeyTemplates, Layout, Name, Part, Shape, Template};

/// The keys of a type in its table, or in one of its indexes.
pub(super) struct Keyspaces {
    /// The index; the table itself, if none.
    index: Option<Name>,
    partition: Keyspace,
    sort: Option<Keyspace>,
}

impl Keyspaces {
    fn meet(&self, other: &Self) -> bool {
        let sorts = self.sort.as_ref().zip(other.sort.as_ref());
        self.index == other.index
            && self.partition.meets(&other.partition)
            && sorts.is_none_or(|(one, other)| one.meets(other))
    }
}

impl Lowering<'_> {
    /// Finds out which keys each type has.
    pub(super) fn keyspaces(&mut self) {
        let items = self.drafts.iter().filter_map(|(name, draft)| Some((name, &draft.item.as_ref()?.item)));
        self.keyspaces = items.map(|(name, item)| (name.clone(), self.keyspaces_of(name, item))).collect();
    }

    /// The keys of a type: those of the table, and those of each index.
    fn keyspaces_of(&self, object: &Name, item: &Item) -> Vec<Keyspaces> {
        let Some(table) = self.tables.get(&item.table) else { return Vec::new() };
        let indexes = item.indexes.iter().filter_map(|index| {
            let keys = &table.indexes.get(&index.name)?.keys;
            Some((Some(&index.name), &index.keys, keys))
        });
        let all = std::iter::once((None, &item.keys, &table.keys)).chain(indexes);
        all.map(|(index, templates, keys)| {
            let sort = templates.sort.as_ref().zip(keys.sort.as_ref());
            Keyspaces {
                index: index.cloned(),
                partition: self.keyspace(object, &templates.partition.parts, keys.partition.kind),
                sort: sort.map(|(template, key)| self.keyspace(object, &template.parts, key.kind)),
            }
        })
        .collect()
    }

    /// The keys that parts of a template of a type make.
    pub(super) fn keyspace(&self, object: &Name, parts: &[Part], kind: KeyKind) -> Keyspace {
        let none = IndexMap::new();
        let attributes = self.drafts.get(object).map_or(&none, |draft| &draft.attributes);
        Keyspace::of(parts, kind, attributes, &self.enums)
    }

    /// Types whose keys meet must be told apart by a discriminator.
    pub(super) fn overlaps(&self) {
        let items: Vec<_> =
            self.drafts.iter().filter_map(|(name, draft)| Some((name, draft.item.as_ref()?))).collect();
        for (at, one) in items.iter().enumerate() {
            for other in items.iter().take(at) {
                if let Some(place) = self.overlap((one.0, &one.1.item), (other.0, &other.1.item)) {
                    self.report_overlap(place, *one, *other);
                }
            }
        }
    }

    /// Where the keys of two types are the same, if nothing tells their items apart.
    fn overlap(&self, (name, item): (&Name, &Item), (other, others): (&Name, &Item)) -> Option<&Keyspaces> {
        if item.table != others.table || told_apart(item, others) {
            return None;
        }
        let others = self.keyspaces.get(other)?;
        self.keyspaces.get(name)?.iter().find(|keys| others.iter().any(|other| keys.meet(other)))
    }

    fn report_overlap(
        &self,
        place: &Keyspaces,
        (name, draft): (&Name, &ItemDraft<'_>),
        (other, others): (&Name, &ItemDraft<'_>),
    ) {
        let place = match &place.index {
            None => format!("the table `{}`", draft.item.table),
            Some(index) => format!("the index `{index}`"),
        };
        let hint = match (&draft.item.discriminator, &others.item.discriminator) {
            (None, None) => {
                "give them keys that cannot meet, or `type: \"__typename\"` in both `@item`s".to_owned()
            }
            (Some(_), Some(theirs)) => format!("name the same attribute in both: `type: \"{theirs}\"`"),
            (Some(it), None) => format!("write `type: \"{it}\"` in the `@item` of `{other}` too"),
            (None, Some(it)) => format!("write `type: \"{it}\"` here too"),
        };
        let message = format!("an item of `{name}` can have the same key as one of `{other}` in {place}");
        self.reports.report(draft.span, message, hint);
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

    /// A type that a record of transactions could be taken for, by its key or by what a query of the type asks for. A
    /// type with a discriminator is none: a record bears no type's name.
    pub(super) fn met_by_record(&self, table: &Name, keys: &KeyTemplates) -> Option<&Name> {
        let none = IndexMap::new();
        let of = |parts: &[Part]| Keyspace::of(parts, KeyKind::String, &none, &self.enums);
        let partition = of(&keys.partition.parts);
        let sort = keys.sort.as_ref().map(|sort| of(&sort.parts));
        self.drafts.iter().find_map(|(name, draft)| {
            let item = &draft.item.as_ref()?.item;
            if item.table != *table || item.discriminator.is_some() {
                return None;
            }
            let own = self.keyspaces.get(name)?.iter().find(|keys| keys.index.is_none())?;
            let asked = item.keys.sort.as_ref().map(|sort| match sort.parts.as_slice() {
                [Part::Literal(_)] => of(&sort.parts),
                [first @ Part::Literal(_), ..] => of(std::slice::from_ref(first)).and_anything(),
                _ => Keyspace::anything(),
            });
            let is_met = own.partition.meets(&partition)
                && sort.as_ref().zip(asked.as_ref()).is_none_or(|(one, other)| one.meets(other));
            is_met.then_some(name)
        })
    }

    /// A type other than `object` whose items a query can meet. `sort` are the sort keys that it asks for. Types whose
    /// keys are the same have been reported.
    pub(super) fn met_by_query(&self, object: &Name, index: Option<usize>, sort: &Keyspace) -> Option<&Name> {
        let item = &self.drafts.get(object)?.item.as_ref()?.item;
        let index = index.and_then(|at| item.indexes.get(at)).map(|index| &index.name);
        let of_place =
            |object: &Name| self.keyspaces.get(object)?.iter().find(|keys| keys.index.as_ref() == index);
        let asked = of_place(object)?;
        self.drafts.iter().find_map(|(name, draft)| {
            let other = &draft.item.as_ref()?.item;
            if name == object || other.table != item.table || told_apart(item, other) {
                return None;
            }
            let keys = of_place(name)?;
            let is_met = keys.partition.meets(&asked.partition)
                && keys.sort.as_ref().is_none_or(|other| other.meets(sort));
            (is_met && self.overlap((object, item), (name, other)).is_none()).then_some(name)
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
