//! Runs a prepared operation: fields beside each other, mutations one after the other, and null where something
//! failed, as far up as the types ask for it.
//!
//! An answer is written as it comes, as JSON: what is answered from the item at hand in one go (`still`), and where an
//! operation is run below, each of the parts for itself, put together when all are there.
//!
//! GraphQL, section 6.4 ("Executing Fields") and 6.4.4 ("Handling Field Errors"). Everything is polled inside the
//! request's own future: when a client goes away, its work goes with it.

mod allowance;
mod failure;
mod list;
mod loader;
mod operation;
mod page;
mod path;
mod still;
mod stored;

use std::future::{Future, ready};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_graphql::Value;
use futures_util::future::join_all;
use tracing::Instrument as _;

use super::answer::{GraphError, Response, Segment};
use super::binding::{Bound, Prepared};
use super::config::Config;
use super::selected::{Selected, Selections, What};
use crate::credentials::TenantSession;
use crate::image::Members;
use crate::item::PLACE;
use crate::json::Text;
use crate::operation::{Budget, Found, Inputs, Operations, Parent};
use crate::schema::{Object, PagePart, Plan, Resolve};
use crate::telemetry::span;
use allowance::Allowance;
use loader::Loader;
use path::{At, Path, Step};

/// How many times as large as an answer may be that may be what is read for it. Of nested objects and of what relations
/// are bound to, more is read than is answered.
const MOST_READ: usize = 4;

/// What would have been here is not.
#[derive(Debug)]
enum Nulled {
    /// An error went up: what this would have been must not be null. It has been recorded.
    Failed,
    /// The answer is as long as it may be. It goes up to the root, where it is recorded.
    Spent,
}

/// The value of a field, or a part of one.
type Completed = Result<Text, Nulled>;
/// Something that was written to a text.
type Written = Result<(), Nulled>;
/// Boxed, because selections nest.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A run of one operation.
struct Run<'a> {
    operations: &'a Operations,
    plan: &'a Plan,
    session: &'a TenantSession,
    budget: &'a Budget,
    allowance: &'a Allowance,
    loader: &'a Loader,
    arguments: &'a Bound,
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
    fn selection(self, selected: &Selected) -> bool {
        match &selected.what {
            // A refusal is known without running anything.
            What::TypeName | What::Refused(_) => true,
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
    Item(Members<'a>),
    Page(&'a Found),
    Edge(&'a Found, usize),
}

/// Runs an operation to its end.
pub(super) async fn run(
    operations: &Operations,
    session: &TenantSession,
    prepared: &Prepared,
    config: &Config,
) -> Response {
    let budget = operations.budget(config.max_answer.saturating_mul(MOST_READ));
    let (allowance, loader) = (Allowance::new(config), Loader::default());
    let run = Run {
        operations,
        plan: operations.plan(),
        session,
        budget: &budget,
        allowance: &allowance,
        loader: &loader,
        arguments: &prepared.arguments,
        max_errors: config.max_errors,
        shows: Shows::All,
        errors: Mutex::default(),
        partial: Mutex::default(),
    };
    let root = Path { above: None, step: Step::Root };
    let on = On::Root(&prepared.introspection);
    let shape = &prepared.shape;
    let members = shape.selections.iter().map(|selected| run.root_member(&shape.root, on, selected, &root));
    let members = if shape.serial {
        run.drive(one_by_one(members)).await
    } else {
        run.drive(join_all(members)).await.into_iter().collect()
    };
    let data =
        members.map_or_else(|_nulled| null(), |members: Vec<Text>| object(&shape.selections, &members));
    let errors = run.errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    let partial = run.partial.into_inner().unwrap_or_else(PoisonError::into_inner);
    Response::new(data, errors, partial)
}

/// Mutations. Where one takes the whole answer with it those behind it are not run: nobody would learn whether they
/// had been.
async fn one_by_one<'a>(members: impl Iterator<Item = Boxed<'a, Completed>>) -> Result<Vec<Text>, Nulled> {
    let mut data = Vec::new();
    for member in members {
        data.push(member.await?);
    }
    Ok(data)
}

/// An object of its members, each selection's in its place.
fn object(selections: &[Selected], members: &[Text]) -> Text {
    let mut out = Text::default();
    out.mark(b'{');
    for (selected, member) in selections.iter().zip(members) {
        out.name(&selected.key);
        out.text(member.as_bytes());
    }
    out.mark(b'}');
    out
}

fn null() -> Text {
    let mut out = Text::default();
    out.null();
    out
}

/// What the fields that run beside each other write to.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run<'_> {
    /// An object: each of its selections, in their order.
    fn object<'a>(&'a self, object: &'a Object, on: On<'a>, at: At<'a>) -> Boxed<'a, Completed> {
        if at.selections.is_still() {
            let mut out = Text::default();
            let written = self.write_object(&mut out, object, on, at);
            return Box::pin(ready(written.map(|()| out)));
        }
        let shown = at.selections.on(object).iter().filter(|selected| self.shows.selection(selected));
        let mut out = Text::default();
        // What is at hand is written at once; each part is put in its place when the others are there.
        let parts: Vec<_> = shown
            .map(|selected| {
                if selected.runs() {
                    return (selected, Part::Awaited(self.member(object, on, selected, at.path)));
                }
                let start = out.length();
                let written = self.write_member(&mut out, (object, on), selected, at.path);
                (selected, Part::Written(written.map(|()| start..out.length())))
            })
            .collect();
        Box::pin(self.assembled(out, parts))
    }

    /// An object of parts that were written, and of those that are waited for.
    async fn assembled(&self, written: Text, parts: Vec<(&Selected, Part<'_>)>) -> Completed {
        let (selections, parts): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let members = parts.into_iter().map(async |part| match part {
            Part::Awaited(member) => member.await.map(Member::Awaited),
            Part::Written(part) => part.map(Member::Written),
        });
        let members: Vec<_> = join_all(members).await.into_iter().collect::<Result<_, Nulled>>()?;
        let mut out = Text::default();
        out.mark(b'{');
        for (selected, member) in selections.into_iter().zip(members) {
            out.name(&selected.key);
            match member {
                Member::Awaited(member) => out.text(member.as_bytes()),
                Member::Written(part) => out.text(written.part(part)),
            }
        }
        out.mark(b'}');
        Ok(out)
    }

    /// One selection of the root. Where the answer is as long as it may be, it is this field that has failed: one
    /// error, whatever is null below, and nothing else is run.
    fn root_member<'a>(
        &'a self,
        object: &'a Object,
        on: On<'a>,
        selected: &'a Selected,
        path: &'a Path<'a>,
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            let was_spent = self.allowance.is_spent();
            let member = self.member(object, on, selected, path).await;
            let Err(Nulled::Spent) = member else { return member };
            let path = path.name(&selected.key);
            let failed =
                self.spent(was_spent, At { path: &path, pos: selected.pos, selections: Selections::NONE });
            let non_null = match &selected.what {
                What::Field { field, .. } => field.ty.non_null,
                What::Refused(refusal) => refusal.non_null,
                What::TypeName | What::Introspection => false,
            };
            nullable(non_null, failed)
        })
    }

    /// One selection.
    fn member<'a>(
        &'a self,
        object: &'a Object,
        on: On<'a>,
        selected: &'a Selected,
        path: &'a Path<'a>,
    ) -> Boxed<'a, Completed> {
        let What::Field { field, coordinate, slot, selections, projection } = &selected.what else {
            let mut out = Text::default();
            let written = self.write_member(&mut out, (object, on), selected, path);
            return Box::pin(ready(written.map(|()| out)));
        };
        Box::pin(async move {
            self.allowance.take(PLACE + selected.key.len())?;
            let path = path.name(&selected.key);
            let at = At { path: &path, pos: selected.pos, selections };
            let completed = match &field.resolve {
                Resolve::Attribute(attribute) => self.attribute(object, attribute, on, at).await,
                // Boxed: a list has many members, and what few of them need makes each of them large.
                Resolve::Page(PagePart::TotalCount) => Box::pin(self.total_count(coordinate, on, at)).await,
                Resolve::Page(part) => Box::pin(self.page_part(*part, field, on, at)).await,
                Resolve::Operation(operation) => {
                    let session = &self.session.working_for(coordinate);
                    let parent = match on {
                        On::Item(item) => Some(Parent { object, item }),
                        On::Root(_) | On::Page(_) | On::Edge(..) => None,
                    };
                    let inputs = Inputs {
                        session,
                        arguments: self.arguments.of(*slot),
                        parent,
                        element: None,
                        budget: self.budget,
                        steps: None,
                        step_element: None,
                        projection: projection.as_ref(),
                    };
                    self.operation(operation, field, coordinate, (inputs, at))
                        .instrument(span::field(coordinate))
                        .await
                }
            };
            nullable(field.ty.non_null, completed)
        })
    }
}

/// A selection of an object, where something is waited for in another.
enum Part<'a> {
    /// Where it was written.
    Written(Result<Range<usize>, Nulled>),
    Awaited(Boxed<'a, Completed>),
}

/// A part that is there.
enum Member {
    Written(Range<usize>),
    Awaited(Text),
}

/// A value that may be null is, where an error went up.
fn nullable(non_null: bool, completed: Completed) -> Completed {
    match completed {
        Err(Nulled::Failed) if !non_null => Ok(null()),
        completed => completed,
    }
}
