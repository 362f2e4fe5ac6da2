//! `merge`: the nested objects of which an update writes what is given, and leaves the rest.

use super::bind::{Bound, Site};
use super::fits::describe;
use super::write::is_any;
use super::{Draft, Lowering};
use crate::schema::plan::{Attribute, Name, Shape, Type};

impl Site<'_, '_> {
    /// What more there is to say of an input that does not do for a whole object, where it does for a part of one.
    pub(super) fn merge_hint(
        &self,
        hint: String,
        (attribute, ty): (&Attribute, &Type),
        field: &str,
    ) -> String {
        if self.lowering.accepts_part(&attribute.shape, ty).is_err() {
            hint
        } else if self.args.are_of("update") && !is_any(self) {
            format!(
                "{hint}, since an object is written whole; `@update(merge: [\"{field}\"])` writes only the members that are given"
            )
        } else if self.step.is_some() {
            format!("{hint}: a step of a transaction writes objects whole, and does not merge")
        } else {
            hint
        }
    }
}

impl<'a> Lowering<'a> {
    /// Reads which fields are merged, before their values are looked at: an input for a part may lack what a whole one
    /// must have.
    pub(super) fn merged(&self, site: &Site<'a, '_>, draft: &Draft<'a>) {
        for text in site.args.strings("merge") {
            let field: Name = text.value.as_str().into();
            let attribute = match draft.attribute(&field) {
                Ok(attribute) => attribute,
                Err(mistake) => {
                    self.reports.report_in(text, mistake);
                    continue;
                }
            };
            if !matches!(attribute.shape, Shape::Object(_)) {
                let message =
                    format!("`{field}` is {}, and only an object can be merged", describe(&attribute.shape));
                self.reports.report(&text.whole(), message, "take it out: it is written whole");
            } else if !site.merged.borrow_mut().insert(field.clone()) {
                self.reports.report(
                    &text.whole(),
                    format!("`{field}` stands here twice"),
                    "keep one of them",
                );
            }
        }
        if site.args.has("merge") && is_any(site) {
            let hint = "take `merge` out, and the object is written whole; or take `if: ANY` out";
            let message = "an item that is made has no objects to merge with";
            self.reports.report(site.args.span_of("merge"), message, hint);
        }
    }

    /// The fields that are merged, in the order of the type; reports those that get no value.
    pub(super) fn merge(&self, site: &Site<'a, '_>, set: &Bound<'_>) -> Vec<Name> {
        for text in site.args.strings("merge") {
            let is_given = set.contains_key(text.value.as_str()) || site.is_attempted(&text.value);
            if !is_given && site.is_clean() {
                let hint = "take an argument of its name, or a field of the input, or take it out";
                let message = format!("nothing gives `{}` a value to merge", text.value);
                self.reports.report(&text.whole(), message, hint);
            }
        }
        let merged = site.merged.borrow();
        set.keys().filter(|field| merged.contains(*field)).cloned().collect()
    }
}
