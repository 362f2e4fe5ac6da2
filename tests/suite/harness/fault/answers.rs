//! What the proxy answers in AWS's place, in the words of DynamoDB and STS.

use http::StatusCode;
use serde_json::{Value, json};

use super::Call;

/// An answer: a status, a content type and a body.
pub(super) type Made = (StatusCode, &'static str, String);

const JSON: &str = "application/x-amz-json-1.0";

/// An error of the service that was called.
pub(super) fn error(call: &Call, status: u16, code: &str) -> Made {
    let status_code = StatusCode::from_u16(status).unwrap();
    if call.operation == "STS" {
        let who = if status < 500 { "Sender" } else { "Receiver" };
        let body = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{who}</Type>\
             <Code>{code}</Code><Message>no</Message></Error><RequestId>fault</RequestId></ErrorResponse>"
        );
        return (status_code, "text/xml", body);
    }
    let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no" });
    (status_code, JSON, body.to_string())
}

/// One call too many.
pub(super) fn throttled(call: &Call) -> Made {
    let code = if call.operation == "STS" { "Throttling" } else { "ProvisionedThroughputExceededException" };
    error(call, 400, code)
}

/// A service that fails.
pub(super) fn failing(call: &Call, status: u16) -> Made {
    let code = match (call.operation.as_str(), status) {
        (_, 503) => "ServiceUnavailable",
        ("STS", _) => "InternalFailure",
        _ => "InternalServerError",
    };
    error(call, status, code)
}

/// A batch of which nothing is done.
pub(super) fn unprocessed(call: &Call) -> Made {
    let items = &call.request["RequestItems"];
    let body = match call.operation.as_str() {
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": items }),
        _ => json!({ "UnprocessedItems": items }),
    };
    (StatusCode::OK, JSON, body.to_string())
}

/// A page with nothing on it, and more behind it: where the next one begins is the mark.
pub(super) fn empty_page(call: &Call, mark: &str) -> Made {
    let key = call.keys.first().cloned().unwrap_or_default();
    let last = json!({ "pk": { "S": key }, "sk": { "S": mark } });
    let body = json!({ "Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": last });
    (StatusCode::OK, JSON, body.to_string())
}

/// The mark that a page begins with, if it is one of ours.
pub(super) fn mark(call: &Call) -> Option<&str> {
    call.request["ExclusiveStartKey"]["sk"]["S"].as_str()
}

/// What a test answers.
pub(super) fn plain(status: u16, body: &Value) -> Made {
    (StatusCode::from_u16(status).unwrap(), JSON, body.to_string())
}
