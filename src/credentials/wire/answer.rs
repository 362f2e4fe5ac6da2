//! The bodies of answers, read into the SDK's outputs. Members that are not asked for are passed over.
//!
//! Whatever the bytes are, this is an output or an error: `fuzzed` below tries it, and `differential` holds each to what the SDK
//! makes of the same bytes.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::{ConsumedCapacity, KeysAndAttributes};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::call::Item;
use super::attribute::Attributes;

/// Why an answer cannot be read. What stands in it is not told: it may be an item.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct NotRead;

type Read<T> = Result<T, NotRead>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Consumed {
    table_name: Option<String>,
    capacity_units: Option<f64>,
    read_capacity_units: Option<f64>,
    write_capacity_units: Option<f64>,
}

impl From<Consumed> for ConsumedCapacity {
    fn from(capacity: Consumed) -> Self {
        Self::builder()
            .set_table_name(capacity.table_name)
            .set_capacity_units(capacity.capacity_units)
            .set_read_capacity_units(capacity.read_capacity_units)
            .set_write_capacity_units(capacity.write_capacity_units)
            .build()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneItem {
    item: Option<Attributes>,
    consumed_capacity: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    items: Option<Vec<Attributes>>,
    count: Option<i32>,
    scanned_count: Option<i32>,
    last_evaluated_key: Option<Attributes>,
    consumed_capacity: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    responses: Option<HashMap<String, Vec<Attributes>>>,
    unprocessed_keys: Option<HashMap<String, Left>>,
    consumed_capacity: Option<Vec<Consumed>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Left {
    keys: Option<Vec<Attributes>>,
    consistent_read: Option<bool>,
    projection_expression: Option<String>,
    expression_attribute_names: Option<HashMap<String, String>>,
}

impl Left {
    fn read(self) -> Read<KeysAndAttributes> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(self.keys.map(items).unwrap_or_default()))
            .set_consistent_read(self.consistent_read)
            .set_projection_expression(self.projection_expression)
            .set_expression_attribute_names(self.expression_attribute_names);
        keys.build().map_err(|_missing| NotRead)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Done {
    attributes: Option<Attributes>,
    consumed_capacity: Option<Consumed>,
}

/// Reads a body. An empty one is an object without members.
fn read<T: DeserializeOwned>(body: &[u8]) -> Read<T> {
    // All of it at once, also what is passed over.
    let body = std::str::from_utf8(body).map_err(|_invalid| NotRead)?;
    let body = if body.is_empty() { "{}" } else { body };
    // An array is no object, whatever serde makes of it.
    let is_object = body.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{');
    if !is_object {
        return Err(NotRead);
    }
    serde_json::from_str(body).map_err(|_unread| NotRead)
}

fn items(all: Vec<Attributes>) -> Vec<Item> {
    all.into_iter().map(|it| it.0).collect()
}

/// The answer of a GetItem.
pub(super) fn get_item(body: &[u8]) -> Read<GetItemOutput> {
    let OneItem { item, consumed_capacity } = read(body)?;
    Ok(GetItemOutput::builder()
        .set_item(item.map(|it| it.0))
        .set_consumed_capacity(consumed_capacity.map(Into::into))
        .build())
}

/// The answer of a Query.
pub(super) fn query(body: &[u8]) -> Read<QueryOutput> {
    let page: Page = read(body)?;
    Ok(QueryOutput::builder()
        .set_items(page.items.map(items))
        .set_count(page.count)
        .set_scanned_count(page.scanned_count)
        .set_last_evaluated_key(page.last_evaluated_key.map(|it| it.0))
        .set_consumed_capacity(page.consumed_capacity.map(Into::into))
        .build())
}

/// The answer of a BatchGetItem.
pub(super) fn batch_get_item(body: &[u8]) -> Read<BatchGetItemOutput> {
    let batch: Batch = read(body)?;
    let responses = batch
        .responses
        .map(|tables| tables.into_iter().map(|(table, all)| (table, items(all))).collect::<HashMap<_, _>>());
    let unprocessed = batch.unprocessed_keys.map(|tables| {
        tables.into_iter().map(|(table, keys)| Ok((table, keys.read()?))).collect::<Read<HashMap<_, _>>>()
    });
    let consumed = batch.consumed_capacity.map(|all| all.into_iter().map(Into::into).collect());
    Ok(BatchGetItemOutput::builder()
        .set_responses(responses)
        .set_unprocessed_keys(unprocessed.transpose()?)
        .set_consumed_capacity(consumed)
        .build())
}

macro_rules! done {
    ($($name:ident, $output:ident;)*) => {$(
        /// The answer of a write of one item.
        pub(super) fn $name(body: &[u8]) -> Read<$output> {
            let Done { attributes, consumed_capacity } = read(body)?;
            Ok($output::builder()
                .set_attributes(attributes.map(|it| it.0))
                .set_consumed_capacity(consumed_capacity.map(Into::into))
                .build())
        }
    )*};
}

done! {
    put_item, PutItemOutput;
    update_item, UpdateItemOutput;
    delete_item, DeleteItemOutput;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of each kind.
    const WHOLE: &[u8] =
        br#"{"Item":{"a":{"S":"x"},"b":{"L":[{"N":"1"},{"M":{"c":{"BOOL":true}}}]},"d":{"BS":["AA=="]}},
        "Items":[{"a":{"NULL":true}}],"Count":1,"ScannedCount":2,"LastEvaluatedKey":{"pk":{"B":"AA=="}},
        "Responses":{"t":[{"a":{"SS":["x"]}}]},"UnprocessedKeys":{"t":{"Keys":[{"a":{"NS":["1"]}}]}},
        "Attributes":{"a":{"S":"\u00e9"}}}"#;

    fn read_all(body: &[u8]) -> usize {
        let read = [
            get_item(body).is_ok(),
            query(body).is_ok(),
            batch_get_item(body).is_ok(),
            put_item(body).is_ok(),
            update_item(body).is_ok(),
            delete_item(body).is_ok(),
        ];
        read.into_iter().filter(|is_read| *is_read).count()
    }

    #[test]
    fn whatever_the_bytes_are_they_are_an_answer_or_an_error() {
        assert_eq!(read_all(WHOLE), 6);
        bolero::check!().with_type::<(Vec<u8>, u16, u8)>().for_each(|(bytes, at, skip)| {
            read_all(bytes);
            // Most bytes are no answer at all: put into a whole one they come further.
            let at = usize::from(*at) % WHOLE.len();
            let rest = WHOLE.get(at + usize::from(*skip)..).unwrap_or_default();
            read_all(&[&WHOLE[..at], bytes, rest].concat());
        });
    }
}
