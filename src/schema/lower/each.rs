//! Operations on the elements of a list: one value is a list, each of its elements names or makes one item.
//!
//! The list is an argument, or a field of the parent. Its elements are values of a field, or input objects whose fields
//! are. All other values are the same for each of them. There is one list: two would have to be paired somehow.

use std::ops::Range;

use super::bind::{Given, Site};
use super::get::named;
use super::{Draft, Lowering};
use crate::problem::did_you_mean;
use crate::schema::plan::{Attribute, Each, Item, Name, Of, Shape, Type, ValueSource};
use crate::schema::scalar::Scalar;

impl<'l> Site<'_, 'l> {
    /// The field returns a list, so one of its values may be one.
    pub(super) fn iterate(&self) {
        self.iterates.set(true);
    }

    /// Whether one of its values may be a list.
    pub(super) fn iterates(&self) -> bool {
        self.iterates.get()
    }

    /// The list whose elements the operation is run for; none where no value is one.
    pub(super) fn each(&self) -> Option<Each> {
        self.each.borrow().clone()
    }

    /// Takes a list as the one whose elements the operation is run for. False if there is another.
    pub(super) fn take_each(&self, each: Each) -> bool {
        let mut taken = self.each.borrow_mut();
        let is_first = taken.is_none();
        is_first.then(|| *taken = Some(each.clone()));
        is_first || *taken == Some(each)
    }

    /// What an element of a value gives, where the value is a list, the field that it is for is none, and the operation
    /// is run for each element; otherwise the value itself. A second list is reported.
    pub(super) fn element(
        &self,
        (source, given): (ValueSource, Given<'l>),
        attribute: &Attribute,
        span: &Range<usize>,
    ) -> Option<(ValueSource, Given<'l>)> {
        let wants_one = !matches!(attribute.shape, Shape::List(_) | Shape::Set(_));
        let (each, element) = match (&source, &given) {
            (ValueSource::Argument(path), Given::Argument { ty, always }) => {
                match (path.as_slice(), &ty.of) {
                    ([name], Of::List(of)) => {
                        let always = *always && of.non_null;
                        (Each::Argument(name.clone()), Given::Argument { ty: of, always })
                    }
                    _ => return Some((source, given)),
                }
            }
            (ValueSource::Parent(field), Given::Parent { attribute: parent }) => match &parent.shape {
                Shape::List(element) | Shape::Set(element) => {
                    (Each::Parent(field.clone()), Given::Element(element))
                }
                Shape::Scalar(_) | Shape::Enum(_) | Shape::Object(_) => return Some((source, given)),
            },
            _ => return Some((source, given)),
        };
        if !wants_one || !self.iterates() {
            return Some((source, given));
        }
        if self.take_each(each) {
            return Some((source, element));
        }
        self.lowering.reports.report(span, SECOND_LIST.0, SECOND_LIST.1);
        None
    }
}

/// What is said of a second list.
pub(super) const SECOND_LIST: (&str, &str) = (
    "another list names the items already",
    "bind one list; where an item takes several values, make it a list of input objects",
);

impl<'a> Lowering<'a> {
    /// The list that an operation is run for, where its field returns one; none where it returns one item. An error
    /// where it returns a list and nothing says of what.
    pub(super) fn each_of(&self, site: &Site<'a, '_>, is_list: bool) -> Result<Option<Each>, ()> {
        let each = site.each();
        if !is_list || each.is_some() {
            return Ok(each);
        }
        if site.is_clean() {
            let ty = &site.def.ty;
            let message = "this returns a list, and no list says which items";
            let hint = format!(
                "bind a list, such as `ids: [ID!]!` by `bind: {{id: \"args.ids\"}}`, or return one `{}`",
                named(&ty.value.to_string())
            );
            self.reports.report(&ty.span, message, hint);
        }
        Err(())
    }

    /// `BatchWriteItem` takes no conditions: what needs one is written one item at a time.
    pub(super) fn refuse_conditions(&self, site: &Site<'a, '_>, item: &Item) -> Option<()> {
        let reports = self.reports;
        let before = reports.count();
        for condition in ["when", "expect"].into_iter().filter(|it| site.args.has(it)) {
            let hint = format!("take `{condition}` out, or write one item at a time");
            let message = "many items are written by BatchWriteItem, which takes no conditions";
            reports.report(site.args.span_of(condition), message, hint);
        }
        if let Some(discriminator) = &item.discriminator {
            let message = format!(
                "a write of many items cannot look at `{discriminator}`, and another type's item may be in their place"
            );
            reports.report(site.args.span(), message, "write one item at a time");
        } else if !site.args.has("if") {
            let message = "many items are written by BatchWriteItem, which takes no conditions";
            let hint = "write `if: ANY`: it is all the same then whether an item is there";
            reports.report(site.args.span(), message, hint);
        }
        (reports.count() == before).then_some(())
    }

    /// The type of a list of items that are deleted, which `of` names: nothing is given back of them.
    pub(super) fn deleted_items<'l>(
        &'l self,
        site: &Site<'a, '_>,
    ) -> Option<(Name, &'l Draft<'a>, &'l Item)> {
        let (ty, reports) = (&site.def.ty, self.reports);
        if named(&ty.value.to_string()) != Scalar::Boolean.name() {
            let of = named(&ty.value.to_string()).to_owned();
            let hint = format!("return `[Boolean!]!` and name the type: `@delete(of: \"{of}\", if: ANY)`");
            let message = "many items are deleted by BatchWriteItem, which gives none of them back";
            reports.report(&ty.span, message, hint);
            return None;
        }
        let text = site.args.required("of")?;
        let Some((name, draft)) = self.drafts.get_key_value(text.value.as_str()) else {
            let hint = did_you_mean(&text.value, self.drafts.keys().map(AsRef::as_ref));
            reports.report(&text.whole(), format!("there is no type `{}`", text.value), hint);
            return None;
        };
        let Some(item) = &draft.item else {
            if !self.may_have_item(name) {
                let hint = "name a type with `@item`";
                reports.report(&text.whole(), format!("`{name}` has no items"), hint);
            }
            return None;
        };
        site.iterate();
        self.refuse_conditions(site, &item.item)?;
        Some((name.clone(), draft, &item.item))
    }

    /// Whether a field returns a list of items, and not a list of lists, which is refused.
    pub(super) fn returns_list(&self, site: &Site<'a, '_>) -> Option<bool> {
        // A step writes one item, whatever the field returns.
        if site.step.is_some() {
            return Some(false);
        }
        let ty = &site.def.ty;
        match ty.value.to_string().matches('[').count() {
            0 => Some(false),
            1 => Some(true),
            _ => {
                self.reports.report(&ty.span, "this is a list of lists", "return one list");
                None
            }
        }
    }
}

/// The input objects of a list, where a type is one of them.
pub(super) fn elements(ty: &Type) -> Option<&Type> {
    match &ty.of {
        Of::List(of) => Some(of),
        Of::Named(_) => None,
    }
}

/// An argument as the list of an operation.
pub(super) fn argument(name: &Name) -> Each {
    Each::Argument(name.clone())
}
