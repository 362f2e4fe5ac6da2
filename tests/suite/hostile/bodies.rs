//! Hostile requests around a document: bodies, media types, query strings.

use serde_json::{Value, json};

use super::{Case, Expected, Sent};

const JSON: &str = "application/json";

pub(super) fn corpus() -> Vec<Case> {
    let body = |name, status, text: String| Case {
        name,
        sent: Sent::Body(JSON, text.into_bytes()),
        expected: Expected::Refused(status),
    };
    let typed = |name, content_type, text: &str| Case {
        name,
        sent: Sent::Body(content_type, text.as_bytes().to_vec()),
        expected: Expected::Refused(415),
    };
    let query = |name, status, text: String| Case {
        name,
        sent: Sent::Query(text),
        expected: Expected::Refused(status),
    };
    let document = "{\"query\":\"{ __typename }\"";
    let numbers = |count: usize| (0..count).map(|at| format!("{at},")).collect::<String>();
    vec![
        body("an array of documents", 400, json!([{ "query": "{ __typename }" }]).to_string()),
        body(
            "ten thousand documents in an array",
            400,
            format!("[{}]", vec![format!("{document}}}"); 9_000].join(",")),
        ),
        body(
            "a body of more than 256 KiB",
            413,
            format!("{document},\"x\":\"{}\"}}", "x".repeat(256 * 1024)),
        ),
        body(
            "a hundred thousand brackets in JSON",
            400,
            format!("{document},\"variables\":{{\"v\":{}", "[".repeat(100_000)),
        ),
        body(
            "closed brackets in JSON, as deep",
            400,
            format!("{document},\"variables\":{{\"v\":{}{}}}}}", "[".repeat(60_000), "]".repeat(60_000)),
        ),
        body(
            "objects in JSON, as deep",
            400,
            format!(
                "{document},\"variables\":{{\"v\":{}1{}}}}}",
                "{\"a\":".repeat(30_000),
                "}".repeat(30_000)
            ),
        ),
        body("two documents under one name", 400, format!("{document},\"query\":\"{{ b }}\"}}")),
        body("a document that is no text", 400, format!("{{\"query\":[{}0]}}", numbers(20_000))),
        body("no document", 400, "{\"variables\":{}}".to_owned()),
        body("variables that are a list", 400, format!("{document},\"variables\":[1]}}")),
        body(
            "a persisted query",
            400,
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "x" } } }).to_string(),
        ),
        body(
            "a number of a hundred thousand digits",
            400,
            format!("{document},\"variables\":{{\"v\":{}}}}}", "9".repeat(100_000)),
        ),
        body("a number of a huge exponent", 400, format!("{document},\"variables\":{{\"v\":1e999999999}}}}")),
        body("half a surrogate", 400, format!("{document},\"variables\":{{\"v\":\"\\ud800\"}}}}")),
        body("no UTF-8", 400, "\u{0}\u{1}".to_owned()),
        body(
            "an operation of a name as long as the body",
            400,
            format!("{document},\"operationName\":\"{}\"}}", "x".repeat(200_000)),
        ),
        typed("plain text", "text/plain", "{\"query\":\"{ __typename }\"}"),
        typed("a form", "application/x-www-form-urlencoded", "query={__typename}"),
        typed(
            "a form with files",
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{ __typename }\"}\r\n--x--",
        ),
        query("a mutation by GET", 405, "query=mutation{deleteProduct(sku:1){sku}}".to_owned()),
        query("two documents in a query string", 400, "query={__typename}&query={b}".to_owned()),
        query("ten thousand parameters", 400, format!("query={{__typename}}{}", "&x=1".repeat(2_000))),
        Case {
            name: "a body of variables that nobody defines",
            sent: Sent::Document(
                "{ __typename }".to_owned(),
                Value::Object((0..10_000).map(|at| (format!("v{at}"), json!(at))).collect()),
            ),
            expected: Expected::Answered(0),
        },
    ]
}
