//! What a `@query` found, as a list, a connection or a page.

use std::sync::Arc;

use async_graphql::Value;

use super::list::list;
use super::path::At;
use super::{Boxed, Completed, On, Run, lock};
use crate::error::Code;
use crate::item::PLACE;
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
            PageKind::Connection | PageKind::Tokens => match self.plan.objects.get(field.ty.base()) {
                Some(page) => self.object(page, On::Page(found), at).await,
                None => Ok(Value::Null),
            },
        }
    }

    /// The items of a page, as a list.
    async fn items<'a>(&'a self, found: &'a Found, ty: &'a Type, at: At<'a>) -> Completed {
        let members = found.items.iter().enumerate();
        let members = members.map(|(index, item)| (self.type_of(found, index), On::Item(item)));
        self.list(ty, members.collect(), at).await
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
    fn type_of(&self, found: &Found, index: usize) -> Option<&Object> {
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
        let On::Page(found) = on else { return Ok(Value::Null) };
        if !self.allowance.operation() {
            let message = "The request runs as many operations as it may. Ask for less.";
            return self.fail(Code::BudgetExceeded, message, at);
        }
        let _turn = self.allowance.turn().await;
        let session = self.session.working_for(coordinate);
        match self.operations.count(found, &session, self.budget).await {
            Ok(count) => Ok(Value::from(count)),
            Err(failure) => self.failed(&failure, at),
        }
    }

    pub(super) async fn page_part<'a>(
        &'a self,
        part: PagePart,
        field: &'a Field,
        on: On<'a>,
        at: At<'a>,
    ) -> Completed {
        let cursor = |cursor: Option<String>| match cursor {
            Some(cursor) => {
                self.allowance.take(cursor.len())?;
                Ok(Value::String(cursor))
            }
            None => Ok(Value::Null),
        };
        match (part, on) {
            (PagePart::Edges, On::Page(found)) => {
                let edge = self.plan.object(field.ty.base());
                let edges = (0..found.items.len()).map(|index| (edge, On::Edge(found, index))).collect();
                self.list(&field.ty, edges, at).await
            }
            (PagePart::Items, On::Page(found)) => self.items(found, &field.ty, at).await,
            (PagePart::Items, On::Edge(found, index)) => {
                match (found.items.get(index), self.type_of(found, index)) {
                    (Some(item), Some(object)) => self.object(object, On::Item(item), at).await,
                    _ => Ok(Value::Null),
                }
            }
            (PagePart::Cursor, On::Edge(found, index)) => cursor(self.operations.cursor(found, index)),
            (PagePart::PageInfo, On::Page(found)) => match self.plan.objects.get(field.ty.base()) {
                Some(info) => self.object(info, On::Page(found), at).await,
                None => Ok(Value::Null),
            },
            (PagePart::HasNextPage, On::Page(found)) => Ok(Value::Boolean(found.has_next)),
            (PagePart::HasPreviousPage, On::Page(found)) => Ok(Value::Boolean(found.has_previous)),
            (PagePart::StartCursor, On::Page(found)) => cursor(self.operations.start_cursor(found)),
            (PagePart::EndCursor, On::Page(found)) => cursor(self.operations.end_cursor(found)),
            (PagePart::NextToken, On::Page(found)) if found.has_next => {
                cursor(self.operations.end_cursor(found))
            }
            _ => Ok(Value::Null),
        }
    }
}
