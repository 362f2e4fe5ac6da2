//! The law that every isolation rests on: the keys that a call is judged by are those that it reaches. Random calls are
//! sent as somebody who may do everything, and what they return or change is held to the keys that the front saw; then as
//! a tenant whose policy is the example's, widened by what the example leaves out, and nothing of another's is touched.

use std::cell::Cell;
use std::collections::BTreeSet;

use innkeeper::dev::{IssuedCredentials, Outcome};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::cases;
use crate::harness::lab::{Lab, TABLE};

/// Partition keys: the tenant's own, and others'. One's id begins as the tenant's does.
const KEYS: [&str; 5] = ["TENANT#a#1", "TENANT#a#2", "TENANT#b#1", "TENANT#b#2", "TENANT#a2#1"];
const OWN: &str = "TENANT#a#";
/// Sort keys. Items of others have the second.
const SORTS: [&str; 3] = ["META", "FOREIGN", "NEW"];

fn key() -> impl Strategy<Value = &'static str> {
    select(&KEYS[..])
}

fn sort() -> impl Strategy<Value = &'static str> {
    select(&SORTS[..])
}

fn key_json() -> impl Strategy<Value = Value> {
    (key(), sort()).prop_map(|(pk, sk)| json!({ "pk": { "S": pk }, "sk": { "S": sk } }))
}

fn item_json() -> impl Strategy<Value = Value> {
    (key_json(), any::<bool>()).prop_map(|(mut item, nested)| {
        item["hit"] = json!({ "N": "1" });
        if nested {
            item["m"] = json!({ "M": { "pk": { "S": "TENANT#a#1" } } });
        }
        item
    })
}

type Call = (&'static str, Value);

fn single() -> impl Strategy<Value = Call> {
    let operation = select(vec!["GetItem", "PutItem", "UpdateItem", "DeleteItem"]);
    let returns = select(vec!["NONE", "ALL_OLD"]);
    (operation, key_json(), item_json(), returns).prop_map(|(operation, key, item, returns)| {
        let body = match operation {
            "GetItem" => json!({ "TableName": TABLE, "Key": key }),
            "PutItem" => json!({ "TableName": TABLE, "Item": item, "ReturnValues": returns }),
            "DeleteItem" => json!({ "TableName": TABLE, "Key": key, "ReturnValues": returns }),
            _ => json!({
                "TableName": TABLE, "Key": key, "ReturnValues": returns,
                "UpdateExpression": "SET hit = :h", "ExpressionAttributeValues": { ":h": { "N": "2" } },
            }),
        };
        (operation, body)
    })
}

fn query() -> impl Strategy<Value = Call> {
    let condition = select(vec![
        "pk = :p",
        "#k = :p",
        ":p = pk",
        "pk = :p AND sk = :s",
        "sk = :s AND :p = pk",
        "(pk = :p) AND (begins_with(sk, :s))",
        "pk = :p AND sk BETWEEN :s AND :s",
        "sk BETWEEN :s AND pk = :p",
        "pk = :p AND pk = :q",
        "pk = :q AND #k = :p",
        "NOT pk = :p",
        "pk = :p OR pk = :q",
        "pk IN (:p, :q)",
        "pk BETWEEN :p AND :q",
        "begins_with(pk, :p)",
        "pk >= :p",
    ]);
    let start = option::weighted(0.2, key_json());
    (condition, key(), key(), sort(), start).prop_map(|(condition, p, q, s, start)| {
        let mut values = serde_json::Map::new();
        for (name, value) in [(":p", p), (":q", q), (":s", s)] {
            if condition.contains(name) {
                values.insert(name.to_owned(), json!({ "S": value }));
            }
        }
        let mut body = json!({
            "TableName": TABLE, "KeyConditionExpression": condition, "ExpressionAttributeValues": values,
        });
        if condition.contains("#k") {
            body["ExpressionAttributeNames"] = json!({ "#k": "pk" });
        }
        if let Some(start) = start {
            body["ExclusiveStartKey"] = start;
        }
        ("Query", body)
    })
}

fn several() -> impl Strategy<Value = Call> {
    let operation = select(vec!["BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"]);
    let member = (0..5_usize, key_json(), item_json());
    (operation, vec(member, 1..4)).prop_map(|(operation, members)| {
        let write = |(how, key, item): &(usize, Value, Value)| match how {
            0 | 1 => json!({ "PutRequest": { "Item": item } }),
            2 | 3 => json!({ "DeleteRequest": { "Key": key } }),
            _ => json!({ "PutRequest": { "Item": item }, "DeleteRequest": { "Key": key } }),
        };
        let change = |(how, key, item): &(usize, Value, Value)| {
            let put = json!({ "TableName": TABLE, "Item": item });
            let delete = json!({ "TableName": TABLE, "Key": key });
            match how {
                0 => json!({ "Put": put }),
                1 => json!({ "Delete": delete }),
                2 => json!({ "Put": put, "Delete": delete }),
                3 => json!({ "ConditionCheck": {
                    "TableName": TABLE, "Key": key, "ConditionExpression": "attribute_not_exists(nothing)",
                } }),
                _ => json!({ "Update": {
                    "TableName": TABLE, "Key": key, "UpdateExpression": "REMOVE hit",
                } }),
            }
        };
        let get = |(_, key, _): &(usize, Value, Value)| json!({ "Get": { "TableName": TABLE, "Key": key } });
        let keys: Vec<_> = members.iter().map(|(_, key, _)| key.clone()).collect();
        let body = match operation {
            "BatchGetItem" => json!({ "RequestItems": { TABLE: { "Keys": keys } } }),
            "BatchWriteItem" => {
                json!({ "RequestItems": { TABLE: members.iter().map(write).collect::<Vec<_>>() } })
            }
            "TransactGetItems" => json!({ "TransactItems": members.iter().map(get).collect::<Vec<_>>() }),
            _ => json!({ "TransactItems": members.iter().map(change).collect::<Vec<_>>() }),
        };
        (operation, body)
    })
}

/// Conditions of PartiQL: what a key may hide in.
fn condition() -> impl Strategy<Value = String> {
    let atom = (0..9_usize, key(), sort()).prop_map(|(how, pk, sk)| match how {
        0 => format!("pk = '{pk}'"),
        1 => format!("\"pk\"='{pk}'"),
        2 => format!("'{pk}' = pk"),
        3 => format!("pk IN ['{pk}']"),
        4 => format!("begins_with(pk, '{}')", &pk[..8]),
        5 => format!("m.pk = '{pk}'"),
        6 => format!("sk BETWEEN '{sk}' AND '{sk}'"),
        7 => "pk = ?".to_owned(),
        _ => format!("sk = '{sk}'"),
    });
    let joined = atom.prop_recursive(3, 8, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            4 => two.clone().prop_map(|(one, other)| format!("{one} AND {other}")),
            1 => two.clone().prop_map(|(one, other)| format!("{one} OR {other}")),
            1 => two.prop_map(|(one, other)| format!("({one} OR {other}) AND {one}")),
            1 => inner.clone().prop_map(|one| format!("NOT {one}")),
            1 => inner.prop_map(|one| format!("({one})")),
        ]
    });
    (joined, 0..8_usize, key()).prop_map(|(condition, comment, pk)| match comment {
        0 => format!("{condition} -- AND pk = '{pk}'"),
        1 => format!("/* pk = '{pk}' AND */ {condition}"),
        2 => format!("{condition} /* ' */ AND /* ' */ sk = 'META'"),
        3 => format!("{condition} -- '\n AND sk = 'META'"),
        _ => condition,
    })
}

fn members() -> impl Strategy<Value = String> {
    let member = (0..6_usize, key()).prop_map(|(how, pk)| match how {
        0 => format!("'pk': '{pk}'"),
        1 => format!("'pk' /* : 'TENANT#a#1' */ : '{pk}'"),
        2 => format!("'x': {{'pk': '{pk}'}}"),
        3 => format!("\"pk\": '{pk}'"),
        4 => "'pk': ?".to_owned(),
        _ => "'y': ['pk', ':', 'TENANT#a#1']".to_owned(),
    });
    vec(member, 1..4).prop_map(|members| format!("{{'sk': 'NEW', {}}}", members.join(", ")))
}

fn statement() -> impl Strategy<Value = Call> {
    let verb = select(vec!["SELECT", "SELECT", "SELECT", "INSERT", "UPDATE", "DELETE"]);
    let whole = (verb, condition(), members(), key(), any::<bool>());
    whole.prop_map(|(verb, condition, members, parameter, own_key)| {
        // A write of PartiQL needs its whole key: half of them have it, somewhere.
        let condition = if own_key { format!("sk = 'FOREIGN' AND {condition}") } else { condition };
        let statement = match verb {
            "SELECT" => format!("SELECT pk, sk FROM \"{TABLE}\" WHERE {condition}"),
            "INSERT" => format!("INSERT INTO \"{TABLE}\" VALUE {members}"),
            "UPDATE" => format!("UPDATE \"{TABLE}\" SET hit = 3 WHERE {condition}"),
            _ => format!("DELETE FROM \"{TABLE}\" WHERE {condition}"),
        };
        let placeholders = statement.matches('?').count();
        let parameters: Vec<_> = std::iter::repeat_n(json!({ "S": parameter }), placeholders).collect();
        let mut body = json!({ "Statement": statement });
        if placeholders > 0 {
            body["Parameters"] = json!(parameters);
        }
        ("ExecuteStatement", body)
    })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![1 => single(), 2 => query(), 3 => several(), 4 => statement()]
}

/// The partition keys of the items in an answer.
fn returned(answer: &Value) -> BTreeSet<String> {
    match answer {
        Value::Object(members) => {
            let own = members.get("pk").and_then(|pk| pk["S"].as_str()).map(str::to_owned);
            let deeper = members.iter().filter(|(name, _)| *name != "m" && *name != "x");
            deeper.flat_map(|(_, member)| returned(member)).chain(own).collect()
        }
        Value::Array(items) => items.iter().flat_map(returned).collect(),
        _ => BTreeSet::new(),
    }
}

/// The partition keys of the items that are not what they were.
fn changed(before: &[Value], after: &[Value]) -> BTreeSet<String> {
    let differ = before.iter().filter(|item| !after.contains(item));
    let all = differ.chain(after.iter().filter(|item| !before.contains(item)));
    all.map(|item| item["pk"]["S"].as_str().unwrap().to_owned()).collect()
}

/// The table as every case finds it.
async fn reset(lab: &Lab) -> Vec<Value> {
    for item in lab.items().await {
        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
        lab.behind("DeleteItem", json!({ "TableName": TABLE, "Key": key })).await;
    }
    for key in KEYS {
        let sorts = if key.starts_with(OWN) { &SORTS[..1] } else { &SORTS[..2] };
        for sort in sorts {
            let item = json!({ "pk": { "S": key }, "sk": { "S": sort }, "hit": { "N": "0" } });
            lab.behind("PutItem", json!({ "TableName": TABLE, "Item": item })).await;
        }
    }
    lab.items().await
}

/// What a call touches, and the keys that the front judged it by; none if it was not answered.
async fn touched(
    lab: &Lab,
    session: &IssuedCredentials,
    (operation, body): &Call,
) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let before = reset(lab).await;
    lab.aws.observer().take();
    let reply = lab.call(session, operation, body.clone()).await;
    let seen = lab.aws.observer().take().pop().unwrap();
    let after = lab.items().await;
    let mut touched = changed(&before, &after);
    if seen.outcome != Outcome::Answered {
        assert!(touched.is_empty(), "refused, and done: {operation} {body}");
        return None;
    }
    touched.extend(returned(&serde_json::from_str(&reply.body).unwrap()));
    let judged = seen.keys.into_iter().flat_map(|(_, keys)| keys).collect();
    Some((touched, judged))
}

#[test]
fn what_a_call_reaches_is_what_it_was_judged_by() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let lab = runtime.block_on(Lab::start());
    let open = lab.session("open", &json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
    let tenant = lab.session("tenant", &guarded());
    let (answered, foreign, own) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let law = |call: Call| {
        if let Some((touched, judged)) = runtime.block_on(touched(&lab, &open, &call)) {
            answered.set(answered.get() + 1);
            foreign.set(foreign.get() + usize::from(touched.iter().any(|key| !key.starts_with(OWN))));
            // A SELECT that names no key scans, and is judged as that. All else reaches what it was judged by.
            let scans = call.0 == "ExecuteStatement" && judged.is_empty();
            prop_assert!(
                scans || touched.is_subset(&judged),
                "reached {:?}, judged by {:?}",
                touched,
                judged
            );
            let statement = call.1["Statement"].as_str().unwrap_or("SELECT");
            prop_assert!(!scans || statement.starts_with("SELECT"), "a write without a key: {}", statement);
        }
        if let Some((touched, _)) = runtime.block_on(touched(&lab, &tenant, &call)) {
            own.set(own.get() + 1);
            prop_assert!(touched.iter().all(|key| key.starts_with(OWN)), "a tenant reached {:?}", touched);
        }
        Ok(())
    };
    TestRunner::new(cases(600)).run(&call(), law).unwrap_or_else(|failure| panic!("{failure}"));
    // The law is not empty: calls go through, and some would have reached another's items.
    let seen = (answered.get(), foreign.get(), own.get());
    assert!(seen.0 > 150 && seen.1 > 80 && seen.2 > 30, "{seen:?}");
}

/// The example's statement for the tenant `a`, with every action that the example leaves out and that names keys.
fn guarded() -> Value {
    let policy: Value = serde_json::from_str(include_str!("../../../policies/shop.json")).unwrap();
    let mut statement = policy["Statement"][0].clone();
    let actions = statement["Action"].as_array_mut().unwrap();
    for action in [
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "PartiQLSelect",
        "PartiQLInsert",
        "PartiQLUpdate",
        "PartiQLDelete",
    ] {
        actions.push(json!(format!("dynamodb:{action}")));
    }
    statement["Resource"] = json!("*");
    let condition = statement["Condition"].to_string().replace("{{tenant}}", "a");
    statement["Condition"] = serde_json::from_str(&condition).unwrap();
    statement
}
