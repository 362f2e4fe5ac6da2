//! The items to begin with: `seed.json`, by tenant and type, in the schema's own terms.
//!
//! An item is made as a `@put` would make it, keys and defaults and all but ids and times, and laid into the tables behind the front: seeding is
//! what an administrator does, not a tenant.

use std::path::Path;
use std::sync::Arc;

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::json;

use crate::dev::Aws;
use crate::id::TenantId;
use crate::item::{Attributes, ComposeError, compose, mistakes};
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

/// Reads a seed: `{"TENANT": {"Type": [{"field": value}]}}`. All that is wrong with it is said at once.
pub(super) fn read(path: &Path, plan: &Plan, registry: &Registry) -> Result<Vec<Seeded>, Problems> {
    let source = Source::read(path)?;
    let value = crate::json::strict(source.text().as_bytes())
        .map_err(|error| Problems::from(Problem::of(source.name(), format!("is no JSON: {error}"))))?;
    let mut reader =
        Reader { name: source.name(), plan, registry, problems: Problems::default(), seeded: Vec::new() };
    reader.seed(&value);
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
    fn report(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::of(self.name, message).hint(hint));
    }

    fn seed(&mut self, seed: &serde_json::Value) {
        let Some(tenants) = seed.as_object() else {
            return self.report("is no object", "write {\"TENANT\": {\"Type\": [{\"field\": value}]}}");
        };
        for (tenant, types) in tenants {
            self.tenant(tenant, types);
        }
    }

    fn tenant(&mut self, tenant: &str, types: &serde_json::Value) {
        let record = tenant.parse::<TenantId>().ok().and_then(|id| self.registry.find(&id));
        let Some(record) = record else {
            return self.report(format!("there is no tenant `{tenant}`"), "name it in the tenants' file");
        };
        let Some(types) = types.as_object() else {
            return self.report(format!("{tenant}: is no object"), "write {\"Type\": [{\"field\": value}]}");
        };
        for (object, items) in types {
            let plan = self.plan;
            let Some(found) = plan.objects.get(object.as_str()).filter(|found| found.item.is_some()) else {
                let names = plan.objects.values().filter(|it| it.item.is_some()).map(|it| it.name.as_ref());
                let hint = did_you_mean(object, names.collect::<Vec<_>>());
                self.report(format!("{tenant}: there is no type `{object}` with items"), hint);
                continue;
            };
            let Some(items) = items.as_array() else {
                self.report(format!("{tenant}, {object}: is no list"), "write [{\"field\": value}]");
                continue;
            };
            for (at, item) in items.iter().enumerate() {
                self.item(&record, found, (at, item));
            }
        }
    }

    fn item(&mut self, record: &Arc<TenantRecord>, object: &Object, (at, item): (usize, &serde_json::Value)) {
        let place = format!("{}, {} {at}", record.id, object.name);
        let Some(members) = item.as_object() else {
            return self.report(format!("{place}: is no object"), "write the fields of the type");
        };
        let before = self.problems.iter().count();
        let mut values = IndexMap::new();
        for (name, value) in members {
            if object.attribute(name).is_none() {
                let hint = did_you_mean(
                    name,
                    object.attributes().map(|(name, _)| name.as_ref()).collect::<Vec<_>>(),
                );
                self.report(format!("{place}: there is no field `{name}`"), hint);
                continue;
            }
            match Value::from_json(value.clone()) {
                Ok(value) => {
                    values.insert(name.as_str().into(), value);
                }
                Err(error) => self.report(format!("{place}: `{name}`: {error}"), "write another value"),
            }
        }
        complete(object, &mut values);
        let mut wrong = mistakes(self.plan, object, &values);
        if wrong.is_empty() {
            wrong.extend(compose(self.plan, object, &record.id, &values).err());
        }
        for mistake in wrong {
            self.report(format!("{place}: {mistake}"), advice(object, &mistake));
        }
        if self.problems.iter().count() == before {
            self.seeded.push(Seeded { tenant: Arc::clone(record), object: object.name.clone(), values });
        }
    }
}

/// What a `@put` gives by itself and a seed need not say: the first version, and defaults. Ids and times are the seed's
/// to say, so that one item can name another, and that it is the same seed every time.
fn complete(object: &Object, values: &mut IndexMap<Name, Value>) {
    if let Some(version) = object.item.as_ref().and_then(|item| item.version.clone()) {
        values.entry(version).or_insert_with(|| Value::from(1));
    }
    for (name, attribute) in object.attributes() {
        if let Some(default) = &attribute.default {
            values.entry(name.clone()).or_insert_with(|| default.clone());
        }
    }
}

fn advice(object: &Object, mistake: &ComposeError) -> &'static str {
    match mistake {
        ComposeError::Missing(name)
            if object.attribute(name).is_some_and(|attribute| attribute.generate.is_some()) =>
        {
            "write one: of what a @put generates, a seed says all"
        }
        ComposeError::Missing(_) => "write one",
        ComposeError::Unfit(_) | ComposeError::Key(_) | ComposeError::NoItems(_) => "write another value",
    }
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
