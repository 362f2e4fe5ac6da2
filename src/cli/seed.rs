//! The items to begin with: `seed.json`, by tenant and type, in the schema's own terms.
//!
//! An item is made as a `@put` would make it, keys and all, and laid into the tables behind the front: seeding is
//! what an administrator does, not a tenant.

use std::path::Path;
use std::sync::Arc;

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::{Map, json};

use crate::dev::Aws;
use crate::id::TenantId;
use crate::item::{Attributes, compose};
use crate::problem::{Problem, Problems, Source, did_you_mean};
use crate::schema::{Name, Object, Plan};
use crate::tenant::{Registry, TenantRecord};

/// An item of the seed: whose it is, of which type, with which values.
#[derive(Debug)]
pub(super) struct Seeded {
    pub(super) tenant: Arc<TenantRecord>,
    pub(super) object: Name,
    pub(super) values: IndexMap<Name, Value>,
}

/// Reads a seed: `{"TENANT": {"Type": [{"field": value}]}}`.
pub(super) fn read(path: &Path, plan: &Plan, registry: &Registry) -> Result<Vec<Seeded>, Problems> {
    let source = Source::read(path)?;
    let value = crate::json::strict(source.text().as_bytes())
        .map_err(|error| Problems::from(Problem::of(source.name(), format!("is no JSON: {error}"))))?;
    let mut reader =
        Reader { name: source.name(), plan, registry, problems: Problems::default(), seeded: Vec::new() };
    let tenants = value.as_object().cloned().unwrap_or_default();
    for (tenant, types) in &tenants {
        reader.tenant(tenant, types.as_object().unwrap_or(&Map::new()));
    }
    reader.problems.or(reader.seeded)
}

struct Reader<'a> {
    name: &'a str,
    plan: &'a Plan,
    registry: &'a Registry,
    problems: Problems,
    seeded: Vec<Seeded>,
}

impl Reader<'_> {
    fn report(&mut self, message: String, hint: String) {
        self.problems.push(Problem::of(self.name, message).hint(hint));
    }

    fn tenant(&mut self, tenant: &str, types: &Map<String, serde_json::Value>) {
        let record = tenant.parse::<TenantId>().ok().and_then(|id| self.registry.find(&id));
        let Some(record) = record else {
            self.report(format!("there is no tenant `{tenant}`"), "name it in the tenants' file".to_owned());
            return;
        };
        for (object, items) in types {
            let Some(found) = self.plan.objects.get(object.as_str()).filter(|found| found.item.is_some())
            else {
                let names =
                    self.plan.objects.values().filter(|it| it.item.is_some()).map(|it| it.name.as_ref());
                let hint = did_you_mean(object, names.collect::<Vec<_>>());
                self.report(format!("there is no type `{object}` with items"), hint);
                continue;
            };
            for (at, item) in items.as_array().into_iter().flatten().enumerate() {
                match values(found, item) {
                    Ok(values) => {
                        self.seeded.push(Seeded {
                            tenant: Arc::clone(&record),
                            object: found.name.clone(),
                            values,
                        });
                    }
                    Err(message) => {
                        let hint = "write the fields of the type".to_owned();
                        self.report(format!("{tenant}, {object} {at}: {message}"), hint);
                    }
                }
            }
        }
    }
}

fn values(object: &Object, item: &serde_json::Value) -> Result<IndexMap<Name, Value>, String> {
    let members = item.as_object().ok_or("it is no object")?;
    let mut values = IndexMap::new();
    for (name, value) in members {
        if object.attribute(name).is_none() {
            return Err(format!("there is no field `{name}`"));
        }
        let value = Value::from_json(value.clone()).map_err(|error| error.to_string())?;
        values.insert(name.as_str().into(), value);
    }
    // An item begins with its first version.
    if let Some(version) = object.item.as_ref().and_then(|item| item.version.clone()) {
        values.entry(version).or_insert_with(|| Value::from(1));
    }
    Ok(values)
}

/// Lays the items into the tables.
pub(super) async fn plant(aws: &Aws, plan: &Plan, seeded: &[Seeded]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for seed in seeded {
        let planted = plant_one(aws, plan, seed).await;
        if let Err(message) = planted {
            let what = format!("the seed of {}, {}", seed.tenant.id, seed.object);
            problems.push(Problem::of(what, message).hint("mend it in the seed's file"));
        }
    }
    problems.or(())
}

async fn plant_one(aws: &Aws, plan: &Plan, seed: &Seeded) -> Result<(), String> {
    let object = plan.objects.get(&seed.object).ok_or("the type is unknown")?;
    let composed = compose(plan, object, &seed.tenant.id, &seed.values).map_err(|error| error.to_string())?;
    let table = object.item.as_ref().and_then(|item| seed.tenant.tables.get(item.table.as_str()));
    let table = table.ok_or("the tenant has no such table")?;
    let body = json!({ "TableName": table.as_str(), "Item": item_json(&composed.item) });
    let reply = aws.behind_the_front(seed.tenant.role.account(), &seed.tenant.region, "PutItem", body).await;
    if reply.status.is_success() { Ok(()) } else { Err(reply.body) }
}

/// An item in DynamoDB's JSON.
pub(super) fn item_json(item: &Attributes) -> serde_json::Value {
    serde_json::Value::Object(item.iter().map(|(name, value)| (name.clone(), value_json(value))).collect())
}

fn value_json(value: &AttributeValue) -> serde_json::Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes) }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::L(items) => json!({ "L": items.iter().map(value_json).collect::<Vec<_>>() }),
        AttributeValue::M(members) => json!({ "M": item_json(members) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(blobs) => {
            json!({ "BS": blobs.iter().map(|it| STANDARD.encode(it)).collect::<Vec<_>>() })
        }
        _ => json!({ "NULL": true }),
    }
}
