//! The record that a transaction with a token writes beside its items, under the condition that there is none (rule 14).
//!
//! It lies in the tenant's own partition, so that IAM guards it as it guards the items. Its key is a digest of the field,
//! the caller and the token; it holds a digest of the arguments, and what the gateway made: with that the same request
//! finds the same items again. It lives for a day, by its own word: DynamoDB deletes what has expired some time later.

use async_graphql::Value;
use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem,
};
use indexmap::IndexMap;
use serde_json::{Map, json};

use super::expression::Placeholders;
use super::{Failure, Inputs, Operations};
use crate::credentials::{Applied, CallError};
use crate::image::Image;
use crate::item::{Attributes, KeyTexts, key_attributes};
use crate::schema::{Name, Record, Table};

/// How long a record is good for, in seconds.
const LIFE: i64 = 24 * 60 * 60;

/// The attribute of a record that holds what it is about.
pub(super) const ATTRIBUTE: &str = "innkeeper";
const FIELD: &str = "field";
const REQUEST: &str = "request";
const MADE: &str = "made";

/// The values that the gateway made, by the step (and the element of its list, see [`super::turns`]) and the field.
pub(super) type Made = IndexMap<Name, IndexMap<Name, Value>>;

/// A record, ready to be sent.
pub(super) struct RecordItem<'a> {
    pub(super) sent: TransactWriteItem,
    /// The digest of the arguments.
    request: String,
    record: &'a Record,
    table: String,
    key: Attributes,
    /// The time at which it was made, in epoch seconds.
    now: i64,
}

impl Operations {
    /// The record of a transaction.
    pub(super) fn record_item<'a>(
        &self,
        coordinate: &str,
        record: &'a Record,
        inputs: Inputs<'_>,
        made: &Made,
    ) -> Result<RecordItem<'a>, Failure> {
        let unplanned = || Failure::Unplanned(record.beside.to_string());
        let target = self.target(&record.beside, inputs.session)?;
        let token = match self.given(&record.token, inputs)?.value().as_deref() {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(Failure::Input(format!("`{}` must not be empty", record.token))),
        };
        let caller = inputs.session.context().caller();
        let named = json!([coordinate, caller.issuer(), caller.subject(), token]);
        let texts = KeyTexts::from([(Record::VARIABLE.into(), hex_digest(&named))]);
        let tenant = self.tenant(inputs.session);
        let key = key_attributes(&target.table.keys, &record.keys, tenant, &texts)?.ok_or_else(unplanned)?;
        let request = arguments_digest(inputs);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let of_step = |values: &IndexMap<Name, Value>| {
            let members = values.iter().filter_map(|(field, value)| match value {
                Value::String(made) => Some((field.to_string(), text(made))),
                _ => None,
            });
            AttributeValue::M(members.collect())
        };
        let made = made.iter().filter(|(_, values)| !values.is_empty());
        let made = made.map(|(turn, values)| (turn.to_string(), of_step(values))).collect();
        let content = Attributes::from([
            (FIELD.to_owned(), text(coordinate)),
            (REQUEST.to_owned(), text(&request)),
            (MADE.to_owned(), AttributeValue::M(made)),
        ]);
        let mut item = key.clone();
        let expires = AttributeValue::N((target.now + LIFE).to_string());
        item.extend([(ATTRIBUTE.to_owned(), AttributeValue::M(content)), (record.ttl.to_string(), expires)]);
        let mut placeholders = Placeholders::default();
        let now = AttributeValue::N(target.now.to_string());
        let condition = condition(target.table, record, now, &mut placeholders);
        let put = Put::builder()
            .table_name(target.physical.as_str())
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .map_err(|_incomplete| unplanned())?;
        let sent = TransactWriteItem::builder().put(put).build();
        let table = target.physical.to_string();
        Ok(RecordItem { sent, request, record, table, key, now: target.now })
    }

    /// The record as it is, if there is one and its day is not over.
    pub(super) async fn read_record(
        &self,
        own: &RecordItem<'_>,
        inputs: Inputs<'_>,
    ) -> Result<Option<Attributes>, CallError> {
        let call = GetItemInputBuilder::default()
            .table_name(&own.table)
            .set_key(Some(own.key.clone()))
            .consistent_read(true);
        let answer = inputs.session.run(&call).await?;
        Ok(answer.item.map(Image::into_map).filter(|found| !own.is_over(found)))
    }
}

/// The condition that there is no record, or one whose day is over.
pub(super) fn condition<V>(
    table: &Table,
    record: &Record,
    now: V,
    placeholders: &mut Placeholders<V>,
) -> String {
    let key = placeholders.name(&table.keys.partition.name);
    let ttl = placeholders.name(&record.ttl);
    format!("attribute_not_exists({key}) OR {ttl} <= {}", placeholders.value(now))
}

impl RecordItem<'_> {
    /// Whether a record's day is over.
    fn is_over(&self, found: &Attributes) -> bool {
        let expires = found.get(self.record.ttl.as_str()).and_then(|expires| expires.as_n().ok());
        expires.and_then(|text| text.parse::<i64>().ok()).is_some_and(|expires| expires <= self.now)
    }

    /// What the request that wrote a record made, where it had the same arguments.
    pub(super) fn made_by_first(&self, found: Option<&Attributes>) -> Result<Made, Failure> {
        let content = found.and_then(|found| found.get(ATTRIBUTE)).and_then(|content| content.as_m().ok());
        let Some(content) = content else {
            let reason = format!("the record of `{}` was not given back", self.record.token).into();
            return Err(CallError::Unavailable { applied: Applied::Unknown, reason }.into());
        };
        let request = content.get(REQUEST).and_then(|request| request.as_s().ok());
        if request != Some(&self.request) {
            return Err(Failure::TokenTaken);
        }
        let steps = content.get(MADE).and_then(|made| made.as_m().ok());
        let of_step = |values: &AttributeValue| -> IndexMap<Name, Value> {
            let texts = values.as_m().into_iter().flatten();
            let text = |value: &AttributeValue| value.as_s().ok().cloned().map(Value::String);
            texts.filter_map(|(field, value)| Some((field.as_str().into(), text(value)?))).collect()
        };
        let steps = steps.into_iter().flatten();
        Ok(steps.map(|(step, values)| (step.as_str().into(), of_step(values))).collect())
    }
}

/// A digest of the arguments, whatever order they and the members of objects stand in.
fn arguments_digest(inputs: Inputs<'_>) -> String {
    let arguments: Map<String, serde_json::Value> = inputs
        .arguments
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone().into_json().unwrap_or_default()))
        .collect();
    let mut arguments = serde_json::Value::Object(arguments);
    arguments.sort_all_objects();
    hex_digest(&arguments)
}

fn hex_digest(value: &serde_json::Value) -> String {
    let digest = digest(&SHA256, value.to_string().as_bytes());
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    digest.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
