//! `@query`: an index, a sort key bound in part, a range, filters, a page.

use std::ops::Range as Span;

use super::bind::{Bound, Given, Site, no_such_field, sources};
use super::fits::describe;
use super::get::{is_list, named};
use super::items::has_fixed_width;
use super::{Draft, Lowering, find};
use crate::problem::did_you_mean;
use crate::schema::directive::{Args, check_arguments};
use crate::schema::language::{Language, Step};
use crate::schema::literal::Text;
use crate::schema::plan::{
    Attribute, Bindings, Item, KeyTemplates, Name, Page, PageKind, Part, Projection, Query, Range, Shape,
    Template, ValueSource,
};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    pub(super) fn query(&self, site: &Site<'a, '_>) -> Option<Query> {
        let (object, page) = self.page(site)?;
        let draft = self.drafts.get(&object)?;
        let item = &draft.item.as_ref()?.item;
        let index = site.args.string("index").map(|text| self.index(item, text, &object));
        let index = index.map_or(Some(None), |index| index.map(Some))?;
        let keys = match index {
            None => &item.keys,
            Some(at) => &item.indexes.get(at)?.keys,
        };
        let descending = site.args.word("order", &[("ASC", false), ("DESC", true)]).unwrap_or_default();
        let consistent = site.args.boolean("consistent").unwrap_or_default();
        self.check_index(site, draft, index, consistent);
        site.read_bind(draft);
        let filter = self.filter(site, draft, keys);
        let partition = KeyTemplates { partition: keys.partition.clone(), sort: None };
        let mut key = self.key(site, draft, &partition)?;
        let (sort, next) = self.sort_key(site, draft, keys.sort.as_ref());
        key.extend(sources(sort));
        let range = site.args.object("range").map(|range| {
            check_arguments("range", range.all(), &["of", "from", "to"], self.reports);
            self.range(site, &range, draft, (keys.sort.as_ref(), next.as_ref()))
        });
        let range = range.map_or(Some(None), |range| range.map(Some))?;
        site.refuse_left_over("bind fields of the key, from the left, or name the field in `filter`");
        let asked = self.asked_sort_keys(&object, keys.sort.as_ref(), &key, range.is_some());
        if let Some(met) = self.met_by_query(&object, index, &asked) {
            let hint = "give both a discriminator, `type: \"__typename\"` in `@item`: each read then tells them apart";
            self.reports.report(site.args.span(), format!("this query can meet items of `{met}`"), hint);
        }
        Some(Query { object, index, key, range, filter, descending, consistent, page })
    }

    /// What a query returns: the type of its items, and the arguments that page.
    fn page(&self, site: &Site<'a, '_>) -> Option<(Name, Page)> {
        let ty = &site.def.ty;
        let text = ty.value.to_string();
        let page = self.pages.get(named(&text)).filter(|_| !is_list(&text));
        let (kind, object) = match page {
            Some(page) => page.page.clone()?,
            None if is_list(&text) => (PageKind::List, self.returned_item(site)?.0),
            None => {
                // An unknown type, or a page that has been found wanting, has been reported.
                if self.drafts.get(named(&text)).is_some_and(|draft| draft.item.is_some()) {
                    let hint = format!("write `[{0}!]!` or `{0}Connection!`", named(&text));
                    self.reports.report(&ty.span, "a query returns many items", hint);
                }
                return None;
            }
        };
        for unsupported in ["last", "before"] {
            if kind == PageKind::Connection && site.argument(unsupported).is_some() {
                let message = format!("paging backwards with `{unsupported}` is not supported yet");
                self.reports.report(&site.span_of(unsupported), message, "page with `first` and `after`");
                return None;
            }
        }
        let first = ["first", "limit"].into_iter().find(|name| site.arguments.contains_key(*name));
        let after = self.after_argument(site, kind, page.and_then(|page| page.after.as_deref()));
        for (name, scalar) in [(first, Scalar::Int), (after.as_deref(), Scalar::String)] {
            let Some(argument) = name.and_then(|name| site.argument(name)) else {
                continue;
            };
            if !self.accepts(&Shape::Scalar(scalar), &argument.ty) {
                let message = format!("`{}` must be {scalar}, and it is {}", argument.name, argument.ty);
                self.reports.report(
                    &site.span_of(&argument.name),
                    message,
                    format!("give it the type {scalar}"),
                );
            }
        }
        Some((object, Page { kind, first: first.map(Name::from), after }))
    }

    /// The argument that continues: what `@page` calls it, or what it is mostly called.
    fn after_argument(&self, site: &Site<'a, '_>, kind: PageKind, on_type: Option<&str>) -> Option<Name> {
        let on_field = find(&site.def.directives, "page").and_then(|directive| {
            let args = Args::of(directive, self.reports);
            args.string("after").map(|text| text.value.as_str())
        });
        let name = on_field.or(on_type).unwrap_or(match kind {
            PageKind::Connection => "after",
            PageKind::Tokens | PageKind::List => "nextToken",
        });
        (kind != PageKind::List && site.arguments.contains_key(name)).then(|| name.into())
    }

    fn index(&self, item: &Item, text: &Text, object: &Name) -> Option<usize> {
        let found = item.indexes.iter().position(|index| index.alias.as_ref() == text.value);
        if found.is_none() {
            let hint = did_you_mean(&text.value, item.indexes.iter().map(|index| index.alias.as_ref()));
            let message = format!("`{object}` has no index `{}`", text.value);
            self.reports.report(&text.whole(), message, hint);
        }
        found
    }

    /// An index cannot be read consistently, and it must hold every attribute of the type: its fields would be null
    /// without reason otherwise.
    fn check_index(&self, site: &Site<'a, '_>, draft: &Draft<'a>, index: Option<usize>, consistent: bool) {
        let Some(at) = index else { return };
        if consistent {
            let hint = "read from the table, or take `consistent` out";
            self.reports.report(site.args.span(), "an index cannot be read consistently", hint);
        }
        let Some(item) = draft.item.as_ref().map(|draft| &draft.item) else {
            return;
        };
        let table = self.tables.get(&item.table);
        let index = item.indexes.get(at).and_then(|index| table?.indexes.get(&index.name));
        let Some((table, index)) = table.zip(index) else {
            return;
        };
        let included: &[Name] = match &index.projection {
            Projection::All => return,
            Projection::KeysOnly => &[],
            Projection::Include(names) => names,
        };
        let is_key = |name: &Name| table.keys.contains(name) || index.keys.contains(name);
        let missing = draft.attributes.values().find(|it| !is_key(&it.name) && !included.contains(&it.name));
        if let Some(attribute) = missing {
            let message = format!("the index `{}` does not hold `{}`", index.name, attribute.name);
            let hint = "project ALL, or include every attribute of the type";
            self.reports.report(site.args.span(), message, hint);
        }
    }

    fn filter(&self, site: &Site<'a, '_>, draft: &Draft<'a>, keys: &KeyTemplates) -> Bindings {
        let mut filter = Bound::new();
        for text in site.args.strings("filter") {
            let span = text.whole();
            let name: Name = text.value.as_str().into();
            let Some(attribute) = draft.attributes.get(&name) else {
                let hint = did_you_mean(&name, draft.attributes.keys().map(AsRef::as_ref));
                self.reports.report(&span, no_such_field(draft, &name), hint);
                continue;
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
            let attempted = site.arguments.contains_key(&name) || site.is_bound(&name);
            if let Some(bound) = site.value_for(&name, attribute) {
                filter.insert(name, bound);
            } else if !attempted {
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
            let attempted = site.arguments.contains_key(field) || site.is_bound(field);
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
        (sort, next): (Option<&Template>, Option<&Name>),
    ) -> Option<Range> {
        let of = args.required("of");
        let from = args.string("from").map(|text| (text, site.source(text)));
        let to = args.string("to").map(|text| (text, site.source(text)));
        if from.is_none() && to.is_none() {
            self.reports.report(args.span(), "a range needs `from` or `to`", "write `from: \"args.from\"`");
        }
        let of = of?;
        let name: Name = of.value.as_str().into();
        let Some(attribute) = draft.attributes.get(&name).filter(|_| next == Some(&name)) else {
            let hint = match next {
                Some(next) => {
                    format!("`{next}` is the first field of the sort key that is not bound")
                }
                None => "every field of the sort key is bound already, or there is none".to_owned(),
            };
            self.reports.report(&of.whole(), format!("`{name}` cannot be ranged over"), hint);
            return None;
        };
        self.check_order(&of.whole(), &name, attribute, sort?)?;
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
        sort: &Template,
    ) -> Option<()> {
        let is_last = matches!(sort.parts.last(), Some(Part::Field(last)) if last == name);
        let is_text = matches!(attribute.shape, Shape::Scalar(Scalar::String | Scalar::Id));
        let is_number = sort.exact_field() == Some(name) && !is_text;
        if has_fixed_width(attribute) || (is_last && is_text) || is_number {
            return Some(());
        }
        let hint = match attribute.shape {
            Shape::Scalar(Scalar::Int | Scalar::BigInt) => "pad it: `@attribute(pad: 10)`",
            _ => "range over a DateTime, a Date, a padded number, or a text at the key's end",
        };
        self.reports.report(span, format!("keys do not sort by `{name}`"), hint);
        None
    }

    /// The sort keys that a query can ask for, as a language. Where an argument may be absent the prefix is only as
    /// long as what stands before the first field.
    fn asked_sort_keys(
        &self,
        object: &Name,
        sort: Option<&Template>,
        key: &Bindings,
        ranged: bool,
    ) -> Language {
        let Some(sort) = sort else {
            return vec![Step::Anything];
        };
        let whole = !ranged && sort.fields().all(|field| key.contains_key(field));
        if whole {
            return self.language(object, sort);
        }
        let literals = sort.parts.iter().take_while(|part| !matches!(part, Part::Field(_)));
        let prefix = Template { parts: literals.cloned().collect() };
        let mut language = self.language(object, &prefix);
        language.push(Step::Anything);
        language
    }
}
