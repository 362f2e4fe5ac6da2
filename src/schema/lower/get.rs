//! `@get`, and how a key is bound.

use super::bind::{Bound, Given, Site, sources};
use super::fits::describe;
use super::{Draft, Lowering, find};
use crate::schema::plan::{Bindings, Get, Item, KeyTemplates, Name};

impl<'a> Lowering<'a> {
    pub(super) fn get(&self, site: &Site<'a, '_>) -> Option<Get> {
        let (object, draft, item) = self.returned_item(site)?;
        let ty = &site.def.ty;
        if is_list(&ty.value.to_string()) {
            let hint = "get one item at a time, or use a @query";
            self.reports.report(&ty.span, "getting a list of items is not supported yet", hint);
            return None;
        }
        let consistent = site.args.boolean("consistent").unwrap_or_default();
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys)?;
        site.refuse_left_over("bind the fields of the key");
        Some(Get { object, key, consistent })
    }

    /// The type with items that a field returns, one or a list of them.
    pub(super) fn returned_item<'l>(
        &'l self,
        site: &Site<'a, '_>,
    ) -> Option<(Name, &'l Draft<'a>, &'l Item)> {
        let base = site.def.ty.value.to_string();
        let base = named(&base);
        let (name, draft) = self.drafts.get_key_value(base)?;
        if let Some(item) = &draft.item {
            return Some((name.clone(), draft, &item.item));
        }
        // An `@item` that could not be read has been reported.
        if find(&draft.def.directives, "item").is_none() {
            let hint = format!("give `{base}` an `@item`, or return another type");
            self.reports.report(site.args.span(), format!("`{base}` has no items"), hint);
        }
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
            // A value whose type does not fit has been reported.
            let attempted = site.arguments.contains_key(field) || site.is_bound(field);
            if let Some((source, given)) = site.value_for(field, attribute) {
                complete &= self.is_certain(site, field, &given);
                bound.insert(field.clone(), (source, given));
                continue;
            }
            complete = false;
            if !attempted {
                let ty = describe(&attribute.shape);
                let hint = format!("add an argument `{field}: {ty}!`, or `bind: {{{field}: \"args.…\"}}`");
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
        let hint = "make the argument non-null, or give it a default";
        let message = format!("the key is made of `{field}`, which may be null");
        self.reports.report(&site.span_of(field), message, hint);
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
