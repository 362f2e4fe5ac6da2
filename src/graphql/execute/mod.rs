//! Runs a prepared operation: fields beside each other, mutations one after the other, and null where something
//! failed, as far up as the types ask for it.
//!
//! GraphQL, section 6.4 ("Executing Fields") and 6.4.4 ("Handling Field Errors"). Everything is polled inside the
//! request's own future: when a client goes away, its work goes with it.

mod failure;
mod page;
mod path;
mod stored;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_graphql::{Name, Value};
use futures_util::future::join_all;
use indexmap::IndexMap;

use super::answer::{GraphError, Response, Segment};
use super::selection::{Prepared, Selected, What};
use crate::credentials::TenantSession;
use crate::error::Code;
use crate::item::Attributes;
use crate::operation::{Budget, Failure, Found, Inputs, Operations, Parent};
use crate::schema::{Field, Object, Operation, Plan, Resolve};
use path::{At, Path, Step};

/// An error went up: what this would have been must not be null. It has been recorded.
#[derive(Debug)]
struct Nulled;

type Completed = Result<Value, Nulled>;
/// Boxed, because selections nest.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A run of one operation.
struct Run<'a> {
    operations: &'a Operations,
    plan: &'a Plan,
    session: &'a TenantSession,
    budget: &'a Budget,
    max_errors: usize,
    shows: Shows,
    errors: Mutex<Vec<GraphError>>,
    partial: Mutex<Vec<Vec<Segment>>>,
}

/// Which of the selected fields are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    All,
    /// Those that need nothing but the item at hand.
    Stored,
}

impl Shows {
    fn selection(self, selected: &Selected<'_>) -> bool {
        match &selected.what {
            What::TypeName => true,
            What::Introspection => self == Self::All,
            What::Field { field, .. } => match field.resolve {
                Resolve::Attribute(_) => true,
                Resolve::Page(_) | Resolve::Operation(_) => self == Self::All,
            },
        }
    }
}

/// What the selections of an object are made on.
#[derive(Clone, Copy)]
enum On<'a> {
    Root(&'a Value),
    Item(&'a Attributes),
    Page(&'a Found),
    Edge(&'a Found, usize),
}

/// Runs an operation to its end.
pub(super) async fn run(
    operations: &Operations,
    session: &TenantSession,
    prepared: Prepared<'_>,
) -> Response {
    let budget = operations.budget();
    let run = Run {
        operations,
        plan: operations.plan(),
        session,
        budget: &budget,
        max_errors: prepared.max_errors,
        shows: Shows::All,
        errors: Mutex::default(),
        partial: Mutex::default(),
    };
    let root = Path { above: None, step: Step::Root };
    let on = On::Root(&prepared.introspection);
    let members = prepared.selections.iter().map(|selected| run.member(prepared.root, on, selected, &root));
    let data = if prepared.serial {
        one_by_one(members).await
    } else {
        join_all(members).await.into_iter().collect()
    };
    let errors = run.errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    let partial = run.partial.into_inner().unwrap_or_else(PoisonError::into_inner);
    Response::new(data.ok(), errors, partial)
}

/// Mutations. Where one takes the whole answer with it those behind it are not run: nobody would learn whether they
/// had been.
async fn one_by_one<'a>(
    members: impl Iterator<Item = Boxed<'a, Result<(Name, Value), Nulled>>>,
) -> Result<IndexMap<Name, Value>, Nulled> {
    let mut data = IndexMap::new();
    for member in members {
        let (name, value) = member.await?;
        data.insert(name, value);
    }
    Ok(data)
}

/// What the fields that run beside each other write to.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run<'_> {
    /// An object: each of its selections, in their order.
    fn object<'a>(&'a self, object: &'a Object, on: On<'a>, at: At<'a>) -> Boxed<'a, Completed> {
        let shown = at.selections.iter().filter(|selected| self.shows.selection(selected));
        let members: Vec<_> = shown.map(|selected| self.member(object, on, selected, at.path)).collect();
        Box::pin(async move {
            let members: Result<IndexMap<_, _>, Nulled> = join_all(members).await.into_iter().collect();
            members.map(Value::Object)
        })
    }

    /// One selection, under its name in the answer.
    fn member<'a>(
        &'a self,
        object: &'a Object,
        on: On<'a>,
        selected: &'a Selected<'a>,
        path: &'a Path<'a>,
    ) -> Boxed<'a, Result<(Name, Value), Nulled>> {
        Box::pin(async move {
            let value = match &selected.what {
                What::TypeName => Value::String(object.name.to_string()),
                What::Introspection => introspected(on, &selected.key),
                What::Field { field, coordinate, arguments, selections } => {
                    let path = path.name(&selected.key);
                    let at = At { path: &path, pos: selected.pos, selections };
                    let completed = match &field.resolve {
                        Resolve::Attribute(attribute) => self.attribute(object, attribute, on, at).await,
                        Resolve::Page(part) => self.page_part(*part, field, on, at).await,
                        Resolve::Operation(operation) => {
                            let session = self.session.working_for(coordinate);
                            let parent = match on {
                                On::Item(item) => Some(Parent { object, item }),
                                On::Root(_) | On::Page(_) | On::Edge(..) => None,
                            };
                            let inputs = Inputs { session: &session, arguments, parent, budget: self.budget };
                            self.operation(operation, field, coordinate, (inputs, at)).await
                        }
                    };
                    nullable(field.ty.non_null, completed)?
                }
            };
            Ok((selected.key.clone(), value))
        })
    }

    async fn operation<'a>(
        &'a self,
        operation: &'a Operation,
        field: &'a Field,
        coordinate: &'a str,
        (inputs, at): (Inputs<'a>, At<'a>),
    ) -> Completed {
        let operations = self.operations;
        let item = match operation {
            Operation::Query(query) => {
                return match operations.query(coordinate, query, inputs).await {
                    Ok(found) => self.found(&found, query.page.kind, field, at).await,
                    Err(failure) => self.failed(&failure, at),
                };
            }
            Operation::Get(get) => operations.get(get, inputs).await,
            Operation::Put(put) => operations.put(put, inputs).await.map(Some),
            Operation::Update(update) => operations.update(update, inputs).await,
            Operation::Delete(delete) => operations.delete(delete, inputs).await,
        };
        let object = self.plan.objects.get(operation.object());
        match (item, object) {
            (Ok(Some(item)), Some(object)) => self.object(object, On::Item(&item), at).await,
            // What is missing is null, or an error where it must not be.
            (Ok(None), _) if field.ty.non_null => self.fail(Code::NotFound, "There is no such item.", at),
            (Ok(_), _) => Ok(Value::Null),
            (Err(Failure::Conflict(Some(current))), Some(object)) => {
                self.conflict(object, &current, at).await
            }
            (Err(failure), _) => self.failed(&failure, at),
        }
    }
}

fn introspected(on: On<'_>, key: &Name) -> Value {
    match on {
        On::Root(Value::Object(members)) => members.get(key).cloned().unwrap_or_default(),
        On::Root(_) | On::Item(_) | On::Page(_) | On::Edge(..) => Value::Null,
    }
}

/// A value that may be null is, where an error went up.
fn nullable(non_null: bool, completed: Completed) -> Completed {
    match completed {
        Err(Nulled) if !non_null => Ok(Value::Null),
        completed => completed,
    }
}
