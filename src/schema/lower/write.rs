//! `@put`, `@update` and `@delete`.

use super::bind::{Bound, Given, Site, no_such_field, sources};
use super::fits::describe;
use super::{Draft, Lowering};
use crate::problem::did_you_mean;
use crate::schema::plan::{
    Argument, Delete, Input, Item, Name, Put, Shape, Touch, Type, Update, ValueSource,
};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    pub(super) fn put(&self, site: &Site<'a, '_>) -> Option<Put> {
        let (object, draft, item) = self.written_item(site)?;
        let replace = is_any(site);
        site.read_bind(draft);
        let spread = self.spread(site, draft).ok()?;
        let values = self.values(site, draft, item, spread.as_ref());
        let when = site.when(draft);
        let span = site.args.span();
        if when.is_some() && !replace {
            let hint = "a @put creates; write `if: ANY` to replace an item, and `when` says which";
            self.reports.report(span, "there is no item that `when` could look at", hint);
        }
        if let Some(version) = item.version.as_ref().filter(|_| replace) {
            let hint = "use `@update(if: ANY)`, which can count, or take `if: ANY` out";
            self.reports.report(span, format!("replacing an item cannot count `{version}`"), hint);
        }
        let mut complete = true;
        for (name, attribute) in &draft.attributes {
            let is_counted = item.version.as_ref() == Some(name);
            let is_key = item.keys.fields().any(|field| field == name);
            let needed = (attribute.non_null || is_key) && attribute.generate.is_none() && !is_counted;
            let given = values.get(name).map(|(_, given)| given);
            if needed && !given.is_some_and(Given::is_always_given) {
                let ty = describe(&attribute.shape);
                let problem = if given.is_some() { "may be null" } else { "gets no value" };
                let hint = format!("take a `{name}: {ty}!`, generate it, or make the field nullable");
                self.reports.report(span, format!("`{object}.{name}` must be there and {problem}"), hint);
                complete = false;
            }
        }
        complete.then(|| Put { object, values: sources(values), replace, when })
    }

    pub(super) fn update(&self, site: &Site<'a, '_>) -> Option<Update> {
        let (object, draft, item) = self.written_item(site)?;
        let upsert = is_any(site);
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys);
        let spread = self.spread(site, draft).ok()?;
        let expect = self.expect(site, item);
        let mut set = self.values(site, draft, item, spread.as_ref());
        let span = site.args.span();
        for field in item.keys.fields() {
            let in_spread = spread.as_ref().is_some_and(|spread| spread.input.fields.contains_key(field));
            if set.shift_remove(field).is_some() && in_spread && !site.arguments.contains_key(field) {
                let hint = "an item is found by its key; to move it, delete it and put another";
                self.reports.report(span, format!("`{field}` is of the key and cannot be changed"), hint);
            }
        }
        if set.is_empty() {
            let hint = "take an input object, or arguments named as fields";
            self.reports.report(span, "the update sets nothing", hint);
        }
        let when = site.when(draft);
        let touches = self.touches(site, item, &set);
        Some(Update {
            object,
            key: key?,
            set: sources(set),
            expect: expect.ok()?,
            when,
            upsert,
            touches: touches?,
        })
    }

    pub(super) fn delete(&self, site: &Site<'a, '_>) -> Option<Delete> {
        let (object, draft, item) = self.written_item(site)?;
        let idempotent = is_any(site);
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys);
        site.refuse_left_over("bind the fields of the key");
        let expect = self.expect(site, item);
        let when = site.when(draft);
        Some(Delete { object, key: key?, expect: expect.ok()?, when, idempotent })
    }

    fn written_item<'l>(&'l self, site: &Site<'a, '_>) -> Option<(Name, &'l Draft<'a>, &'l Item)> {
        let found = self.returned_item(site)?;
        let ty = &site.def.ty;
        if ty.value.to_string().starts_with('[') {
            let hint = "write one item at a time";
            self.reports.report(&ty.span, "writing a list of items is not supported yet", hint);
            return None;
        }
        Some(found)
    }

    /// The input object whose fields are the item's: the one that `spread` names, or the only one there is.
    fn spread<'l>(&self, site: &Site<'a, 'l>, draft: &Draft<'a>) -> Result<Option<Spread<'l>>, Reported> {
        if let Some(text) = site.args.string("spread") {
            let (source, given) = site.source(text).ok_or(Reported)?;
            let spread = match (source, given) {
                (ValueSource::Argument(path), Given::Argument { ty, always }) => {
                    spread_of(site, path, ty, always)
                }
                _ => None,
            };
            if spread.is_none() {
                let hint = "spread an argument that is one input object: `spread: \"args.input\"`";
                self.reports.report(&text.whole(), "this cannot be spread", hint);
            }
            return spread.map(Some).ok_or(Reported);
        }
        let is_input = |argument: &&Argument| {
            let plain = !argument.ty.is_list() && !draft.attributes.contains_key(&argument.name);
            plain && self.inputs.contains_key(argument.ty.base())
        };
        let inputs: Vec<_> = site.arguments.values().filter(is_input).collect();
        match inputs.as_slice() {
            [] => Ok(None),
            [one] => {
                site.use_argument(&one.name);
                Ok(spread_of(site, vec![one.name.clone()], &one.ty, one.is_always_given()))
            }
            _ => {
                let hint = "say which: `spread: \"args.input\"`";
                self.reports.report(site.args.span(), "there are several input objects", hint);
                Err(Reported)
            }
        }
    }

    /// The values of a type's fields: what `bind` names, arguments of their name, and the spread input's fields.
    fn values<'l>(
        &self,
        site: &Site<'a, 'l>,
        draft: &Draft<'a>,
        item: &Item,
        spread: Option<&Spread<'l>>,
    ) -> Bound<'l> {
        let mut values = Bound::new();
        let span = site.args.span();
        for (name, attribute) in &draft.attributes {
            if let Some(bound) = site.value_for(name, attribute) {
                values.insert(name.clone(), bound);
                continue;
            }
            let Some(spread) = spread else { continue };
            let Some(argument) = spread.input.fields.get(name) else {
                continue;
            };
            let given =
                Given::Argument { ty: &argument.ty, always: spread.always && argument.is_always_given() };
            let mut path = spread.path.clone();
            path.push(name.clone());
            if site.fits(&given, attribute, span, name) {
                values.insert(name.clone(), (ValueSource::Argument(path), given));
            }
        }
        for field in spread.iter().flat_map(|spread| spread.input.fields.keys()) {
            if !draft.attributes.contains_key(field) {
                let hint = did_you_mean(field, draft.attributes.keys().map(AsRef::as_ref));
                self.reports.report(span, no_such_field(draft, field), hint);
            }
        }
        if let Some(version) = item.version.as_ref().filter(|version| values.contains_key(*version)) {
            let hint = "take it out of the input, or name it in `expect`";
            self.reports.report(span, format!("`{version}` is counted by the gateway"), hint);
        }
        values
    }

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
            Given::Argument { ty, .. } => self.accepts(&Shape::Scalar(Scalar::Int), ty),
            Given::Parent { .. } | Given::Claim(_) => false,
        };
        if !fits {
            let hint = "write `expect: \"args.expectedRev\"`";
            self.reports.report(&text.whole(), "the expected version must be an Int argument", hint);
        }
        if fits { Ok(Some(source)) } else { Err(Reported) }
    }

    /// The indexes whose keys an update may have to make anew (rule 7): those of whose fields it sets one, and all
    /// of them where it may make the item. Every field of such a key must be at hand.
    fn touches(&self, site: &Site<'a, '_>, item: &Item, set: &Bound<'_>) -> Option<Vec<Touch>> {
        let upsert = is_any(site);
        let mut touches = Vec::new();
        for (at, index) in item.indexes.iter().enumerate() {
            if !upsert && !index.keys.fields().any(|field| set.contains_key(field)) {
                continue;
            }
            let at_hand = |field: &Name| {
                let is_key = item.keys.fields().any(|key| key == field);
                is_key || set.get(field).is_some_and(|(_, given)| given.is_always_given())
            };
            let lacking = index.keys.fields().find(|field| !at_hand(field));
            if let Some(field) = lacking.filter(|_| upsert || item.version.is_none()) {
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
struct Reported;

/// `if: ANY`.
fn is_any(site: &Site<'_, '_>) -> bool {
    site.args.word("if", &[("ANY", ())]).is_some()
}

fn spread_of<'l>(site: &Site<'_, 'l>, path: Vec<Name>, ty: &Type, always: bool) -> Option<Spread<'l>> {
    let input = site.lowering.inputs.get(ty.base()).filter(|_| !ty.is_list())?;
    Some(Spread { path, input, always })
}

/// An input object whose fields become the item's.
struct Spread<'l> {
    path: Vec<Name>,
    input: &'l Input,
    always: bool,
}
