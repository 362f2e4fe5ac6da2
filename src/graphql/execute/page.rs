//! What a `@query` found, as a list, a connection or a page.

use std::sync::Arc;

use super::list::{list, write_list};
use super::path::At;
use super::still::write_nullable;
use super::{Boxed, Completed, On, Run, Written, lock, null};
use crate::error::Code;
use crate::item::PLACE;
use crate::json::Text;
use crate::operation::Found;
use crate::schema::{Field, Object, Of, PageKind, PagePart, Type};

impl Run<'_> {
    pub(super) async fn found<'a>(
        &'a self,
        found: &'a Found,
        kind: PageKind,
        field: &'a Field,
        at: At<'a>,
    ) -> Completed {
        if found.partial {
            lock(&self.partial).push(at.path.segments());
        }
        match kind {
            PageKind::List => self.items(found, &field.ty, at).await,
            PageKind::Connection | PageKind::Tokens => match self.plan.object(field.ty.base()) {
                Some(page) => self.object(page, On::Page(found), at).await,
                None => Ok(null()),
            },
        }
    }

    /// The items of a page, as a list.
    async fn items<'a>(&'a self, found: &'a Found, ty: &'a Type, at: At<'a>) -> Completed {
        if at.selections.is_still() {
            let mut out = Text::default();
            self.write_items(&mut out, found, ty, at)?;
            return Ok(out);
        }
        let members = found.items.iter().enumerate();
        let members = members.map(|(index, item)| (self.type_of(found, index), On::Item(item.members())));
        self.list(ty, members.collect(), at).await
    }

    pub(super) fn write_items(&self, out: &mut Text, found: &Found, ty: &Type, at: At<'_>) -> Written {
        let members = found.items.iter().enumerate();
        let members = members.map(|(index, item)| (self.type_of(found, index), On::Item(item.members())));
        self.write_list(out, ty, members, at)
    }

    /// A list of objects, one after the other.
    pub(super) fn write_list<'o>(
        &self,
        out: &mut Text,
        ty: &Type,
        members: impl Iterator<Item = (Option<&'o Object>, On<'o>)>,
        at: At<'_>,
    ) -> Written {
        let non_null = matches!(&ty.of, Of::List(of) if of.non_null);
        let members = members.enumerate().filter_map(|(index, (object, on))| Some((index, object?, on)));
        write_list(out, members, |out, (index, object, on)| {
            write_nullable(out, non_null, |out| {
                self.allowance.take(PLACE)?;
                let path = at.path.index(index);
                self.write_object(out, object, on, At { path: &path, ..at })
            })
        })
    }

    /// A list of objects, beside each other within a bound.
    async fn list<'a>(
        &'a self,
        ty: &'a Type,
        members: Vec<(Option<&'a Object>, On<'a>)>,
        at: At<'a>,
    ) -> Completed {
        let non_null = matches!(&ty.of, Of::List(of) if of.non_null);
        let members = members.into_iter().enumerate();
        let members =
            members.filter_map(|(index, (object, on))| Some(self.list_member(object?, on, at, index)));
        list(members.collect(), non_null).await
    }

    /// The type of an item of a page.
    pub(super) fn type_of(&self, found: &Found, index: usize) -> Option<&Object> {
        self.plan.object(found.object_of(index)?)
    }

    fn list_member<'a>(
        &'a self,
        object: &'a Object,
        on: On<'a>,
        at: At<'a>,
        index: usize,
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            // Where nothing has to be waited for, a long list is one long poll: others on this thread get their turn.
            tokio::task::coop::consume_budget().await;
            self.allowance.take(PLACE)?;
            let path = at.path.index(index);
            self.object(object, on, At { path: &path, ..at }).await
        })
    }

    /// How many items there are in all: a Query of its own, in its turn as every operation.
    pub(super) async fn total_count<'a>(
        &'a self,
        coordinate: &'a Arc<str>,
        on: On<'a>,
        at: At<'a>,
    ) -> Completed {
        let On::Page(found) = on else { return Ok(null()) };
        if !self.allowance.operation() {
            let message = "The request runs as many operations as it may. Ask for less.";
            return self.fail(Code::BudgetExceeded, message, at);
        }
        let _turn = self.allowance.turn().await;
        let session = self.session.working_for(coordinate);
        match self.operations.count(found, &session, self.budget).await {
            Ok(count) => {
                let mut out = Text::default();
                out.value(&count);
                Ok(out)
            }
            Err(failure) => self.failed(&failure, at),
        }
    }

    /// A part of a page below which something is run: its items, each with what they are answered by.
    pub(super) async fn page_part<'a>(
        &'a self,
        part: PagePart,
        field: &'a Field,
        on: On<'a>,
        at: At<'a>,
    ) -> Completed {
        match (part, on) {
            (PagePart::Edges, On::Page(found)) => {
                let edge = self.plan.object(field.ty.base());
                let edges = (0..found.items.len()).map(|index| (edge, On::Edge(found, index))).collect();
                self.list(&field.ty, edges, at).await
            }
            (PagePart::Items, On::Page(found)) => self.items(found, &field.ty, at).await,
            (PagePart::Items, On::Edge(found, index)) => {
                match (found.items.get(index), self.type_of(found, index)) {
                    (Some(item), Some(object)) => self.object(object, On::Item(item.members()), at).await,
                    _ => Ok(null()),
                }
            }
            _ => {
                let mut out = Text::default();
                self.write_page_part(&mut out, (part, field), on, at)?;
                Ok(out)
            }
        }
    }
}
