//! `@query`: an index, a sort key bound in part, a range, filters, a page.

use std::ops::Range as Span;

use super::bind::{Bound, Given, Site, sources};
use super::collection::Member;
use super::fits::describe;
use super::get::{is_list, named};
use super::keyspace::Keyspace;
use super::pages::PageType;
use super::{Draft, Lowering, find};
use crate::problem::did_you_mean;
use crate::schema::directive::{Args, check_arguments, has_known_names};
use crate::schema::literal::Text;
use crate::schema::plan::{
    Argument, Attribute, Bindings, Collection, Index, Item, KeyKind, KeyTemplates, Keys, Name, Page,
    PageKind, Part, Projection, Query, Range, Shape, Table, Template, ValueSource,
};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    pub(super) fn query(&self, site: &Site<'a, '_>) -> Option<Query> {
        let (of, page) = self.page(site)?;
        let members = self.found(site, &of)?;
        let first = members.first()?;
        let (object, draft, item) = (first.name().clone(), first.draft, first.item());
        let index = match site.args.string("index") {
            Some(text) => Some(self.index(draft, item, text)?),
            None if site.args.has("index") => return None,
            None => None,
        };
        let collection =
            if self.is_abstract(&of) { Some(self.collection(site, &of, &members, index)?) } else { None };
        let asked = self.asked(item, index, collection.as_ref())?;
        let descending = site.args.word("order", &[("ASC", false), ("DESC", true)]).unwrap_or_default();
        let consistent = site.args.boolean("consistent").unwrap_or_default();
        self.check_indexes(site, &members, &asked, consistent);
        site.read_bind(draft);
        let keys = asked.templates;
        let filter = self.filter(site, &members, keys);
        let matching = site.args.has("where").then(|| self.matching(site, &of));
        let partition = KeyTemplates { partition: keys.partition.clone(), sort: None };
        let mut key = self.key(site, draft, &partition)?;
        let (sort, next) = self.sort_key(site, draft, keys.sort.as_ref());
        let certain = sort.iter().take_while(|(_, bound)| site.is_never_null(bound));
        let certain: Vec<Name> = certain.map(|(name, _)| name.clone()).collect();
        key.extend(sources(sort));
        let range = site.args.object("range").map(|range| {
            check_arguments("range", range.all(), &["of", "from", "to"], self.reports);
            self.range(site, &range, draft, (&asked, next.as_ref()))
        });
        let range = range.map_or(Some(None), |range| range.map(Some))?;
        let matching = matching.map_or(Some(None), |matching| matching.map(Some))?;
        site.refuse_left_over("bind fields of the key, from the left, or name the field in `filter`");
        let sort_keys = self.asked_sort_keys(&object, &asked, &certain);
        if let Some(met) = self.met_by_query(&object, index, &sort_keys) {
            let hint = "give both a discriminator, `type: \"__typename\"` in `@item`: each read then tells them apart";
            self.reports.report(site.args.span(), format!("this query can meet items of `{met}`"), hint);
        }
        Some(Query { object, collection, index, key, range, filter, matching, descending, consistent, page })
    }

    /// What a query asks: the table, or an index of it.
    fn asked<'l>(
        &'l self,
        item: &'l Item,
        index: Option<usize>,
        collection: Option<&'l Collection>,
    ) -> Option<Asked<'l>> {
        let table = self.tables.get(&item.table)?;
        let common = collection.map(|it| &it.keys);
        let is_open = collection.is_some_and(|it| it.is_open);
        let Some(at) = index else {
            let templates = common.unwrap_or(&item.keys);
            return Some(Asked { templates, is_open, keys: &table.keys, table, index: None });
        };
        let of_item = item.indexes.get(at)?;
        let index = table.indexes.get(&of_item.name)?;
        let templates = common.unwrap_or(&of_item.keys);
        Some(Asked { templates, is_open, keys: &index.keys, table, index: Some(index) })
    }

    /// What a query returns: the type of its items, and the arguments that page.
    fn page(&self, site: &Site<'a, '_>) -> Option<(Name, Page)> {
        let ty = &site.def.ty;
        let text = ty.value.to_string();
        let page = self.pages.get(named(&text));
        let (kind, object) = self.returned(site, page)?;
        let first = ["first", "limit"].into_iter().find(|name| site.arguments.contains_key(*name));
        let after = self.after_argument(site, kind, page.and_then(|page| page.after.as_ref()));
        let of_connection = |name: &'static str| {
            Some(name).filter(|_| kind == PageKind::Connection && site.arguments.contains_key(name))
        };
        let (last, before) = (of_connection("last"), of_connection("before"));
        for (name, scalar) in [
            (first, Scalar::Int),
            (after.as_deref(), Scalar::String),
            (last, Scalar::Int),
            (before, Scalar::String),
        ] {
            let Some(argument) = name.and_then(|name| site.argument(name)) else {
                continue;
            };
            if let Err(hint) = self.accepts(&Shape::Scalar(scalar), &argument.ty) {
                let message = format!("`{}` must be {scalar}, and it is {}", argument.name, argument.ty);
                self.reports.report(&site.value_span(&argument.name), message, hint);
            }
        }
        self.check_page_size(site.def, first);
        self.check_page_size(site.def, last);
        self.refuse_one_way(site, (first, after.as_deref()), (last, before));
        let name = |name: Option<&str>| name.map(Name::from);
        Some((object, Page { kind, first: name(first), after, last: name(last), before: name(before) }))
    }

    /// Whoever pages in one direction gives nothing of the other: a default would be given by everybody.
    fn refuse_one_way(
        &self,
        site: &Site<'a, '_>,
        forwards: (Option<&str>, Option<&str>),
        backwards: (Option<&str>, Option<&str>),
    ) {
        let names = |of: (Option<&'_ str>, Option<&'_ str>)| {
            [of.0, of.1].into_iter().flatten().map(str::to_owned).collect::<Vec<_>>()
        };
        let (forwards, backwards) = (names(forwards), names(backwards));
        for (own, others) in [(&forwards, &backwards), (&backwards, &forwards)] {
            let always = own
                .iter()
                .find(|name| site.arguments.get(name.as_str()).is_some_and(Argument::is_always_given));
            if let Some((always, other)) = always.zip(others.first()) {
                let message = format!("`{always}` is always given, so nobody can page by `{other}`");
                let hint = "let it be null, without a default: a page that nobody sizes has 50 items";
                self.reports.report(&site.span_of(always), message, hint);
            }
        }
    }

    /// The shape of what is returned, and the type of the items in it.
    fn returned(&self, site: &Site<'a, '_>, page: Option<&PageType>) -> Option<(PageKind, Name)> {
        let ty = &site.def.ty;
        let text = ty.value.to_string();
        let base = named(&text);
        let refuse = |message: String, hint: String| {
            self.reports.report(&ty.span, message, hint);
            None
        };
        match page {
            Some(page) if page.is_ruined => None,
            Some(_) if is_list(&text) => {
                refuse("a query returns one page".to_owned(), format!("write `{base}!`"))
            }
            Some(page) => page.page.clone().or_else(|| {
                refuse(format!("`{base}` is only a part of a page"), "return the page".to_owned())
            }),
            None => {
                let object = match self.members.get_key_value(base) {
                    Some((name, _)) => name.clone(),
                    None => self.returned_item(site)?.0,
                };
                match text.matches('[').count() {
                    0 => refuse(
                        "a query returns many items".to_owned(),
                        format!("write `[{base}!]!` or `{base}Connection!`"),
                    ),
                    1 => Some((PageKind::List, object)),
                    _ => refuse(
                        "a query returns one list, and this is a list of lists".to_owned(),
                        format!("write `[{base}!]!`"),
                    ),
                }
            }
        }
    }

    /// The argument that continues: what `@page` calls it, or what it is mostly called.
    fn after_argument(&self, site: &Site<'a, '_>, kind: PageKind, on_type: Option<&Name>) -> Option<Name> {
        let on_field = find(&site.def.directives, "page");
        let on_field = on_field.and_then(|it| Args::of(it, self.reports).string("after"));
        if let Some(text) = on_field.filter(|text| !site.has_argument(&text.value)) {
            let hint = did_you_mean(&text.value, site.arguments.keys().map(AsRef::as_ref));
            self.reports.report(&text.whole(), format!("there is no argument `{}`", text.value), hint);
        }
        let on_field = on_field.map(|text| text.value.as_str());
        let name = on_field.or(on_type.map(AsRef::as_ref)).unwrap_or(match kind {
            PageKind::Connection => "after",
            PageKind::Tokens | PageKind::List => "nextToken",
        });
        (kind != PageKind::List && site.arguments.contains_key(name)).then(|| name.into())
    }

    fn index(&self, draft: &Draft<'a>, item: &Item, text: &Text) -> Option<usize> {
        let found = item.indexes.iter().position(|index| index.alias.as_ref() == text.value);
        let mut written = draft.def.directives.iter().filter(|it| it.name.value == "index");
        let is_ruined = written.any(|it| {
            let alias = it.string("as").or(it.string("name"));
            alias == Some(&text.value) || !has_known_names(&it.name.value, &it.arguments)
        });
        if found.is_none() && !is_ruined {
            let hint = did_you_mean(&text.value, item.indexes.iter().map(|index| index.alias.as_ref()));
            let message = format!("`{}` has no index `{}`", draft.def.name.value, text.value);
            self.reports.report(&text.whole(), message, hint);
        }
        found
    }

    /// An index cannot be read consistently, and it must hold every attribute of the type: its fields would be null
    /// without reason otherwise.
    pub(super) fn check_index(
        &self,
        site: &Site<'a, '_>,
        draft: &Draft<'a>,
        asked: &Asked<'_>,
        consistent: bool,
    ) {
        let Some(index) = asked.index else { return };
        if consistent {
            let hint = "read from the table, or take `consistent` out";
            let place = site.args.span_of("consistent");
            self.reports.report(place, "an index cannot be read consistently", hint);
        }
        let included: &[Name] = match &index.projection {
            Projection::All => return,
            Projection::KeysOnly => &[],
            Projection::Include(names) => names,
        };
        let discriminator = draft.item.as_ref().and_then(|draft| draft.item.discriminator.as_ref());
        let is_held = |name: &&Name| {
            asked.table.keys.contains(name) || index.keys.contains(name) || included.contains(name)
        };
        let mut needed = draft.attributes.values().map(|attribute| &attribute.name).chain(discriminator);
        if let Some(missing) = needed.find(|name| !is_held(name)) {
            let message = format!("the index `{}` does not hold `{missing}`", index.name);
            let hint = "project ALL, or include every attribute of the type";
            self.reports.report(site.args.span_of("index"), message, hint);
        }
    }

    fn filter(&self, site: &Site<'a, '_>, members: &[Member<'a, '_>], keys: &KeyTemplates) -> Bindings {
        let mut filter = Bound::new();
        let Some(draft) = members.first().map(|first| first.draft) else { return Bindings::new() };
        for text in site.args.strings("filter") {
            let span = text.whole();
            let name: Name = text.value.as_str().into();
            let attribute = match draft.attribute(&name) {
                Ok(attribute) => attribute,
                Err(mistake) => {
                    self.reports.report_in(text, mistake);
                    continue;
                }
            };
            let mut templates = std::iter::once(&keys.partition).chain(&keys.sort);
            if templates.any(|template| template.exact_field() == Some(&name)) {
                self.reports.report(
                    &span,
                    format!("`{name}` is a key"),
                    "bind it; DynamoDB does not filter by keys",
                );
                continue;
            }
            if !attribute.shape.is_comparable() {
                self.reports.report(
                    &span,
                    format!("`{name}` cannot be compared"),
                    "filter by scalars and enums",
                );
                continue;
            }
            if !self.is_shared(members, &name, text) {
                continue;
            }
            if let Some(bound) = site.value_for(&name, attribute) {
                filter.insert(name, bound);
            } else if !site.is_attempted(&name) {
                let ty = describe(&attribute.shape);
                let hint = format!("add an argument `{name}: {ty}`, or bind it");
                self.reports.report(&span, format!("nothing gives `{name}` a value"), hint);
            }
        }
        sources(filter)
    }

    /// Binds the sort key's fields from the left, as far as they are bound. The second of the pair is the first
    /// field that is not.
    fn sort_key<'l>(
        &self,
        site: &Site<'a, 'l>,
        draft: &Draft<'a>,
        sort: Option<&Template>,
    ) -> (Bound<'l>, Option<Name>) {
        let mut bound = Bound::new();
        let mut unbound: Option<Name> = None;
        for field in sort.into_iter().flat_map(Template::fields) {
            let Some(attribute) = draft.attributes.get(field) else {
                continue;
            };
            let attempted = site.is_attempted(field);
            let value = site.value_for(field, attribute);
            match (&unbound, value) {
                (None, Some(value)) => {
                    bound.insert(field.clone(), value);
                }
                (None, None) if !attempted => unbound = Some(field.clone()),
                (Some(unbound), _) if attempted => {
                    let hint = format!("bind `{unbound}` too: a sort key is bound from the left");
                    let message = format!("`{field}` comes after `{unbound}` in the sort key");
                    self.reports.report(&site.span_of(field), message, hint);
                }
                (None | Some(_), _) => {}
            }
        }
        (bound, unbound)
    }

    fn range(
        &self,
        site: &Site<'a, '_>,
        args: &Args<'a>,
        draft: &Draft<'a>,
        (asked, next): (&Asked<'_>, Option<&Name>),
    ) -> Option<Range> {
        let of = args.required("of");
        let from = args.string("from").map(|text| (text, site.source(text)));
        let to = args.string("to").map(|text| (text, site.source(text)));
        if from.is_none() && to.is_none() {
            if !args.has("from") && !args.has("to") {
                let hint = "write `from: \"args.from\"`";
                self.reports.report(args.span(), "a range needs `from` or `to`", hint);
            }
            return None;
        }
        let of = of?;
        let name: Name = of.value.as_str().into();
        let attribute = draft.attribute(&name);
        let attribute = attribute.map_err(|mistake| self.reports.report_in(of, mistake)).ok()?;
        if next != Some(&name) {
            let hint = match next {
                Some(next) => {
                    format!("`{next}` is the first field of the sort key that is not bound")
                }
                None => "every field of the sort key is bound already, or there is none".to_owned(),
            };
            self.reports.report(&of.whole(), format!("`{name}` cannot be ranged over"), hint);
            return None;
        }
        self.check_order(&of.whole(), &name, attribute, asked)?;
        let end = |given: Option<(&'a Text, Option<(ValueSource, Given<'_>)>)>| {
            let Some((text, source)) = given else {
                return Some(None);
            };
            let (source, given) = source?;
            site.fits(&given, attribute, &text.whole(), &name).then_some(Some(source))
        };
        Some(Range { from: end(from)?, to: end(to)?, of: name })
    }

    /// Keys sort by their bytes: a field in the middle can be ranged over only if its values have one width.
    fn check_order(
        &self,
        span: &Span<usize>,
        name: &Name,
        attribute: &Attribute,
        asked: &Asked<'_>,
    ) -> Option<()> {
        let is_last =
            matches!(asked.templates.sort.as_ref()?.parts.last(), Some(Part::Field(last)) if last == name);
        let is_text = attribute.is_text();
        // A number or bytes are the whole key, and DynamoDB sorts them by value.
        let is_sorted_by_value = asked.keys.sort.as_ref().is_some_and(|key| key.kind != KeyKind::String);
        if attribute.has_fixed_width() || (is_last && is_text) || is_sorted_by_value {
            return Some(());
        }
        let hint = match attribute.shape {
            Shape::Scalar(Scalar::Int | Scalar::BigInt) => "pad it: `@attribute(pad: 10)`",
            _ => "range over a DateTime, a Date, a padded number, or a text at the key's end",
        };
        self.reports.report(span, format!("keys do not sort by `{name}`"), hint);
        None
    }

    /// The sort keys that a query can ask for. `certain` are the fields that are bound and never null: the prefix is
    /// at least as long as what stands before the first other one.
    fn asked_sort_keys(&self, object: &Name, asked: &Asked<'_>, certain: &[Name]) -> Keyspace {
        let Some((sort, key)) = asked.templates.sort.as_ref().zip(asked.keys.sort.as_ref()) else {
            return Keyspace::anything();
        };
        let is_open = |part: &Part| matches!(part, Part::Field(name) if !certain.contains(name));
        let length = sort.parts.iter().position(is_open);
        let parts = sort.parts.get(..length.unwrap_or(sort.parts.len())).unwrap_or_default();
        let keys = self.keyspace(object, parts, key.kind);
        if length.is_some() || asked.is_open { keys.and_anything() } else { keys }
    }
}

/// What a query asks: the templates and the keys of the table, or of an index.
pub(super) struct Asked<'l> {
    templates: &'l KeyTemplates,
    /// Whether the sort key goes on after its template.
    is_open: bool,
    keys: &'l Keys,
    table: &'l Table,
    index: Option<&'l Index>,
}
