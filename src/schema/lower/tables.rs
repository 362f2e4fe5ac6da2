//! `@table` and `@tableIndex`: the physical keys.

use indexmap::IndexMap;

use super::{Lowering, find};
use crate::id::TableName;
use crate::problem::did_you_mean;
use crate::schema::directive::Args;
use crate::schema::literal::Text;
use crate::schema::plan::{Index, KeyAttribute, KeyKind, Keys, Layout, Name, Projection, Table};

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
        if self.tables.is_empty() && find(&self.ast.directives, "table").is_none() && self.ast.query.is_some()
        {
            let span = self.ast.query.as_ref().map_or(0..0, |root| root.span.clone());
            let hint = "write `schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") { … }`";
            self.reports.report(&span, "the schema has no `@table`", hint);
        }
    }

    fn table(&self, args: &Args<'_>) -> Option<Table> {
        let name = args.required("name");
        let layout = args.word("layout", &[("POOLED", Layout::Pooled), ("SILO", Layout::Silo)]);
        let keys = self.keys(args);
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
        Some(Table {
            name: self.identifier(name)?,
            layout: layout.unwrap_or(Layout::Pooled),
            keys: keys?,
            indexes: IndexMap::new(),
            ttl: None,
        })
    }

    fn table_index(&self, args: &Args<'_>) -> Option<(Name, Index)> {
        let table_name = args.required("table");
        let name = args.required("name");
        let keys = self.keys(args);
        let projection = self.projection(args);
        let (table_name, name) = (table_name?, name?);
        let Some(table) = self.tables.get(table_name.value.as_str()) else {
            let hint = did_you_mean(&table_name.value, self.tables.keys().map(AsRef::as_ref));
            let message = format!("there is no table `{}`", table_name.value);
            self.reports.report(&table_name.whole(), message, hint);
            return None;
        };
        if let Err(error) = name.value.parse::<TableName>() {
            let hint = "an index is named as DynamoDB names it";
            self.reports.report(&name.whole(), format!("{error}"), hint);
            return None;
        }
        if table.indexes.contains_key(name.value.as_str()) {
            let message = format!("the index `{}` stands here twice", name.value);
            self.reports.report(&name.whole(), message, "keep one of them");
        }
        let index = Index { name: name.value.as_str().into(), keys: keys?, projection };
        Some((table.name.clone(), index))
    }

    fn projection(&self, args: &Args<'_>) -> Projection {
        const PROJECTIONS: [(&str, Projected); 3] =
            [("ALL", Projected::All), ("KEYS_ONLY", Projected::KeysOnly), ("INCLUDE", Projected::Include)];
        let projected = args.word("projection", &PROJECTIONS).unwrap_or(Projected::All);
        let include: Vec<Name> =
            args.strings("include").into_iter().map(|text| text.value.as_str().into()).collect();
        if include.is_empty() == matches!(projected, Projected::Include) {
            let hint = "write `projection: INCLUDE, include: [\"attribute\"]`";
            self.reports.report(args.span(), "`include` goes with `projection: INCLUDE`", hint);
        }
        match projected {
            Projected::All => Projection::All,
            Projected::KeysOnly => Projection::KeysOnly,
            Projected::Include => Projection::Include(include),
        }
    }

    fn keys(&self, args: &Args<'_>) -> Option<Keys> {
        let partition = args.required("pk").and_then(|text| self.key_attribute(text));
        let sort = args.string("sk").map(|text| self.key_attribute(text));
        Some(Keys { partition: partition?, sort: sort.map_or(Some(None), |sort| sort.map(Some))? })
    }

    /// `name`, `name: S`, `name: N` or `name: B`.
    fn key_attribute(&self, text: &Text) -> Option<KeyAttribute> {
        let (name, kind) =
            text.value.split_once(':').map_or((text.value.as_str(), "S"), |(name, kind)| (name, kind.trim()));
        let kind_of = match kind {
            "S" => Some(KeyKind::String),
            "N" => Some(KeyKind::Number),
            "B" => Some(KeyKind::Binary),
            _ => None,
        };
        if kind_of.is_none() || name.trim().is_empty() || name.len() > 255 {
            let hint = "write the attribute's name, and its type if it is no string: `n: N` or `b: B`";
            self.reports.report(&text.whole(), "this is no key attribute", hint);
        }
        Some(KeyAttribute { name: name.trim().into(), kind: kind_of? })
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
