//! Laws of values: what is written is what is read, and nothing that comes in or is stored is fatal.

use async_graphql::Value;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use innkeeper::image::Stored;
use innkeeper::item::{Mismatch, elements, leaf, marshal};
use innkeeper::schema::{Scalar, Shape};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;

use super::cases;
use super::shapes::{PLAN, anything, canonical, fitting, shape};

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn what_is_written_is_what_is_read(
        (shape, value) in shape().prop_flat_map(|shape| { let value = fitting(&shape); (Just(shape), value) })
    ) {
        let stored = marshal(&PLAN, &shape, &value);
        let stored = stored.map_err(|unfit| TestCaseError::fail(format!("{unfit}: {value}")))?;
        let read = unmarshal(&shape, stored.as_ref().map(Stored::of));
        let read = read.map_err(|mismatch| TestCaseError::fail(format!("{mismatch}: {value}")))?;
        prop_assert_eq!(canonical(&shape, &value), canonical(&shape, &read));
        // What has been read can be written again, and is the same.
        prop_assert_eq!(marshal(&PLAN, &shape, &read).unwrap(), stored);
    }

    #[test]
    fn any_value_is_refused_or_can_be_read_again((shape, value) in (shape(), anything())) {
        if let Ok(stored) = marshal(&PLAN, &shape, &value) {
            let read = unmarshal(&shape, stored.as_ref().map(Stored::of));
            prop_assert!(read.is_ok(), "{:?}: {:?} was stored for {}", read, stored, value);
        }
    }

    #[test]
    fn any_json_is_refused_or_can_be_read_again(value in anything()) {
        let shape = Shape::Scalar(Scalar::Json);
        if let Ok(Some(stored)) = marshal(&PLAN, &shape, &value) {
            let read = unmarshal(&shape, Some(Stored::of(&stored)));
            prop_assert!(read.is_ok(), "{:?}: {:?} was stored for {}", read, stored, value);
        }
    }

    #[test]
    fn reading_anything_by_any_shape_gives_a_value_or_an_error((shape, stored) in (shape(), stored())) {
        if let Ok(value) = unmarshal(&shape, Some(Stored::of(&stored))) {
            // A value that is answered is one that JSON can carry.
            prop_assert!(value.into_json().is_ok());
        }
    }
}

/// Anything that DynamoDB could hold, and some things that it could not.
fn stored() -> impl Strategy<Value = AttributeValue> {
    let number = || prop_oneof!["-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", any::<String>()];
    let text = || prop_oneof![any::<String>(), super::shapes::moment(), "RED|GREEN|[0-9-]{10}"];
    let bytes = || vec(any::<u8>(), 0..8).prop_map(Blob::new);
    let leaf = prop_oneof![
        text().prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        bytes().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<bool>().prop_map(AttributeValue::Null),
        vec(text(), 0..3).prop_map(AttributeValue::Ss),
        vec(number(), 0..3).prop_map(AttributeValue::Ns),
        vec(bytes(), 0..3).prop_map(AttributeValue::Bs),
    ];
    let names = "name|inner|inners|grid|tags|w|id|colour|price|at|more|[a-z]{0,3}";
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            hash_map(names, inner, 0..6).prop_map(AttributeValue::M),
        ]
    })
}

/// Reads a value by its shape, as the executor does with a selection of every field.
fn unmarshal(shape: &Shape, stored: Option<Stored<'_>>) -> Result<Value, Mismatch> {
    let Some(stored) = stored.filter(|stored| !stored.is_null()) else { return Ok(Value::Null) };
    match shape {
        Shape::Scalar(_) | Shape::Enum(_) => leaf(&PLAN, shape, stored),
        Shape::List(element) | Shape::Set(element) => {
            let items = elements(stored).ok_or(Mismatch { expected: "a list".into(), found: "no list" })?;
            items
                .iter()
                .map(|item| unmarshal(&element.shape, Some(item)))
                .collect::<Result<_, _>>()
                .map(Value::List)
        }
        Shape::Object(name) => {
            let Stored::M(map) = stored else {
                return Err(Mismatch { expected: name.to_string(), found: "no map" });
            };
            let members = PLAN.objects[name.as_str()].attributes().map(|(name, attribute)| {
                let value = unmarshal(&attribute.shape, map.get(attribute.name.as_str()))?;
                Ok((async_graphql::Name::new(name.as_str()), value))
            });
            members.collect::<Result<_, _>>().map(Value::Object)
        }
    }
}
