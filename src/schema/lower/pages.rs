//! What a `@query` returns: a list, a Relay connection, or items with a token.
//!
//! A connection's types need not be written: `OrderConnection`, `OrderEdge` and `PageInfo` are made where nobody
//! defined them. Where somebody did, their fields are recognised by name.

use std::sync::Arc;

use indexmap::IndexMap;

use super::costs::WEIGHT;
use super::{Draft, Lowering, deprecation, find, is_operation};
use crate::problem::did_you_mean;
use crate::schema::ast::{Directive, FieldDef, Kind};
use crate::schema::directive::{Args, Location, is_understood};
use crate::schema::literal::Text;
use crate::schema::plan::{Field, Guard, Name, Object, Of, PageKind, PagePart, Resolve, Type};

/// A type that is a page, or a part of one.
pub(super) struct PageType {
    pub(super) object: Object,
    /// For a whole page: how it is shaped, and of which type its items are.
    pub(super) page: Option<(PageKind, Name)>,
    /// The name of the argument that continues, where `@page` on the type gives it.
    pub(super) after: Option<Name>,
    /// Whether it was found wanting, which has been reported.
    pub(super) is_ruined: bool,
    /// Whether it was made, and not written.
    is_made: bool,
}

impl PageType {
    fn part(object: Object) -> Self {
        Self { object, page: None, after: None, is_ruined: false, is_made: false }
    }
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

/// What the fields of a type of a page can be: the page's type, the parts by their names, the type of the items.
struct Parts<'p> {
    of: &'p str,
    known: &'p [(&'p str, PagePart)],
    item: Option<&'p str>,
}

impl<'a> Lowering<'a> {
    /// Finds the types that are pages: what a `@query` returns and has no items of its own.
    pub(super) fn find_pages(&mut self) {
        let fields = self.drafts.values().flat_map(|draft| draft.fields.iter());
        let queried: Vec<&'a FieldDef> =
            fields.filter(|field| find(&field.directives, "query").is_some()).collect();
        for field in &queried {
            let base = field.ty.value.base.to_string();
            if self.may_be_found(&base) || base.starts_with('[') || self.pages.contains_key(base.as_str()) {
                continue;
            }
            match self.drafts.get(base.as_str()) {
                Some(draft) if draft.fields.iter().any(is_connection_field) => {
                    self.connection(&base, draft.fields);
                }
                Some(_) => {
                    let same = queried.iter().filter(|other| other.ty.value.base.to_string() == base);
                    let same: Vec<_> = same.copied().collect();
                    self.tokens(&base, &same);
                }
                None => self.make_connection(&base, self.is_counted(&base, &queried)),
            }
        }
        self.refuse_idle_counts(&queried);
        self.refuse_idle_page_directives();
        let pages: Vec<_> = self.pages.keys().cloned().collect();
        for name in pages {
            self.drafts.shift_remove(&name);
        }
    }

    /// `@page` says something only of a page with a token.
    fn refuse_idle_page_directives(&self) {
        let is_page = |name: &str| {
            let page = self.pages.get(name);
            page.is_some_and(|it| it.is_ruined || matches!(it.page, Some((PageKind::Tokens, _))))
        };
        let hint = "it describes a page with a token, on its type or on a @query that returns it";
        for (name, draft) in &self.drafts {
            if let Some(directive) = find(&draft.def.directives, "page").filter(|_| !is_page(name)) {
                self.reports.report(&directive.name.span, "this `@page` does nothing", hint);
            }
            for field in draft.fields {
                let is_query = find(&field.directives, "query").is_some();
                let is_idle = !is_query || !is_page(&field.ty.value.base.to_string());
                if let Some(directive) = find(&field.directives, "page").filter(|_| is_idle) {
                    self.reports.report(&directive.name.span, "this `@page` does nothing", hint);
                }
            }
        }
    }

    /// Whether a query says that the connection that is made for it counts its items.
    fn is_counted(&self, base: &str, queried: &[&FieldDef]) -> bool {
        let of_base = queried.iter().filter(|field| field.ty.value.base.to_string() == base);
        of_base.filter_map(|field| self.count_argument(field)).any(|count| count)
    }

    fn count_argument(&self, field: &FieldDef) -> Option<bool> {
        Args::of(find(&field.directives, "query")?, self.reports).boolean("count")
    }

    /// `count: true` makes a field of a connection that is made; `@count` marks one of a page that is written.
    fn refuse_idle_counts(&self, queried: &[&'a FieldDef]) {
        for field in queried {
            let base = field.ty.value.base.to_string();
            let is_made = self.pages.get(base.as_str()).is_some_and(|page| page.is_made);
            let count = self.count_argument(field);
            let Some(directive) = find(&field.directives, "query") else { continue };
            let args = Args::of(directive, self.reports);
            if count.is_some() && !is_made {
                let hint = "write `totalCount: Int @count` into the type of the page";
                let message = "no connection is made here that could have a `totalCount`";
                self.reports.report(args.span_of("count"), message, hint);
            } else if is_made && count != Some(true) && self.is_counted(&base, queried) {
                let message =
                    format!("`{base}` has a `totalCount` by another query, so that this one counts too");
                self.reports.report(args.span(), message, "write `count: true` here too");
            }
        }
        let others = self.drafts.iter().filter(|(name, _)| !self.pages.contains_key(*name));
        for field in others.flat_map(|(_, draft)| draft.fields) {
            if let Some(directive) = find(&field.directives, "count") {
                let hint = "it marks the field of a page that says how many items there are in all";
                self.reports.report(&directive.name.span, "this `@count` does nothing", hint);
            }
        }
    }

    /// `OrderConnection` for a type `Order` with items, where nobody defined it.
    fn make_connection(&mut self, name: &str, is_counted: bool) {
        let Some(item) =
            name.strip_suffix("Connection").filter(|item| self.may_be_found(item)).map(Name::from)
        else {
            // Reported where the field's type is read.
            return;
        };
        let edge = format!("{item}Edge");
        let list = |of: &str| Type::list(Type::named(of, true), true);
        // Who may not see the items may not count them either.
        let guard = self.guard_of_type(&item);
        let mut fields = vec![
            ("edges", PagePart::Edges, list(&edge)),
            ("nodes", PagePart::Items, list(&item)),
            ("pageInfo", PagePart::PageInfo, Type::named("PageInfo", true)),
        ];
        // Null where the read budget does not reach.
        fields.extend(is_counted.then(|| ("totalCount", PagePart::TotalCount, Type::named("Int", false))));
        let connection = made(name, format!("A page of {item} items."), fields);
        let edge_fields = vec![
            ("node", PagePart::Items, Type::named(item.clone(), true)),
            ("cursor", PagePart::Cursor, Type::named("String", true)),
        ];
        let edge_object = made(&edge, format!("An item of {name}, with its cursor."), edge_fields);
        if self.defs.contains_key(edge.as_str()) {
            self.part(&Parts { of: &edge, known: &EDGE, item: Some(&item) });
        } else {
            let edge_object = Object { guard: guard.clone(), ..edge_object };
            self.pages.insert(edge.as_str().into(), PageType::part(edge_object));
        }
        let page = Some((PageKind::Connection, item));
        let connection = Object { guard, ..connection };
        self.pages.insert(name.into(), PageType { page, is_made: true, ..PageType::part(connection) });
        self.page_info();
    }

    fn page_info(&mut self) {
        if self.pages.contains_key("PageInfo") {
            return;
        }
        if self.defs.contains_key("PageInfo") {
            self.part(&Parts { of: "PageInfo", known: &PAGE_INFO, item: None });
            return;
        }
        let ty = |part| match part {
            PagePart::HasNextPage | PagePart::HasPreviousPage => Type::named("Boolean", true),
            _ => Type::named("String", false),
        };
        let fields = PAGE_INFO.iter().map(|(name, part)| (*name, *part, ty(*part))).collect();
        let object = made("PageInfo", "Where a page stands among the others.".to_owned(), fields);
        self.pages.insert("PageInfo".into(), PageType::part(object));
    }

    /// A connection that somebody defined.
    fn connection(&mut self, name: &str, fields: &'a [FieldDef]) {
        let find = |fields: &'a [FieldDef], wanted: &str| fields.iter().find(|it| it.name.value == wanted);
        let edge = find(fields, "edges").map(base);
        let edge_fields = edge.as_ref().and_then(|edge| self.drafts.get(edge.as_str())).map(|it| it.fields);
        let node = edge_fields.and_then(|fields| find(fields, "node")).or_else(|| find(fields, "nodes"));
        let Some(item) = node.map(base).filter(|item| self.may_be_found(item)) else {
            self.ruined_page(name, node, "give its `edges` a `node` of a type with `@item`");
            return;
        };
        if let Some(edge) = edge {
            self.part(&Parts { of: &edge, known: &EDGE, item: Some(&item) });
        }
        match find(fields, "pageInfo").map(base) {
            Some(info) if info == "PageInfo" => self.page_info(),
            Some(info) => self.part(&Parts { of: &info, known: &PAGE_INFO, item: None }),
            None => {}
        }
        self.part(&Parts { of: name, known: &CONNECTION, item: Some(&item) });
        if let Some(page) = self.pages.get_mut(name) {
            page.page = Some((PageKind::Connection, item.as_str().into()));
        }
    }

    /// A page of items with a token. `@page` may stand on the type and on the fields that return it.
    fn tokens(&mut self, name: &str, returned_by: &[&'a FieldDef]) {
        let Some(draft) = self.drafts.get(name) else {
            return;
        };
        let on_type = find(&draft.def.directives, "page");
        let on_fields = returned_by.iter().filter_map(|field| find(&field.directives, "page"));
        let directives: Vec<_> = on_type.into_iter().chain(on_fields).collect();
        let (items_text, next_text) = (self.agreed(&directives, "items"), self.agreed(&directives, "next"));
        let after = on_type.and_then(|it| Args::of(it, self.reports).string("after"));
        let items = items_text.map_or("items", |text| text.value.as_str());
        let next = next_text.map_or("nextToken", |text| text.value.as_str());
        let mut is_ruined = false;
        for text in items_text.into_iter().chain(next_text) {
            if !draft.fields.iter().any(|field| field.name.value == text.value) {
                let hint = did_you_mean(&text.value, draft.fields.iter().map(|it| it.name.value.as_str()));
                self.reports.report(&text.whole(), format!("`{name}` has no field `{}`", text.value), hint);
                is_ruined = true;
            }
        }
        let field = draft.fields.iter().find(|field| field.name.value == items);
        let Some(item) = field.map(base).filter(|item| self.may_be_found(item) && !is_ruined) else {
            let hint =
                format!("give it `{items}`, a list of a type with `@item`; `@page` names it otherwise");
            self.ruined_page(name, field, if is_ruined { "" } else { &hint });
            return;
        };
        let known = [(items, PagePart::Items), (next, PagePart::NextToken)];
        self.part(&Parts { of: name, known: &known, item: Some(&item) });
        if let Some(page) = self.pages.get_mut(name) {
            page.page = Some((PageKind::Tokens, item.as_str().into()));
            page.after = after.map(|text| text.value.as_str().into());
        }
    }

    /// What the directives that describe one page say of it; they must not contradict each other.
    fn agreed(&self, directives: &[&'a Directive], argument: &str) -> Option<&'a Text> {
        let mut texts = directives.iter().filter_map(|it| Args::of(it, self.reports).string(argument));
        let first = texts.next()?;
        for other in texts.filter(|other| other.value != first.value) {
            let message = format!("another `@page` calls this `{}`", first.value);
            self.reports.report(&other.whole(), message, "describe a page once, on its type");
        }
        Some(first)
    }

    /// A type that cannot be the page that it is returned as. `items` is the field that should hold the items, if there
    /// is one. The hint is empty where all has been reported.
    fn ruined_page(&mut self, name: &str, items: Option<&FieldDef>, hint: &str) {
        match (self.defs.get(name), items) {
            (Some(def), None) if !hint.is_empty() => {
                let message = format!("`{name}` is returned by a query and is no page of items");
                self.reports.report(&def.name.span, message, hint);
            }
            // An unknown type is reported by its name.
            (Some(_), Some(items)) if !hint.is_empty() && self.output_type(&items.ty).is_some() => {
                let message = format!("`{}` has no items, and `{name}` is returned by a query", base(items));
                self.reports.report(&items.ty.span, message, "a page holds items of a type with `@item`");
            }
            _ => {}
        }
        let object = Object {
            name: name.into(),
            description: None,
            fields: IndexMap::new(),
            item: None,
            guard: Guard::default(),
            weight: 0,
        };
        self.pages.insert(name.into(), PageType { is_ruined: true, ..PageType::part(object) });
    }

    /// Whether a type has an `@item`.
    pub(super) fn has_item(&self, name: &str) -> bool {
        self.drafts.get(name).is_some_and(|draft| find(&draft.def.directives, "item").is_some())
    }

    /// Whether a type has an `@item`, or a directive that may have been meant as one and has been reported.
    pub(super) fn may_have_item(&self, name: &str) -> bool {
        let is_ruined = |draft: &Draft<'_>| {
            draft.def.directives.iter().any(|directive| !is_understood(directive, Location::Object))
        };
        self.has_item(name) || self.drafts.get(name).is_some_and(is_ruined)
    }

    /// Whether a query can find it: a type with items, or an interface or a union of some.
    fn may_be_found(&self, name: &str) -> bool {
        self.may_have_item(name) || self.is_abstract(name)
    }

    /// A type whose fields are parts of a page.
    fn part(&mut self, parts: &Parts<'_>) {
        let Some(draft) = self.drafts.get(parts.of) else {
            if let Some(def) = self.defs.get(parts.of).filter(|def| !matches!(def.kind, Kind::Object { .. }))
            {
                let message = format!("`{}` is a part of a page, and no object type", parts.of);
                self.reports.report(&def.name.span, message, "choose another name");
            }
            return;
        };
        let mut guard = self.guard_of_type(parts.of);
        if let Some(item) = parts.item {
            guard.and(&self.guard_of_type(item));
        }
        let fields = draft.fields.iter().filter_map(|field| self.part_field(field, parts)).map(shared);
        let object = Object {
            name: parts.of.into(),
            description: draft.def.description.clone(),
            fields: fields.collect::<IndexMap<_, _>>(),
            item: None,
            guard,
            weight: self.weight(&draft.def.directives).unwrap_or(0),
        };
        self.pages.insert(parts.of.into(), PageType::part(object));
    }

    fn part_field(&self, field: &FieldDef, parts: &Parts<'_>) -> Option<(Name, Field)> {
        let name = field.name.value.as_str();
        let counted =
            find(&field.directives, "count").map(|it| (&it.name.span, ("totalCount", PagePart::TotalCount)));
        // Parts of a page say nothing of all the items.
        let is_whole =
            parts.known.iter().any(|(_, part)| matches!(part, PagePart::Edges | PagePart::NextToken));
        if let Some((span, _)) = counted.as_ref().filter(|_| !is_whole) {
            let hint = "mark a field of the page itself";
            self.reports.report(span, format!("`{}` is only a part of a page", parts.of), hint);
            return None;
        }
        let known = parts.known.iter().find(|(known, _)| *known == name);
        let Some((_, part)) = counted.as_ref().map(|(_, part)| part).or(known) else {
            let hint = if is_whole && name == "totalCount" {
                "mark it `@count`: it costs a Query of its own".to_owned()
            } else {
                did_you_mean(name, parts.known.iter().map(|(known, _)| *known))
            };
            let message = format!("`{name}` is no part of the page `{}`", parts.of);
            self.reports.report(&field.name.span, message, hint);
            return None;
        };
        let is_idle =
            |it: &&Directive| is_operation(it) || matches!(it.name.value.as_str(), "attribute" | "listSize");
        if let Some(directive) = field.directives.iter().find(is_idle) {
            let message = format!("`{name}` is a part of a page, which the query fills");
            self.reports.report(&directive.name.span, message, "take the directive out");
        }
        if let Some(argument) = field.arguments.first() {
            let message = format!("`{name}` is a part of a page and takes no arguments");
            self.reports.report(&argument.name.span, message, "give them to the @query");
        }
        let ty = self.output_type(&field.ty)?;
        if let Some(expected) = misfit(name, *part, &ty, parts.item) {
            let hint = format!("give it the type {expected}");
            self.reports.report(&field.ty.span, format!("`{name}` cannot be {ty}"), hint);
        }
        let (name, mut made) = page_field(name, field.description.clone(), *part, ty);
        made.deprecated = deprecation(&field.directives, self.reports);
        made.guard = self.guard(&field.directives);
        made.weight = self.weight(&field.directives).unwrap_or(made.weight);
        Some((name, made))
    }
}

/// The type that a part of a page should have, where it has another.
fn misfit(name: &str, part: PagePart, ty: &Type, item: Option<&str>) -> Option<String> {
    let scalar = |base: &str, may_be_non_null: bool| {
        let fits = ty.base().as_ref() == base && !ty.is_list() && (may_be_non_null || !ty.non_null);
        (!fits).then(|| format!("{base}{}", if may_be_non_null { "!" } else { "" }))
    };
    let is_flat_list = matches!(&ty.of, Of::List(of) if !of.is_list());
    match part {
        PagePart::HasNextPage | PagePart::HasPreviousPage => scalar("Boolean", true),
        PagePart::Cursor => scalar("String", true),
        PagePart::TotalCount => scalar("Int", true),
        // There is none where there are no items, or no more.
        PagePart::StartCursor | PagePart::EndCursor | PagePart::NextToken => scalar("String", false),
        PagePart::Items => {
            let item = item?;
            let is_one = name == "node";
            let fits = ty.base().as_ref() == item && if is_one { !ty.is_list() } else { is_flat_list };
            let expected = if is_one { format!("{item}!") } else { format!("[{item}!]!") };
            (!fits).then_some(expected)
        }
        PagePart::Edges => (!is_flat_list).then(|| format!("[{}!]!", ty.base())),
        PagePart::PageInfo => {
            let is_leaf = ty.base().parse::<crate::schema::scalar::Scalar>().is_ok();
            (ty.is_list() || is_leaf).then(|| "PageInfo!".to_owned())
        }
    }
}

/// The name at the bottom of a field's type.
fn base(field: &FieldDef) -> String {
    field.ty.value.to_string().trim_matches(['[', ']', '!']).to_owned()
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
        guard: Guard::default(),
        weight: if part == PagePart::TotalCount { WEIGHT } else { 0 },
        list_size: None,
    };
    (name, field)
}

/// A type of a page that nobody wrote.
fn made(name: &str, description: String, fields: Vec<(&str, PagePart, Type)>) -> Object {
    Object {
        name: name.into(),
        description: Some(description),
        fields: fields.into_iter().map(|(name, part, ty)| shared(page_field(name, None, part, ty))).collect(),
        item: None,
        guard: Guard::default(),
        weight: 0,
    }
}

fn shared((name, field): (Name, Field)) -> (Name, Arc<Field>) {
    (name, Arc::new(field))
}
