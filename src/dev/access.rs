//! What a DynamoDB request asks of IAM: actions, resources and condition keys.
//!
//! Sources: *Using IAM policy conditions for fine-grained access control*, *Actions, resources, and condition keys
//! for Amazon DynamoDB*. How values are gathered over the members of a batch and of a transaction is this
//! emulator's reading of those pages.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::expression;
use super::schemas::KeySchema;
use crate::policy::Context;

/// One thing that must be allowed for the call to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    /// The IAM action, such as `dynamodb:GetItem`.
    pub(super) action: &'static str,
    pub(super) table: String,
    pub(super) index: Option<String>,
    /// The condition keys `dynamodb:…` of the request; the principal's are added by the front.
    pub(super) context: Context,
    /// The partition keys that the request names, as text.
    pub(super) leading_keys: Vec<String>,
}

/// Why a request cannot be judged. It is refused then: what is not understood does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotUnderstood(pub(super) String);

/// Where the key schemas of tables are looked up.
pub(super) trait Schemas {
    /// The key schema of a table; none if there is no such table.
    fn of(&self, table: &str) -> Option<KeySchema>;
}

/// The tables that a call names, so that their key schemas can be looked up before it is judged.
pub(super) fn tables(operation: &str, body: &Value) -> BTreeSet<String> {
    let name = |body: &Value| body.get("TableName").and_then(Value::as_str).map(table_name);
    match operation {
        "BatchGetItem" | "BatchWriteItem" => {
            names_of_members(body.get("RequestItems")).iter().map(|name| table_name(name)).collect()
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let members =
                body.get("TransactItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            members.iter().filter_map(Value::as_object).flat_map(Map::values).filter_map(name).collect()
        }
        "ExecuteStatement" => {
            let text = body.get("Statement").and_then(Value::as_str).unwrap_or_default();
            super::partiql::read(text).into_iter().map(|statement| statement.table).collect()
        }
        _ => name(body).into_iter().collect(),
    }
}

/// Parameters from before there were expressions. They name keys in places that no check below looks at.
const LEGACY: [&str; 8] = [
    "AttributesToGet",
    "AttributeUpdates",
    "ConditionalOperator",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
    "LegacyKeyConditions",
];

/// The resource of an action that is about no resource (*Actions, resources, and condition keys for Amazon DynamoDB*: "If
/// there is no value for this column, you must specify all resources (`*`)").
pub(super) const EVERYTHING: &str = "*";

/// Everything that a call must be allowed.
pub(super) fn checks(
    operation: &str,
    body: &Value,
    schemas: &dyn Schemas,
) -> Result<Vec<Check>, NotUnderstood> {
    let body = body.as_object().ok_or_else(|| NotUnderstood("the body must be an object".to_owned()))?;
    refuse_unseen(body)?;
    let reader = Reader { schemas };
    let mut checks = reader.checks(operation, body)?;
    // PartiQL's actions do not know the key.
    if let Some(sent) = body.get("ReturnConsumedCapacity").and_then(Value::as_str)
        && operation != "ExecuteStatement"
    {
        for check in &mut checks {
            check.context.set("dynamodb:ReturnConsumedCapacity", sent);
        }
    }
    Ok(checks)
}

fn one(check: Check) -> Vec<Check> {
    vec![check]
}

fn plain(action: &'static str, table: String) -> Check {
    Check { action, table, index: None, context: Context::default(), leading_keys: Vec::new() }
}

/// Refuses what names attributes in a way that no check below looks at.
fn refuse_unseen(body: &Map<String, Value>) -> Result<(), NotUnderstood> {
    if let Some(name) = LEGACY.iter().find(|name| body.contains_key(**name)) {
        return Err(NotUnderstood(format!("the embedded AWS does not serve the legacy parameter {name}")));
    }
    let names = body.get("ExpressionAttributeNames").and_then(Value::as_object);
    match names.and_then(expression::odd_placeholder) {
        None => Ok(()),
        Some(name) => Err(NotUnderstood(format!(
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"{name}\""
        ))),
    }
}

/// A table's name; from its ARN, where that was sent.
fn table(body: &Map<String, Value>) -> Result<String, NotUnderstood> {
    let name = body.get("TableName").and_then(Value::as_str);
    name.map(table_name).ok_or_else(|| NotUnderstood("TableName is missing".to_owned()))
}

/// The table of `ResourceArn`. A stream has policies of its own, and there are none here.
fn resource(body: &Map<String, Value>) -> Result<String, NotUnderstood> {
    let arn = body.get("ResourceArn").and_then(Value::as_str).unwrap_or_default();
    match arn.split_once(":table/") {
        Some((_, table)) if !table.contains('/') => Ok(table.to_owned()),
        _ => Err(NotUnderstood("ResourceArn must be a table's".to_owned())),
    }
}

pub(super) fn table_name(name: &str) -> String {
    name.rsplit_once(":table/").map_or(name, |(_, name)| name).to_owned()
}

/// A key's value as `LeadingKeys` holds it: the text of S and N, the base64 of B. A value of two types is none.
pub(super) fn key_text(value: &Value) -> Option<String> {
    let (kind, text) = only(value)?;
    ["S", "N", "B"].contains(&kind).then_some(text.as_str()?.to_owned())
}

/// The one member of an object that has just one.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let mut members = value.as_object()?.iter();
    let (name, value) = members.next().filter(|_| members.len() == 0)?;
    Some((name, value))
}

struct Reader<'a> {
    schemas: &'a dyn Schemas,
}

impl Reader<'_> {
    fn checks(&self, operation: &str, body: &Map<String, Value>) -> Result<Vec<Check>, NotUnderstood> {
        match operation {
            "GetItem" => self.read("dynamodb:GetItem", body, body.get("Key"), None).map(one),
            "PutItem" => self.write("dynamodb:PutItem", body, body.get("Item"), None).map(one),
            "UpdateItem" => self.write("dynamodb:UpdateItem", body, body.get("Key"), None).map(one),
            "DeleteItem" => self.write("dynamodb:DeleteItem", body, body.get("Key"), None).map(one),
            "Query" => self.query(body).map(one),
            "Scan" => scan(body).map(one),
            "BatchGetItem" => self.batch_get(body),
            "BatchWriteItem" => self.batch_write(body),
            "TransactGetItems" => self.transact(body, "TransactGetItems"),
            "TransactWriteItems" => self.transact(body, "TransactWriteItems"),
            "ExecuteStatement" => self.statement(body).map(one),
            "DescribeTable" => Ok(one(plain("dynamodb:DescribeTable", table(body)?))),
            "ListTables" => Ok(one(plain("dynamodb:ListTables", EVERYTHING.to_owned()))),
            "CreateTable" => Ok(one(plain("dynamodb:CreateTable", table(body)?))),
            "DeleteTable" => Ok(one(plain("dynamodb:DeleteTable", table(body)?))),
            "UpdateTimeToLive" => Ok(one(plain("dynamodb:UpdateTimeToLive", table(body)?))),
            "DescribeTimeToLive" => Ok(one(plain("dynamodb:DescribeTimeToLive", table(body)?))),
            "GetResourcePolicy" => Ok(one(plain("dynamodb:GetResourcePolicy", resource(body)?))),
            other => Err(NotUnderstood(format!("the embedded AWS does not serve {other}"))),
        }
    }

    /// GetItem, and the members of BatchGetItem and TransactGetItems.
    fn read(
        &self,
        action: &'static str,
        body: &Map<String, Value>,
        key: Option<&Value>,
        enclosing: Option<&str>,
    ) -> Result<Check, NotUnderstood> {
        let table = table(body)?;
        let leading_keys = self.partition_keys(&table, key)?;
        let mut context = Context::default();
        context.set_all("dynamodb:LeadingKeys", leading_keys.clone());
        projection(body, names_of_members(key), &mut context);
        enclose(enclosing, &mut context);
        Ok(Check { action, table, index: None, context, leading_keys })
    }

    /// PutItem, UpdateItem, DeleteItem, ConditionCheck.
    fn write(
        &self,
        action: &'static str,
        body: &Map<String, Value>,
        item: Option<&Value>,
        enclosing: Option<&str>,
    ) -> Result<Check, NotUnderstood> {
        let table = table(body)?;
        let leading_keys = self.partition_keys(&table, item)?;
        let mut context = Context::default();
        context.set_all("dynamodb:LeadingKeys", leading_keys.clone());
        let mut attributes = names_of_members(item);
        for expression in ["UpdateExpression", "ConditionExpression"] {
            attributes.extend(named(body, expression));
        }
        context.set_all("dynamodb:Attributes", attributes.into_iter().collect());
        if let Some(returned) = body.get("ReturnValues").and_then(Value::as_str) {
            context.set("dynamodb:ReturnValues", returned);
        }
        enclose(enclosing, &mut context);
        Ok(Check { action, table, index: None, context, leading_keys })
    }

    fn query(&self, body: &Map<String, Value>) -> Result<Check, NotUnderstood> {
        let table = table(body)?;
        let index = body.get("IndexName").and_then(Value::as_str).map(str::to_owned);
        let condition = body.get("KeyConditionExpression").and_then(Value::as_str).unwrap_or_default();
        let mut context = Context::default();
        let schema = self.schemas.of(&table);
        let partition_key = schema.as_ref().and_then(|schema| schema.partition_key(index.as_deref()));
        let names = body.get("ExpressionAttributeNames").and_then(Value::as_object);
        let placeholders =
            partition_key.map(|key| expression::equalities(condition, key, names)).unwrap_or_default();
        let value = |name: &str| body.get("ExpressionAttributeValues")?.get(name).and_then(key_text);
        let leading_keys: Vec<_> = placeholders.into_iter().filter_map(value).collect();
        context.set_all("dynamodb:LeadingKeys", leading_keys.clone());
        let mut attributes = named(body, "KeyConditionExpression");
        attributes.extend(named(body, "FilterExpression"));
        projection(body, attributes, &mut context);
        Ok(Check { action: "dynamodb:Query", table, index, context, leading_keys })
    }

    fn batch_get(&self, body: &Map<String, Value>) -> Result<Vec<Check>, NotUnderstood> {
        self.per_table(body, "dynamodb:BatchGetItem", |reader, table, request| {
            let keys = request.get("Keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let mut attributes = BTreeSet::new();
            let mut leading_keys = Vec::new();
            for key in keys {
                attributes.extend(names_of_members(Some(key)));
                leading_keys.extend(reader.partition_keys(table, Some(key))?);
            }
            let mut context = Context::default();
            context.set_all("dynamodb:LeadingKeys", leading_keys.clone());
            if let Some(request) = request.as_object() {
                refuse_unseen(request)?;
                projection(request, attributes, &mut context);
            }
            Ok((context, leading_keys))
        })
    }

    fn batch_write(&self, body: &Map<String, Value>) -> Result<Vec<Check>, NotUnderstood> {
        self.per_table(body, "dynamodb:BatchWriteItem", |reader, table, requests| {
            let requests = requests.as_array().map(Vec::as_slice).unwrap_or_default();
            let mut attributes = BTreeSet::new();
            let mut leading_keys = Vec::new();
            for request in requests {
                let item = match only(request) {
                    Some(("PutRequest", put)) => put.get("Item"),
                    Some(("DeleteRequest", delete)) => delete.get("Key"),
                    _ => {
                        let rule = "a member of RequestItems must be one PutRequest or one DeleteRequest";
                        return Err(NotUnderstood(rule.to_owned()));
                    }
                };
                attributes.extend(names_of_members(item));
                leading_keys.extend(reader.partition_keys(table, item)?);
            }
            let mut context = Context::default();
            context.set_all("dynamodb:LeadingKeys", leading_keys.clone());
            context.set_all("dynamodb:Attributes", attributes.into_iter().collect());
            Ok((context, leading_keys))
        })
    }

    fn per_table(
        &self,
        body: &Map<String, Value>,
        action: &'static str,
        read: impl Fn(&Self, &str, &Value) -> Result<(Context, Vec<String>), NotUnderstood>,
    ) -> Result<Vec<Check>, NotUnderstood> {
        let tables = body.get("RequestItems").and_then(Value::as_object);
        let tables = tables.ok_or_else(|| NotUnderstood("RequestItems is missing".to_owned()))?;
        let check = |(name, request): (&String, &Value)| {
            let table = table_name(name);
            let (context, leading_keys) = read(self, &table, request)?;
            Ok(Check { action, table, index: None, context, leading_keys })
        };
        tables.iter().map(check).collect()
    }

    /// The members of a transaction, each judged as the plain operation with `dynamodb:EnclosingOperation` set.
    fn transact(&self, body: &Map<String, Value>, enclosing: &str) -> Result<Vec<Check>, NotUnderstood> {
        let members = body.get("TransactItems").and_then(Value::as_array);
        let members = members.ok_or_else(|| NotUnderstood("TransactItems is missing".to_owned()))?;
        let check = |member: &Value| {
            let (kind, body) =
                only(member).and_then(|(kind, body)| Some((kind, body.as_object()?))).ok_or_else(|| {
                    NotUnderstood("a member of TransactItems must be an object with one member".to_owned())
                })?;
            refuse_unseen(body)?;
            let (key, item) = (body.get("Key"), body.get("Item"));
            match (enclosing, kind) {
                ("TransactGetItems", "Get") => self.read("dynamodb:GetItem", body, key, Some(enclosing)),
                ("TransactWriteItems", "Put") => self.write("dynamodb:PutItem", body, item, Some(enclosing)),
                ("TransactWriteItems", "Update") => {
                    self.write("dynamodb:UpdateItem", body, key, Some(enclosing))
                }
                ("TransactWriteItems", "Delete") => {
                    self.write("dynamodb:DeleteItem", body, key, Some(enclosing))
                }
                ("TransactWriteItems", "ConditionCheck") => {
                    self.write("dynamodb:ConditionCheckItem", body, key, Some(enclosing))
                }
                (_, other) => Err(NotUnderstood(format!("`{other}` is no member of {enclosing}"))),
            }
        };
        members.iter().map(check).collect()
    }

    /// PartiQL. A SELECT in which no key is certain has none, and scans: "it can result in a full table scan if an
    /// equality or IN condition with a partition key is not provided" (*PartiQL select statements for DynamoDB*). `IN`
    /// counts as a scan here, which is the stricter of the two. A write must name its item, as AWS wants it to.
    fn statement(&self, body: &Map<String, Value>) -> Result<Check, NotUnderstood> {
        let text = body.get("Statement").and_then(Value::as_str).unwrap_or_default();
        let statement = super::partiql::read(text)
            .ok_or_else(|| NotUnderstood("the statement is not understood".to_owned()))?;
        let partition_key = self
            .schemas
            .of(&statement.table)
            .and_then(|schema| schema.partition_key(statement.index.as_deref()).map(str::to_owned));
        let parameters =
            body.get("Parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let leading_keys =
            partition_key.as_ref().map(|key| statement.keys(key, parameters)).unwrap_or_default();
        let mut context = Context::default();
        context.set_all("dynamodb:LeadingKeys", leading_keys.clone());
        context.set_all("dynamodb:Attributes", statement.attributes.into_iter().collect());
        match statement.projects {
            Some(projects) => {
                context.set("dynamodb:Select", selected(projects, statement.index.is_some()));
                context.set("dynamodb:FullTableScan", leading_keys.is_empty().to_string());
            }
            None if partition_key.is_some() && leading_keys.is_empty() => {
                return Err(NotUnderstood("the statement does not say which item it writes".to_owned()));
            }
            None => {}
        }
        if let Some(returned) = statement.returning {
            context.set("dynamodb:ReturnValues", returned);
        }
        Ok(Check {
            action: statement.action,
            table: statement.table,
            index: statement.index,
            context,
            leading_keys,
        })
    }

    /// The partition key within a key or an item. A table that does not exist has no keys to name: policies that
    /// ask for them deny, and a caller who may pass learns from the engine that there is no table.
    fn partition_keys(&self, table: &str, item: Option<&Value>) -> Result<Vec<String>, NotUnderstood> {
        let Some(schema) = self.schemas.of(table) else {
            return Ok(Vec::new());
        };
        let Some(attribute) = schema.partition_key(None) else {
            return Ok(Vec::new());
        };
        let value = item.and_then(|item| item.get(attribute)).and_then(key_text);
        let missing = || NotUnderstood("The provided key element does not match the schema".to_owned());
        value.map(|value| vec![value]).ok_or_else(missing)
    }
}

/// "Scan returns all items regardless of the leading keys": there are none to check.
fn scan(body: &Map<String, Value>) -> Result<Check, NotUnderstood> {
    let index = body.get("IndexName").and_then(Value::as_str).map(str::to_owned);
    let mut context = Context::default();
    projection(body, named(body, "FilterExpression"), &mut context);
    Ok(Check { action: "dynamodb:Scan", table: table(body)?, index, context, leading_keys: Vec::new() })
}

fn names_of_members(item: Option<&Value>) -> BTreeSet<String> {
    item.and_then(Value::as_object).map(|item| item.keys().cloned().collect()).unwrap_or_default()
}

fn named(body: &Map<String, Value>, expression: &str) -> BTreeSet<String> {
    let names = body.get("ExpressionAttributeNames").and_then(Value::as_object);
    let text = body.get(expression).and_then(Value::as_str);
    text.map(|text| expression::attributes(text, names)).unwrap_or_default()
}

/// `dynamodb:Attributes` and `dynamodb:Select` of a read. Where no `Select` is sent, a projection means
/// `SPECIFIC_ATTRIBUTES` and its absence `ALL_ATTRIBUTES` (on an index, `ALL_PROJECTED_ATTRIBUTES`), as *Query* has it.
fn projection(body: &Map<String, Value>, mut attributes: BTreeSet<String>, context: &mut Context) {
    attributes.extend(named(body, "ProjectionExpression"));
    context.set_all("dynamodb:Attributes", attributes.into_iter().collect());
    let sent = body.get("Select").and_then(Value::as_str);
    let implied = selected(body.contains_key("ProjectionExpression"), body.contains_key("IndexName"));
    context.set("dynamodb:Select", sent.unwrap_or(implied));
}

fn selected(projects: bool, index: bool) -> &'static str {
    match (projects, index) {
        (true, _) => "SPECIFIC_ATTRIBUTES",
        (false, false) => "ALL_ATTRIBUTES",
        (false, true) => "ALL_PROJECTED_ATTRIBUTES",
    }
}

fn enclose(enclosing: Option<&str>, context: &mut Context) {
    if let Some(enclosing) = enclosing {
        context.set("dynamodb:EnclosingOperation", enclosing);
    }
}
