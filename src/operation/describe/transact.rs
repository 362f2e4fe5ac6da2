//! What a transaction sends: its steps, its record, and the read of the item that it answers with.

use super::write::expired_now;
use super::{About, Described, Shown, Variable};
use crate::operation::Failure;
use crate::operation::expression::Placeholders;
use crate::operation::record::{ATTRIBUTE, condition};
use crate::operation::update::there;
use crate::schema::{Check, Record, Step, StepWrite, Transact, ValueSource};

/// The list that a step is done for the elements of.
pub(super) fn step_list(step: &Step) -> Option<String> {
    step.each.clone().map(|list| ValueSource::Argument(list).to_string())
}

impl About<'_> {
    pub(super) fn step(&self, step: &Step) -> Result<Described, Failure> {
        let described = match &step.write {
            StepWrite::Put(put) => self.put(put)?,
            StepWrite::Update(update) => self.update(update)?,
            StepWrite::Delete(delete) => self.delete(delete)?,
            StepWrite::Check(check) => self.check(check)?,
        };
        // A transaction gives nothing back.
        Ok(Described { each: step_list(step), returns: None, ..described })
    }

    fn check(&self, check: &Check) -> Result<Described, Failure> {
        let mut placeholders = Placeholders::<Shown>::default();
        let conditions = self.conditions((None, check.when.as_ref()), None, &mut placeholders)?;
        let condition = there(self.table, conditions, false, &mut placeholders);
        Ok(Described {
            condition: condition.map(|it| placeholders.readable(&it)),
            returns_on_failure: Some("ALL_OLD"),
            attributes: self.key_names().chain(placeholders.attributes().iter().cloned()).collect(),
            ..self.keyed(&check.key)
        })
    }

    /// The read of the record.
    pub(super) fn record_read(&self, record: &Record) -> Described {
        let Described { keys, variables, .. } = self.record(record);
        let attributes = self.key_names().collect();
        Described { keys, variables, consistent: Some(true), attributes, ..Described::default() }
    }

    pub(super) fn record(&self, record: &Record) -> Described {
        let texts = super::texts([&Record::VARIABLE.into()]);
        let mut placeholders = Placeholders::<Shown>::default();
        let condition = condition(self.table, record, expired_now(), &mut placeholders);
        let item = vec![
            (ATTRIBUTE.into(), "the field, a digest of the arguments, and what was generated".to_owned()),
            (record.ttl.clone(), "a day from now".to_owned()),
        ];
        let names = item.iter().map(|(name, _)| name.to_string());
        Described {
            keys: self.keys(&self.table.keys, &record.keys, &texts),
            variables: vec![Variable {
                name: Record::VARIABLE.into(),
                from: format!("a digest of the field, the caller and {}", record.token),
                is_optional: false,
            }],
            condition: Some(placeholders.readable(&condition)),
            returns_on_failure: Some("ALL_OLD"),
            attributes: self.key_names().chain(names).collect(),
            item,
            ..Described::default()
        }
    }

    /// The read of the item that is answered.
    pub(super) fn answer(&self, transact: &Transact) -> Result<Described, Failure> {
        let unplanned = || Failure::Unplanned(transact.object.to_string());
        let step = transact.steps.get(transact.answer).ok_or_else(unplanned)?;
        let described = match &step.write {
            StepWrite::Put(put) => self.put(put)?,
            StepWrite::Update(_) | StepWrite::Delete(_) | StepWrite::Check(_) => {
                self.keyed(step.write.bindings())
            }
        };
        let of_key = |name: &str| self.item.keys.fields().any(|field| field.as_str() == name);
        Ok(Described {
            each: step_list(step),
            keys: described.keys.into_iter().filter(|(name, _)| self.table.keys.contains(name)).collect(),
            variables: described.variables.into_iter().filter(|it| of_key(&it.name)).collect(),
            consistent: Some(true),
            attributes: self.key_names().collect(),
            ..Described::default()
        })
    }
}
