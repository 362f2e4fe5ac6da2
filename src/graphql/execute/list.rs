//! Lists whose members are resolved beside each other, and what an operation gives for each element of a list.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::path::At;
use super::still::write_nullable;
use super::{Boxed, Completed, Nulled, On, Run, Written, null, nullable};
use crate::error::Code;
use crate::item::PLACE;
use crate::json::Text;
use crate::operation::{Failure, Loaded};
use crate::schema::{Field, Object, Of};

/// How many members of one list are resolved beside each other. Their operations take turns (`allowance`); this bounds
/// memory, and is high, since what is not resolved beside a member cannot be asked for together with what it wants.
const CONCURRENT: usize = 1_000;

/// A list of what its members come to. One that failed and must not be null fails the list.
pub(super) async fn list(members: Vec<Boxed<'_, Completed>>, non_null: bool) -> Completed {
    let mut members = stream::iter(members).buffered(CONCURRENT);
    let (mut out, mut failed) = (Text::default(), false);
    out.mark(b'[');
    while let Some(completed) = members.next().await {
        match nullable(non_null, completed) {
            Ok(value) => {
                if out.length() > 1 {
                    out.mark(b',');
                }
                out.text(value.as_bytes());
            }
            // The others go on: what is wrong with them is said too.
            Err(Nulled::Failed) => failed = true,
            Err(Nulled::Spent) => return Err(Nulled::Spent),
        }
    }
    out.mark(b']');
    if failed { Err(Nulled::Failed) } else { Ok(out) }
}

/// A list whose members are written one after the other. One that fails, fails the list, when the others have been
/// looked at.
pub(super) fn write_list<T>(
    out: &mut Text,
    members: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut Text, T) -> Written,
) -> Written {
    let (start, mut failed) = (out.length(), false);
    out.mark(b'[');
    for member in members {
        let before = out.length();
        if before > start + 1 {
            out.mark(b',');
        }
        match write(out, member) {
            Ok(()) => {}
            Err(Nulled::Failed) => {
                out.cut(before);
                failed = true;
            }
            Err(Nulled::Spent) => return Err(Nulled::Spent),
        }
    }
    out.mark(b']');
    if failed { Err(Nulled::Failed) } else { Ok(()) }
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
        if at.selections.is_still() {
            let mut out = Text::default();
            write_list(&mut out, loaded.iter().enumerate(), |out, (index, loaded)| {
                write_nullable(out, non_null, |out| {
                    self.write_loaded(out, loaded, (object, non_null), (at, index))
                })
            })?;
            return Ok(out);
        }
        let member = |(index, loaded): (usize, &'a Loaded)| -> Boxed<'a, Completed> {
            Box::pin(async move {
                self.allowance.take(PLACE)?;
                let path = at.path.index(index);
                let at = At { path: &path, ..at };
                match loaded {
                    Ok(Some(item)) => self.object(object, On::Item(item.members()), at).await,
                    Ok(None) if non_null => self.fail(Code::NotFound, "There is no such item.", at),
                    Ok(None) => Ok(null()),
                    Err(failure) => self.failed(failure, at),
                }
            })
        };
        list(loaded.iter().enumerate().map(member).collect(), non_null).await
    }

    fn write_loaded(
        &self,
        out: &mut Text,
        loaded: &Loaded,
        (object, non_null): (&Object, bool),
        (at, index): (At<'_>, usize),
    ) -> Written {
        self.allowance.take(PLACE)?;
        let path = at.path.index(index);
        let at = At { path: &path, ..at };
        match loaded {
            Ok(Some(item)) => return self.write_object(out, object, On::Item(item.members()), at),
            Ok(None) if non_null => self.fail(Code::NotFound, "There is no such item.", at),
            Ok(None) => Ok(null()),
            Err(failure) => self.failed(failure, at),
        }
        .map(|value| out.text(value.as_bytes()))
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
        let mut out = Text::default();
        write_list(&mut out, outcomes.iter().enumerate(), |out, (index, outcome)| {
            self.allowance.take(PLACE)?;
            let path = at.path.index(index);
            write_nullable(out, are_non_null(field), |out| match outcome {
                Ok(()) => {
                    out.boolean(true);
                    Ok(())
                }
                Err(failure) => self.failed(failure, At { path: &path, ..at }).map(drop),
            })
        })?;
        Ok(out)
    }
}
