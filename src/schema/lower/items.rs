//! `@item` and `@index`: where the items of a type live.

use std::ops::Range;

use super::{Lowering, find};
use crate::id::TenantId;
use crate::problem::did_you_mean;
use crate::schema::directive::Args;
use crate::schema::literal::Text;
use crate::schema::plan::{
    Attribute, Item, ItemIndex, KeyAttribute, KeyKind, KeyTemplates, Keys, Layout, Name, Part, Shape, Table,
    Template,
};
use crate::schema::scalar::Scalar;
use crate::schema::template::{self, Mistake, Parsed};

/// A type's item, with the places that later messages point to.
pub(super) struct ItemDraft<'a> {
    pub(super) item: Item,
    /// Where `@item` stands.
    pub(super) span: &'a Range<usize>,
}

impl<'a> Lowering<'a> {
    /// Reads the items of all types.
    pub(super) fn items(&mut self) {
        let mut items = Vec::new();
        for (name, draft) in &self.drafts {
            let directive = find(&draft.def.directives, "item");
            if let Some(index) = find(&draft.def.directives, "index").filter(|_| directive.is_none()) {
                self.reports.report(
                    &index.name.span,
                    "`@index` needs `@item`",
                    "say where the items live in the table",
                );
            }
            let Some(directive) = directive else { continue };
            if self.is_root(name) {
                self.reports.report(&directive.name.span, "a root has no items", "define another type");
                continue;
            }
            let args = Args::of(directive, self.reports);
            let item = self.item(name, &args);
            items.extend(item.map(|item| (name.clone(), ItemDraft { item, span: &directive.name.span })));
        }
        for (name, item) in items {
            if let Some(draft) = self.drafts.get_mut(&name) {
                draft.item = Some(item);
            }
        }
    }

    fn item(&self, object: &Name, args: &Args<'a>) -> Option<Item> {
        let table_name = args.required("table");
        let discriminator = args.string("type");
        let (version, ttl) = (args.string("version"), args.string("ttl"));
        let table_name = table_name?;
        let Some(table) = self.tables.get(table_name.value.as_str()) else {
            let hint = did_you_mean(&table_name.value, self.tables.keys().map(AsRef::as_ref));
            let span = table_name.whole();
            self.reports.report(&span, format!("there is no table `{}`", table_name.value), hint);
            return None;
        };
        let keys = self.key_templates(object, table, &table.keys, args);
        let version = version.and_then(|text| self.counter(object, text, &[Scalar::Int], "version"));
        let ttl = ttl.and_then(|text| self.counter(object, text, &[Scalar::Int, Scalar::BigInt], "ttl"));
        let item = Item {
            table: table.name.clone(),
            indexes: self.indexes(object, table),
            keys: keys?,
            version,
            ttl,
            discriminator: discriminator.map(|text| text.value.as_str().into()),
        };
        self.check_attributes(object, table, &item, discriminator);
        Some(item)
    }

    fn indexes(&self, object: &Name, table: &Table) -> Vec<ItemIndex> {
        let mut indexes: Vec<ItemIndex> = Vec::new();
        let Some(draft) = self.drafts.get(object) else {
            return indexes;
        };
        for directive in draft.def.directives.iter().filter(|it| it.name.value == "index") {
            let args = Args::of(directive, self.reports);
            let (name, alias) = (args.required("name"), args.string("as"));
            let Some(name) = name else { continue };
            let Some(index) = table.indexes.get(name.value.as_str()) else {
                let hint = did_you_mean(&name.value, table.indexes.keys().map(AsRef::as_ref));
                let message = format!("the table `{}` has no index `{}`", table.name, name.value);
                self.reports.report(&name.whole(), message, hint);
                continue;
            };
            let alias = alias.unwrap_or(name);
            let twice =
                indexes.iter().any(|other| other.alias.as_ref() == alias.value || other.name == index.name);
            if twice {
                let hint = "a type is in an index once, under one name";
                self.reports.report(args.span(), "the type is in this index already", hint);
            }
            if let Some(keys) = self.key_templates(object, table, &index.keys, &args) {
                indexes.push(ItemIndex {
                    name: index.name.clone(),
                    alias: alias.value.as_str().into(),
                    keys,
                });
            }
        }
        indexes
    }

    fn key_templates(
        &self,
        object: &Name,
        table: &Table,
        keys: &Keys,
        args: &Args<'a>,
    ) -> Option<KeyTemplates> {
        let (partition, sort) = (args.required("pk"), args.string("sk"));
        let read = |text: &Text, key: &KeyAttribute| self.key_template(object, text, key);
        let sort = match (sort, &keys.sort) {
            (Some(text), Some(key)) => read(text, key).map(Some),
            (None, None) => Some(None),
            (None, Some(key)) => {
                let hint = format!("write `sk: \"…\"` for its sort key `{}`", key.name);
                self.reports.report(args.span(), "the items need a sort key", hint);
                None
            }
            (Some(text), None) => {
                let hint = "take `sk` out, or give the table a sort key";
                self.reports.report(&text.whole(), "there is no sort key to fill", hint);
                None
            }
        };
        let text = partition?;
        let partition = read(text, &keys.partition)?;
        if table.layout == Layout::Pooled
            && let Err(mistake) = holds_tenant(&partition)
        {
            self.reports.report_in(text, mistake);
            return None;
        }
        Some(KeyTemplates { partition: partition.template, sort: sort?.map(|sort| sort.template) })
    }

    fn key_template(&self, object: &Name, text: &Text, key: &KeyAttribute) -> Option<Parsed> {
        let checked = template::parse(text).and_then(|parsed| {
            self.check_fields(object, &parsed, key)?;
            Ok(parsed)
        });
        checked.map_err(|mistake| self.reports.report_in(text, mistake)).ok()
    }

    fn check_fields(&self, object: &Name, parsed: &Parsed, key: &KeyAttribute) -> Result<(), Mistake> {
        let Some(draft) = self.drafts.get(object) else {
            return Ok(());
        };
        let exact = parsed.template.exact_field().is_some();
        if key.kind != KeyKind::String && !exact {
            let whole = 0..parsed.places.last().map_or(0, |place| place.end);
            let message = format!("`{}` is no string, so its template must be one field", key.name);
            return Err(Mistake::new(whole, message, "write exactly `${field}`"));
        }
        let parts: Vec<_> = parsed.parts().collect();
        for (at, (part, place)) in parts.iter().enumerate() {
            let Part::Field(name) = part else { continue };
            let Some(attribute) = draft.attributes.get(name) else {
                let hint = did_you_mean(name, draft.attributes.keys().map(AsRef::as_ref));
                let message = format!("`{object}` has no field `{name}` that is stored in the item");
                return Err(Mistake::new(place.clone(), message, hint));
            };
            if !fits_key(&attribute.shape, key.kind) {
                let message = format!("`{name}` cannot stand in a key of this kind");
                let hint = "strings, ids, whole numbers, enums, dates and booleans can stand in a key that is a string";
                return Err(Mistake::new(place.clone(), message, hint));
            }
            let next = parts.get(at + 1).and_then(|(part, _)| first_char(part));
            if let Some(delimiter) = next.filter(|c| super::overlap::always_may_contain(attribute, *c)) {
                let message = format!("a value of `{name}` may contain `{delimiter}`, which follows it");
                let hint = "begin the literal after it with a sign that no such value has, such as `#`";
                return Err(Mistake::new(place.clone(), message, hint));
            }
        }
        Ok(())
    }

    /// A field that counts: the version, or the time to live.
    fn counter(&self, object: &Name, text: &Text, scalars: &[Scalar], what: &str) -> Option<Name> {
        let draft = self.drafts.get(object)?;
        let attribute = draft.attributes.get(text.value.as_str());
        let fits =
            attribute.is_some_and(|it| scalars.iter().any(|scalar| it.shape == Shape::Scalar(*scalar)));
        if !fits {
            let names: Vec<_> = scalars.iter().map(|scalar| scalar.name()).collect();
            let hint = format!("name a field of type {}", names.join(" or "));
            let message = format!("`{}` cannot be the {what}", text.value);
            self.reports.report(&text.whole(), message, hint);
        }
        fits.then(|| text.value.as_str().into())
    }

    /// No field may be stored where a key or the discriminator is, unless the key is just that field.
    fn check_attributes(&self, object: &Name, table: &Table, item: &Item, discriminator: Option<&Text>) {
        let Some(draft) = self.drafts.get(object) else {
            return;
        };
        let index_keys = table.indexes.values().map(|index| {
            let keys = item.indexes.iter().find(|it| it.name == index.name).map(|it| &it.keys);
            (&index.keys, keys)
        });
        let mut computed: Vec<(&Name, Option<&Template>)> = Vec::new();
        for (keys, templates) in std::iter::once((&table.keys, Some(&item.keys))).chain(index_keys) {
            computed.push((&keys.partition.name, templates.map(|it| &it.partition)));
            computed
                .extend(keys.sort.iter().map(|sort| (&sort.name, templates.and_then(|it| it.sort.as_ref()))));
        }
        for field in draft.fields {
            let Some(attribute) = draft.attributes.get(field.name.value.as_str()) else {
                continue;
            };
            let clash = computed.iter().find(|(name, _)| **name == attribute.name);
            let exact = clash.and_then(|(_, template)| template.and_then(Template::exact_field));
            if clash.is_some() && exact.map(AsRef::as_ref) != Some(field.name.value.as_str()) {
                let message = format!("the attribute `{}` is a key, which is computed", attribute.name);
                self.reports.report(
                    &field.name.span,
                    message,
                    "store the field in another: `@attribute(name: \"…\")`",
                );
            }
            if item.discriminator.as_ref() == Some(&attribute.name) {
                let message = format!("the attribute `{}` holds the type's name", attribute.name);
                self.reports.report(
                    &field.name.span,
                    message,
                    "store the field in another: `@attribute(name: \"…\")`",
                );
            }
        }
        if let Some(text) = discriminator
            && computed.iter().any(|(name, _)| name.as_ref() == text.value)
        {
            self.reports.report(&text.whole(), "this attribute is a key", "choose another");
        }
    }
}

/// A pooled table's partition key holds the tenant, after a literal at most, and a delimiter after it: so that no
/// tenant's keys begin as another's do.
fn holds_tenant(parsed: &Parsed) -> Result<(), Mistake> {
    const HINT: &str = "write it like `TENANT#${tenant}#…`";
    let parts: Vec<_> = parsed.parts().collect();
    let place = |at: usize| parts.get(at).map_or(0..0, |(_, place)| place.clone());
    let at = match parts.as_slice() {
        [(Part::Tenant, _), ..] => 0,
        [(Part::Literal(_), _), (Part::Tenant, _), ..] => 1,
        [(Part::Field(_), _), ..] | [(Part::Literal(_), _), (Part::Field(_), _), ..] => {
            return Err(Mistake::new(
                place(0),
                "the tenant must come first in a pooled table's partition key",
                HINT,
            ));
        }
        _ => {
            return Err(Mistake::new(
                place(0),
                "the partition key of a pooled table must hold `${tenant}`",
                HINT,
            ));
        }
    };
    if let Some((part, place)) =
        parts.iter().find(|(part, _)| matches!(part, Part::Literal(text) if text.contains(['*', '?'])))
    {
        let message = format!("`{}` holds a wildcard of IAM", literal(part));
        return Err(Mistake::new(
            place.clone(),
            message,
            "leave `*` and `?` out of keys, so that policies can name them",
        ));
    }
    match parts.get(at + 1).and_then(|(part, _)| first_char(part)) {
        Some(c) if TenantId::allows(c) => {
            let message = format!("`{c}` may stand in a tenant's id, so it cannot end it");
            Err(Mistake::new(place(at + 1), message, "begin what follows the tenant with a sign such as `#`"))
        }
        _ => Ok(()),
    }
}

fn literal(part: &Part) -> &str {
    match part {
        Part::Literal(text) => text,
        Part::Tenant | Part::Field(_) => "",
    }
}

fn first_char(part: &Part) -> Option<char> {
    literal(part).chars().next()
}

/// Whether a value of a shape can stand in a key attribute of a kind.
fn fits_key(shape: &Shape, kind: KeyKind) -> bool {
    let Shape::Scalar(scalar) = shape else {
        return matches!((shape, kind), (Shape::Enum(_), KeyKind::String));
    };
    match kind {
        KeyKind::String => match scalar {
            Scalar::String
            | Scalar::Id
            | Scalar::Int
            | Scalar::BigInt
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Boolean => true,
            // A float's text is not canonical, and a decimal's has no fixed width to be sorted by.
            Scalar::Float | Scalar::Decimal | Scalar::Json | Scalar::Base64 => false,
        },
        KeyKind::Number => matches!(scalar, Scalar::Int | Scalar::BigInt | Scalar::Decimal),
        KeyKind::Binary => *scalar == Scalar::Base64,
    }
}

/// Whether all values of an attribute have one width in keys, so that they sort by value and not by length.
pub(super) fn has_fixed_width(attribute: &Attribute) -> bool {
    match &attribute.shape {
        Shape::Scalar(Scalar::DateTime | Scalar::Date) => true,
        Shape::Scalar(Scalar::Int | Scalar::BigInt) => attribute.pad.is_some(),
        Shape::Scalar(_) | Shape::Enum(_) | Shape::Object(_) | Shape::List(_) | Shape::Set(_) => false,
    }
}
