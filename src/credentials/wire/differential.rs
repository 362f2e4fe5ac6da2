//! The same calls both ways, against the same answers: what is sent, how often, and what comes of it must be the same.
//!
//! The answers come from a server that says what a test tells it to, to the byte: valid ones, errors, garbage, and
//! connections that end. One thing may differ: our own way may refuse bytes that the SDK makes something of, such as a member twice. What
//! it takes of what is read, the SDK takes, and as the same.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure, Select,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::super::assumption::Assumption;
use super::super::call::{Call, Item};
use super::super::door::{Ways, With};
use super::*;
use crate::aws::Identity;

/// What the server does with a call.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// These bytes, and then the connection is kept, or not.
    Bytes(Vec<u8>, bool),
    /// Nothing, for ever.
    Silence,
}

impl Answer {
    pub(super) fn new(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let length = body.len().to_string();
        let all = [("content-length", &*length)].into_iter().chain(headers.iter().copied());
        let lines: Vec<_> = all.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {status} Said\r\n{}\r\n", lines.concat());
        Self::Bytes([head.as_bytes(), body].concat(), true)
    }

    fn json(status: u16, body: &Value) -> Self {
        Self::new(status, &[], body.to_string().as_bytes())
    }
}

/// A server, and the gateway's side of it, both ways.
pub(super) struct Bench {
    pub(super) runtime: Runtime,
    script: Arc<Mutex<Vec<Answer>>>,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
    pub(super) sides: [Side; 2],
}

pub(super) struct Side {
    aws: Aws,
    config: Config,
    exchange: Exchange,
    assumption: Assumption,
}

pub(super) fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (script, seen) = (Arc::default(), Arc::default());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(serve(listener, Arc::clone(&script), Arc::clone(&seen)));
        let sides = [Wire::Own, Wire::Sdk].map(|wire| Side::new(wire, &address));
        Bench { runtime, script, seen, sides }
    })
}

impl Bench {
    /// What is answered from now on, call by call; the last one to all that come after.
    pub(super) fn say(&self, script: Vec<Answer>) {
        *self.script.lock().unwrap() = script;
    }
}

impl Side {
    /// Lends what a way is made and used with.
    pub(super) fn with<T>(&self, work: impl FnOnce(With<'_>) -> T) -> T {
        let Self { aws, config, exchange, assumption } = self;
        let (budget, metrics) = (Arc::new(RetryBudget::new(config.retry_budget)), Metrics::default());
        work(With { aws, config, exchange, metrics: &metrics, assumption, budget: &budget })
    }

    fn new(wire: Wire, address: &str) -> Self {
        let config = Config {
            wire,
            attempt_timeout: Duration::from_millis(400),
            call_timeout: Duration::from_secs(20),
            retry_budget: 1_000_000,
            ..Config::default()
        };
        let of_aws = crate::aws::Config {
            dynamodb_endpoint: Some(address.to_owned()),
            sts_endpoint: Some(address.to_owned()),
            iam_endpoint: Some(address.to_owned()),
            ..crate::aws::Config::default()
        };
        let identity = Identity {
            access_key_id: "AKID".into(),
            secret_access_key: "secret".into(),
            session_token: "token".into(),
        };
        let region: Region = "eu-central-1".parse().unwrap();
        let aws = Aws::with_identity(of_aws, identity, region.clone(), Clock::system());
        let exchange = Exchange::new(&aws, &config, Entropy::system());
        let assumption = Assumption::of_acme(region);
        Self { aws, config, exchange, assumption }
    }
}

#[expect(clippy::disallowed_methods, reason = "a connection lives on beside the others")]
async fn serve(
    listener: TcpListener,
    script: Arc<Mutex<Vec<Answer>>>,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
        tokio::spawn(async move {
            // A caller that goes away ends it.
            let _gone = converse(stream, &script, &seen).await;
        });
    }
}

async fn converse(
    mut stream: TcpStream,
    script: &Mutex<Vec<Answer>>,
    seen: &Mutex<Vec<(String, Value)>>,
) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(at) = read.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8(read[..head].to_vec()).unwrap().to_lowercase();
        let header = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_default().to_owned()
        };
        assert!(header("authorization").starts_with("aws4-hmac-sha256 credential=akid/"), "{text}");
        assert!(
            header("content-type") == CONTENT_TYPE && header("x-amz-security-token").starts_with('t'),
            "{text}"
        );
        let length: usize = header("content-length").parse().unwrap();
        while read.len() < head + length {
            stream.read_buf(&mut read).await?;
        }
        let body = serde_json::from_slice(&read[head..head + length]).unwrap();
        read.drain(..head + length);
        let answer = {
            let mut seen = seen.lock().unwrap();
            seen.push((header("x-amz-target"), body));
            let script = script.lock().unwrap();
            script.get(seen.len() - 1).or(script.last()).cloned()
        };
        match answer {
            Some(Answer::Bytes(bytes, is_kept)) => {
                stream.write_all(&bytes).await?;
                if !is_kept {
                    return Ok(());
                }
            }
            Some(Answer::Silence) | None => std::future::pending().await,
        }
    }
}

/// What became of a call: its result, and what was sent.
type Became<T> = (Result<T, CallError>, Vec<(String, Value)>);

/// Sends a call both ways.
fn both<C: Call>(script: &[Answer], call: &C) -> [Became<C::Output>; 2] {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let bench = bench();
    bench.say(script.to_vec());
    bench.sides.each_ref().map(|side| {
        bench.seen.lock().unwrap().clear();
        let result = side.with(|with| {
            let ways =
                Ways::new(with, Credentials::new("AKID", "secret", Some("token".into()), None, "test"));
            assert_eq!(matches!(ways, Ways::Both { .. }), side.config.wire == Wire::Own);
            bench.runtime.block_on(call.clone().send(ways.door(with)))
        });
        let mut seen = std::mem::take(&mut *bench.seen.lock().unwrap());
        for (_, body) in &mut seen {
            body.sort_all_objects();
        }
        (result, seen)
    })
}

/// What is told of an error, but for the words of a library about a connection.
fn told(error: &CallError) -> String {
    let text = format!("{error:?}");
    text.split_once("could not be sent").map_or(text.clone(), |(before, _)| before.to_owned())
}

fn are_same_errors(own: &CallError, sdk: &CallError) -> bool {
    match (own, sdk) {
        (CallError::ConditionFailed(own), CallError::ConditionFailed(sdk)) => own == sdk,
        _ => told(own) == told(sdk),
    }
}

/// In what the two ways differ, if they do.
fn difference<C: Call<Output: PartialEq + Debug>>([own, sdk]: &[Became<C::Output>; 2]) -> Option<String> {
    let is_same = match (&own.0, &sdk.0) {
        (Ok(own), Ok(sdk)) => own == sdk,
        (Err(own), Err(sdk)) => are_same_errors(own, sdk),
        _ => false,
    };
    (!is_same || own.1 != sdk.1).then(|| {
        let (own_sent, sdk_sent) = (own.1.len(), sdk.1.len());
        format!("{:?} after {own_sent}, {:?} after {sdk_sent}: {:?}", own.0, sdk.0, own.1)
    })
}

#[track_caller]
fn assert_same<C: Call<Output: PartialEq + Debug>>(script: &[Answer], call: &C) -> Became<C::Output> {
    let both = both(script, call);
    assert_eq!(difference::<C>(&both), None);
    let [own, _] = both;
    own
}

fn key() -> Item {
    HashMap::from([("pk".into(), AttributeValue::S("TENANT#acme#A".into()))])
}

pub(super) fn get() -> GetItemInputBuilder {
    GetItemInputBuilder::default().table_name("main").set_key(Some(key()))
}

fn put() -> PutItemInputBuilder {
    PutItemInputBuilder::default()
        .table_name("main")
        .set_item(Some(key()))
        .condition_expression("attribute_not_exists(#n0)")
        .expression_attribute_names("#n0", "pk")
        .return_values(ReturnValue::AllOld)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
}

/// DynamoDB's JSON of a value, written by other hands than the ones that are tested.
fn as_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(text) => json!({ "N": text }),
        AttributeValue::B(blob) => json!({ "B": STANDARD.encode(blob) }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::Null(value) => json!({ "NULL": value }),
        AttributeValue::Ss(values) => json!({ "SS": values }),
        AttributeValue::Ns(values) => json!({ "NS": values }),
        AttributeValue::Bs(values) => {
            json!({ "BS": values.iter().map(|it| STANDARD.encode(it)).collect::<Vec<_>>() })
        }
        AttributeValue::L(values) => json!({ "L": values.iter().map(as_json).collect::<Vec<_>>() }),
        AttributeValue::M(values) => json!({ "M": item_as_json(values) }),
        other => panic!("{other:?}"),
    }
}

fn item_as_json(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), as_json(value))).collect::<serde_json::Map<_, _>>().into()
}

fn value() -> impl Strategy<Value = AttributeValue> {
    let binary =
        || prop::collection::vec(any::<u8>(), 0..12).prop_map(aws_sdk_dynamodb::primitives::Blob::new);
    let number = || "-?[0-9]{1,40}(\\.[0-9]{1,9})?(E-?[0-9]{1,3})?";
    let leaf = prop_oneof![
        any::<String>().prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        binary().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<bool>().prop_map(AttributeValue::Null),
        prop::collection::vec(any::<String>(), 0..4).prop_map(AttributeValue::Ss),
        prop::collection::vec(number(), 0..4).prop_map(AttributeValue::Ns),
        prop::collection::vec(binary(), 0..4).prop_map(AttributeValue::Bs),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

fn item() -> impl Strategy<Value = Item> {
    prop::collection::hash_map(any::<String>(), value(), 0..6)
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn items_go_and_come_as_they_go_and_come_by_the_sdk(item in item(), other in item(), limit in 1..i32::MAX) {
        let capacity = json!({ "TableName": "main", "CapacityUnits": 0.5 });
        let one = json!({ "Item": item_as_json(&item), "ConsumedCapacity": capacity });
        let (got, _) = assert_same(&[Answer::json(200, &one)], &get().set_key(Some(other.clone())));
        prop_assert_eq!(got.unwrap().item, Some(item.clone().into()));

        let (key, items) = (item_as_json(&other), [&item, &other].map(item_as_json));
        let page = json!({
            "Items": items, "Count": 2, "ScannedCount": limit, "LastEvaluatedKey": key, "ConsumedCapacity": capacity
        });
        let query = QueryInputBuilder::default()
            .table_name("main")
            .index_name("gsi1")
            .select(Select::Count)
            .limit(limit)
            .consistent_read(false)
            .scan_index_forward(true)
            .key_condition_expression("#k = :k")
            .filter_expression("#f = :f")
            .projection_expression("#k, #f")
            .expression_attribute_names("#k", "a \"name\"")
            .set_expression_attribute_values(Some(item.clone()))
            .set_exclusive_start_key(Some(other.clone()));
        let (found, _) = assert_same(&[Answer::json(200, &page)], &query);
        prop_assert_eq!(found.unwrap().items, vec![item.clone().into(), other.clone().into()]);

        let old = json!({ "Attributes": item_as_json(&item), "ConsumedCapacity": capacity });
        assert_same(&[Answer::json(200, &old)], &put().set_item(Some(item.clone()))).0.unwrap();
        let update = UpdateItemInputBuilder::default()
            .table_name("main")
            .set_key(Some(other.clone()))
            .update_expression("SET #a = :a")
            .condition_expression("#a = :b")
            .set_expression_attribute_values(Some(item.clone()))
            .return_values(ReturnValue::AllNew);
        assert_same(&[Answer::json(200, &old)], &update).0.unwrap();
        let delete = DeleteItemInputBuilder::default().table_name("main").set_key(Some(other.clone()));
        assert_same(&[Answer::json(200, &old)], &delete).0.unwrap();

        let failed = json!({ "__type": "x#ConditionalCheckFailedException", "message": "no", "Item": item_as_json(&item) });
        let (failed, _) = assert_same(&[Answer::json(400, &failed)], &put());
        prop_assert!(matches!(failed, Err(CallError::ConditionFailed(Some(found))) if found == item));

        let left = json!({ "Keys": [item_as_json(&other)], "ConsistentRead": true, "ProjectionExpression": "#a",
            "ExpressionAttributeNames": { "#a": "a" } });
        let batch = json!({ "Responses": { "main": items }, "UnprocessedKeys": { "main": left },
            "ConsumedCapacity": [capacity] });
        let keys = KeysAndAttributes::builder()
            .keys(item.clone())
            .keys(other.clone())
            .consistent_read(true)
            .projection_expression("#a")
            .expression_attribute_names("#a", "a");
        let call = BatchGetItemInputBuilder::default().request_items("main", keys.build().unwrap());
        assert_same(&[Answer::json(200, &batch)], &call).0.unwrap();
    }

    #[test]
    fn bad_bytes_are_what_they_are_to_the_sdk_or_refused(
        item in item(),
        cut in any::<prop::sample::Index>(),
        put_in in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..4),
            "[\\[\\]{}\",:0-9a-z\\\\u]{0,6}".prop_map(String::into_bytes),
        ],
        skip in 0_usize..4,
        status in prop_oneof![4 => Just(200_u16), 1 => Just(400), 1 => Just(503)],
    ) {
        let whole = json!({ "Item": item_as_json(&item), "__type": "x#SomethingException" }).to_string().into_bytes();
        let cut = cut.index(whole.len());
        let body = [&whole[..cut], &put_in, whole.get(cut + skip..).unwrap_or_default()].concat();
        let [own, sdk] = both(&[Answer::new(status, &[], &body)], &get());
        match (&own.0, &sdk.0) {
            (Ok(own), Ok(sdk)) => prop_assert_eq!(own, sdk),
            (Err(own), Err(sdk)) if status != 200 => {
                let is_unread = own.to_string().contains("could not be read");
                prop_assert!(is_unread || are_same_errors(own, sdk), "{own:?} and {sdk:?}");
            }
            (Err(own), _) => prop_assert!(matches!(own, CallError::Unavailable { .. }), "{own:?}"),
            (Ok(own), Err(sdk)) => prop_assert!(false, "{own:?} where the SDK says {sdk:?}"),
        }
        if own.0.is_err() == sdk.0.is_err() {
            prop_assert_eq!(own.1, sdk.1);
        }
    }
}

#[test]
fn every_refusal_means_the_same_and_is_repeated_as_often() {
    let codes = [
        "AccessDeniedException",
        "ValidationException",
        "SerializationException",
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "ResourceNotFoundException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "RequestTimeout",
        "InternalServerError",
        "ConditionalCheckFailedException",
        "InvalidSignatureException",
    ];
    let mut differ = Vec::new();
    for code in codes {
        for (status, prefix) in
            [(400, ""), (400, "com.amazon.coral.service#"), (500, ""), (503, "a#"), (413, "")]
        {
            let message = "Item size has exceeded the maximum allowed size: 5";
            let body = json!({ "__type": format!("{prefix}{code}"), "Message": message }).to_string();
            let script = [Answer::new(status, &[("x-amzn-requestid", "R1")], body.as_bytes())];
            let found = difference::<GetItemInputBuilder>(&both(&script, &get()));
            differ.extend(found.or_else(|| difference::<PutItemInputBuilder>(&both(&script, &put()))));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    // Once in trouble, and then well.
    let well = Answer::json(200, &json!({}));
    let throttled = json!({ "__type": "ThrottlingException", "message": "slow" });
    let (result, sent) = assert_same(&[Answer::json(400, &throttled), well.clone()], &put());
    assert!(result.is_ok() && sent.len() == 2);
    for code in ["TransactionConflictException", "ReplicatedWriteConflictException"] {
        let met = Answer::json(400, &json!({ "__type": code, "message": "others are at it" }));
        let (result, sent) = assert_same(&[met.clone(), met.clone(), well.clone()], &put());
        assert!(result.is_ok() && sent.len() == 3, "{code}: {result:?}");
        let (result, sent) = assert_same(&[met.clone(), met.clone(), met.clone(), well.clone()], &put());
        assert!(matches!(result, Err(CallError::Throttled(_))) && sent.len() == 3, "{code}: {result:?}");
    }
    let full = json!({ "__type": "ItemCollectionSizeLimitExceededException", "message": "10 GB" });
    let (result, sent) = assert_same(&[Answer::json(400, &full), well.clone()], &put());
    assert!(matches!(result, Err(CallError::TooLarge(_))) && sent.len() == 1, "{result:?}");
    assert_eq!(assert_same(&[Answer::json(500, &json!({})), well], &put()).1.len(), 1);
}

/// Odd answers, with something odd in a member that is read.
fn odd(member: &str) -> Vec<Answer> {
    let item =
        |value: &[u8]| Answer::new(200, &[], &[b"{\"", member.as_bytes(), b"\": ", value, b"}"].concat());
    let kept = |text: &str| Answer::Bytes(text.as_bytes().to_vec(), true);
    let ended = |text: &str| Answer::Bytes(text.as_bytes().to_vec(), false);
    let of_header = [("x-amzn-errortype", "AccessDeniedException:http://internal")];
    let deep = |depth: usize| {
        let (open, close) = (r#"{"L":["#.repeat(depth), "]}".repeat(depth));
        item(format!(r#"{{"a":{open}{{"S":"x"}}{close}}}"#).as_bytes())
    };
    vec![
        item(b"{\"a\": {\"S\": \"\xff\"}}"),
        item(br#"{"a": {"S": "\ud800"}}"#),
        item(br#"{"a": null}"#),
        item(br#"{"a": {"S": 5}}"#),
        item(br#"{"a": {"S": null}}"#),
        item(br#"{"a": {"S": null, "N": "1"}}"#),
        item(br#"{"a": {"S": "a", "N": "1"}}"#),
        item(br#"{"a": {"__type": "x", "N": "1"}}"#),
        item(br#"{"a": {"B": "not base 64!"}}"#),
        item(br#"{"a": {"SS": ["a", null]}}"#),
        item(br#"{"a": {"N": "1234567890123456789012345678901234567890"}}"#),
        item(br#"null, "ConsumedCapacity": null, "Another": [1, {"a": 2.5e3}]"#),
        item(b"5"),
        item(b"[]"),
        deep(30),
        deep(1_000),
        Answer::new(200, &[], b""),
        Answer::new(200, &[], b"[]"),
        Answer::new(200, &[], b"null"),
        Answer::new(200, &[], b"{} {}"),
        Answer::new(204, &[], b""),
        Answer::new(302, &[("location", "http://127.0.0.1:1/")], b""),
        Answer::new(400, &[], b""),
        Answer::new(400, &of_header, b""),
        Answer::new(400, &of_header, b"{\"message\": \"no\"}"),
        Answer::new(400, &of_header, b"<html>"),
        Answer::new(400, &[], br#"{"__type": 5, "code": "AccessDeniedException", "errorMessage": "no"}"#),
        Answer::new(404, &[], b"[1]"),
        Answer::new(502, &[], b"<html>bad gateway</html>"),
        kept("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        // Connections that end, before an answer, in its head and in its body; and what is no HTTP at all.
        ended(""),
        ended("HTTP/1.1 200 OK\r\ncontent-le"),
        ended("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"Item\""),
        ended("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ended("HTTP/1.1 200 OK\r\n\r\n{}"),
        Answer::Silence,
    ]
}

#[test]
fn odd_answers_mean_the_same() {
    let of_get =
        odd("Item").into_iter().map(|answer| difference::<GetItemInputBuilder>(&both(&[answer], &get())));
    let of_put = odd("Attributes")
        .into_iter()
        .map(|answer| difference::<PutItemInputBuilder>(&both(&[answer], &put())));
    let differ: Vec<_> = of_get.chain(of_put).flatten().collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn what_no_call_holds_is_refused_and_not_dropped() {
    let call = get().attributes_to_get("a");
    let [own, _] = both(&[Answer::json(200, &json!({}))], &call);
    assert!(matches!(own.0, Err(CallError::Refused(_))), "{:?}", own.0);
    assert!(own.1.is_empty());
}

#[test]
fn an_answer_with_another_checksum_or_too_many_bytes_is_none() {
    let right = crc32fast::hash(b"{}").to_string();
    let answers = |sum: &str, body: &[u8]| both(&[Answer::new(200, &[("x-amz-crc32", sum)], body)], &get());
    assert!(answers(&right, b"{}")[0].0.is_ok());
    let ours = |answered: &[Became<_>; 2]| matches!(&answered[0].0, Err(CallError::Unavailable { .. }));
    assert!(ours(&answers("1", b"{}")));
    let long = format!("{{\"Another\":\"{}\"}}", "x".repeat(MOST));
    assert!(ours(&both(&[Answer::new(200, &[], long.as_bytes())], &get())));
    let item = json!({ "Item": { "a": { "S": "x".repeat(10_000_000) } } });
    assert_same(&[Answer::json(200, &item)], &get()).0.unwrap();
}

#[test]
fn a_clock_that_is_off_is_corrected_by_the_date_of_a_refusal() {
    let refused = |at: SystemTime| {
        let date =
            aws_smithy_types::DateTime::from(at).fmt(aws_smithy_types::date_time::Format::HttpDate).unwrap();
        let body = json!({ "__type": "InvalidSignatureException", "message": "Signature not yet current" });
        Answer::new(400, &[("date", &date)], body.to_string().as_bytes())
    };
    let well = Answer::json(200, &json!({}));
    let ahead = Clock::system().now() + Duration::from_hours(2);
    let (result, sent) = assert_same(&[refused(ahead), well.clone()], &get());
    assert!(result.is_ok() && sent.len() == 2);
    // It was not the clock's fault, or nobody knows what the time was.
    assert_eq!(assert_same(&[refused(Clock::system().now()), well.clone()], &get()).1.len(), 1);
    assert_eq!(assert_same(&[refused(UNIX_EPOCH), well], &put()).1.len(), 1);
}
