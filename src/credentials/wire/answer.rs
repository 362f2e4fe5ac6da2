//! The bodies of answers: items onto a tape, all else into the SDK's outputs. Members that are not asked for are passed over.
//!
//! Whatever the bytes are, this is an output or an error: the tests below try it, and `differential` holds each to what the SDK
//! makes of the same bytes.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::{ConsumedCapacity, KeysAndAttributes};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::call::{Item, units};
use super::super::found::{FoundBatch, FoundItem, FoundPage};
use super::attribute::Attributes;
use super::reader::Reader;
use crate::image::{Image, Place, Tape, Taping};

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

/// Reads a body with items, member by member, onto a tape.
fn taped<T: Default>(
    body: Bytes,
    mut member: impl FnMut(&mut T, &str, &mut Reader<'_>, &mut Taping<'_>) -> Read<()>,
) -> Read<(T, Arc<Tape>)> {
    // All of it at once, also what is passed over.
    let body = String::from_utf8(body.into()).map_err(|_invalid| NotRead)?;
    let text = if body.is_empty() { "{}" } else { &body };
    let (mut reader, mut taping, mut read) = (Reader::of(text), Taping::of(text), T::default());
    reader.object(|reader, name| member(&mut read, &name, reader, &mut taping))?;
    if !reader.is_at_end() {
        return Err(NotRead);
    }
    let tape = taping.finish();
    Ok((read, Arc::new(tape.with(body))))
}

/// A member that may stand once, and be `null`.
struct Once<T> {
    is_seen: bool,
    value: Option<T>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { is_seen: false, value: None }
    }
}

impl<T> Once<T> {
    fn set(&mut self, value: Option<T>) -> Read<()> {
        self.value = value;
        if std::mem::replace(&mut self.is_seen, true) { Err(NotRead) } else { Ok(()) }
    }

    fn get(self) -> Option<T> {
        self.value
    }
}

/// A value, unless there is `null` in its place.
fn unless_null<'t, T>(
    reader: &mut Reader<'t>,
    read: impl FnOnce(&mut Reader<'t>) -> Read<T>,
) -> Read<Option<T>> {
    if reader.null() { Ok(None) } else { read(reader).map(Some) }
}

#[derive(Default)]
struct OneItem {
    item: Once<Place>,
    consumed: Once<Consumed>,
}

/// The answer of a GetItem.
pub(super) fn get_item(body: Bytes) -> Read<FoundItem> {
    let (OneItem { item, consumed }, tape) =
        taped(body, |it: &mut OneItem, name, reader, taping| match name {
            "Item" => it.item.set(unless_null(reader, |reader| reader.attributes(taping))?),
            "ConsumedCapacity" => it.consumed.set(reader.value()?),
            _ => reader.pass(),
        })?;
    let item = item.get().map(|place| Image::Tape(tape, place));
    Ok(FoundItem { item, units: units(&consumed.get().map(Into::into)) })
}

#[derive(Default)]
struct Page {
    items: Once<Vec<Place>>,
    count: Once<i32>,
    scanned_count: Once<i32>,
    last_evaluated_key: Once<Attributes>,
    consumed: Once<Consumed>,
}

/// The answer of a Query.
pub(super) fn query(body: Bytes) -> Read<FoundPage> {
    let (page, tape) = taped(body, |it: &mut Page, name, reader, taping| match name {
        "Items" => it.items.set(unless_null(reader, |reader| places(reader, taping))?),
        "Count" => it.count.set(reader.value()?),
        "ScannedCount" => it.scanned_count.set(reader.value()?),
        "LastEvaluatedKey" => it.last_evaluated_key.set(reader.value()?),
        "ConsumedCapacity" => it.consumed.set(reader.value()?),
        _ => reader.pass(),
    })?;
    Ok(FoundPage {
        items: images(page.items.get().unwrap_or_default(), &tape),
        count: page.count.get().unwrap_or_default(),
        scanned_count: page.scanned_count.get().unwrap_or_default(),
        last_evaluated_key: page.last_evaluated_key.get().map(|it| it.0),
        units: units(&page.consumed.get().map(Into::into)),
    })
}

#[derive(Default)]
struct Batch {
    responses: Once<HashMap<String, Vec<Place>>>,
    unprocessed_keys: Once<HashMap<String, Left>>,
    consumed: Once<Vec<Consumed>>,
}

/// The answer of a BatchGetItem.
pub(super) fn batch_get_item(body: Bytes) -> Read<FoundBatch> {
    let (batch, tape) = taped(body, |it: &mut Batch, name, reader, taping| match name {
        "Responses" => it.responses.set(unless_null(reader, |reader| {
            let mut tables = HashMap::new();
            reader.object(|reader, table| {
                tables.insert(table.into_owned(), places(reader, taping)?);
                Ok(())
            })?;
            Ok(tables)
        })?),
        "UnprocessedKeys" => it.unprocessed_keys.set(reader.value()?),
        "ConsumedCapacity" => it.consumed.set(reader.value()?),
        _ => reader.pass(),
    })?;
    let responses = batch.responses.get().unwrap_or_default().into_iter();
    let unprocessed = batch.unprocessed_keys.get().unwrap_or_default().into_iter();
    let consumed: Vec<_> = batch.consumed.get().unwrap_or_default().into_iter().map(Into::into).collect();
    Ok(FoundBatch {
        responses: responses.map(|(table, places)| (table, images(places, &tape))).collect(),
        unprocessed_keys: unprocessed
            .map(|(table, keys)| Ok((table, keys.read()?)))
            .collect::<Read<HashMap<_, _>>>()?,
        units: units(&consumed),
    })
}

fn places(reader: &mut Reader<'_>, taping: &mut Taping<'_>) -> Read<Vec<Place>> {
    let mut places = Vec::new();
    reader.array(|reader| {
        places.push(reader.attributes(taping)?);
        Ok(())
    })?;
    Ok(places)
}

fn images(places: Vec<Place>, tape: &Arc<Tape>) -> Vec<Image> {
    places.into_iter().map(|place| Image::Tape(Arc::clone(tape), place)).collect()
}

macro_rules! done {
    ($($name:ident, $output:ident;)*) => {$(
        /// The answer of a write of one item.
        pub(super) fn $name(body: Bytes) -> Read<$output> {
            let Done { attributes, consumed_capacity } = read(&body)?;
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
        let body = Bytes::copy_from_slice(body);
        let read = [
            get_item(body.clone()).is_ok(),
            query(body.clone()).is_ok(),
            batch_get_item(body.clone()).is_ok(),
            put_item(body.clone()).is_ok(),
            update_item(body.clone()).is_ok(),
            delete_item(body).is_ok(),
        ];
        read.into_iter().filter(|is_read| *is_read).count()
    }

    /// An answer as `serde_json` reads it, with no tape.
    #[derive(Deserialize)]
    struct Same {
        #[serde(rename = "Item")]
        item: Option<Attributes>,
    }

    #[track_caller]
    fn assert_read_as_by_serde(body: &[u8]) {
        let taped = get_item(Bytes::copy_from_slice(body)).ok().map(|found| found.item);
        let same = read::<Same>(body).ok().map(|it| it.item.map(|it| Image::from(it.0)));
        assert_eq!(taped, same, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn items_on_a_tape_are_those_that_serde_reads() {
        let large: Vec<_> = (0..40).map(|at| format!("\"n{}\":{{\"N\":\"{at}\"}}", at * 7 % 38)).collect();
        let large = format!("{{\"Item\":{{\"m\":{{\"M\":{{{}}}}}}}}}", large.join(","));
        assert_read_as_by_serde(large.as_bytes());
        let depth = |depth: usize| {
            format!("{{\"Item\":{{\"a\":{}{{\"S\":\"\"}}{}}}}}", "{\"L\":[".repeat(depth), "]}".repeat(depth))
        };
        for depth in [depth(3), depth(62), depth(63), depth(200)] {
            assert_read_as_by_serde(depth.as_bytes());
        }
        let item = br#"{ "Item" : {"a":{"S":"x\u00e9\"\ud83d\ude00"},"b":{"L":[{"N":"1"},{"M":{"c\n":{"BOOL":true}}}]},"a":{"BS":["AA=="]},
            "d":{"S":null,"NS":["1"],"__type":{"a":[1]}},"e":{"NULL":false}},"Else":[1.5e3,{"a":null}]}"#;
        assert_read_as_by_serde(item);
        bolero::check!().with_type::<(Vec<u8>, u16, u8)>().for_each(|(bytes, at, skip)| {
            let at = usize::from(*at) % item.len();
            let rest = item.get(at + usize::from(*skip)..).unwrap_or_default();
            assert_read_as_by_serde(&[&item[..at], bytes, rest].concat());
        });
        for at in 0..item.len() {
            for sign in br#""\{}[],: 0nt"# {
                assert_read_as_by_serde(&[&item[..at], &[*sign], &item[at + 1..]].concat());
                assert_read_as_by_serde(&[&item[..at], &[*sign], &item[at..]].concat());
            }
            assert_read_as_by_serde(&item[..at]);
        }
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
