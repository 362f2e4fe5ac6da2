//! `@delete`: an item goes, and is given back.

use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemInputBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::expression::Placeholders;
use super::{Failure, Inputs, Operations, Target};
use crate::credentials::CallError;
use crate::image::Members;
use crate::item::Attributes;
use crate::schema::Delete;

impl Operations {
    /// The item as it was; none if it was missing.
    ///
    /// A deletion whose answer was lost is not repeated: the item could not be given back, and "missing" would not
    /// be true.
    pub(crate) async fn delete(
        &self,
        delete: &Delete,
        inputs: Inputs<'_>,
    ) -> Result<Option<Attributes>, Failure> {
        let target = self.target(&delete.object, inputs.session)?;
        let Some(texts) = self.texts(target.object, &delete.key, inputs)? else { return Ok(None) };
        let key = self.key(&target, inputs, &texts)?;
        let mut placeholders = Placeholders::default();
        let condition = self.delete_condition(&target, delete, inputs, &mut placeholders)?;
        let call = DeleteItemInputBuilder::default()
            .table_name(target.physical.as_str())
            .set_key(Some(key))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match inputs.session.run(&call).await {
            Ok(answer) => Ok(answer.attributes),
            Err(CallError::ConditionFailed(found)) => target.missing_or_conflict(found, false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn delete_condition(
        &self,
        target: &Target<'_>,
        delete: &Delete,
        inputs: Inputs<'_>,
        placeholders: &mut Placeholders,
    ) -> Result<Option<String>, Failure> {
        let mut conditions = Vec::new();
        conditions.extend(target.own_condition(placeholders));
        if let Some(expect) = &delete.expect {
            let expected = self.expected_version(target, expect, inputs)?;
            conditions.extend(expected.and_then(|it| target.has_version(it, placeholders)));
        }
        if let Some(when) = &delete.when {
            conditions.push(self.condition(when, target.object, inputs, placeholders)?);
        }
        Ok(target.there(conditions, delete.idempotent, placeholders))
    }
}

impl Target<'_> {
    /// What a failed condition means: nothing is there, or something of another type, or the item is not as it was
    /// expected to be. Where the item may be missing, something is in its place.
    pub(super) fn missing_or_conflict(
        &self,
        found: Option<Attributes>,
        may_be_missing: bool,
    ) -> Result<Option<Attributes>, Failure> {
        match found.filter(|found| self.is_own(Members::Map(found))) {
            // What is there is another type's, and not shown.
            None if may_be_missing => Err(Failure::Conflict(None)),
            None => Ok(None),
            Some(current) => Err(Failure::Conflict(Some(current))),
        }
    }
}
