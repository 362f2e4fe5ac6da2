//! What a read has found: the answers whose items are most of what passes through the gateway, by either way.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::call::{Item, units};
use crate::image::Image;

/// The answer of a GetItem.
#[derive(Debug, PartialEq)]
pub(crate) struct FoundItem {
    /// The item, if there is one.
    pub(crate) item: Option<Image>,
    /// The capacity units that it took.
    pub(crate) units: f64,
}

/// The answer of a Query.
#[derive(Debug, PartialEq)]
pub(crate) struct FoundPage {
    /// The items, in the order of the sort key.
    pub(crate) items: Vec<Image>,
    /// How many items there are.
    pub(crate) count: i32,
    /// How many were read for them.
    pub(crate) scanned_count: i32,
    /// Where it goes on, if it does.
    pub(crate) last_evaluated_key: Option<Item>,
    /// The capacity units that it took.
    pub(crate) units: f64,
}

/// The answer of a BatchGetItem.
#[derive(Debug, PartialEq)]
pub(crate) struct FoundBatch {
    /// The items of each table.
    pub(crate) responses: HashMap<String, Vec<Image>>,
    /// What was not read, by table.
    pub(crate) unprocessed_keys: HashMap<String, KeysAndAttributes>,
    /// The capacity units that it took.
    pub(crate) units: f64,
}

impl From<GetItemOutput> for FoundItem {
    fn from(output: GetItemOutput) -> Self {
        let units = units(&output.consumed_capacity);
        Self { item: output.item.map(Image::from), units }
    }
}

impl From<QueryOutput> for FoundPage {
    fn from(output: QueryOutput) -> Self {
        let units = units(&output.consumed_capacity);
        Self {
            items: images(output.items.unwrap_or_default()),
            count: output.count,
            scanned_count: output.scanned_count,
            last_evaluated_key: output.last_evaluated_key,
            units,
        }
    }
}

impl From<BatchGetItemOutput> for FoundBatch {
    fn from(output: BatchGetItemOutput) -> Self {
        let units = units(output.consumed_capacity());
        let responses = output.responses.unwrap_or_default();
        Self {
            responses: responses.into_iter().map(|(table, items)| (table, images(items))).collect(),
            unprocessed_keys: output.unprocessed_keys.unwrap_or_default(),
            units,
        }
    }
}

fn images(items: Vec<Item>) -> Vec<Image> {
    items.into_iter().map(Image::from).collect()
}
