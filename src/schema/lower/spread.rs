//! The values of an item's fields in a write: arguments, `bind`, and the fields of an input object that is spread.

use std::ops::Range;

use super::bind::{Bound, Given, Site};
use super::each::{SECOND_LIST, argument, elements};
use super::write::Reported;
use super::{Draft, Lowering};
use crate::schema::ast::{InputDef, Kind};
use crate::schema::plan::{Argument, Input, Item, Name, Type, ValueSource};

/// An input object whose fields become the item's.
pub(super) struct Spread<'l> {
    /// The argument that it is, or the field within one; of the elements of a list, the list.
    pub(super) path: Vec<Name>,
    /// Of how many names the path of the list is, where a step of a transaction spreads its elements.
    list: Option<usize>,
    pub(super) input: &'l Input,
    /// Whether it is always there.
    pub(super) always: bool,
}

impl Spread<'_> {
    /// The path of one of its fields, as if a list were its elements.
    fn path_to(&self, field: &Name) -> Vec<Name> {
        [self.path.as_slice(), std::slice::from_ref(field)].concat()
    }

    fn source_of(&self, field: &Name) -> ValueSource {
        let mut path = self.path_to(field);
        match self.list {
            None => ValueSource::Argument(path),
            Some(length) => {
                let within = path.split_off(length);
                ValueSource::Each(path, within)
            }
        }
    }
}

impl<'a> Lowering<'a> {
    /// The input object whose fields are the item's: the one that `spread` names, or the only one there is.
    pub(super) fn spread<'l>(
        &self,
        site: &Site<'a, 'l>,
        draft: &Draft<'a>,
    ) -> Result<Option<Spread<'l>>, Reported> {
        if let Some(text) = site.args.string("spread") {
            let (source, given) = site.source(text).ok_or(Reported)?;
            let spread = match (source, given) {
                (ValueSource::Argument(path), Given::Argument { ty, always }) => {
                    spread_of(site, path, ty, always)
                }
                (ValueSource::Each(list, within), Given::Argument { ty, always }) if !ty.is_list() => {
                    let input = site.lowering.inputs.get(ty.base());
                    let path = [list.as_slice(), within.as_slice()].concat();
                    input.map(|input| Spread { path, list: Some(list.len()), input, always })
                }
                _ => None,
            };
            if spread.is_none() {
                let hint = if site.has_element() {
                    "spread the element, where it is an input object: `spread: \"each\"`"
                } else {
                    "spread an argument that is one input object: `spread: \"args.input\"`"
                };
                self.reports.report(&text.whole(), "this cannot be spread", hint);
            }
            return spread.map(Some).ok_or(Reported);
        }
        // Of several steps none is the one that an input object is meant for.
        if site.step.is_some() {
            return Ok(None);
        }
        let is_input = |argument: &&Argument| {
            let plain =
                (site.iterates() || !argument.ty.is_list()) && !draft.attributes.contains_key(&argument.name);
            plain && self.inputs.contains_key(argument.ty.base())
        };
        let inputs: Vec<_> = site.arguments.values().filter(is_input).collect();
        match inputs.as_slice() {
            [] => Ok(None),
            [one] => {
                site.use_argument(&one.name);
                let spread = spread_of(site, vec![one.name.clone()], &one.ty, one.is_always_given());
                if spread.is_none() {
                    let span = site.value_span(&one.name);
                    self.reports.report(&span, SECOND_LIST.0, SECOND_LIST.1);
                }
                spread.map(Some).ok_or(Reported)
            }
            _ => {
                let hint = "say which: `spread: \"args.input\"`";
                self.reports.report(site.args.span(), "there are several input objects", hint);
                Err(Reported)
            }
        }
    }

    /// The values of a type's fields: what `bind` names, arguments of their name, and the spread input's fields.
    pub(super) fn values<'l>(
        &self,
        site: &Site<'a, 'l>,
        draft: &Draft<'a>,
        item: &Item,
        spread: Option<&Spread<'l>>,
    ) -> Bound<'l> {
        let mut values = Bound::new();
        for (name, attribute) in &draft.attributes {
            // What `expect` compares is not what is stored.
            let is_compared = site.is_drawn(std::slice::from_ref(name))
                || spread.is_some_and(|it| site.is_drawn(&it.path_to(name)));
            if item.version.as_ref() == Some(name) && is_compared {
                continue;
            }
            if site.acted_on.borrow().contains(name) {
                self.refuse_set_too(site, spread.filter(|it| !site.is_drawn(&it.path_to(name))), name);
                continue;
            }
            if let Some(bound) = site.value_for(name, attribute) {
                values.insert(name.clone(), bound);
                let shadowed = spread.filter(|it| !site.is_drawn(&it.path_to(name)));
                if let Some(def) = shadowed.and_then(|spread| self.spread_field(spread, name)) {
                    let message = format!(
                        "`{}` gives `{name}` another value, so this does nothing",
                        site.def.name.value
                    );
                    self.reports.report(
                        &def.name.span,
                        message,
                        "take it out of the input, or give it here alone",
                    );
                }
                continue;
            }
            let Some(spread) = spread else { continue };
            let Some(argument) = spread.input.fields.get(name) else {
                continue;
            };
            let given =
                Given::Argument { ty: &argument.ty, always: spread.always && argument.is_always_given() };
            if site.fits(&given, attribute, &self.type_span(site, Some(spread), name), name) {
                values.insert(name.clone(), (spread.source_of(name), given));
            }
        }
        if let Some(spread) = spread {
            self.refuse_unknown(site, draft, spread);
        }
        if let Some(version) = item.version.as_ref().filter(|it| values.contains_key(*it) && site.is_clean())
        {
            let hint = "take it out; an @update can name it in `expect`";
            let place = self.name_span(site, spread, version);
            self.reports.report(&place, format!("`{version}` is counted by the gateway"), hint);
        }
        values
    }

    /// A field that is changed from what is there cannot be set as well.
    fn refuse_set_too(&self, site: &Site<'a, '_>, spread: Option<&Spread<'_>>, name: &Name) {
        let hint = "take it out, or name it as what is added, appended or removed";
        let message = format!("`{name}` is changed from what is there, so this does nothing");
        if let Some(def) = spread.and_then(|spread| self.spread_field(spread, name)) {
            self.reports.report(&def.name.span, message, hint);
        } else if site.is_bound(name) {
            self.reports.report(&site.span_of(name), message, hint);
        }
    }

    /// Reports fields of the spread input that are none of the type's, unless another value is drawn from them.
    fn refuse_unknown(&self, site: &Site<'a, '_>, draft: &Draft<'a>, spread: &Spread<'_>) {
        for field in spread.input.fields.keys() {
            if let Err(mistake) = draft.attribute(field)
                && let Some(def) = self.spread_field(spread, field)
                && !site.is_drawn(&spread.path_to(field))
            {
                self.reports.report_at(def.name.span.start, mistake);
            }
        }
    }

    /// Where the name stands of what gives a field its value: an argument, a member of `bind`, a field of the input.
    pub(super) fn name_span(
        &self,
        site: &Site<'a, '_>,
        spread: Option<&Spread<'_>>,
        field: &str,
    ) -> Range<usize> {
        match self.input_field(site, spread, field) {
            Some(def) => def.name.span.clone(),
            None => site.span_of(field),
        }
    }

    /// Where the type stands of what gives a field its value, or the path in `bind`.
    pub(super) fn type_span(
        &self,
        site: &Site<'a, '_>,
        spread: Option<&Spread<'_>>,
        field: &str,
    ) -> Range<usize> {
        match self.input_field(site, spread, field) {
            Some(def) => def.ty.span.clone(),
            None => site.value_span(field),
        }
    }

    fn input_field(
        &self,
        site: &Site<'a, '_>,
        spread: Option<&Spread<'_>>,
        field: &str,
    ) -> Option<&'a InputDef> {
        self.spread_field(spread.filter(|_| !site.is_given(field))?, field)
    }

    fn spread_field(&self, spread: &Spread<'_>, field: &str) -> Option<&'a InputDef> {
        match &self.defs.get(spread.input.name.as_ref())?.kind {
            Kind::Input(fields) => fields.iter().find(|def| def.name.value == field),
            _ => None,
        }
    }
}

fn spread_of<'l>(site: &Site<'_, 'l>, path: Vec<Name>, ty: &Type, always: bool) -> Option<Spread<'l>> {
    let input = site.lowering.inputs.get(ty.base())?;
    let Some(element) = elements(ty) else { return Some(Spread { path, list: None, input, always }) };
    // Each element of the list makes an item.
    let [name] = path.as_slice() else { return None };
    let is_one = !element.is_list() && site.iterates() && site.take_each(argument(name));
    is_one.then_some(Spread { path, list: None, input, always: always && element.non_null })
}
