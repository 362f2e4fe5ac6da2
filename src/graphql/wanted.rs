//! Which attributes of an operation's items its selections need.
//!
//! Selected attributes, what the relations below are bound to, and the place of an item where a cursor is selected.
//! What the caller may not see is none of it: a refused field needs nothing. An object is wanted as a whole, unless
//! something within it is not for the caller; then its members are, all that the caller may see, so that an object of
//! which none is stored that was selected is still there.

use super::selected::{Selected, Selections, What};
use super::selection::Shaping;
use crate::operation::{Projection, Wanted};
use crate::schema::{Attribute, Name, Object, Operation, PagePart, Resolve, Shape};

/// How many members are looked at of what is nested in one attribute. No expression would hold more of them; and types that
/// contain each other have more ways from one to the next than anybody could walk.
const MOST_MEMBERS: usize = 1_000;

/// The objects that lie around a member, by their types.
struct Around<'s> {
    types: Vec<&'s Name>,
    /// How many members may still be looked at.
    room: usize,
}

/// What selections need, as far as they have been looked at.
#[derive(Debug, Default)]
struct Needs {
    wanted: Wanted,
    /// Whether a cursor is among them.
    places: bool,
}

impl Shaping<'_, '_> {
    /// The projection of an operation of whose answer this is selected.
    pub(super) fn projection(&self, operation: &Operation, selections: &Selections) -> Option<Projection> {
        let mut needs = Needs::default();
        self.need_all(selections, &mut needs);
        Projection::of(self.plan, operation, needs.wanted, needs.places)
    }

    /// What is selected on each of the types that there may be.
    fn need_all(&self, selections: &Selections, needs: &mut Needs) {
        for (object, selected) in selections.types() {
            self.need(object, selected, needs);
        }
    }

    fn need(&self, object: &Object, selections: &[Selected], needs: &mut Needs) {
        for selected in selections {
            let What::Field { field, selections, .. } = &selected.what else { continue };
            match &field.resolve {
                Resolve::Attribute(attribute) => self.need_attribute(attribute, selections, needs),
                Resolve::Operation(operation) => {
                    object.bound_by(operation).for_each(|name| needs.wanted.whole(name));
                }
                Resolve::Page(part) => match part {
                    PagePart::Edges | PagePart::Items | PagePart::PageInfo => {
                        self.need_all(selections, needs);
                    }
                    PagePart::Cursor | PagePart::StartCursor | PagePart::EndCursor | PagePart::NextToken => {
                        needs.places = true;
                    }
                    PagePart::HasNextPage | PagePart::HasPreviousPage | PagePart::TotalCount => {}
                },
            }
        }
    }

    fn need_attribute(&self, attribute: &Attribute, selections: &Selections, needs: &mut Needs) {
        let Some(parts) =
            self.members(&attribute.shape, &mut Around { types: Vec::new(), room: MOST_MEMBERS })
        else {
            return needs.wanted.whole(&attribute.name);
        };
        needs.wanted.parts(&attribute.name, parts);
        // A relation may be bound to what nobody sees.
        let mut within = Needs::default();
        self.need_all(selections, &mut within);
        needs.wanted.parts(&attribute.name, within.wanted);
    }

    /// The members of an object that the caller may see. None where it is asked for as a whole: it is no object,
    /// nothing in it is kept from the caller, or no member of it is always stored, by which it would be seen to be
    /// there; or it lies within one of its own type, since what contains itself has no last member.
    fn members<'s>(&'s self, shape: &Shape, around: &mut Around<'s>) -> Option<Wanted> {
        let object = self.plan.is_partly_seen(shape).filter(|it| !around.types.contains(&&it.name))?;
        around.room = around.room.checked_sub(object.fields.len())?;
        around.types.push(&object.name);
        let mut wanted = Wanted::default();
        let (mut is_whole, mut is_seen) = (true, false);
        for (name, attribute) in object.attributes() {
            let Some(field) = object.fields.get::<Name>(name) else { continue };
            if attribute.hidden || !self.may_see(object, field) {
                is_whole = false;
                continue;
            }
            if let Some(parts) = self.members(&attribute.shape, around) {
                is_whole = false;
                wanted.parts(&attribute.name, parts);
            } else {
                // A set that is empty is not stored.
                is_seen |= attribute.non_null && !matches!(attribute.shape, Shape::Set(_));
                wanted.whole(&attribute.name);
            }
        }
        around.types.pop();
        (!is_whole && is_seen).then_some(wanted)
    }
}
