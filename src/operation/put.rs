//! `@put`: a new item, or one in the place of another.

use async_graphql::Value;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use indexmap::IndexMap;

use super::expression::Placeholders;
use super::inputs::Given;
use super::own::{absent, either};
use super::{Failure, Inputs, Operations, Target};
use crate::credentials::{Applied, CallError};
use crate::item::{Attributes, compose};
use crate::schema::{Generate, Name, Put, Table};

/// The version of an item that has just been made.
const FIRST_VERSION: i64 = 1;

impl Operations {
    /// Writes the item and gives it back.
    ///
    /// No `@put` is repeated whose answer was lost: in between somebody may have deleted what the first one created, such
    /// as who took a job off a queue, and the second would bring it back. Where an id was made for this item, it is looked
    /// whether that id is there.
    pub(crate) async fn put(&self, put: &Put, inputs: Inputs<'_>) -> Result<Attributes, Failure> {
        let target = self.target(&put.object, inputs.session)?;
        let mut made = IndexMap::new();
        let values = self.new_values(&target, put, inputs, &mut made)?;
        let composed = compose(&self.plan, target.object, self.tenant(inputs.session), &values)?;
        let mut placeholders = Placeholders::default();
        let condition = self.put_condition(&target, put, inputs, &mut placeholders)?;
        let call = PutItemInputBuilder::default()
            .table_name(target.physical.as_str())
            .set_item(Some(composed.item.clone()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match inputs.session.run(&call).await {
            Ok(_) => Ok(composed.item),
            Err(CallError::Unavailable { applied: Applied::Unknown, reason }) => {
                let was_applied =
                    !put.replace && self.has_come(&target, (&composed.item, &made), inputs).await;
                if was_applied { Ok(composed.item) } else { Err(Failure::not_known(reason)) }
            }
            Err(error) => Err(written(error, put)),
        }
    }

    /// Whether an item is there that was created and not answered: by an id that was made for it, which nobody else can
    /// have. All other values another may have written too, a time in milliseconds among them. False where that is not
    /// known.
    ///
    /// Who may create need not be one who may read, so it is not read: it is written once more, under a condition that
    /// never holds, and DynamoDB answers with what is there.
    async fn has_come(
        &self,
        target: &Target<'_>,
        (item, made): (&Attributes, &IndexMap<Name, Value>),
        inputs: Inputs<'_>,
    ) -> bool {
        let is_id = |name: &Name| {
            let attribute = target.object.attribute(name);
            attribute.filter(|attribute| attribute.generate == Some(Generate::Ulid))
        };
        let ids: Vec<_> = made.keys().filter_map(is_id).map(|id| id.name.as_str()).collect();
        if ids.is_empty() || !inputs.session.may_retry() {
            return false;
        }
        let mut placeholders = Placeholders::default();
        let partition = placeholders.name(&target.table.keys.partition.name);
        let never = format!("attribute_exists({partition}) AND attribute_not_exists({partition})");
        let call = PutItemInputBuilder::default()
            .table_name(target.physical.as_str())
            .set_item(Some(item.clone()))
            .condition_expression(never)
            .set_expression_attribute_names(placeholders.names())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(CallError::ConditionFailed(Some(found))) = inputs.session.run(&call).await else {
            return false;
        };
        ids.into_iter().any(|id| item.get(id).is_some_and(|made| found.get(id) == Some(made)))
    }

    /// The values of the item's fields: those that were given, those that are made here, and the first version. What is
    /// in `made` is not made again, and what is made is put there.
    pub(super) fn new_values(
        &self,
        target: &Target<'_>,
        put: &Put,
        inputs: Inputs<'_>,
        made: &mut IndexMap<Name, Value>,
    ) -> Result<IndexMap<Name, Value>, Failure> {
        let mut values = IndexMap::new();
        for (name, source) in &put.values {
            match self.given(source, inputs)? {
                Given::Value(value) => {
                    values.insert(name.clone(), value.into_owned());
                }
                Given::Null => {
                    values.insert(name.clone(), Value::Null);
                }
                Given::Absent => {}
            }
        }
        for (name, attribute) in target.object.attributes() {
            // Null is a value: who sends it wants no default. What is generated was never given.
            if let Some(default) = &attribute.default {
                values.entry(name.clone()).or_insert_with(|| default.clone());
            }
            if let Some(generate) =
                attribute.generate.filter(|_| values.get(name).is_none_or(|value| *value == Value::Null))
            {
                let value = made.entry(name.clone()).or_insert_with(|| self.generated(generate));
                values.insert(name.clone(), value.clone());
            }
        }
        if let Some(version) = &target.item.version {
            values.insert(version.clone(), Value::from(FIRST_VERSION));
        }
        Ok(values)
    }

    /// A value that the gateway makes.
    pub(super) fn generated(&self, generate: Generate) -> Value {
        match generate {
            Generate::Ulid => Value::String(self.entropy.ulid(&self.clock)),
            Generate::CreatedAt | Generate::UpdatedAt => Value::String(self.now()),
        }
    }

    /// Now, as a `DateTime` is stored.
    fn now(&self) -> String {
        let millis = i128::from(self.clock.unix_millis());
        let now = time::OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000);
        let text = now.ok().and_then(|now| now.format(&time::format_description::well_known::Rfc3339).ok());
        text.and_then(|text| crate::schema::Scalar::DateTime.canonical(&text).ok()).unwrap_or_default()
    }

    pub(super) fn put_condition(
        &self,
        target: &Target<'_>,
        put: &Put,
        inputs: Inputs<'_>,
        placeholders: &mut Placeholders,
    ) -> Result<Option<String>, Failure> {
        if !put.replace {
            return Ok(Some(target.free_condition(placeholders)));
        }
        let when = put.when.as_ref().map(|when| self.condition(when, target.object, inputs, placeholders));
        Ok(target.replaceable(when.transpose()?, placeholders))
    }
}

/// The condition that nothing is there, or that all of these hold of what is; none where there are none.
pub(super) fn absent_or<V>(
    table: &Table,
    conditions: &[String],
    placeholders: &mut Placeholders<V>,
) -> Option<String> {
    (!conditions.is_empty()).then(|| either(absent(table, placeholders), conditions))
}

/// A failed write. What is there is not shown: a client that may create need not be one that may read.
fn written(error: CallError, put: &Put) -> Failure {
    match error {
        CallError::ConditionFailed(_) if !put.replace => Failure::Taken,
        CallError::ConditionFailed(_) => Failure::Conflict(None),
        error => error.into(),
    }
}
