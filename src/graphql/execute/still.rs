//! What is answered from what is at hand, written in one go: nothing below runs an operation, so nothing is waited for.
//!
//! Where something failed that must not be null, what was written of the object around it is cut off again. The other
//! selections of that object are looked at all the same: what is wrong with them is said too.

use super::path::{At, Path};
use super::{Nulled, On, Run, Written};
use crate::graphql::selected::{Selected, Selections, What};
use crate::item::PLACE;
use crate::json::Text;
use crate::schema::{Field, Object, PagePart, Resolve};

impl Run<'_> {
    /// An object: each of its selections, in their order.
    pub(super) fn write_object(&self, out: &mut Text, object: &Object, on: On<'_>, at: At<'_>) -> Written {
        let start = out.length();
        let mut failed = None;
        out.mark(b'{');
        for selected in at.selections.on(object) {
            out.name(&selected.key);
            match self.write_member(out, (object, on), selected, at.path) {
                Ok(()) => {}
                Err(Nulled::Spent) => return Err(failed.unwrap_or(Nulled::Spent)),
                Err(Nulled::Failed) => failed = Some(Nulled::Failed),
            }
        }
        out.mark(b'}');
        match failed {
            None => Ok(()),
            Some(failed) => {
                out.cut(start);
                Err(failed)
            }
        }
    }

    /// One selection of an object. Nothing is left of it where it fails.
    pub(super) fn write_member(
        &self,
        out: &mut Text,
        (object, on): (&Object, On<'_>),
        selected: &Selected,
        path: &Path<'_>,
    ) -> Written {
        self.allowance.take(PLACE + selected.key.len())?;
        match &selected.what {
            What::TypeName => {
                self.allowance.take(object.name.len())?;
                out.string(&object.name);
                Ok(())
            }
            What::Introspection => {
                match on {
                    On::Root(async_graphql::Value::Object(members)) => out.value(&members.get(&selected.key)),
                    On::Root(_) | On::Item(_) | On::Page(_) | On::Edge(..) => out.null(),
                }
                Ok(())
            }
            What::Refused(refusal) => {
                let path = path.name(&selected.key);
                let at = At { path: &path, pos: selected.pos, selections: Selections::NONE };
                write_nullable(out, refusal.non_null, |_| self.refused(*refusal, at).map(drop))
            }
            What::Field { field, selections, .. } => {
                let path = path.name(&selected.key);
                let at = At { path: &path, pos: selected.pos, selections };
                write_nullable(out, field.ty.non_null, |out| match &field.resolve {
                    Resolve::Attribute(attribute) => self.write_attribute(out, (object, attribute), on, at),
                    Resolve::Page(part) => self.write_page_part(out, (*part, field), on, at),
                    // It is run, and so no part of what is still.
                    Resolve::Operation(_) => Err(Nulled::Failed),
                })
            }
        }
    }

    /// A part of a page.
    pub(super) fn write_page_part(
        &self,
        out: &mut Text,
        (part, field): (PagePart, &Field),
        on: On<'_>,
        at: At<'_>,
    ) -> Written {
        match (part, on) {
            (PagePart::Edges, On::Page(found)) => {
                let edge = self.plan.object(field.ty.base());
                let edges = (0..found.items.len()).map(|index| (edge, On::Edge(found, index)));
                return self.write_list(out, &field.ty, edges, at);
            }
            (PagePart::Items, On::Page(found)) => return self.write_items(out, found, &field.ty, at),
            (PagePart::Items, On::Edge(found, index)) => {
                match (found.items.get(index), self.type_of(found, index)) {
                    (Some(item), Some(object)) => {
                        return self.write_object(out, object, On::Item(item.members()), at);
                    }
                    _ => out.null(),
                }
            }
            (PagePart::PageInfo, On::Page(found)) => match self.plan.object(field.ty.base()) {
                Some(info) => return self.write_object(out, info, On::Page(found), at),
                None => out.null(),
            },
            (PagePart::HasNextPage, On::Page(found)) => out.boolean(found.has_next),
            (PagePart::HasPreviousPage, On::Page(found)) => out.boolean(found.has_previous),
            (part, on) => match self.cursor(part, on) {
                Some(cursor) => {
                    self.allowance.take(cursor.len())?;
                    out.string(&cursor);
                }
                None => out.null(),
            },
        }
        Ok(())
    }

    /// A place in a page, sealed; none where there is no such place.
    fn cursor(&self, part: PagePart, on: On<'_>) -> Option<String> {
        match (part, on) {
            (PagePart::Cursor, On::Edge(found, index)) => self.operations.cursor(found, index),
            (PagePart::StartCursor, On::Page(found)) => self.operations.start_cursor(found),
            (PagePart::EndCursor, On::Page(found)) => self.operations.end_cursor(found),
            (PagePart::NextToken, On::Page(found)) if found.has_next => self.operations.end_cursor(found),
            _ => None,
        }
    }
}

/// A value that may be null is, where an error went up. Nothing is left of what failed.
pub(super) fn write_nullable(
    out: &mut Text,
    non_null: bool,
    write: impl FnOnce(&mut Text) -> Written,
) -> Written {
    let start = out.length();
    write(out).or_else(|nulled| {
        out.cut(start);
        match nulled {
            Nulled::Failed if !non_null => {
                out.null();
                Ok(())
            }
            nulled => Err(nulled),
        }
    })
}
