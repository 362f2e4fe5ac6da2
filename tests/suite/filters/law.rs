//! The law of filters: whatever is asked, an answer holds just the items of which the filter is true, be it said by the
//! key or by an expression. True is what this file says, in a few lines that know neither keys nor DynamoDB.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::{put, world};
use crate::harness::{Engine, World, dynamodb_local, skip};

/// Whether a filter is true of an item.
fn holds(filter: &Value, item: &Value) -> bool {
    filter.as_object().unwrap().iter().all(|(name, value)| match name.as_str() {
        "and" => value.as_array().unwrap().iter().all(|inner| holds(inner, item)),
        "or" => value.as_array().unwrap().iter().any(|inner| holds(inner, item)),
        "not" => !holds(value, item),
        field => {
            value.as_object().unwrap().iter().all(|(operator, operand)| {
                is(operator, operand, item.get(field).unwrap_or(&Value::Null), field)
            })
        }
    })
}

fn is(operator: &str, operand: &Value, value: &Value, field: &str) -> bool {
    let order = |operand: &Value| match (value, operand) {
        (Value::Null, _) | (_, Value::Null) => None,
        (value, operand) if matches!(field, "price" | "weight") => {
            let number = |it: &Value| it.as_f64().or_else(|| it.as_str().unwrap().parse().ok()).unwrap();
            number(value).partial_cmp(&number(operand))
        }
        (Value::Number(value), Value::Number(operand)) => Some(value.as_i64().cmp(&operand.as_i64())),
        (Value::String(value), Value::String(operand)) => Some(value.as_bytes().cmp(operand.as_bytes())),
        (Value::Bool(value), Value::Bool(operand)) => Some(value.cmp(operand)),
        _ => panic!("{value} and {operand}"),
    };
    let list = || operand.as_array().unwrap();
    match operator {
        "eq" => {
            if operand.is_null() {
                value.is_null()
            } else {
                order(operand) == Some(Ordering::Equal)
            }
        }
        "ne" => !is("eq", operand, value, field),
        "lt" => order(operand) == Some(Ordering::Less),
        "gt" => order(operand) == Some(Ordering::Greater),
        "le" => is("lt", operand, value, field) || is("eq", operand, value, field),
        "ge" => is("gt", operand, value, field) || is("eq", operand, value, field),
        "between" => is("ge", &list()[0], value, field) && is("le", &list()[1], value, field),
        "in" => list().iter().any(|one| is("eq", one, value, field)),
        "exists" => value.is_null() != operand.as_bool().unwrap(),
        "beginsWith" => value.as_str().is_some_and(|text| text.starts_with(operand.as_str().unwrap())),
        "contains" => match value {
            Value::String(text) => text.contains(operand.as_str().unwrap()),
            Value::Array(items) => items.contains(operand),
            _ => false,
        },
        _ => panic!("{operator}"),
    }
}

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "ab", "abc", "b", "ba", "B", "é", "a z", "z"]).prop_map(str::to_owned)
}

fn moment() -> impl Strategy<Value = String> {
    (1..4, 0..3).prop_map(|(day, hour)| format!("2026-01-{day:02}T{hour:02}:00:00.000Z"))
}

/// A value of a field, as it is sent and as it is compared.
fn value(field: &'static str) -> BoxedStrategy<Value> {
    match field {
        "kind" => prop::sample::select(vec!["A", "B", "C"]).prop_map(Value::from).boxed(),
        "rank" => (0..14).prop_map(Value::from).boxed(),
        "price" => prop::sample::select(vec!["-1", "0", "0.5", "2", "9.5", "10", "100"])
            .prop_map(Value::from)
            .boxed(),
        "weight" => (0..4).prop_map(|it| json!(f64::from(it) / 2.0)).boxed(),
        "ok" => any::<bool>().prop_map(Value::from).boxed(),
        "moment" => moment().prop_map(Value::from).boxed(),
        "day" => (1..5).prop_map(|day| json!(format!("2026-03-{day:02}"))).boxed(),
        _ => text().prop_map(Value::from).boxed(),
    }
}

const FIELDS: [&str; 10] =
    ["kind", "rank", "name", "label", "note", "moment", "day", "price", "weight", "ok"];

fn thing(at: usize) -> impl Strategy<Value = Value> {
    let optional = |field: &'static str| prop::option::weighted(0.7, value(field));
    let lists = (
        prop::option::of(prop::collection::btree_set(text(), 1..3)),
        prop::option::of(prop::collection::vec(0..4, 0..3)),
    );
    let keys = (value("kind"), value("rank"), value("name"));
    let rest = (
        optional("label"),
        optional("note"),
        optional("moment"),
        optional("day"),
        optional("price"),
        optional("weight"),
        optional("ok"),
    );
    (keys, rest, lists).prop_map(move |((kind, rank, name), rest, (tags, list))| {
        let mut thing = Map::from_iter([
            ("box".to_owned(), json!("X")),
            ("kind".to_owned(), kind),
            ("rank".to_owned(), rank),
            // Each thing has a name of its own, so that none replaces another.
            ("name".to_owned(), json!(format!("{}{at}", name.as_str().unwrap()))),
        ]);
        let rest = [
            ("label", rest.0),
            ("note", rest.1),
            ("moment", rest.2),
            ("day", rest.3),
            ("price", rest.4),
            ("weight", rest.5),
            ("ok", rest.6),
        ];
        thing.extend(rest.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        thing.extend(tags.map(|tags| ("tags".to_owned(), json!(tags))));
        thing.extend(list.map(|list| ("list".to_owned(), json!(list))));
        Value::Object(thing)
    })
}

/// Operators of one field.
fn field() -> BoxedStrategy<Value> {
    let lists = prop_oneof![
        text().prop_map(|it| json!({ "tags": { "contains": it } })),
        (0..4).prop_map(|it| json!({ "list": { "contains": it } })),
        any::<bool>().prop_map(|it| json!({ "tags": { "exists": it } })),
    ];
    let one = prop::sample::select(FIELDS.to_vec()).prop_flat_map(|field| {
        let value = || value(field);
        let mut operators: Vec<BoxedStrategy<(&str, Value)>> = vec![
            value().prop_map(|it| ("eq", it)).boxed(),
            value().prop_map(|it| ("eq", it)).boxed(),
            value().prop_map(|it| ("ne", it)).boxed(),
            any::<bool>().prop_map(|it| ("exists", json!(it))).boxed(),
            Just(("eq", Value::Null)).boxed(),
            Just(("ne", Value::Null)).boxed(),
        ];
        if field != "ok" {
            operators.push(prop::collection::vec(value(), 0..3).prop_map(|it| ("in", json!(it))).boxed());
        }
        if !matches!(field, "ok" | "kind") {
            operators.push(value().prop_map(|it| ("lt", it)).boxed());
            operators.push(value().prop_map(|it| ("le", it)).boxed());
            operators.push(value().prop_map(|it| ("gt", it)).boxed());
            operators.push(value().prop_map(|it| ("ge", it)).boxed());
            operators.push((value(), value()).prop_map(|(from, to)| ("between", json!([from, to]))).boxed());
        }
        if matches!(field, "name" | "label" | "note") {
            operators.push(value().prop_map(|it| ("beginsWith", it)).boxed());
            operators.push(value().prop_map(|it| ("beginsWith", it)).boxed());
            operators.push(Just(("beginsWith", json!(""))).boxed());
            operators.push(Just(("beginsWith", json!("a#"))).boxed());
            operators.push(value().prop_map(|it| ("contains", it)).boxed());
        }
        let operators = prop::collection::vec(prop::strategy::Union::new(operators), 1..3);
        operators.prop_map(move |operators| {
            let operators: Map<_, _> =
                operators.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
            json!({ field: operators })
        })
    });
    prop_oneof![1 => lists, 8 => one].boxed()
}

/// A filter. Conditions on the fields of the key are likelier to stand where the key could say them.
fn filter() -> impl Strategy<Value = Value> {
    let together = |parts: Vec<Value>| {
        let members = parts.into_iter().flat_map(|part| part.as_object().unwrap().clone());
        Value::Object(members.collect())
    };
    let several = prop::collection::vec(field(), 1..4).prop_map(together);
    several.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|it| json!({ "and": it })),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|it| json!({ "or": it })),
            inner.clone().prop_map(|it| json!({ "not": it })),
            prop::collection::vec(inner, 1..3).prop_map(together),
        ]
    })
}

/// Asks in each way, and compares.
async fn check(world: &World, cases: usize) {
    let mut runner = TestRunner::deterministic();
    let acme = world.tenant("acme");
    let things: Vec<Value> = (0..60).map(|at| thing(at).new_tree(&mut runner).unwrap().current()).collect();
    for thing in &things {
        put(&acme, thing).await;
    }
    let (mut full, mut refused) = (0, 0);
    for _ in 0..cases {
        let filter = filter().new_tree(&mut runner).unwrap().current();
        // Of `note` and `moment`, and of `label`, the items of an index have all.
        let ways: [(&str, &str, &[&str]); 4] = [
            ("things", "things(box: \"X\", first: 100, where: $w) { nodes { name } }", &[]),
            ("things", "things(box: \"X\", kind: B, first: 100, where: $w) { nodes { name } }", &["kind=B"]),
            ("byLabel", "byLabel(box: \"X\", where: $w) { name }", &["label"]),
            ("byMoment", "byMoment(box: \"X\", where: $w) { name }", &["note", "moment"]),
        ];
        for (field, selection, needs) in ways {
            let document = format!("query ($w: ThingFilter) {{ {selection} }}");
            let reply = acme.with(&document, json!({ "w": filter })).await;
            if field == "byLabel" && reply.text.contains("is a key here") {
                assert!(filter.to_string().contains("label"), "{filter}");
                refused += 1;
                continue;
            }
            let data = reply.ok();
            let nodes = if field == "things" { &data[field]["nodes"] } else { &data[field] };
            let found: BTreeSet<&str> =
                nodes.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
            let is_there = |thing: &&Value| {
                needs.iter().all(|need| match need.split_once('=') {
                    Some((name, value)) => thing[name] == value,
                    None => !thing[*need].is_null(),
                })
            };
            let expected = things.iter().filter(is_there).filter(|thing| holds(&filter, thing));
            let expected: BTreeSet<&str> = expected.map(|thing| thing["name"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{field} {needs:?} {filter}");
            full += usize::from(!found.is_empty());
        }
    }
    assert!(
        full > cases / 2 && refused < cases,
        "the cases say little: {full} of {cases} found something, {refused} refused"
    );
}

#[tokio::test]
async fn an_answer_holds_just_the_items_of_which_the_filter_is_true() {
    check(&world(Engine::Embedded).await, 250).await;
}

#[tokio::test]
async fn dynamodb_local_says_so_too() {
    match dynamodb_local::endpoint().await {
        Ok(_) => check(&world(Engine::DynamoDbLocal).await, 60).await,
        Err(why) => skip("DYNAMODB_LOCAL", &why),
    }
}
