//! The key schemas of tables, as the front needs them to know which attribute is a partition key.

use std::collections::HashMap;
use std::sync::RwLock;

use serde_json::{Value, json};

use super::engine::{Engine, Namespace};

/// The partition keys of a table and of its indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeySchema {
    table: Option<String>,
    indexes: HashMap<String, String>,
}

impl KeySchema {
    /// The partition key's attribute, of the table or of an index.
    pub(super) fn partition_key(&self, index: Option<&str>) -> Option<&str> {
        match index {
            None => self.table.as_deref(),
            Some(index) => self.indexes.get(index).map(String::as_str),
        }
    }

    fn of(description: &Value) -> Self {
        let hash = |schema: &Value| {
            let keys = schema.get("KeySchema")?.as_array()?;
            let hash = keys.iter().find(|key| key.get("KeyType").and_then(Value::as_str) == Some("HASH"))?;
            hash.get("AttributeName")?.as_str().map(str::to_owned)
        };
        let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
            .iter()
            .filter_map(|kind| description.get(*kind)?.as_array())
            .flatten()
            .filter_map(|index| Some((index.get("IndexName")?.as_str()?.to_owned(), hash(index)?)))
            .collect();
        Self { table: hash(description), indexes }
    }
}

/// Key schemas by account, Region and table, looked up once. Dropped when a table is created or deleted.
#[derive(Debug, Default)]
pub(super) struct SchemaCache(RwLock<HashMap<(Namespace, String), KeySchema>>);

impl SchemaCache {
    /// The key schema of a table; none if there is no such table. Only what exists is kept.
    pub(super) async fn find(
        &self,
        engine: &Engine,
        namespace: &Namespace,
        table: &str,
    ) -> Option<KeySchema> {
        let key = (namespace.clone(), table.to_owned());
        let cached = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&key).cloned();
        if cached.is_some() {
            return cached;
        }
        let reply = engine.call(namespace, "DescribeTable", json!({ "TableName": table })).await;
        let description: Value = serde_json::from_str(&reply.body).ok()?;
        let schema = KeySchema::of(description.get("Table")?);
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(key, schema.clone());
        Some(schema)
    }

    pub(super) fn forget(&self) {
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }
}
