//! What a `@query` returns: a list, a Relay connection, or items with a token.
//!
//! A connection's types need not be written: `OrderConnection`, `OrderEdge` and `PageInfo` are made where nobody
//! defined them. Where somebody did, their fields are recognised by name.

use indexmap::IndexMap;

use super::{Draft, Lowering, deprecation, find};
use crate::problem::did_you_mean;
use crate::schema::ast::{FieldDef, Kind};
use crate::schema::directive::Args;
use crate::schema::plan::{Field, Name, Object, PageKind, PagePart, Resolve, Type};

/// A type that is a page, or a part of one.
pub(super) struct PageType {
    pub(super) object: Object,
    /// For a whole page: how it is shaped, and of which type its items are.
    pub(super) page: Option<(PageKind, Name)>,
    /// The name of the argument that continues, where `@page` on the type gives it.
    pub(super) after: Option<String>,
}

const CONNECTION: [(&str, PagePart); 3] =
    [("edges", PagePart::Edges), ("nodes", PagePart::Items), ("pageInfo", PagePart::PageInfo)];
const EDGE: [(&str, PagePart); 2] = [("node", PagePart::Items), ("cursor", PagePart::Cursor)];
const PAGE_INFO: [(&str, PagePart); 4] = [
    ("hasNextPage", PagePart::HasNextPage),
    ("hasPreviousPage", PagePart::HasPreviousPage),
    ("startCursor", PagePart::StartCursor),
    ("endCursor", PagePart::EndCursor),
];

impl<'a> Lowering<'a> {
    /// Finds the types that are pages: what a `@query` returns and has no items of its own.
    pub(super) fn find_pages(&mut self) {
        let queried: Vec<&'a FieldDef> = self
            .drafts
            .values()
            .flat_map(|draft| draft.fields.iter())
            .filter(|field| find(&field.directives, "query").is_some())
            .collect();
        for field in queried {
            let base = field.ty.value.base.to_string();
            let is_item = self
                .drafts
                .get(base.as_str())
                .is_some_and(|draft| find(&draft.def.directives, "item").is_some());
            if is_item
                || field.ty.value.to_string().starts_with('[')
                || self.pages.contains_key(base.as_str())
            {
                continue;
            }
            match self.drafts.get(base.as_str()) {
                Some(draft) => {
                    let (def_fields, is_connection) =
                        (draft.fields, draft.fields.iter().any(is_connection_field));
                    if is_connection { self.connection(&base, def_fields) } else { self.tokens(&base, field) }
                }
                None => self.make_connection(&base),
            }
        }
        let pages: Vec<_> = self.pages.keys().cloned().collect();
        for name in pages {
            self.drafts.shift_remove(&name);
        }
    }

    /// `OrderConnection` for a type `Order` with items, where nobody defined it.
    fn make_connection(&mut self, name: &str) {
        let Some(item) = name.strip_suffix("Connection").filter(|item| self.has_item(item)).map(Name::from)
        else {
            // Reported where the field's type is read.
            return;
        };
        let edge = format!("{item}Edge");
        let list = |of: &str| Type::list(Type::named(of, true), true);
        let made = |name: &str, description: String, fields: Vec<(&str, PagePart, Type)>| Object {
            name: name.into(),
            description: Some(description),
            fields: fields.into_iter().map(|(name, part, ty)| page_field(name, None, part, ty)).collect(),
            item: None,
        };
        let connection = made(
            name,
            format!("A page of {item} items."),
            vec![
                ("edges", PagePart::Edges, list(&edge)),
                ("nodes", PagePart::Items, list(&item)),
                ("pageInfo", PagePart::PageInfo, Type::named("PageInfo", true)),
            ],
        );
        let edge_fields = vec![
            ("node", PagePart::Items, Type::named(item.clone(), true)),
            ("cursor", PagePart::Cursor, Type::named("String", true)),
        ];
        let edge_object = made(&edge, format!("An item of {name}, with its cursor."), edge_fields);
        self.pages.insert(
            name.into(),
            PageType { object: connection, page: Some((PageKind::Connection, item)), after: None },
        );
        if self.defs.contains_key(edge.as_str()) {
            self.part(&edge, &EDGE);
        } else {
            self.pages
                .insert(edge.as_str().into(), PageType { object: edge_object, page: None, after: None });
        }
        self.page_info(made);
    }

    fn page_info(&mut self, made: impl Fn(&str, String, Vec<(&str, PagePart, Type)>) -> Object) {
        if self.pages.contains_key("PageInfo") {
            return;
        }
        if self.defs.contains_key("PageInfo") {
            self.part("PageInfo", &PAGE_INFO);
            return;
        }
        let ty = |part| match part {
            PagePart::HasNextPage | PagePart::HasPreviousPage => Type::named("Boolean", true),
            _ => Type::named("String", false),
        };
        let fields = PAGE_INFO.iter().map(|(name, part)| (*name, *part, ty(*part))).collect();
        let object = made("PageInfo", "Where a page stands among the others.".to_owned(), fields);
        self.pages.insert("PageInfo".into(), PageType { object, page: None, after: None });
    }

    /// A connection that somebody defined.
    fn connection(&mut self, name: &str, fields: &'a [FieldDef]) {
        let base = |wanted: &str| {
            fields.iter().find(|it| it.name.value == wanted).map(|it| it.ty.value.base.to_string())
        };
        let strip = |text: String| text.trim_matches(['[', ']', '!']).to_owned();
        let edge = base("edges").map(strip);
        let node = edge.as_ref().and_then(|edge| {
            let draft = self.drafts.get(edge.as_str())?;
            draft
                .fields
                .iter()
                .find(|field| field.name.value == "node")
                .map(|field| strip(field.ty.value.base.to_string()))
        });
        let item = node.or_else(|| base("nodes").map(strip)).filter(|item| self.has_item(item));
        let Some(item) = item else {
            self.report_no_items(name, "its `edges` need a `node` of a type with `@item`");
            return;
        };
        if let Some(edge) = edge {
            self.part(&edge, &EDGE);
        }
        if let Some(info) = base("pageInfo").map(strip) {
            self.part(&info, &PAGE_INFO);
        }
        self.part(name, &CONNECTION);
        if let Some(page) = self.pages.get_mut(name) {
            page.page = Some((PageKind::Connection, item.as_str().into()));
        }
    }

    /// A page of items with a token. `@page` may stand on the type or on the field that returns it.
    fn tokens(&mut self, name: &str, field: &'a FieldDef) {
        let Some(draft) = self.drafts.get(name) else {
            return;
        };
        let directive = find(&draft.def.directives, "page").or_else(|| find(&field.directives, "page"));
        let args = directive.map(|directive| Args::of(directive, self.reports));
        let text = |argument: &'static str| {
            args.as_ref().and_then(|args| args.string(argument)).map(|text| text.value.clone())
        };
        let items = text("items").unwrap_or_else(|| "items".to_owned());
        let next = text("next").unwrap_or_else(|| "nextToken".to_owned());
        let after = text("after");
        let item = draft.fields.iter().find(|field| field.name.value == items).map(|field| {
            let ty = field.ty.value.to_string();
            ty.trim_matches(['[', ']', '!']).to_owned()
        });
        let Some(item) = item.filter(|item| self.has_item(item)) else {
            self.report_no_items(
                name,
                &format!("its `{items}` must be a list of a type with `@item`; `@page` names it otherwise"),
            );
            return;
        };
        self.part(name, &[(items.as_str(), PagePart::Items), (next.as_str(), PagePart::NextToken)]);
        if let Some(page) = self.pages.get_mut(name) {
            page.page = Some((PageKind::Tokens, item.as_str().into()));
            page.after = after;
        }
    }

    fn report_no_items(&self, name: &str, hint: &str) {
        if let Some(def) = self.defs.get(name) {
            self.reports.report(
                &def.name.span,
                format!("`{name}` is returned by a query and is no page of items"),
                hint,
            );
        }
    }

    fn has_item(&self, name: &str) -> bool {
        self.drafts.get(name).is_some_and(|draft| find(&draft.def.directives, "item").is_some())
    }

    /// A type whose fields are parts of a page.
    fn part(&mut self, name: &str, parts: &[(&str, PagePart)]) {
        let Some(draft) = self.drafts.get(name) else {
            return;
        };
        let fields = draft.fields.iter().filter_map(|field| self.part_field(draft, field, parts));
        let object = Object {
            name: name.into(),
            description: draft.def.description.clone(),
            fields: fields.collect::<IndexMap<_, _>>(),
            item: None,
        };
        self.pages.insert(name.into(), PageType { object, page: None, after: None });
    }

    fn part_field(
        &self,
        draft: &Draft<'a>,
        field: &FieldDef,
        parts: &[(&str, PagePart)],
    ) -> Option<(Name, Field)> {
        let name = field.name.value.as_str();
        let Some((_, part)) = parts.iter().find(|(known, _)| *known == name) else {
            let hint = did_you_mean(name, parts.iter().map(|(known, _)| *known));
            let message = format!("`{name}` is no part of the page `{}`", draft.def.name.value);
            self.reports.report(&field.name.span, message, hint);
            return None;
        };
        let ty = self.output_type(&field.ty)?;
        let expected = match part {
            PagePart::HasNextPage | PagePart::HasPreviousPage => Some(("Boolean", true)),
            PagePart::Cursor => Some(("String", true)),
            PagePart::StartCursor | PagePart::EndCursor | PagePart::NextToken => Some(("String", false)),
            PagePart::Edges | PagePart::Items | PagePart::PageInfo => None,
        };
        if let Some((base, may_be_non_null)) = expected
            && (ty.base().as_ref() != base || ty.is_list() || (ty.non_null && !may_be_non_null))
        {
            let hint = format!("give it the type {base}{}", if may_be_non_null { "!" } else { "" });
            self.reports.report(&field.ty.span, format!("`{name}` cannot be {ty}"), hint);
        }
        let (name, mut made) = page_field(name, field.description.clone(), *part, ty);
        made.deprecated = deprecation(&field.directives, self.reports);
        Some((name, made))
    }
}

fn is_connection_field(field: &FieldDef) -> bool {
    matches!(field.name.value.as_str(), "edges" | "pageInfo")
}

fn page_field(name: &str, description: Option<String>, part: PagePart, ty: Type) -> (Name, Field) {
    let name: Name = name.into();
    let field = Field {
        name: name.clone(),
        description,
        deprecated: None,
        ty,
        arguments: IndexMap::new(),
        resolve: Resolve::Page(part),
    };
    (name, field)
}
