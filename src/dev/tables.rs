//! The tables that a schema names, as `CreateTable` requests.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::schema::{KeyAttribute, KeyKind, Keys, Projection, Table};

/// `CreateTable` for a table of the plan under a physical name.
pub fn create_table(table: &Table, name: &str) -> Value {
    let mut attributes: BTreeMap<&str, &str> = BTreeMap::new();
    for keys in std::iter::once(&table.keys).chain(table.indexes.values().map(|index| &index.keys)) {
        attributes.extend(std::iter::once(&keys.partition).chain(&keys.sort).map(definition));
    }
    let definitions: Vec<Value> = attributes
        .into_iter()
        .map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind }))
        .collect();
    let mut request = Map::from_iter([
        ("TableName".to_owned(), json!(name)),
        ("BillingMode".to_owned(), json!("PAY_PER_REQUEST")),
        ("AttributeDefinitions".to_owned(), Value::Array(definitions)),
        ("KeySchema".to_owned(), key_schema(&table.keys)),
    ]);
    let indexes: Vec<Value> = table
        .indexes
        .values()
        .map(|index| {
            json!({
                "IndexName": index.name.as_str(),
                "KeySchema": key_schema(&index.keys),
                "Projection": projection(&index.projection),
            })
        })
        .collect();
    if !indexes.is_empty() {
        request.insert("GlobalSecondaryIndexes".to_owned(), Value::Array(indexes));
    }
    Value::Object(request)
}

/// `UpdateTimeToLive` for a table of the plan; none if it has no time to live.
pub fn time_to_live(table: &Table, name: &str) -> Option<Value> {
    let attribute = table.ttl.as_ref()?;
    Some(json!({
        "TableName": name,
        "TimeToLiveSpecification": { "AttributeName": attribute.as_str(), "Enabled": true },
    }))
}

fn definition(key: &KeyAttribute) -> (&str, &'static str) {
    let kind = match key.kind {
        KeyKind::String => "S",
        KeyKind::Number => "N",
        KeyKind::Binary => "B",
    };
    (key.name.as_str(), kind)
}

fn key_schema(keys: &Keys) -> Value {
    let sort = keys.sort.iter().map(|key| json!({ "AttributeName": key.name.as_str(), "KeyType": "RANGE" }));
    let partition = json!({ "AttributeName": keys.partition.name.as_str(), "KeyType": "HASH" });
    Value::Array(std::iter::once(partition).chain(sort).collect())
}

fn projection(projection: &Projection) -> Value {
    match projection {
        Projection::All => json!({ "ProjectionType": "ALL" }),
        Projection::KeysOnly => json!({ "ProjectionType": "KEYS_ONLY" }),
        Projection::Include(names) => {
            let names: Vec<_> = names.iter().map(crate::schema::Name::as_str).collect();
            json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": names })
        }
    }
}
