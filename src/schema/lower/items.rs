//! `@item` and `@index`: where the items of a type live.

use std::ops::Range;

use super::fits::describe;
use super::{Draft, Lowering, find};
use crate::schema::directive::{Args, Location, is_understood};
use crate::schema::literal::Text;
use crate::schema::plan::{
    Item, ItemIndex, KeyAttribute, KeyKind, KeyTemplates, Keys, Name, Shape, Table, Template,
};
use crate::schema::scalar::Scalar;

/// A type's item, with the places that later messages point to.
pub(super) struct ItemDraft<'a> {
    pub(super) item: Item,
    /// Where `@item` stands.
    pub(super) span: &'a Range<usize>,
    /// What names the time to live.
    ttl: Option<&'a Text>,
}

/// A key attribute that is computed: which, and from what. None if the type fills no such key.
type Computed<'i> = (&'i KeyAttribute, Option<&'i Template>);

impl<'a> Lowering<'a> {
    /// Reads the items of all types.
    pub(super) fn items(&mut self) {
        let mut items = Vec::new();
        for (name, draft) in &self.drafts {
            let directives = &draft.def.directives;
            let Some(directive) = find(directives, "item") else {
                let is_ruined = directives.iter().any(|it| !is_understood(it, Location::Object));
                if let Some(index) = find(directives, "index").filter(|_| !is_ruined) {
                    let hint = "say where the items live in the table";
                    self.reports.report(&index.name.span, "`@index` needs `@item`", hint);
                }
                continue;
            };
            if self.is_root(name) {
                self.reports.report(
                    &directive.name.span,
                    "a root has no items",
                    "give the items a type of their own",
                );
                continue;
            }
            let args = Args::of(directive, self.reports);
            items.extend(self.item(draft, &args).map(|item| (name.clone(), item)));
        }
        self.check_ttls(&items);
        for (name, item) in items {
            if let Some(draft) = self.drafts.get_mut(&name) {
                draft.item = Some(item);
            }
        }
    }

    fn item(&self, draft: &Draft<'a>, args: &Args<'a>) -> Option<ItemDraft<'a>> {
        let object: &Name = &draft.def.name.value.as_str().into();
        let table_name = args.required("table");
        let discriminator = args.string("type");
        let (version, ttl) = (args.string("version"), args.string("ttl"));
        let table_name = table_name?;
        let Some(table) = self.tables.get(table_name.value.as_str()) else {
            self.no_such_table(table_name);
            return None;
        };
        let keys = self.key_templates(object, (table, &table.keys), args);
        let counted = version.map(|text| self.counter(draft, text, &[Scalar::Int], "version"));
        let expires =
            ttl.map(|text| self.counter(draft, text, &[Scalar::Int, Scalar::BigInt], "time to live"));
        let item = Item {
            table: table.name.clone(),
            indexes: self.indexes(draft, table),
            keys: keys?,
            version: counted.flatten(),
            ttl: expires.flatten(),
            discriminator: discriminator.map(|text| text.value.as_str().into()),
        };
        // Without what was reported, the item would be another one, and more would seem wrong with it.
        let is_ruined = (args.has("version") && item.version.is_none())
            || (args.has("ttl") && item.ttl.is_none())
            || (args.has("type") && item.discriminator.is_none())
            || !args.has_known_names();
        if is_ruined {
            return None;
        }
        self.check_attributes(draft, table, &item);
        if let Some(text) = discriminator {
            self.check_discriminator(draft, table, text);
        }
        if let Some((text, version)) = version.zip(item.version.as_ref()) {
            let mut fields =
                item.keys.fields().chain(item.indexes.iter().flat_map(|index| index.keys.fields()));
            if fields.any(|field| field == version) {
                let hint = "it changes with every write: take it out of the keys, or count another field";
                self.reports.report(&text.whole(), format!("`{version}` stands in a key"), hint);
            }
        }
        Some(ItemDraft { item, span: args.span(), ttl })
    }

    fn indexes(&self, draft: &Draft<'a>, table: &Table) -> Vec<ItemIndex> {
        let object: &Name = &draft.def.name.value.as_str().into();
        let mut indexes: Vec<ItemIndex> = Vec::new();
        for directive in draft.def.directives.iter().filter(|it| it.name.value == "index") {
            let args = Args::of(directive, self.reports);
            let (name, alias) = (args.required("name"), args.string("as"));
            let Some(name) = name else { continue };
            let Some(index) = table.indexes.get(name.value.as_str()) else {
                self.no_such_index(table, name);
                continue;
            };
            let text = alias.unwrap_or(name);
            let alias: Name = text.value.as_str().into();
            if alias.is_empty() {
                self.reports.report(&text.whole(), "the index's name is empty", "write what queries call it");
            }
            if let Some(other) = indexes.iter().find(|it| it.alias == alias || it.name == index.name) {
                let place = if other.name == index.name { name } else { text };
                let hint = "a type is in an index once, and calls no two by one name";
                let message = format!("`{}` stands here twice", place.value);
                self.reports.report(&place.whole(), message, hint);
            }
            if let Some(keys) = self.key_templates(object, (table, &index.keys), &args) {
                indexes.push(ItemIndex { name: index.name.clone(), alias, keys });
            }
        }
        indexes
    }

    /// A field that counts: the version, or the time to live.
    fn counter(&self, draft: &Draft<'a>, text: &Text, scalars: &[Scalar], what: &str) -> Option<Name> {
        let attribute = draft.attribute(&text.value);
        let attribute = attribute.map_err(|mistake| self.reports.report_in(text, mistake)).ok()?;
        let fits = scalars.iter().any(|scalar| attribute.shape == Shape::Scalar(*scalar));
        if !fits {
            let names: Vec<_> = scalars.iter().map(|scalar| scalar.name()).collect();
            let hint = format!("name a field of type {}", names.join(" or "));
            let ty = describe(&attribute.shape);
            let message = format!("`{}` is {ty}, and cannot be the {what}", text.value);
            self.reports.report(&text.whole(), message, hint);
        }
        fits.then(|| text.value.as_str().into())
    }

    /// A table has one attribute for the time to live.
    fn check_ttls(&self, items: &[(Name, ItemDraft<'a>)]) {
        let attribute = |(name, draft): &(Name, ItemDraft<'a>)| {
            let field = draft.item.ttl.as_ref()?;
            Some(self.drafts.get(name)?.attributes.get(field)?.name.clone())
        };
        for (at, item) in items.iter().enumerate() {
            let Some((ttl, text)) = attribute(item).zip(item.1.ttl) else { continue };
            let of_table = self.tables.get(&item.1.item.table).and_then(|table| table.ttl.as_ref());
            if let Some(other) = of_table.filter(|other| **other != ttl) {
                let hint = format!("store the field there: `@attribute(name: \"{other}\")`");
                let message = format!("the table's time to live is in `{other}`, and this one in `{ttl}`");
                self.reports.report(&text.whole(), message, hint);
                continue;
            }
            let earlier = items.iter().take(at).filter(|(_, other)| other.item.table == item.1.item.table);
            let mut others = earlier.filter_map(|other| Some((&other.0, attribute(other)?)));
            if let Some((object, other)) = others.find(|(_, other)| *other != ttl) {
                let hint = format!("a table has one such attribute: `@attribute(name: \"{other}\")`");
                let message =
                    format!("the time to live of `{object}` is in `{other}`, and this one in `{ttl}`");
                self.reports.report(&text.whole(), message, hint);
            }
        }
    }

    /// No field may be stored where a key or the discriminator is, unless the key is just that field.
    fn check_attributes(&self, draft: &Draft<'a>, table: &Table, item: &Item) {
        const HINT: &str = "store the field in another: `@attribute(name: \"…\")`";
        let computed = computed(draft, table, item);
        for field in draft.fields {
            let Some(attribute) = draft.attributes.get(field.name.value.as_str()) else {
                continue;
            };
            if item.discriminator.as_ref() == Some(&attribute.name) {
                let message = format!("the attribute `{}` holds the type's name", attribute.name);
                self.reports.report(&field.name.span, message, HINT);
            }
            let Some((key, template)) = computed.iter().find(|(key, _)| key.name == attribute.name) else {
                continue;
            };
            let exact = template.and_then(Template::exact_field);
            if exact.map(AsRef::as_ref) != Some(field.name.value.as_str()) {
                let message = format!("the attribute `{}` is a key, which is computed", attribute.name);
                self.reports.report(&field.name.span, message, HINT);
            } else if stored_kind(&attribute.shape) != Some(key.kind) {
                let kind = match key.kind {
                    KeyKind::String => "a string",
                    KeyKind::Number => "a number",
                    KeyKind::Binary => "bytes",
                };
                let ty = describe(&attribute.shape);
                let message =
                    format!("the attribute `{}` is a key that is {kind}, and this is {ty}", attribute.name);
                self.reports.report(&field.ty.span, message, HINT);
            }
        }
    }

    fn check_discriminator(&self, draft: &Draft<'a>, table: &Table, text: &Text) {
        if text.value.is_empty() {
            let hint = "write `type: \"__typename\"`";
            self.reports.report(&text.whole(), "the attribute's name is empty", hint);
        }
        let indexes = table.indexes.values().map(|index| &index.keys);
        if std::iter::once(&table.keys).chain(indexes).any(|keys| keys.contains(&text.value)) {
            let message = format!(
                "the attribute `{}` is a key, and cannot hold the name of `{}`",
                text.value, draft.def.name.value
            );
            self.reports.report(&text.whole(), message, "write another, such as `type: \"__typename\"`");
        }
    }
}

/// The key attributes of a table and its indexes, and what a type's items fill them with.
fn computed<'i>(draft: &Draft<'_>, table: &'i Table, item: &'i Item) -> Vec<Computed<'i>> {
    let mut computed: Vec<Computed<'i>> = Vec::new();
    let mut add = |keys: &'i Keys, templates: Option<&'i KeyTemplates>| {
        computed.push((&keys.partition, templates.map(|it| &it.partition)));
        computed.extend(keys.sort.iter().map(|sort| (sort, templates.and_then(|it| it.sort.as_ref()))));
    };
    add(&table.keys, Some(&item.keys));
    for index in table.indexes.values() {
        let templates = item.indexes.iter().find(|it| it.name == index.name).map(|it| &it.keys);
        // An `@index` whose templates could not be read has been reported.
        let mut directives = draft.def.directives.iter().filter(|it| it.name.value == "index");
        let is_named = directives.any(|it| it.string("name") == Some(index.name.as_ref()));
        if templates.is_some() || !is_named {
            add(&index.keys, templates);
        }
    }
    computed
}

/// The type in DynamoDB that a value of a shape is stored as, as far as keys have it.
fn stored_kind(shape: &Shape) -> Option<KeyKind> {
    match shape {
        Shape::Scalar(Scalar::String | Scalar::Id | Scalar::DateTime | Scalar::Date) | Shape::Enum(_) => {
            Some(KeyKind::String)
        }
        Shape::Scalar(Scalar::Int | Scalar::BigInt | Scalar::Decimal | Scalar::Float) => {
            Some(KeyKind::Number)
        }
        Shape::Scalar(Scalar::Base64) => Some(KeyKind::Binary),
        Shape::Scalar(Scalar::Boolean | Scalar::Json) | Shape::Object(_) | Shape::List(_) | Shape::Set(_) => {
            None
        }
    }
}
