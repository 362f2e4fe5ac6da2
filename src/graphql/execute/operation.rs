//! Fields that run an operation: its turn, the operation, and what is selected of what it gives.

use async_graphql::Value;

use super::path::At;
use super::{Boxed, Completed, Nulled, On, Run};
use crate::error::Code;
use crate::item::Attributes;
use crate::operation::{Failure, Found, Inputs};
use crate::schema::{Field, Operation, PageKind};

/// What an operation gives.
enum Given {
    Page(Found, PageKind),
    /// An item; none where there is none.
    Item(Option<Attributes>),
    /// Nothing: it was not run.
    Nothing(NotRun),
}

/// Why an operation is not run.
enum NotRun {
    /// The request has run as many as it may.
    Enough,
    /// The answer is as long as it may be.
    Spent,
}

impl Run<'_> {
    pub(super) async fn operation<'a>(
        &'a self,
        operation: &'a Operation,
        field: &'a Field,
        coordinate: &'a str,
        (inputs, at): (Inputs<'a>, At<'a>),
    ) -> Completed {
        let given = self.carry_out(operation, coordinate, inputs).await;
        let object = self.plan.objects.get(operation.object());
        match (given, object) {
            (Ok(Given::Page(found, kind)), _) => self.found(&found, kind, field, at).await,
            (Ok(Given::Item(Some(item))), Some(object)) => self.object(object, On::Item(&item), at).await,
            // What is missing is null, or an error where it must not be.
            (Ok(Given::Item(None)), _) if field.ty.non_null => {
                self.fail(Code::NotFound, "There is no such item.", at)
            }
            (Ok(Given::Item(_)), _) => Ok(Value::Null),
            (Ok(Given::Nothing(NotRun::Spent)), _) => Err(Nulled::Spent),
            (Ok(Given::Nothing(NotRun::Enough)), _) => {
                let message = "The request runs as many operations as it may. Ask for less.";
                self.fail(Code::BudgetExceeded, message, at)
            }
            (Err(Failure::Conflict(Some(current))), Some(object)) => {
                self.conflict(object, &current, at).await
            }
            (Err(Failure::Steps(steps)), Some(object)) => self.cancelled(object, &steps, at).await,
            (Err(failure), _) => self.failed(&failure, at),
        }
    }

    /// Runs the operation itself, in its turn. The turn ends with it: what is selected of an item may run operations
    /// too. Boxed, so that the stack holds no more of it while they do.
    fn carry_out<'a>(
        &'a self,
        operation: &'a Operation,
        coordinate: &'a str,
        inputs: Inputs<'a>,
    ) -> Boxed<'a, Result<Given, Failure>> {
        Box::pin(async move {
            let Some(_turn) = self.allowance.operation().await else {
                return Ok(Given::Nothing(NotRun::Enough));
            };
            if self.allowance.is_spent() {
                return Ok(Given::Nothing(NotRun::Spent));
            }
            let operations = self.operations;
            match operation {
                Operation::Query(query) => {
                    let found = operations.query(coordinate, query, inputs).await?;
                    Ok(Given::Page(found, query.page.kind))
                }
                Operation::Get(get) => operations.get(get, inputs).await.map(Given::Item),
                Operation::Put(put) => operations.put(put, inputs).await.map(|it| Given::Item(Some(it))),
                Operation::Update(update) => operations.update(update, inputs).await.map(Given::Item),
                Operation::Delete(delete) => operations.delete(delete, inputs).await.map(Given::Item),
                Operation::Transact(transact) => {
                    operations.transact(coordinate, transact, inputs).await.map(Given::Item)
                }
            }
        })
    }
}
