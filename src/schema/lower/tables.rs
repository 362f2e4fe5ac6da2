//! `@table` and `@tableIndex`: the physical keys.

use indexmap::IndexMap;

use super::Lowering;
use crate::id::TableName;
use crate::problem::did_you_mean;
use crate::schema::directive::{Args, Location, is_understood};
use crate::schema::literal::Text;
use crate::schema::plan::{Index, KeyAttribute, KeyKind, Keys, Layout, Name, Projection, Table};

/// The longest name of a key attribute, in bytes (*Service, account, and table quotas*, DynamoDB).
const MAX_KEY_NAME: usize = 255;

#[derive(Clone, Copy)]
enum Projected {
    All,
    KeysOnly,
    Include,
}

impl Lowering<'_> {
    /// Reads the tables and their indexes.
    pub(super) fn tables(&mut self) {
        for directive in self.ast.directives.iter().filter(|it| it.name.value == "table") {
            let args = Args::of(directive, self.reports);
            let table = self.table(&args);
            if let Some(table) = table {
                self.tables.insert(table.name.clone(), table);
            }
        }
        for directive in self.ast.directives.iter().filter(|it| it.name.value == "tableIndex") {
            let args = Args::of(directive, self.reports);
            let index = self.table_index(&args);
            if let Some((table, index)) = index
                && let Some(table) = self.tables.get_mut(&table)
            {
                table.indexes.insert(index.name.clone(), index);
            }
        }
        let is_meant = self
            .ast
            .directives
            .iter()
            .any(|it| it.name.value == "table" || !is_understood(it, Location::Schema));
        if let Some(root) = self.ast.query.as_ref().filter(|_| !is_meant) {
            let hint = "write `schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") { … }`";
            self.reports.report(&root.span, "the schema has no `@table`", hint);
        }
    }

    /// Reports that there is no table of a name; not where the directive that was to make it has been reported.
    pub(super) fn no_such_table(&self, name: &Text) {
        let is_ruined = self.ast.directives.iter().any(|it| {
            let is_named = it.string("name").is_none_or(|written| written == name.value);
            is_named && (it.name.value == "table" || !is_understood(it, Location::Schema))
        });
        if !is_ruined && !self.tables.is_empty() {
            let hint = did_you_mean(&name.value, self.tables.keys().map(AsRef::as_ref));
            self.reports.report(&name.whole(), format!("there is no table `{}`", name.value), hint);
        }
    }

    /// Reports that a table has no index of a name; not where a directive that was to make it has been reported.
    pub(super) fn no_such_index(&self, table: &Table, name: &Text) {
        let is_ruined = self.ast.directives.iter().any(|it| {
            let is_named = it.string("name").is_none_or(|written| written == name.value);
            let is_of_table = it
                .string("table")
                .is_none_or(|written| written == table.name.as_ref() || !self.tables.contains_key(written));
            is_named && is_of_table && it.name.value != "table"
        });
        if !is_ruined {
            let hint = did_you_mean(&name.value, table.indexes.keys().map(AsRef::as_ref));
            let message = format!("the table `{}` has no index `{}`", table.name, name.value);
            self.reports.report(&name.whole(), message, hint);
        }
    }

    fn table(&self, args: &Args<'_>) -> Option<Table> {
        let name = args.required("name");
        let layout = args.word("layout", &[("POOLED", Layout::Pooled), ("SILO", Layout::Silo)]);
        // Whose layout is not understood may be anything: nothing is asked of its keys.
        let is_pooled = !args.has("layout") && args.has_known_names();
        let layout = layout.unwrap_or(if is_pooled { Layout::Pooled } else { Layout::Silo });
        let keys = self.keys(args, layout, &[]);
        let ttl = args.string("ttl");
        let name = name?;
        if self.tables.contains_key(name.value.as_str()) {
            let span = name.whole();
            self.reports.report(
                &span,
                format!("the table `{}` stands here twice", name.value),
                "keep one of them",
            );
            return None;
        }
        let (name, keys) = (self.identifier(name)?, keys?);
        if let Some(text) = ttl.filter(|text| text.value.is_empty() || keys.contains(&text.value)) {
            let hint =
                "name the attribute that holds the time to live, in epoch seconds: `ttl: \"expiresAt\"`";
            self.reports.report(&text.whole(), "this cannot be the time to live", hint);
        }
        let ttl = ttl.map(|text| text.value.as_str().into());
        Some(Table { name, layout, keys, indexes: IndexMap::new(), ttl })
    }

    fn table_index(&self, args: &Args<'_>) -> Option<(Name, Index)> {
        let table_name = args.required("table");
        let name = args.required("name");
        let table = table_name.and_then(|name| self.tables.get(name.value.as_str()));
        let taken: Vec<&Name> = table.into_iter().flat_map(key_names).collect();
        let layout = table.map_or(Layout::Silo, |table| table.layout);
        let keys = self.keys(args, layout, &taken);
        let projection = self.projection(args);
        let (table_name, name) = (table_name?, name?);
        let Some(table) = table else {
            self.no_such_table(table_name);
            return None;
        };
        if name.value.parse::<TableName>().is_err() {
            let hint = "DynamoDB takes 3 to 255 characters of A-Z, a-z, 0-9, `_`, `.` and `-`";
            self.reports.report(&name.whole(), "this is no name for an index", hint);
            return None;
        }
        if table.indexes.contains_key(name.value.as_str()) {
            let message = format!("the index `{}` stands here twice", name.value);
            self.reports.report(&name.whole(), message, "keep one of them");
            return None;
        }
        let index = Index { name: name.value.as_str().into(), keys: keys?, projection };
        Some((table.name.clone(), index))
    }

    fn projection(&self, args: &Args<'_>) -> Projection {
        const PROJECTIONS: [(&str, Projected); 3] =
            [("ALL", Projected::All), ("KEYS_ONLY", Projected::KeysOnly), ("INCLUDE", Projected::Include)];
        let projected = args.word("projection", &PROJECTIONS);
        let is_ruined = (projected.is_none() && args.has("projection")) || !args.has_known_names();
        let projected = projected.unwrap_or(Projected::All);
        let include: Vec<Name> =
            args.strings("include").into_iter().map(|text| text.value.as_str().into()).collect();
        if !is_ruined && include.is_empty() == matches!(projected, Projected::Include) {
            let hint = "write `projection: INCLUDE, include: [\"attribute\"]`";
            let place = if include.is_empty() { "projection" } else { "include" };
            self.reports.report(args.span_of(place), "`include` goes with `projection: INCLUDE`", hint);
        }
        match projected {
            Projected::All => Projection::All,
            Projected::KeysOnly => Projection::KeysOnly,
            Projected::Include => Projection::Include(include),
        }
    }

    /// The keys of a table or an index. None of `taken` may be among them: who shares an attribute shares its values,
    /// and a type would be in an index that it does not name.
    fn keys(&self, args: &Args<'_>, layout: Layout, taken: &[&Name]) -> Option<Keys> {
        let (partition_text, sort_text) = (args.required("pk"), args.string("sk"));
        let partition = partition_text.and_then(|text| self.key_attribute(text));
        let sort = sort_text.map(|text| self.key_attribute(text));
        let keys = Keys { partition: partition?, sort: sort.map_or(Some(None), |sort| sort.map(Some))? };
        let texts = partition_text.into_iter().chain(sort_text);
        for (at, (text, name)) in texts.zip(keys.names()).enumerate() {
            let hint = "give each key of a table and its indexes an attribute of its own";
            if taken.contains(&name) {
                let message = format!(
                    "`{name}` is a key of the table or of another index: indexes that share a key, and local ones, are \
                     not supported yet"
                );
                self.reports.report(&text.whole(), message, hint);
            } else if keys.names().take(at).any(|other| other == name) {
                let message = format!("the attribute `{name}` is a key already");
                self.reports.report(&text.whole(), message, hint);
            }
        }
        if let Some(text) = partition_text
            && layout == Layout::Pooled
            && keys.partition.kind != KeyKind::String
        {
            let hint = "make it a string, or the table a SILO";
            self.reports.report(
                &text.whole(),
                "a pooled table's partition key holds the tenant, which is text",
                hint,
            );
        }
        Some(keys)
    }

    /// `name`, `name: S`, `name: N` or `name: B`.
    fn key_attribute(&self, text: &Text) -> Option<KeyAttribute> {
        let (name, kind) = text.value.split_once(':').unwrap_or((&text.value, "S"));
        let kind_of = match kind.trim() {
            "S" => Some(KeyKind::String),
            "N" => Some(KeyKind::Number),
            "B" => Some(KeyKind::Binary),
            _ => None,
        };
        let Some(kind) = kind_of else {
            let start = text.value.len() - kind.trim_start().len();
            let span = text.span(start..start + kind.trim().len());
            let message = format!("`{}` is no type of a key", kind.trim());
            self.reports.report(&span, message, "a key is a string, or else `name: N` or `name: B`");
            return None;
        };
        let name = name.trim();
        if !matches!(name.len(), 1..=MAX_KEY_NAME) {
            let hint = format!("a key attribute's name has 1 to {MAX_KEY_NAME} bytes");
            self.reports.report(&text.whole(), "this is no name for an attribute", hint);
            return None;
        }
        Some(KeyAttribute { name: name.into(), kind })
    }

    fn identifier(&self, text: &Text) -> Option<Name> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !text.value.is_empty() && text.value.chars().all(plain) {
            return Some(text.value.as_str().into());
        }
        let hint = "this is the name that policies and tenants call the table by: letters, digits and `_`";
        self.reports.report(&text.whole(), "this is no name for a table", hint);
        None
    }
}

/// The key attributes of a table and its indexes.
fn key_names(table: &Table) -> impl Iterator<Item = &Name> {
    table.keys.names().chain(table.indexes.values().flat_map(|index| index.keys.names()))
}
