//! Lists whose members are resolved beside each other, and what an operation gives for each element of a list.

use async_graphql::Value;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::path::At;
use super::{Boxed, Completed, Nulled, On, Run, nullable};
use crate::error::Code;
use crate::item::PLACE;
use crate::operation::{Failure, Loaded};
use crate::schema::{Field, Object, Of};

/// How many members of one list are resolved beside each other. Their operations take turns (`allowance`); this bounds
/// memory, and is high, since what is not resolved beside a member cannot be asked for together with what it wants.
const CONCURRENT: usize = 1_000;

/// A list of what its members come to. One that failed and must not be null fails the list.
pub(super) async fn list(members: Vec<Boxed<'_, Completed>>, non_null: bool) -> Completed {
    let mut members = stream::iter(members).buffered(CONCURRENT);
    let (mut values, mut failed) = (Vec::new(), false);
    while let Some(completed) = members.next().await {
        match nullable(non_null, completed) {
            Ok(value) => values.push(value),
            // The others go on: what is wrong with them is said too.
            Err(Nulled::Failed) => failed = true,
            Err(Nulled::Spent) => return Err(Nulled::Spent),
        }
    }
    if failed { Err(Nulled::Failed) } else { Ok(Value::List(values)) }
}

/// Whether the elements of a field's list must not be null.
fn are_non_null(field: &Field) -> bool {
    matches!(&field.ty.of, Of::List(of) if of.non_null)
}

/// The failure of all elements, if they failed alike: it is the field's then, and said once.
fn common<T>(outcomes: &[Result<T, Failure>]) -> Option<&Failure> {
    let (first, others) = outcomes.split_first()?;
    let first = first.as_ref().err()?;
    let is_alike = |failure: &Failure| failure.to_string() == first.to_string();
    others.iter().all(|it| it.as_ref().err().is_some_and(is_alike)).then_some(first)
}

impl Run<'_> {
    /// The items that an operation gives for the elements of a list, each in its place.
    pub(super) async fn loaded<'a>(
        &'a self,
        loaded: &'a [Loaded],
        (object, field): (&'a Object, &'a Field),
        at: At<'a>,
    ) -> Completed {
        if let Some(failure) = common(loaded) {
            return self.failed(failure, at);
        }
        let non_null = are_non_null(field);
        let member = |(index, loaded): (usize, &'a Loaded)| -> Boxed<'a, Completed> {
            Box::pin(async move {
                self.allowance.take(PLACE)?;
                let path = at.path.index(index);
                let at = At { path: &path, ..at };
                match loaded {
                    Ok(Some(item)) => self.object(object, On::Item(item), at).await,
                    Ok(None) if non_null => self.fail(Code::NotFound, "There is no such item.", at),
                    Ok(None) => Ok(Value::Null),
                    Err(failure) => self.failed(failure, at),
                }
            })
        };
        list(loaded.iter().enumerate().map(member).collect(), non_null).await
    }

    /// Whether each element of a list was carried out.
    pub(super) fn carried_out(
        &self,
        outcomes: &[Result<(), Failure>],
        field: &Field,
        at: At<'_>,
    ) -> Completed {
        if let Some(failure) = common(outcomes) {
            return self.failed(failure, at);
        }
        let (mut values, mut failed) = (Vec::new(), false);
        for (index, outcome) in outcomes.iter().enumerate() {
            self.allowance.take(PLACE)?;
            let path = at.path.index(index);
            let completed = match outcome {
                Ok(()) => Ok(Value::Boolean(true)),
                Err(failure) => self.failed(failure, At { path: &path, ..at }),
            };
            match nullable(are_non_null(field), completed) {
                Ok(value) => values.push(value),
                Err(_) => failed = true,
            }
        }
        if failed { Err(Nulled::Failed) } else { Ok(Value::List(values)) }
    }
}
