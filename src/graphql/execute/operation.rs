//! Fields that run an operation: its turn, the operation, and what is selected of what it gives.

use futures_util::future::join_all;

use super::path::At;
use super::{Boxed, Completed, Nulled, On, Run, null};
use crate::error::Code;
use crate::image::Image;
use crate::item::Attributes;
use crate::json::Text;
use crate::operation::{Failure, Found, Inputs, Loaded, Lookups, Transacted};
use crate::schema::{Field, Get, Operation, PageKind};

/// What an operation gives.
enum Given {
    Page(Found, PageKind),
    /// An item; none where there is none.
    Item(Option<Image>),
    /// Items for the elements of a list; none where there is no list.
    Items(Option<Vec<Loaded>>),
    /// Whether each element of a list was carried out.
    CarriedOut(Vec<Result<(), Failure>>),
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
        let under_way = self.loader.begin(at.path);
        let given = self.carry_out(operation, coordinate, inputs, at).await;
        // From here on it is what was found that may want more.
        drop(under_way);
        let object = self.plan.objects.get(operation.object());
        match (given, object) {
            (Ok(Given::Page(found, kind)), _) => Box::pin(self.found(&found, kind, field, at)).await,
            (Ok(Given::Item(Some(item))), Some(object)) => {
                self.object(object, On::Item(item.members()), at).await
            }
            (Ok(Given::Items(Some(items))), Some(object)) => {
                Box::pin(self.loaded(&items, (object, field), at)).await
            }
            (Ok(Given::CarriedOut(outcomes)), _) => self.carried_out(&outcomes, field, at),
            // Where the parent has no list there are no items.
            (Ok(Given::Items(_)), _) if field.ty.non_null => {
                let mut out = Text::default();
                out.text(b"[]");
                Ok(out)
            }
            // What is missing is null, or an error where it must not be.
            (Ok(Given::Item(None)), _) if field.ty.non_null => {
                self.fail(Code::NotFound, "There is no such item.", at)
            }
            (Ok(Given::Item(_) | Given::Items(_)), _) => Ok(null()),
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
        at: At<'a>,
    ) -> Boxed<'a, Result<Given, Failure>> {
        Box::pin(async move {
            if !self.allowance.operation() {
                return Ok(Given::Nothing(NotRun::Enough));
            }
            if let Operation::Get(get) = operation
                && !get.snapshot
                && (get.each.is_some() || (get.coalesces && at.path.is_below_a_list()))
            {
                return self.load(get, inputs, at).await;
            }
            let _turn = self.allowance.turn().await;
            if self.allowance.is_spent() {
                return Ok(Given::Nothing(NotRun::Spent));
            }
            let operations = self.operations;
            match operation {
                Operation::Query(query) => {
                    let found = operations.query(coordinate, query, inputs).await?;
                    Ok(Given::Page(found, query.page.kind))
                }
                Operation::Get(get) if get.snapshot => {
                    Ok(Given::Items(operations.snapshot(get, inputs).await?))
                }
                Operation::Get(get) => Ok(Given::Item(operations.get(get, inputs).await?)),
                Operation::Put(put) => match &put.each {
                    Some(each) => Ok(Given::Items(Some(operations.put_each(put, each, inputs).await?))),
                    None => item(operations.put(put, inputs).await.map(Some)),
                },
                Operation::Update(update) => item(operations.update(update, inputs).await),
                Operation::Delete(delete) => match &delete.each {
                    Some(each) => Ok(Given::CarriedOut(operations.delete_each(delete, each, inputs).await?)),
                    None => item(operations.delete(delete, inputs).await),
                },
                Operation::Transact(transact) => {
                    match Box::pin(operations.transact(coordinate, transact, inputs)).await? {
                        Transacted::Item(item) => Ok(Given::Item(item.map(Image::from))),
                        Transacted::Items(items) => Ok(Given::Items(Some(items))),
                    }
                }
            }
        })
    }

    /// Waits for items together with others that want some. The turn is the call's, not the field's.
    async fn load<'a>(&'a self, get: &'a Get, inputs: Inputs<'a>, at: At<'a>) -> Result<Given, Failure> {
        if self.allowance.is_spent() {
            return Ok(Given::Nothing(NotRun::Spent));
        }
        let load = async |wanted| match wanted {
            Some(wanted) => self.loader.load(wanted, at.path).await,
            None => Ok(None),
        };
        match self.operations.lookups(get, inputs)? {
            Lookups::One(wanted) => load(wanted).await.map(Given::Item),
            Lookups::Many(None) => Ok(Given::Items(None)),
            Lookups::Many(Some(wanted)) => {
                Ok(Given::Items(Some(join_all(wanted.into_iter().map(load)).await)))
            }
        }
    }
}

fn item(item: Result<Option<Attributes>, Failure>) -> Result<Given, Failure> {
    item.map(|item| Given::Item(item.map(Image::from)))
}
