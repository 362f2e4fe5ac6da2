//! The turns of a transaction's steps: a step has one, or one for each element of its list.
//!
//! How many items a transaction has is known here, before anything is read or sent: more than DynamoDB takes, or none, is
//! refused.

use std::borrow::Cow;
use std::fmt;

use async_graphql::Value;

use super::inputs::{Given, argument};
use super::{Failure, Inputs};
use crate::schema::{Name, Step, Transact};

/// A step, and which element of its list it is done for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    /// The place of the step in the transaction.
    pub(super) at: usize,
    pub(super) step: &'a Step,
    /// The place of the element, from 0; none where the step is done once.
    pub(super) index: Option<usize>,
}

impl Turn<'_> {
    /// What the values are kept by that are made for it. No step's name holds a point.
    pub(super) fn made_by(&self) -> Name {
        match self.index {
            None => self.step.name.clone(),
            Some(index) => format!("{}.{index}", self.step.name).as_str().into(),
        }
    }
}

impl fmt::Display for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            None => f.write_str(&self.step.name),
            Some(index) => write!(f, "{}[{index}]", self.step.name),
        }
    }
}

/// The turns of a transaction, each with its element. An absent list is an empty one.
pub(super) fn turns<'a, 'i>(
    transact: &'a Transact,
    inputs: Inputs<'i>,
) -> Result<Vec<(Turn<'a>, Option<&'i Value>)>, Failure> {
    let mut turns = Vec::new();
    let mut count = 0;
    for (at, step) in transact.steps.iter().enumerate() {
        let Some(list) = &step.each else {
            turns.push((Turn { at, step, index: None }, None));
            count += 1;
            continue;
        };
        let elements = match argument(list, inputs.arguments) {
            Given::Value(Cow::Borrowed(Value::List(elements))) => elements.as_slice(),
            Given::Value(_) | Given::Null | Given::Absent => &[],
        };
        count += elements.len();
        let of_list = elements.iter().take(Transact::MAX_ITEMS).enumerate();
        turns.extend(of_list.map(|(index, element)| (Turn { at, step, index: Some(index) }, Some(element))));
    }
    if count == 0 {
        return Err(Failure::Input("the transaction has no items, since its lists are empty".to_owned()));
    }
    let (records, most) = (usize::from(transact.record.is_some()), Transact::MAX_ITEMS);
    if count + records > most {
        let kept = if records == 0 { "" } else { ", of which the record of its token is one" };
        let message =
            format!("the transaction would have {} items{kept}: {most} is the most", count + records);
        return Err(Failure::Input(message));
    }
    Ok(turns)
}
