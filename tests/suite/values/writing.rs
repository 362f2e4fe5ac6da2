//! What is sent, what is stored, and what is then answered.

use serde_json::{Value, json};

use super::{FIELDS, put, read, selection, stored, world, writes};
use crate::harness::{Reply, World};

/// What becomes of a value that is sent.
#[derive(Debug, Clone)]
enum Becomes {
    /// This is stored, and this answered.
    Stored(Value, Value),
    /// Nothing is stored, and null answered.
    Nothing,
    /// It is refused.
    Refused,
}

use Becomes::{Nothing, Refused, Stored};

/// What is answered as it was sent.
fn same(stored: Value, sent: &Value) -> Becomes {
    Stored(stored, sent.clone())
}

/// Puts a `Thing` with one field, whose value is a variable.
async fn put_variable(world: &World, field: &str, value: &Value) -> Reply {
    let document =
        format!("mutation($input: ThingInput!) {{ putThing(input: $input) {{ {} }} }}", selection(field));
    world.tenant("acme").with(&document, json!({ "input": { "id": "1", field: value } })).await
}

/// Puts a `Thing` with one field, whose value stands in the document.
async fn put_literal(world: &World, field: &str, literal: &str) -> Reply {
    let input = format!("{{id: \"1\", {field}: {literal}}}");
    let document = format!("mutation {{ putThing(input: {input}) {{ {} }} }}", selection(field));
    world.tenant("acme").query(&document).await
}

/// JSON as GraphQL writes it. Words that are enum members stand without quotes.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{name}: {}", literal(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::String(word) if ["RED", "GREEN", "PURPLE"].contains(&word.as_str()) => word.clone(),
        other => other.to_string(),
    }
}

/// Sends a value as a variable and as a literal, and holds what becomes of it.
async fn check(world: &World, field: &str, sent: &Value, becomes: Becomes) {
    for as_literal in [false, true] {
        put(world, "THING", "1", json!({ "string": { "S": "before" } })).await;
        writes(world);
        let reply = if as_literal {
            put_literal(world, field, &literal(sent)).await
        } else {
            put_variable(world, field, sent).await
        };
        let what = format!("{field} from {sent}, {}", if as_literal { "a literal" } else { "a variable" });
        let (expected, answer) = match &becomes {
            Refused => {
                assert_eq!(
                    (reply.code().as_str(), reply.status.as_u16()),
                    ("BAD_REQUEST", 400),
                    "{what}: {}",
                    reply.text
                );
                assert_eq!(writes(world), 0, "{what}");
                assert_eq!(stored(world, "1", "string").await, Some(json!({ "S": "before" })), "{what}");
                continue;
            }
            Stored(stored, answer) => (Some(stored.clone()), answer.clone()),
            Nothing => (None, Value::Null),
        };
        assert_eq!(reply.ok()["putThing"][field], answer, "{what}, as the mutation answers");
        assert_eq!(
            stored(world, "1", field).await.map(sorted),
            expected.map(sorted),
            "{what}, as it is stored"
        );
        assert_eq!(read(world, "1", field).await.ok()["thing"][field], answer, "{what}, as it is read again");
    }
}

/// Sets have no order.
fn sorted(mut stored: Value) -> Value {
    for kind in ["SS", "NS", "BS"] {
        if let Some(Value::Array(members)) = stored.get_mut(kind) {
            members.sort_by_key(ToString::to_string);
        }
    }
    stored
}

async fn check_all(field: &str, cases: impl IntoIterator<Item = (Value, Becomes)>) {
    let world = world().await;
    for (sent, becomes) in cases {
        check(&world, field, &sent, becomes).await;
    }
}

fn number(text: &str) -> Value {
    json!({ "N": text })
}

fn string(text: &str) -> Value {
    json!({ "S": text })
}

#[tokio::test]
async fn a_decimal_is_a_string_of_up_to_38_digits_or_an_exact_whole_number() {
    let digits = "12345678901234567890123456789012345678";
    let as_string = |sent: &str, kept: &str| (json!(sent), Stored(number(kept), json!(kept)));
    let as_number = |sent: i64| (json!(sent), Stored(number(&sent.to_string()), json!(sent.to_string())));
    let refused = [
        json!(9_007_199_254_740_993_i64),
        json!(-9_007_199_254_740_993_i64),
        json!(19.9),
        json!(1e3),
        json!(true),
        json!(["1"]),
        json!(""),
        json!("abc"),
        json!("1,5"),
        json!(" 1"),
        json!("1_000"),
        json!("+1"),
        json!(".5"),
        json!("NaN"),
        json!("Infinity"),
        json!("0x10"),
        json!("1e126"),
        json!("1e-131"),
        json!(format!("{digits}9")),
        json!("١"),
    ];
    let mut cases = vec![
        as_string("19.90", "19.9"),
        as_string("-0.00", "0"),
        as_string("007", "7"),
        as_string("1.5e3", "1500"),
        as_string("-2E-3", "-0.002"),
        as_string(digits, digits),
        as_string("0.12345678901234567890123456789012345678", "0.12345678901234567890123456789012345678"),
        as_number(0),
        as_number(9_007_199_254_740_992),
        as_number(-9_007_199_254_740_992),
    ];
    cases.extend(refused.map(|sent| (sent, Refused)));
    check_all("decimal", cases).await;
}

#[tokio::test]
async fn a_big_int_is_a_whole_number_as_a_string_or_an_exact_one() {
    let digits = "-12345678901234567890123456789012345678";
    let mut cases = vec![
        (json!(digits), Stored(number(digits), json!(digits))),
        (json!("9007199254740993"), Stored(number("9007199254740993"), json!("9007199254740993"))),
        (json!("1e3"), Stored(number("1000"), json!("1000"))),
        (json!("5.0"), Stored(number("5"), json!("5"))),
        (json!(9_007_199_254_740_992_i64), Stored(number("9007199254740992"), json!("9007199254740992"))),
    ];
    let refused =
        [json!(9_007_199_254_740_993_i64), json!("1.5"), json!(1.5), json!(1.0), json!(""), json!(false)];
    cases.extend(refused.map(|sent| (sent, Refused)));
    check_all("bigInt", cases).await;
}

#[tokio::test]
async fn an_int_has_32_bits() {
    let kept = |sent: i64| (json!(sent), same(number(&sent.to_string()), &json!(sent)));
    let mut cases = vec![kept(0), kept(2_147_483_647), kept(-2_147_483_648)];
    let refused = [
        json!(2_147_483_648_i64),
        json!(-2_147_483_649_i64),
        json!(1.0),
        json!(1.5),
        json!(u64::MAX),
        json!("1"),
        json!(true),
    ];
    cases.extend(refused.map(|sent| (sent, Refused)));
    check_all("int", cases).await;
}

#[tokio::test]
async fn a_float_is_kept_as_it_is_written() {
    let kept = |sent: f64, text: &str| (json!(sent), same(number(text), &json!(sent)));
    let mut cases = vec![
        kept(0.1, "0.1"),
        kept(-2.5, "-2.5"),
        kept(1.0, "1"),
        kept(0.1 + 0.2, "0.30000000000000004"),
        kept(1e21, "1000000000000000000000"),
        kept(-2.5e-7, "-0.00000025"),
        (json!(-0.0), Stored(number("0"), json!(0.0))),
        // A whole number is a float too.
        (json!(3), Stored(number("3"), json!(3.0))),
    ];
    let refused = [
        json!(1e126),
        json!(-1e200),
        json!(1e-131),
        json!("0.1"),
        json!("NaN"),
        json!(true),
        json!([0.1, 0.2]),
    ];
    cases.extend(refused.map(|sent| (sent, Refused)));
    check_all("float", cases).await;
    // What JSON has no number for cannot even be written down.
    let world = world().await;
    for word in ["NaN", "Infinity", "-Infinity", "1e400"] {
        assert_eq!(put_literal(&world, "float", word).await.code(), "BAD_REQUEST", "{word}");
    }
    assert_eq!(writes(&world), 0);
}

/// Every float has a shortest text of up to 17 digits, and that text is what is stored.
#[tokio::test]
async fn a_float_of_seventeen_digits_is_kept_to_the_last() {
    let floats = [
        0.013_637_725_088_282_905,
        0.994_474_990_552_063_9,
        92.367_557_315_887_55,
        1e-100,
        6.3e-130,
        9.99e125,
    ];
    check_all("float", floats.map(|sent| (json!(sent), same(number(&plain(sent)), &json!(sent))))).await;
    check_all(
        "json",
        floats.map(|sent| (json!([sent]), same(json!({ "L": [number(&plain(sent))] }), &json!([sent])))),
    )
    .await;
}

/// A float without an exponent, as it is stored.
fn plain(float: f64) -> String {
    innkeeper::schema::Scalar::Decimal.canonical(&float.to_string()).unwrap()
}

#[tokio::test]
async fn a_moment_is_kept_in_utc_to_the_millisecond() {
    let kept = |sent: &str, kept: &str| (json!(sent), Stored(string(kept), json!(kept)));
    let mut cases = vec![
        kept("2026-11-23T17:45:00Z", "2026-11-23T17:45:00.000Z"),
        kept("2026-11-23T17:45:00.5+02:00", "2026-11-23T15:45:00.500Z"),
        kept("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"),
        kept("2026-11-23T17:45:00.123000Z", "2026-11-23T17:45:00.123Z"),
        kept("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        kept("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ];
    let refused = [
        json!("2026-11-23T17:45:00.0001Z"),
        json!("2026-11-23T17:45:00.123456789Z"),
        json!("2026-11-23T17:45:00"),
        json!("2026-11-23 17:45"),
        json!("2026-11-23"),
        json!("2026-02-30T00:00:00Z"),
        json!("2026-11-23T24:00:00Z"),
        json!("2026-11-23T17:45:00+25:00"),
        json!("9999-12-31T23:59:59-01:00"),
        json!("0000-01-01T00:00:00+01:00"),
        json!("2016-12-31T23:59:60Z"),
        json!("now"),
        json!(""),
        json!(1_795_435_200),
    ];
    cases.extend(refused.map(|sent| (sent, Refused)));
    check_all("dateTime", cases).await;
}

#[tokio::test]
async fn a_date_is_a_day_that_there_is() {
    let mut cases: Vec<_> = ["2026-11-23", "2024-02-29", "0001-01-01", "9999-12-31"]
        .map(|day| (json!(day), same(string(day), &json!(day))))
        .into();
    let refused = [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-2-3",
        "26-11-23",
        "2026-11-23T00:00:00Z",
        "",
        "20261123",
    ];
    cases.extend(refused.map(|sent| (json!(sent), Refused)));
    cases.push((json!(20_261_123), Refused));
    check_all("date", cases).await;
}

#[tokio::test]
async fn bytes_are_sent_in_padded_base64() {
    let mut cases: Vec<_> = ["AAH/", "AAE=", "AA==", ""]
        .map(|text| (json!(text), same(json!({ "B": text }), &json!(text))))
        .into();
    cases.extend(
        ["AAE", "AA=", "A", "AA==AA==", "AAH_", "AA E=", "Zh==", "é"].map(|sent| (json!(sent), Refused)),
    );
    cases.push((json!(1), Refused));
    check_all("base64", cases).await;
}

#[tokio::test]
async fn texts_ids_booleans_and_enum_members_are_what_they_are() {
    let long = "x".repeat(3_000);
    let texts = ["", " a ", "é\u{1F600}", "line\nline", "\"quoted\" \\", "null", "#{}$*?", &long];
    check_all("string", texts.map(|text| (json!(text), same(string(text), &json!(text))))).await;
    check_all("string", [json!(1), json!(true), json!(["a"]), json!({ "a": 1 })].map(|sent| (sent, Refused)))
        .await;
    let mut ids = vec![
        (json!("a"), same(string("a"), &json!("a"))),
        (json!(42), Stored(string("42"), json!("42"))),
        (
            json!(-9_223_372_036_854_775_808_i64),
            Stored(string("-9223372036854775808"), json!("-9223372036854775808")),
        ),
    ];
    ids.extend([json!(1.5), json!(true), json!(["a", "b"])].map(|sent| (sent, Refused)));
    check_all("other", ids).await;
    let mut booleans: Vec<_> =
        [true, false].map(|value| (json!(value), same(json!({ "BOOL": value }), &json!(value)))).into();
    booleans.extend([json!("true"), json!(1), json!(0)].map(|sent| (sent, Refused)));
    check_all("boolean", booleans).await;
    let mut members = vec![(json!("RED"), same(string("RED"), &json!("RED")))];
    members.extend(
        [json!("PURPLE"), json!("red"), json!(""), json!(1), json!(true)].map(|sent| (sent, Refused)),
    );
    check_all("colour", members).await;
}

#[tokio::test]
async fn json_is_kept_with_its_nulls_and_its_numbers_fit_64_bits() {
    let nested = json!({ "b": [1, null, { "c": 2.5, "d": null }], "a": {}, "e": [], "f": "", "g": false });
    let as_stored = json!({ "M": {
        "a": { "M": {} },
        "b": { "L": [number("1"), { "NULL": true }, { "M": { "c": number("2.5"), "d": { "NULL": true } } }] },
        "e": { "L": [] }, "f": { "S": "" }, "g": { "BOOL": false },
    } });
    let cases = vec![
        (nested.clone(), same(as_stored, &nested)),
        (json!("text"), same(string("text"), &json!("text"))),
        (json!(true), same(json!({ "BOOL": true }), &json!(true))),
        (json!([]), same(json!({ "L": [] }), &json!([]))),
        (json!(i64::MAX), same(number("9223372036854775807"), &json!(i64::MAX))),
        (json!(i64::MIN), same(number("-9223372036854775808"), &json!(i64::MIN))),
        (json!(0.1), same(number("0.1"), &json!(0.1))),
        (json!(2.0), Stored(number("2"), json!(2))),
        // Null is not a value to be kept: the field is not there.
        (Value::Null, Nothing),
        (json!(u64::MAX), Refused),
        (json!([1, { "x": u64::MAX }]), Refused),
        (json!(9_223_372_036_854_775_808_u64), Refused),
        (json!(1e126), Refused),
        (json!({ "x": [1e-131] }), Refused),
    ];
    check_all("json", cases).await;
}

#[tokio::test]
async fn a_set_keeps_each_member_once_and_an_empty_one_is_not_there() {
    check_all(
        "texts",
        [
            (json!(["b", "a", "b"]), Stored(json!({ "SS": ["a", "b"] }), json!(["a", "b"]))),
            (json!([""]), same(json!({ "SS": [""] }), &json!([""]))),
            (json!([]), Nothing),
            (Value::Null, Nothing),
            (json!(["a", null]), Refused),
            (json!(["a", 1]), Refused),
            // A single value stands for a list of one.
            (json!("a"), Stored(json!({ "SS": ["a"] }), json!(["a"]))),
        ],
    )
    .await;
    check_all(
        "numbers",
        [
            (json!(["1.50", "1.5", 2, "15e-1"]), Stored(json!({ "NS": ["1.5", "2"] }), json!(["1.5", "2"]))),
            (json!([]), Nothing),
            (json!(["x"]), Refused),
        ],
    )
    .await;
    check_all(
        "blobs",
        [
            (json!(["AAE=", "AAE="]), Stored(json!({ "BS": ["AAE="] }), json!(["AAE="]))),
            (json!(["AAE"]), Refused),
        ],
    )
    .await;
    check_all(
        "colours",
        [
            (json!(["RED", "RED"]), Stored(json!({ "SS": ["RED"] }), json!(["RED"]))),
            (json!(["PURPLE"]), Refused),
        ],
    )
    .await;
}

#[tokio::test]
async fn lists_and_objects_are_kept_in_their_order_with_their_nulls() {
    check_all(
        "ints",
        [
            (
                json!([3, null, 1]),
                same(json!({ "L": [number("3"), { "NULL": true }, number("1")] }), &json!([3, null, 1])),
            ),
            (json!([]), same(json!({ "L": [] }), &json!([]))),
            (json!([1, "2"]), Refused),
            (json!(7), Stored(json!({ "L": [number("7")] }), json!([7]))),
        ],
    )
    .await;
    check_all("words", [(json!(["a", null]), Refused), (Value::Null, Nothing)]).await;
    check_all(
        "grid",
        [
            (
                json!([[1, 2], null, []]),
                same(
                    json!({ "L": [{ "L": [number("1"), number("2")] }, { "NULL": true }, { "L": [] }] }),
                    &json!([[1, 2], null, []]),
                ),
            ),
            (json!([[1, null]]), Refused),
        ],
    )
    .await;
    let sent = json!({ "count": 1, "price": 5, "deeper": { "at": "2026-11-23T13:00:00+01:00", "colours": ["RED", null] } });
    let kept = json!({ "M": {
        "count": number("1"), "price": number("5"),
        "deeper": { "M": { "at": string("2026-11-23T12:00:00.000Z"), "colours": { "L": [string("RED"), { "NULL": true }] } } },
    } });
    let answer = json!({
        "text": null, "count": 1, "price": "5",
        "deeper": { "at": "2026-11-23T12:00:00.000Z", "colours": ["RED", null] },
    });
    check_all(
        "inner",
        [
            (sent, Stored(kept, answer)),
            (json!({ "text": "a" }), Refused),
            (json!({ "count": null }), Refused),
            (json!({ "count": 1, "unknown": 1 }), Refused),
            (json!({ "count": 1, "deeper": {} }), Refused),
            (json!({ "count": 1, "price": "x" }), Refused),
            (json!("text"), Refused),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_update_leaves_what_is_absent_and_removes_what_is_null() {
    let world = world().await;
    let acme = world.tenant("acme");
    for (field, value) in [
        ("int", number("1")),
        ("string", string("a")),
        ("json", json!({ "M": { "x": number("1") } })),
        ("texts", json!({ "SS": ["a"] })),
        ("inner", json!({ "M": { "count": number("1") } })),
    ] {
        let before = json!({ field: value, "boolean": { "BOOL": true } });
        put(&world, "THING", "1", before.clone()).await;
        let update = "mutation($input: ThingPatch!) { updateThing(id: \"1\", input: $input) { id } }";
        // Absent: it stays.
        acme.with(update, json!({ "input": { "float": 1.5 } })).await.ok();
        assert_eq!(stored(&world, "1", field).await, Some(value.clone()), "{field} was not sent");
        assert_eq!(stored(&world, "1", "float").await, Some(number("1.5")));
        // A variable that nobody gives is absent too.
        let loose = format!(
            "mutation($v: {}) {{ updateThing(id: \"1\", input: {{{field}: $v, float: 2.5}}) {{ id }} }}",
            variable_type(field)
        );
        acme.with(&loose, json!({})).await.ok();
        assert_eq!(stored(&world, "1", field).await, Some(value), "{field} was a variable without a value");
        // Null: it goes, and nothing else does.
        acme.with(&loose, json!({ "v": null })).await.ok();
        assert_eq!(stored(&world, "1", field).await, None, "{field} was null");
        assert_eq!(stored(&world, "1", "boolean").await, Some(json!({ "BOOL": true })));
        assert!(read(&world, "1", field).await.ok()["thing"][field].is_null());
    }
}

fn variable_type(field: &str) -> &'static str {
    match field {
        "int" => "Int",
        "string" => "String",
        "json" => "JSON",
        "texts" => "[String!]",
        _ => "InnerInput",
    }
}

#[tokio::test]
async fn what_must_not_be_null_is_never_written_as_null_or_left_out() {
    let world = world().await;
    let acme = world.tenant("acme");
    let whole = json!({
        "id": "1", "int": 1, "decimal": "1", "json": { "a": null }, "words": ["a"], "texts": ["a"], "inner": { "count": 1 },
    });
    let create = "mutation($input: StrictInput!) { putStrict(input: $input) { texts } }";
    let key = "TENANT#acme#STRICT#1";
    for field in ["int", "decimal", "json", "words", "texts", "inner"] {
        let (mut missing, mut null) = (whole.clone(), whole.clone());
        missing.as_object_mut().unwrap().remove(field);
        null[field] = Value::Null;
        for input in [missing, null] {
            assert_eq!(acme.with(create, json!({ "input": input })).await.code(), "BAD_REQUEST", "{input}");
        }
    }
    assert_eq!((writes(&world), world.stored(key, "META").await), (0, Value::Null));
    acme.with(create, json!({ "input": whole })).await.ok();
    let before = world.stored(key, "META").await;
    writes(&world);
    let update = "mutation($input: StrictPatch!) { updateStrict(id: \"1\", input: $input) { texts } }";
    for field in ["int", "decimal", "json", "words", "texts", "inner"] {
        // What is beside it is not written either.
        let beside = if field == "int" { "decimal" } else { "int" };
        let reply = acme.with(update, json!({ "input": { field: null, beside: 2 } })).await;
        assert_eq!(reply.code(), "BAD_REQUEST", "{field}: {}", reply.text);
        assert_eq!(reply.json()["errors"][0]["path"], json!(["updateStrict"]));
    }
    assert_eq!((writes(&world), world.stored(key, "META").await), (0, before));
}

#[tokio::test]
async fn an_empty_set_that_must_not_be_null_is_read_as_empty() {
    let world = world().await;
    let acme = world.tenant("acme");
    let input = json!({ "id": "1", "int": 1, "decimal": "1", "json": 1, "words": [], "texts": ["a"], "inner": { "count": 1 } });
    let create = "mutation($input: StrictInput!) { putStrict(input: $input) { texts } }";
    assert_eq!(acme.with(create, json!({ "input": input })).await.ok()["putStrict"]["texts"], json!(["a"]));
    let update = "mutation { updateStrict(id: \"1\", input: {texts: []}) { texts words } }";
    assert_eq!(acme.query(update).await.ok()["updateStrict"], json!({ "texts": [], "words": [] }));
    assert!(world.stored("TENANT#acme#STRICT#1", "META").await.get("texts").is_none());
    let read = acme.query("{ strict(id: \"1\") { texts words } }").await.ok();
    assert_eq!(read["strict"], json!({ "texts": [], "words": [] }));
    let mut empty = input;
    empty["texts"] = json!([]);
    assert_eq!(acme.with(create, json!({ "input": empty })).await.ok()["putStrict"]["texts"], json!([]));
}

#[tokio::test]
async fn a_whole_item_is_answered_as_it_was_sent() {
    let world = world().await;
    let acme = world.tenant("acme");
    let sent = json!({
        "int": 1, "float": 1.5, "string": "a", "boolean": false, "other": "b", "decimal": "19.9", "bigInt": "7",
        "dateTime": "2026-11-23T12:00:00.000Z", "date": "2026-11-23", "json": { "a": [null] }, "base64": "AAE=",
        "colour": "GREEN", "ints": [1, null], "words": ["b", "a"], "grid": [[1], []], "texts": ["a"], "numbers": ["1"],
        "blobs": ["AA=="], "colours": ["BLUE"],
        "inner": { "text": null, "count": 1, "price": null, "deeper": null },
        "inners": [null, { "text": "x", "count": 2, "price": "0.5", "deeper": null }],
    });
    let all: Vec<_> = FIELDS.iter().map(|(field, _)| selection(field)).collect();
    let all = all.join(" ");
    let mut input = sent.clone();
    input["id"] = json!("1");
    let create = format!("mutation($input: ThingInput!) {{ putThing(input: $input) {{ {all} }} }}");
    assert_eq!(acme.with(&create, json!({ "input": input })).await.ok()["putThing"], sent);
    assert_eq!(acme.query(&format!("{{ thing(id: \"1\") {{ {all} }} }}")).await.ok()["thing"], sent);
    let update =
        format!("mutation($input: ThingPatch!) {{ updateThing(id: \"1\", input: $input) {{ {all} }} }}");
    assert_eq!(acme.with(&update, json!({ "input": sent })).await.ok()["updateThing"], sent);
}

/// What a client sends is stored as it is, or refused: no digit of a number is lost on the way.
#[tokio::test]
async fn a_number_in_a_variable_that_would_be_rounded_is_refused_by_its_name() {
    let world = world().await;
    let send = async |value: &str| {
        let query =
            "mutation ($a: Int, $n: JSON) { putThing(input: {id: \\\"1\\\", int: $a, json: $n}) { id } }";
        let body = format!("{{\"query\": \"{query}\", \"variables\": {{\"a\": -0, \"n\": {value}}}}}");
        let request = world.http.post(format!("{}/graphql", world.url)).body(body);
        let request = request.header("content-type", "application/json").bearer_auth(world.token("acme"));
        world.send(request).await
    };
    for value in ["12345678901234567890123", "[{\"x\": 0.12345678901234567890}]", "18446744073709551616"] {
        let reply = send(value).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "BAD_REQUEST"), "{}", reply.text);
        assert!(reply.text.contains("`$n` holds a number"), "{}", reply.text);
    }
    assert_eq!(writes(&world), 0);
    for (value, number) in
        [("9223372036854775807", "9223372036854775807"), ("0.30000000000000004", "0.30000000000000004")]
    {
        send(value).await.ok();
        assert_eq!(stored(&world, "1", "json").await, Some(json!({ "N": number })));
    }
    assert_eq!(stored(&world, "1", "int").await, Some(json!({ "N": "0" })));
}
