//! Which part of a query's items is asked for: how many, from where, and in which direction.
//!
//! Relay's connections page forwards by `first` and `after`, and backwards by `last` and `before`. DynamoDB reads from a
//! place on, in either direction, so those are the two that it can do. A cursor is a place; it bears the schema's
//! direction and not the one that it was found in, so that each serves both.

use async_graphql::Value;

use super::cursor::Binding;
use super::{Failure, Inputs, Operations};
use crate::item::Attributes;
use crate::schema::{Name, PageKind, Query};

/// The size of a page that a client does not ask for.
const DEFAULT_PAGE: i32 = 50;

/// A part of a query's items.
pub(super) struct Window<'q> {
    /// Whether it is read from its end to its beginning.
    pub(super) backwards: bool,
    /// How many items; none for all of them.
    pub(super) wanted: Option<usize>,
    /// The argument that says from where.
    cursor: Option<&'q Name>,
}

impl Operations {
    /// What the arguments of a page ask for.
    pub(super) fn window<'q>(&self, query: &'q Query, inputs: Inputs<'_>) -> Result<Window<'q>, Failure> {
        let page = &query.page;
        let is_given = |name: &Option<Name>| name.as_ref().is_some_and(|name| given(name, inputs).is_some());
        let forwards = is_given(&page.first) || is_given(&page.after);
        let backwards = is_given(&page.last) || is_given(&page.before);
        if forwards && backwards {
            let message = "`last` and `before` page backwards, `first` and `after` forwards: one of the two";
            return Err(Failure::Input(message.to_owned()));
        }
        let (size, cursor) = if backwards { (&page.last, &page.before) } else { (&page.first, &page.after) };
        let wanted = self.wanted(page.kind, size.as_ref(), inputs)?;
        Ok(Window { backwards, wanted, cursor: cursor.as_ref() })
    }

    fn wanted(
        &self,
        kind: PageKind,
        argument: Option<&Name>,
        inputs: Inputs<'_>,
    ) -> Result<Option<usize>, Failure> {
        let value = argument.and_then(|name| Some((name, given(name, inputs)?)));
        let size = match (value, kind) {
            (None, PageKind::List) => return Ok(None),
            (None, PageKind::Connection | PageKind::Tokens) => DEFAULT_PAGE.min(self.config.max_page),
            (Some((name, value)), _) => {
                let number = match value {
                    Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
                    _ => None,
                };
                number.filter(|number| (0..=self.config.max_page).contains(number)).ok_or_else(|| {
                    Failure::Input(format!("`{name}` must be from 0 to {}", self.config.max_page))
                })?
            }
        };
        Ok(Some(usize::try_from(size).unwrap_or_default()))
    }

    /// Where the page begins. A cursor that does not open is refused before anything is asked of DynamoDB.
    pub(super) fn start(
        &self,
        window: &Window<'_>,
        inputs: Inputs<'_>,
        binding: &Binding,
    ) -> Result<Option<Attributes>, Failure> {
        match window.cursor.and_then(|name| given(name, inputs)) {
            None => Ok(None),
            Some(Value::String(cursor)) => {
                let place = self.cursors.open(cursor, binding).ok_or(Failure::Cursor)?;
                Ok(Some(place).filter(|place| !place.is_empty()))
            }
            Some(_) => Err(Failure::Cursor),
        }
    }
}

/// The value of an argument, if there is one.
fn given<'a>(name: &Name, inputs: Inputs<'a>) -> Option<&'a Value> {
    inputs.arguments.get(name.as_str()).filter(|value| **value != Value::Null)
}
