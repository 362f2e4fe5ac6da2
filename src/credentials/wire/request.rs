//! The bodies of requests: DynamoDB's JSON, written straight from the SDK's inputs.
//!
//! Each asks for the capacity that it takes. What DynamoDB once had and the gateway never sends (`AttributesToGet`, `Expected` and their kin) has no place here. An input that
//! holds such a thing is refused: it must not be dropped in silence.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemInputBuilder;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemInputBuilder;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemInputBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_types::base64;
use bytes::Bytes;

use super::super::call::Item;
use crate::json::Text;

/// An input that cannot be written.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct NotWritten;

type Written<T = ()> = Result<T, NotWritten>;

/// The body of a GetItem.
pub(super) fn get_item(input: &GetItemInputBuilder) -> Written<Bytes> {
    unused(input.get_attributes_to_get().as_ref())?;
    let mut body = Body::begin(input.get_table_name().as_deref());
    body.attributes("Key", input.get_key().as_ref())?;
    body.boolean("ConsistentRead", *input.get_consistent_read());
    body.string("ReturnConsumedCapacity", Some("TOTAL"));
    body.string("ProjectionExpression", input.get_projection_expression().as_ref());
    body.names(input.get_expression_attribute_names().as_ref());
    Ok(body.end())
}

/// The body of a BatchGetItem.
pub(super) fn batch_get_item(input: &BatchGetItemInputBuilder) -> Written<Bytes> {
    let mut body = Body::begin(None);
    if let Some(tables) = input.get_request_items() {
        body.0.name("RequestItems");
        body.0.mark(b'{');
        for (table, keys) in tables {
            body.0.member(table);
            keys_of_table(&mut body, keys)?;
        }
        body.0.mark(b'}');
    }
    body.string("ReturnConsumedCapacity", Some("TOTAL"));
    Ok(body.end())
}

fn keys_of_table(body: &mut Body, keys: &KeysAndAttributes) -> Written {
    unused(keys.attributes_to_get.as_ref())?;
    body.0.text(b"{\"Keys\":[");
    for (at, key) in keys.keys.iter().enumerate() {
        if at > 0 {
            body.0.mark(b',');
        }
        attributes(&mut body.0, key)?;
    }
    body.0.mark(b']');
    body.boolean("ConsistentRead", keys.consistent_read);
    body.string("ProjectionExpression", keys.projection_expression.as_ref());
    body.names(keys.expression_attribute_names.as_ref());
    body.0.mark(b'}');
    Ok(())
}

/// The body of a Query.
pub(super) fn query(input: &QueryInputBuilder) -> Written<Bytes> {
    unused(input.get_attributes_to_get().as_ref())?;
    unused(input.get_key_conditions().as_ref())?;
    unused(input.get_query_filter().as_ref())?;
    unused(input.get_conditional_operator().as_ref())?;
    let mut body = Body::begin(input.get_table_name().as_deref());
    body.string("IndexName", input.get_index_name().as_ref());
    body.string("Select", input.get_select().as_ref());
    if let Some(limit) = *input.get_limit() {
        body.0.name("Limit");
        body.0.integer(limit.into());
    }
    body.boolean("ConsistentRead", *input.get_consistent_read());
    body.boolean("ScanIndexForward", *input.get_scan_index_forward());
    body.attributes("ExclusiveStartKey", input.get_exclusive_start_key().as_ref())?;
    body.string("ReturnConsumedCapacity", Some("TOTAL"));
    body.string("ProjectionExpression", input.get_projection_expression().as_ref());
    body.string("FilterExpression", input.get_filter_expression().as_ref());
    body.string("KeyConditionExpression", input.get_key_condition_expression().as_ref());
    body.names(input.get_expression_attribute_names().as_ref());
    body.attributes("ExpressionAttributeValues", input.get_expression_attribute_values().as_ref())?;
    Ok(body.end())
}

/// What the three writes of one item say alike.
macro_rules! write_of_one_item {
    ($body:ident, $input:ident) => {
        unused($input.get_expected().as_ref())?;
        unused($input.get_conditional_operator().as_ref())?;
        unused($input.get_return_item_collection_metrics().as_ref())?;
        $body.string("ReturnValues", $input.get_return_values().as_ref());
        $body.string("ReturnConsumedCapacity", Some("TOTAL"));
        $body.string("ConditionExpression", $input.get_condition_expression().as_ref());
        $body.string(
            "ReturnValuesOnConditionCheckFailure",
            $input.get_return_values_on_condition_check_failure().as_ref(),
        );
        $body.names($input.get_expression_attribute_names().as_ref());
        $body.attributes("ExpressionAttributeValues", $input.get_expression_attribute_values().as_ref())?;
    };
}

/// The body of a PutItem.
pub(super) fn put_item(input: &PutItemInputBuilder) -> Written<Bytes> {
    let mut body = Body::begin(input.get_table_name().as_deref());
    body.attributes("Item", input.get_item().as_ref())?;
    write_of_one_item!(body, input);
    Ok(body.end())
}

/// The body of an UpdateItem.
pub(super) fn update_item(input: &UpdateItemInputBuilder) -> Written<Bytes> {
    unused(input.get_attribute_updates().as_ref())?;
    let mut body = Body::begin(input.get_table_name().as_deref());
    body.attributes("Key", input.get_key().as_ref())?;
    body.string("UpdateExpression", input.get_update_expression().as_ref());
    write_of_one_item!(body, input);
    Ok(body.end())
}

/// The body of a DeleteItem.
pub(super) fn delete_item(input: &DeleteItemInputBuilder) -> Written<Bytes> {
    let mut body = Body::begin(input.get_table_name().as_deref());
    body.attributes("Key", input.get_key().as_ref())?;
    write_of_one_item!(body, input);
    Ok(body.end())
}

fn unused<T>(member: Option<&T>) -> Written {
    if member.is_some() { Err(NotWritten) } else { Ok(()) }
}

/// A body that is being written: an object, member by member.
struct Body(Text);

impl Body {
    fn begin(table: Option<&str>) -> Self {
        let mut body = Self(Text::default());
        body.0.mark(b'{');
        body.string("TableName", table);
        body
    }

    fn end(mut self) -> Bytes {
        self.0.mark(b'}');
        self.0.into_bytes()
    }

    fn string(&mut self, name: &str, value: Option<impl AsText>) {
        if let Some(value) = value {
            self.0.name(name);
            self.0.string(value.as_text());
        }
    }

    fn boolean(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.0.name(name);
            self.0.boolean(value);
        }
    }

    fn names(&mut self, names: Option<&HashMap<String, String>>) {
        let Some(names) = names else { return };
        self.0.name("ExpressionAttributeNames");
        self.0.mark(b'{');
        for (placeholder, name) in names {
            self.0.member(placeholder);
            self.0.string(name);
        }
        self.0.mark(b'}');
    }

    fn attributes(&mut self, name: &str, values: Option<&Item>) -> Written {
        let Some(values) = values else { return Ok(()) };
        self.0.name(name);
        attributes(&mut self.0, values)
    }
}

/// What stands in a request as a string: texts, and the SDK's enumerations.
trait AsText {
    fn as_text(&self) -> &str;
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl AsText for &$kind {
            fn as_text(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

as_text!(
    String,
    aws_sdk_dynamodb::types::ReturnValue,
    aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure,
    aws_sdk_dynamodb::types::Select
);

impl AsText for &str {
    fn as_text(&self) -> &str {
        self
    }
}

fn attributes(text: &mut Text, values: &Item) -> Written {
    text.mark(b'{');
    for (name, value) in values {
        text.member(name);
        attribute(text, value)?;
    }
    text.mark(b'}');
    Ok(())
}

fn attribute(text: &mut Text, value: &AttributeValue) -> Written {
    match value {
        AttributeValue::S(value) => kind(text, "S", |text| text.string(value)),
        AttributeValue::N(value) => kind(text, "N", |text| text.string(value)),
        AttributeValue::B(value) => kind(text, "B", |text| binary(text, value)),
        AttributeValue::Bool(value) => kind(text, "BOOL", |text| text.boolean(*value)),
        AttributeValue::Null(value) => kind(text, "NULL", |text| text.boolean(*value)),
        AttributeValue::Ss(values) => {
            kind(text, "SS", |text| set(text, values, |text, value| text.string(value)));
        }
        AttributeValue::Ns(values) => {
            kind(text, "NS", |text| set(text, values, |text, value| text.string(value)));
        }
        AttributeValue::Bs(values) => {
            kind(text, "BS", |text| set(text, values, binary));
        }
        AttributeValue::M(values) => {
            text.text(b"{\"M\":");
            attributes(text, values)?;
            text.mark(b'}');
        }
        AttributeValue::L(values) => {
            text.text(b"{\"L\":[");
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    text.mark(b',');
                }
                attribute(text, value)?;
            }
            text.text(b"]}");
        }
        // A kind that the SDK does not know cannot be asked for.
        _ => return Err(NotWritten),
    }
    Ok(())
}

fn kind(text: &mut Text, name: &str, value: impl FnOnce(&mut Text)) {
    text.mark(b'{');
    text.name(name);
    value(text);
    text.mark(b'}');
}

fn binary(text: &mut Text, value: &Blob) {
    // Base 64 has nothing to escape.
    text.mark(b'"');
    text.text(base64::encode(value).as_bytes());
    text.mark(b'"');
}

fn set<T>(text: &mut Text, values: &[T], write: impl Fn(&mut Text, &T)) {
    text.mark(b'[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            text.mark(b',');
        }
        write(text, value);
    }
    text.mark(b']');
}
