//! `@put`, `@update` and `@delete`.

use super::bind::{Bound, Given, Site, sources};
use super::fits::describe;
use super::spread::Spread;
use super::{Draft, Lowering};
use crate::schema::ast::Directive;
use crate::schema::plan::{Attribute, Delete, Generate, Item, Name, Put, Shape, Touch, Update, ValueSource};
use crate::schema::scalar::Scalar;

/// The operations that write.
const WRITES: [&str; 4] = ["put", "update", "delete", "transact"];

impl<'a> Lowering<'a> {
    /// Only the mutation root writes.
    pub(super) fn refuse_write_elsewhere(&self, draft: &Draft<'_>, directive: &Directive) {
        let is_write = WRITES.contains(&directive.name.value.as_str());
        // A root that does not exist has been reported.
        let is_allowed = self.ast.mutation.as_ref().is_some_and(|root| {
            root.value == draft.def.name.value || !self.drafts.contains_key(root.value.as_str())
        });
        if is_write && !is_allowed {
            let hint = "queries and relations only read; move the field to the mutation root";
            self.reports.report(&directive.name.span, "only a field of the mutation root may write", hint);
        }
    }

    pub(super) fn put(&self, site: &Site<'a, '_>) -> Option<Put> {
        let (object, draft, item) = self.returned_item(site)?;
        let is_list = self.returns_list(site)?;
        if is_list {
            site.iterate();
            self.refuse_conditions(site, item)?;
        }
        let replace = is_any(site);
        site.read_bind(draft);
        let when = site.when(draft);
        let spread = self.spread(site, draft).ok()?;
        let values = self.values(site, draft, item, spread.as_ref());
        if site.args.has("when") && !site.args.has("if") {
            let hint = "a @put creates; write `if: ANY` to replace an item, and `when` says which";
            let place = site.args.span_of("when");
            self.reports.report(place, "there is no item that `when` could look at", hint);
        }
        if let Some(version) = item.version.as_ref().filter(|_| replace) {
            let hint = if is_list {
                "write one item at a time, by `@update(if: ANY)`, which can count; or create them by `@transact(do: [{each: \"args.…\", put: …}])`"
            } else {
                "use `@update(if: ANY)`, which can count, or take `if: ANY` out"
            };
            let place = site.args.span_of("if");
            self.reports.report(place, format!("replacing an item cannot count `{version}`"), hint);
        }
        let needed = |name: &Name, attribute: &Attribute| {
            attribute.non_null || item.keys.fields().any(|field| field == name)
        };
        let is_complete = self.is_complete(site, (draft, item), (&values, spread.as_ref()), needed);
        let each = self.each_of(site, is_list).ok()?;
        is_complete.then(|| Put { object, values: sources(values), each, replace, when })
    }

    pub(super) fn update(&self, site: &Site<'a, '_>) -> Option<Update> {
        let (object, draft, item) = self.written_item(site)?;
        let upsert = is_any(site);
        self.merged(site, draft);
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys);
        let when = site.when(draft);
        let expect = self.expect(site, item);
        let spread = self.spread(site, draft).ok()?;
        let actions = self.actions(site, draft, item);
        let mut set = self.values(site, draft, item, spread.as_ref());
        for field in item.keys.fields() {
            let Some((source, _)) = set.shift_remove(field) else { continue };
            if key.as_ref().is_some_and(|key| key.get(field) != Some(&source)) {
                let hint = "an item is found by its key; to move it, delete it and put another";
                let place = self.name_span(site, spread.as_ref(), field);
                self.reports.report(&place, format!("`{field}` is of the key and cannot be changed"), hint);
            }
        }
        if set.is_empty() && actions.is_empty() && site.is_clean() {
            let hint = "take an input object, or arguments named as fields";
            self.reports.report(site.args.span(), "the update sets nothing", hint);
        }
        let merge = self.merge(site, &set);
        let touches = self.touches(site, (draft, item), &set);
        let is_made = |name: &Name| {
            item.keys.fields().any(|field| field == name)
                || actions.iter().any(|it| it.is_certain && it.action.field == *name)
        };
        let needed = |name: &Name, attribute: &Attribute| attribute.non_null && !is_made(name);
        if upsert && !self.is_complete(site, (draft, item), (&set, spread.as_ref()), needed) {
            return None;
        }
        Some(Update {
            object,
            key: key?,
            set: sources(set),
            merge,
            expect: expect.ok()?,
            when,
            upsert,
            touches: touches?,
            actions: actions.into_iter().map(|it| it.action).collect(),
        })
    }

    pub(super) fn delete(&self, site: &Site<'a, '_>) -> Option<Delete> {
        let is_list = self.returns_list(site)?;
        let (object, draft, item) = if is_list { self.deleted_items(site) } else { self.deleted_item(site) }?;
        let idempotent = is_any(site);
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys);
        site.refuse_left_over("bind the fields of the key");
        let expect = self.expect(site, item);
        let when = site.when(draft);
        let (key, expect) = (key?, expect.ok()?);
        let each = self.each_of(site, is_list).ok()?;
        Some(Delete { object, key, each, expect, when, idempotent })
    }

    /// The type of an item that is deleted: the one that the field returns.
    fn deleted_item<'l>(&'l self, site: &Site<'a, '_>) -> Option<(Name, &'l Draft<'a>, &'l Item)> {
        if site.args.has("of") {
            let hint = "take it out: the type is the one that the field returns";
            self.reports.report(site.args.span_of("of"), "`of` is for a list of deletions", hint);
            return None;
        }
        self.returned_item(site)
    }

    fn written_item<'l>(&'l self, site: &Site<'a, '_>) -> Option<(Name, &'l Draft<'a>, &'l Item)> {
        let found = self.returned_item(site)?;
        let ty = &site.def.ty;
        if site.step.is_none() && ty.value.to_string().starts_with('[') {
            let hint = "DynamoDB updates one item at a time; return one";
            self.reports.report(&ty.span, "a list of items cannot be updated", hint);
            return None;
        }
        Some(found)
    }

    /// Whether each field that an item needs when it is made gets a value; reports those that do not.
    fn is_complete(
        &self,
        site: &Site<'a, '_>,
        (draft, item): (&Draft<'a>, &Item),
        (values, spread): (&Bound<'_>, Option<&Spread<'_>>),
        needed: impl Fn(&Name, &Attribute) -> bool,
    ) -> bool {
        let object = &draft.def.name.value;
        let mut complete = true;
        for (name, attribute) in &draft.attributes {
            let is_made = attribute.generate.is_some()
                || attribute.default.is_some()
                || item.version.as_ref() == Some(name);
            let given = values.get(name).map(|(_, given)| given);
            if is_made || !needed(name, attribute) || given.is_some_and(Given::is_always_given) {
                continue;
            }
            complete = false;
            let ty = describe(&attribute.shape);
            let is_spread = spread.is_some_and(|it| self.has_input_field(&it.input.name, name));
            if let Some(spread) = spread.filter(|it| is_spread && !it.always && !site.has_argument(name)) {
                let place =
                    spread.path.first().map_or_else(|| site.args.span().clone(), |it| site.value_span(it));
                let message = format!("this may be null, and with it `{object}.{name}`, which must be there");
                self.reports.report(&place, message, "make the input non-null");
                return false;
            }
            if given.is_some() {
                let place = self.type_span(site, spread, name);
                let message = format!("`{object}.{name}` must be there, and this may be null");
                self.reports.report(&place, message, format!("write `{ty}!`, or make the field nullable"));
            } else if !is_spread && !site.is_attempted(name) {
                let is_key = item.keys.fields().any(|field| field == name);
                let or = if is_key { "or generate it" } else { "generate it, or make the field nullable" };
                let hint = format!("take `{name}: {ty}!`, {or}");
                let whole = if site.args.has("if") { "may make the item" } else { "makes the item" };
                let message =
                    format!("this {whole}, and `{object}.{name}`, which must be there, gets no value");
                self.reports.report(site.args.span(), message, hint);
            }
        }
        complete
    }

    /// The version that the item must have.
    fn expect(&self, site: &Site<'a, '_>, item: &Item) -> Result<Option<ValueSource>, Reported> {
        let Some(text) = site.args.string("expect") else {
            return Ok(None);
        };
        let (source, given) = site.source(text).ok_or(Reported)?;
        if item.version.is_none() {
            let hint = "name the field that counts: `@item(version: \"rev\")`";
            self.reports.report(&text.whole(), "the type has no version to expect", hint);
            return Err(Reported);
        }
        let fits = match &given {
            Given::Argument { ty, .. } => self.accepts(&Shape::Scalar(Scalar::Int), ty).is_ok(),
            Given::Parent { .. } | Given::Element(_) | Given::Claim(_) | Given::Step { .. } => false,
        };
        if !fits {
            let hint = "name an argument that is an Int, such as `args.expectedRev`";
            self.reports.report(&text.whole(), "the expected version must be an Int argument", hint);
        }
        if fits { Ok(Some(source)) } else { Err(Reported) }
    }

    /// The indexes whose keys an update may have to make anew (rule 7): those of whose fields it sets one, and all
    /// of them where it may make the item. Every field of such a key must be at hand.
    fn touches(
        &self,
        site: &Site<'a, '_>,
        (draft, item): (&Draft<'a>, &Item),
        set: &Bound<'_>,
    ) -> Option<Vec<Touch>> {
        let upsert = is_any(site);
        let mut touches = Vec::new();
        // Every update sets it, whether an argument says so or not.
        let is_renewed = |field: &Name| {
            draft.attributes.get(field).is_some_and(|it| it.generate == Some(Generate::UpdatedAt))
        };
        for (at, index) in item.indexes.iter().enumerate() {
            let is_set = |field: &Name| set.contains_key(field) || is_renewed(field);
            if !upsert && !index.keys.fields().any(is_set) {
                continue;
            }
            let at_hand = |field: &Name| {
                let is_key = item.keys.fields().any(|key| key == field);
                let is_given = set.get(field).map(|(_, given)| given.is_always_given());
                is_key || is_given.unwrap_or_else(|| is_renewed(field))
            };
            let lacking = index.keys.fields().find(|field| !at_hand(field));
            let cannot_read = upsert || item.version.is_none();
            if let Some(field) = lacking.filter(|_| cannot_read) {
                let hint = if upsert {
                    "take it as a non-null argument: the item may not be there to read it from"
                } else {
                    "take it as a non-null argument, or give the type a `version`, so that it can be read first"
                };
                let message =
                    format!("the key of `{}` is made of `{field}`, which may not be at hand", index.alias);
                self.reports.report(site.args.span(), message, hint);
                return None;
            }
            touches.push(Touch { index: at, reads: lacking.is_some() });
        }
        Some(touches)
    }
}

/// Something is wrong, and it has been reported.
pub(super) struct Reported;

/// `if: ANY`.
pub(super) fn is_any(site: &Site<'_, '_>) -> bool {
    site.args.word("if", &[("ANY", ())]).is_some()
}
