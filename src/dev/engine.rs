//! The engine behind the front: where items really are.
//!
//! It is trusted by nobody and trusts everybody: what reaches it has passed the front. One namespace is one account
//! in one Region, as on AWS, so that a role of another account meets other tables.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::reply::Reply;
use crate::fetch::{Bounds, Fetch};
use crate::id::{AccountId, Region};

/// One account in one Region.
pub(super) type Namespace = (AccountId, Region);

/// The largest answer of an engine: DynamoDB's own limit is 16 MB, in JSON it may be longer.
const ANSWER: Bounds = Bounds { time: Duration::from_secs(30), body: 64 * 1024 * 1024 };

/// Where items are kept.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In memory: gone with the process.
    Memory,
    /// In a file. Other accounts' and Regions' items lie in files beside it.
    File(PathBuf, AccountId, Region),
    /// In another engine that speaks DynamoDB's protocol, such as DynamoDB Local.
    Remote(Uri),
}

/// An engine.
pub(super) struct Engine {
    storage: Storage,
    databases: Mutex<HashMap<Namespace, Database>>,
    fetch: Fetch,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("storage", &self.storage).finish_non_exhaustive()
    }
}

impl Engine {
    pub(super) fn new(storage: Storage) -> Self {
        Self { storage, databases: Mutex::default(), fetch: Fetch::default() }
    }

    /// Opens a namespace, so that a file that cannot be used is found out at the start.
    pub(super) fn open(&self, namespace: &Namespace) -> Result<(), DynoxideError> {
        if matches!(self.storage, Storage::Remote(_)) {
            return Ok(());
        }
        self.database(namespace).map(drop)
    }

    /// Runs an operation.
    pub(super) async fn call(&self, namespace: &Namespace, operation: &str, body: Value) -> Reply {
        if let Storage::Remote(uri) = &self.storage {
            return self.forward(uri, namespace, operation, &body).await;
        }
        let database = match self.database(namespace) {
            Ok(database) => database,
            Err(error) => return failed(&error),
        };
        let operation = operation.to_owned();
        // SQLite blocks; a request of another tenant must not wait for it on this thread.
        let done = tokio::task::spawn_blocking(move || dispatch(&database, &operation, body)).await;
        match done {
            Ok(Ok(body)) => Reply { status: StatusCode::OK, body },
            Ok(Err(error)) => failed(&error),
            Err(panic) => failed(&DynoxideError::InternalServerError(panic.to_string())),
        }
    }

    fn database(&self, namespace: &Namespace) -> Result<Database, DynoxideError> {
        let mut databases = self.databases.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(database) = databases.get(namespace) {
            return Ok(database.clone());
        }
        let database = match &self.storage {
            Storage::Memory | Storage::Remote(_) => Database::memory()?,
            Storage::File(path, account, region) => {
                let mut path = path.clone().into_os_string();
                if (account, region) != (&namespace.0, &namespace.1) {
                    path.push(format!(".{}.{}", namespace.0, namespace.1));
                }
                Database::new(&path.to_string_lossy())?
            }
        };
        databases.insert(namespace.clone(), database.clone());
        Ok(database)
    }

    async fn forward(
        &self,
        uri: &Uri,
        (account, region): &Namespace,
        operation: &str,
        body: &Value,
    ) -> Reply {
        // DynamoDB Local tells databases apart by access key and Region; it wants a signature and checks none.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=account{account}/20000101/{region}/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=00"
        );
        let request = Request::post(uri)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20000101T000000Z")
            .header("authorization", authorization)
            .body(Full::new(Bytes::from(body.to_string())));
        let unreachable = |message: String| {
            Reply {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            body: serde_json::json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": message })
                .to_string(),
        }
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => return unreachable(error.to_string()),
        };
        match self.fetch.send(request, ANSWER).await {
            Ok(answer) => {
                Reply { status: answer.status(), body: String::from_utf8_lossy(answer.body()).into_owned() }
            }
            Err(error) => unreachable(crate::error::Chain(&error).to_string()),
        }
    }
}

fn failed(error: &DynoxideError) -> Reply {
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply { status, body: error.to_json() }
}

/// Reads a request, runs it, writes its answer.
fn run<I: DeserializeOwned, O: Serialize>(
    body: Value,
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_value(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let answer = operation(request)?;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// A transaction reads 4 MB at most, by the sizes of the items as they are stored and whatever of them is asked for
/// (*TransactGetItems*). The engine has no such limit.
fn refuse_large_set(database: &Database, body: &Value) -> Result<(), DynoxideError> {
    const MOST: usize = 4 * 1024 * 1024;
    let mut whole = body.clone();
    let members = whole.get_mut("TransactItems").and_then(Value::as_array_mut);
    for get in members.into_iter().flatten().filter_map(|member| member.get_mut("Get")?.as_object_mut()) {
        get.remove("ProjectionExpression");
        get.remove("ExpressionAttributeNames");
    }
    // What is wrong with a request is said of the request as it came.
    let Ok(request) = serde_json::from_value(whole) else { return Ok(()) };
    let Ok(answer) = database.transact_get_items(request) else { return Ok(()) };
    let items = answer.responses.iter().filter_map(|response| response.item.as_ref());
    if items.map(dynoxide::types::item_size).sum::<usize>() > MOST {
        let message = "The aggregate size of the items in the transaction exceeded 4 MB";
        return Err(DynoxideError::ValidationException(message.to_owned()));
    }
    Ok(())
}

fn dispatch(database: &Database, operation: &str, body: Value) -> Result<String, DynoxideError> {
    match operation {
        "GetItem" => run(body, |request| database.get_item(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => {
            refuse_large_set(database, &body)?;
            run(body, |request| database.transact_get_items(request))
        }
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "ExecuteStatement" => run(body, |request| database.execute_statement(request)),
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "ListTables" => run(body, |request| database.list_tables(request)),
        "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => run(body, |request| database.describe_time_to_live(request)),
        other => Err(DynoxideError::ValidationException(format!("{other} is not served here"))),
    }
}
