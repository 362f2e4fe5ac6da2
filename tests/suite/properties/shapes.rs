//! Random shapes, values that fit them, and the one form in which two equal values are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use async_graphql::{Name as GraphName, Value};
use innkeeper::claim::ClaimKinds;
use innkeeper::problem::Source;
use innkeeper::schema::{Element, Plan, Scalar, Shape, compile};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Number;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset};

/// A plan with an enum and objects that nest.
pub(super) static PLAN: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let text = r#"
        schema @table(name: "main", pk: "pk", sk: "sk") { query: Query }
        type Query { outer(id: ID!): Item @get }
        type Item @item(table: "main", pk: "T#${tenant}#${id}", sk: "META") { id: ID! outer: Outer }
        enum Colour { RED GREEN BLUE }
        type Outer {
          name: String!
          inner: Inner
          inners: [Inner!]
          grid: [[Int!]]
          tags: [String!]! @attribute(as: SET)
          weights: [Decimal!] @attribute(as: SET, name: "w")
        }
        type Inner { id: ID! colour: Colour price: Decimal at: DateTime! more: JSON }
    "#;
    let plan = compile(&Source::new("schema.graphql", text), &ClaimKinds::new());
    Arc::new(plan.unwrap_or_else(|problems| panic!("{problems}")))
});

/// A shape that a set may have members of.
fn member_shape() -> impl Strategy<Value = Shape> {
    let scalars = Scalar::ALL.into_iter().filter(|scalar| !matches!(scalar, Scalar::Boolean | Scalar::Json));
    let shapes = scalars.map(Shape::Scalar).chain([Shape::Enum("Colour".into())]);
    prop::sample::select(shapes.collect::<Vec<_>>())
}

/// Any shape that a schema can give an attribute.
pub(super) fn shape() -> impl Strategy<Value = Shape> {
    let element = |of: BoxedStrategy<Shape>| {
        (of, any::<bool>()).prop_map(|(shape, non_null)| Box::new(Element { shape, non_null }))
    };
    let leaf = prop_oneof![
        4 => prop::sample::select(Scalar::ALL.to_vec()).prop_map(Shape::Scalar),
        1 => Just(Shape::Enum("Colour".into())),
        1 => prop::sample::select(vec!["Outer", "Inner"]).prop_map(|name| Shape::Object(name.into())),
        2 => element(member_shape().boxed()).prop_map(Shape::Set),
    ];
    leaf.prop_recursive(2, 8, 1, move |inner| {
        // A set is an attribute's, and stands in no list.
        let inner = inner.prop_filter("no list of sets", |shape| !matches!(shape, Shape::Set(_)));
        element(inner.boxed()).prop_map(Shape::List)
    })
}

/// A value that fits a shape, never null itself.
pub(super) fn fitting(shape: &Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Scalar(scalar) => scalar_value(*scalar),
        Shape::Enum(_) => {
            (prop::sample::select(vec!["RED", "GREEN", "BLUE"]), any::<bool>())
                .prop_map(|(word, quoted)| {
                    if quoted { Value::String(word.to_owned()) } else { Value::Enum(GraphName::new(word)) }
                })
                .boxed()
        }
        Shape::List(element) => {
            vec(nullable(&element.shape, element.non_null), 0..4).prop_map(Value::List).boxed()
        }
        Shape::Set(element) => vec(fitting(&element.shape), 0..4).prop_map(Value::List).boxed(),
        Shape::Object(name) => {
            let members: Vec<_> = PLAN.objects[name.as_str()]
                .attributes()
                .map(|(name, attribute)| {
                    let value = nullable(&attribute.shape, attribute.non_null);
                    let there = if attribute.non_null {
                        value.prop_map(Some).boxed()
                    } else {
                        option::of(value).boxed()
                    };
                    (Just(GraphName::new(name.as_str())), there)
                })
                .collect();
            let object = members.prop_map(|members| {
                Value::Object(members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
            });
            object.boxed()
        }
    }
}

fn nullable(shape: &Shape, non_null: bool) -> BoxedStrategy<Value> {
    // JSON has a null of its own, which is as good as none.
    let value = fitting(shape);
    if non_null {
        value.prop_filter("not null", |value| *value != Value::Null).boxed()
    } else {
        prop_oneof![1 => Just(Value::Null), 4 => value].boxed()
    }
}

fn scalar_value(scalar: Scalar) -> BoxedStrategy<Value> {
    let small = || (-(1_i64 << 53)..=1 << 53).prop_map(Value::from);
    let that_fits = move |text: String| scalar.canonical(&text).ok().map(|_| Value::String(text));
    match scalar {
        Scalar::Int => any::<i32>().prop_map(Value::from).boxed(),
        Scalar::Float => {
            prop_oneof![float().prop_map(Value::Number), any::<i32>().prop_map(Value::from)].boxed()
        }
        Scalar::String => any::<String>().prop_map(Value::String).boxed(),
        Scalar::Id => prop_oneof![
            any::<String>().prop_map(Value::String),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
        ]
        .boxed(),
        Scalar::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Scalar::Decimal => {
            let text = "-?[0-9]{1,19}(\\.[0-9]{1,19})?([eE][+-]?[0-9]{1,2})?";
            prop_oneof![text.prop_filter_map("a decimal", that_fits), small()].boxed()
        }
        Scalar::BigInt => {
            prop_oneof!["-?[0-9]{1,38}".prop_filter_map("a whole number", that_fits), small()].boxed()
        }
        Scalar::DateTime => moment().prop_map(Value::String).boxed(),
        Scalar::Date => (0..=9_999, 1_u16..=365)
            .prop_map(|(year, day)| Value::String(Date::from_ordinal_date(year, day).unwrap().to_string()))
            .prop_map(|value| match value {
                // Years before 1000 need their zeros.
                Value::String(text) => Value::String(format!("{text:0>10}")),
                other => other,
            })
            .boxed(),
        Scalar::Base64 => vec(any::<u8>(), 0..40)
            .prop_map(|bytes| {
                use base64::Engine as _;
                Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
            })
            .boxed(),
        Scalar::Json => json().boxed(),
    }
}

/// A float that DynamoDB can hold.
fn float() -> impl Strategy<Value = Number> {
    (-1.0_f64..1.0, -120_i32..120).prop_map(|(mantissa, exponent)| {
        Number::from_f64(mantissa * 10_f64.powi(exponent)).unwrap_or_else(|| Number::from(0))
    })
}

/// A moment with its offset.
pub(super) fn moment() -> impl Strategy<Value = String> {
    // From the second day of the year 0 to the last but one of 9999, so that no offset leads out.
    (-62_167_046_400_i64..253_402_128_000, 0_u16..1_000, -14 * 60..14 * 60_i32).prop_map(
        |(second, milli, minutes)| {
            let moment =
                OffsetDateTime::from_unix_timestamp(second).unwrap().replace_millisecond(milli).unwrap();
            let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
            moment.to_offset(offset).format(&Rfc3339).unwrap()
        },
    )
}

/// JSON that can be stored and read back.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::from),
        float().prop_map(Value::Number),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        let object = prop::collection::btree_map("[a-z]{1,4}", inner.clone(), 0..4).prop_map(|members| {
            Value::Object(members.into_iter().map(|(name, value)| (GraphName::new(name), value)).collect())
        });
        prop_oneof![vec(inner, 0..4).prop_map(Value::List), object]
    })
}

/// Any value at all.
pub(super) fn anything() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_map(|float| Number::from_f64(float).unwrap_or_else(|| Number::from(0))),
    ];
    let text = prop_oneof![
        any::<String>(),
        "[-+0-9.eE:TZ]{0,30}",
        "-?[0-9]{30,50}",
        moment(),
        "[A-Za-z0-9+/]{0,8}={0,2}"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        number.prop_map(Value::Number),
        text.prop_map(Value::String),
        any::<bool>().prop_map(Value::Boolean),
        vec(any::<u8>(), 0..8).prop_map(|bytes| Value::Binary(bytes.into())),
        "[A-Za-z]{1,5}".prop_map(|word| Value::Enum(GraphName::new(word))),
    ];
    let names = "name|inner|inners|grid|tags|weights|id|colour|price|at|more|[a-z]{0,3}";
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let object = prop::collection::btree_map(names, inner.clone(), 0..6).prop_map(|members| {
            Value::Object(members.into_iter().map(|(name, value)| (GraphName::new(name), value)).collect())
        });
        prop_oneof![vec(inner, 0..4).prop_map(Value::List), object]
    })
}

/// A value in the one form that all its equals have. What is not there is `Nothing`, and so are null and an empty
/// set: DynamoDB keeps neither.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Canonical {
    Nothing,
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Canonical>),
    Set(BTreeSet<Canonical>),
    Object(BTreeMap<String, Canonical>),
}

/// The form of a value that fits a shape.
pub(super) fn canonical(shape: &Shape, value: &Value) -> Canonical {
    match (shape, value) {
        (_, Value::Null) => Canonical::Nothing,
        (Shape::Scalar(Scalar::Json), value) => canonical_json(value),
        (Shape::Scalar(Scalar::Id), Value::Number(number)) => Canonical::Text(number.to_string()),
        (Shape::Scalar(Scalar::Int | Scalar::Float | Scalar::Decimal | Scalar::BigInt), value) => {
            canonical_number(&text(value))
        }
        (Shape::Scalar(scalar @ (Scalar::DateTime | Scalar::Date)), value) => {
            Canonical::Text(scalar.canonical(&text(value)).unwrap())
        }
        (Shape::Scalar(Scalar::Boolean), Value::Boolean(value)) => Canonical::Boolean(*value),
        (Shape::Scalar(_) | Shape::Enum(_), value) => Canonical::Text(text(value)),
        (Shape::List(element), Value::List(items)) => {
            Canonical::List(items.iter().map(|item| canonical(&element.shape, item)).collect())
        }
        (Shape::Set(element), Value::List(items)) => {
            let members: BTreeSet<_> = items.iter().map(|item| canonical(&element.shape, item)).collect();
            if members.is_empty() { Canonical::Nothing } else { Canonical::Set(members) }
        }
        (Shape::Object(name), Value::Object(members)) => {
            let member = |(name, attribute): (&innkeeper::schema::Name, &innkeeper::schema::Attribute)| {
                let value = members.get(name.as_str()).unwrap_or(&Value::Null);
                (name.to_string(), canonical(&attribute.shape, value))
            };
            Canonical::Object(PLAN.objects[name.as_str()].attributes().map(member).collect())
        }
        (shape, value) => panic!("{value} does not fit {shape:?}"),
    }
}

fn canonical_json(value: &Value) -> Canonical {
    match value {
        Value::Null => Canonical::Nothing,
        Value::Boolean(value) => Canonical::Boolean(*value),
        Value::Number(number) => canonical_number(&number.to_string()),
        Value::List(items) => Canonical::List(items.iter().map(canonical_json).collect()),
        Value::Object(members) => Canonical::Object(
            members.iter().map(|(name, value)| (name.to_string(), canonical_json(value))).collect(),
        ),
        value => Canonical::Text(text(value)),
    }
}

fn canonical_number(text: &str) -> Canonical {
    Canonical::Number(Scalar::Decimal.canonical(text).unwrap_or_else(|_| panic!("{text} is no number")))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Enum(word) => word.to_string(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other} is no text"),
    }
}
