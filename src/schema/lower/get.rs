//! `@get`, and how a key is bound.

use super::bind::{Bound, Given, Site, sources};
use super::fits::describe;
use super::{Draft, Lowering};
use crate::problem::did_you_mean;
use crate::schema::plan::{Bindings, Get, Item, KeyTemplates, Name};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    pub(super) fn get(&self, site: &Site<'a, '_>) -> Option<Get> {
        let (object, draft, item) = self.returned_item(site)?;
        let is_list = self.returns_list(site)?;
        if is_list {
            site.iterate();
        }
        let consistent = site.args.boolean("consistent").unwrap_or_default();
        let snapshot = site.args.boolean("snapshot").unwrap_or_default();
        self.refuse_snapshot(site, snapshot, is_list);
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys)?;
        site.refuse_left_over("bind the fields of the key");
        let each = self.each_of(site, is_list).ok()?;
        // Whether it coalesces is known when all types are.
        Some(Get { object, key, each, consistent, snapshot, coalesces: false })
    }

    /// One item is as it is at one moment anyway, and a snapshot is strongly consistent.
    fn refuse_snapshot(&self, site: &Site<'a, '_>, snapshot: bool, is_list: bool) {
        if !snapshot {
            return;
        }
        let span = site.args.span_of("snapshot");
        if !is_list {
            let message = "one item is read as of one moment anyway";
            self.reports.report(span, message, "take `snapshot` out, or return a list");
        } else if site.args.has("consistent") {
            let message = "items that are read as of one moment are strongly consistent";
            self.reports.report(site.args.span_of("consistent"), message, "take `consistent` out");
        }
    }

    /// The type with items that a field returns, one or a list of them.
    pub(super) fn returned_item<'l>(
        &'l self,
        site: &Site<'a, '_>,
    ) -> Option<(Name, &'l Draft<'a>, &'l Item)> {
        let base = site.def.ty.value.to_string();
        let (base, span) = match &site.step {
            Some(step) => (step.object.value.as_str(), step.object.whole()),
            None => (named(&base), site.def.ty.span.clone()),
        };
        let Some((name, draft)) = self.drafts.get_key_value(base) else {
            let reports = self.reports;
            if site.step.is_some() && !self.defs.contains_key(base) {
                let hint = did_you_mean(base, self.drafts.keys().map(AsRef::as_ref));
                reports.report(&span, format!("there is no type `{base}`"), hint);
                return None;
            }
            let is_leaf = base.parse::<Scalar>().is_ok() || self.enums.contains_key(base);
            if self.is_abstract(base) {
                let hint = "a @query finds its types; return one of them";
                reports.report(&site.def.ty.span, format!("`{base}` is several types"), hint);
            } else if self.pages.contains_key(base) {
                let hint = "a @query returns it; return a type with `@item`";
                reports.report(&span, format!("`{base}` is a page, or a part of one"), hint);
            } else if is_leaf {
                let hint = "return a type with `@item`";
                reports.report(&span, format!("`{base}` has no items"), hint);
            }
            // Other types have been reported by their names.
            return None;
        };
        if let Some(item) = &draft.item {
            return Some((name.clone(), draft, &item.item));
        }
        if !self.may_have_item(base) {
            let hint = if self.is_root(base) {
                "return a type with `@item`".to_owned()
            } else {
                format!("give `{base}` an `@item`, or return another type")
            };
            self.reports.report(&span, format!("`{base}` has no items"), hint);
        }
        // Otherwise its `@item` could not be read, which has been reported.
        None
    }

    /// Binds every field of a key.
    pub(super) fn key(
        &self,
        site: &Site<'a, '_>,
        draft: &Draft<'a>,
        keys: &KeyTemplates,
    ) -> Option<Bindings> {
        let mut bound = Bound::new();
        let mut complete = true;
        for field in keys.fields() {
            if bound.contains_key(field) {
                continue;
            }
            let attribute = draft.attributes.get(field)?;
            if let Some((source, given)) = site.value_for(field, attribute) {
                complete &= self.is_certain(site, field, &given);
                bound.insert(field.clone(), (source, given));
                continue;
            }
            complete = false;
            if !site.is_attempted(field) {
                let ty = describe(&attribute.shape);
                let hint = if site.has_element() {
                    format!("bind it to the element: `bind: {{{field}: \"each.…\"}}`")
                } else {
                    format!("add an argument `{field}: {ty}!`, or `bind: {{{field}: \"args.…\"}}`")
                };
                let message = format!("nothing binds `{field}`, which the key is made of");
                self.reports.report(site.args.span(), message, hint);
            }
        }
        complete.then(|| sources(bound))
    }

    /// A value that a key rests on must always be there.
    fn is_certain(&self, site: &Site<'a, '_>, field: &Name, given: &Given<'_>) -> bool {
        if given.is_always_given() {
            return true;
        }
        let hint = "make it non-null, or give it a default; of a path, each step";
        let message = format!("the key is made of `{field}`, which may be null");
        self.reports.report(&site.value_span(field), message, hint);
        false
    }
}

pub(super) fn is_list(ty: &str) -> bool {
    ty.starts_with('[')
}

/// The name at the bottom of a type.
pub(super) fn named(ty: &str) -> &str {
    ty.trim_matches(['[', ']', '!'])
}
