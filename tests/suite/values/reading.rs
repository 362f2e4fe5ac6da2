//! What is stored, and what is answered.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{FIELDS, put, read, world};

/// A value of each of DynamoDB's types, and of some more than one; the last stands for none.
fn samples() -> Vec<(&'static str, Option<Value>)> {
    [
        ("S text", json!({ "S": "text" })),
        ("S empty", json!({ "S": "" })),
        ("S moment", json!({ "S": "2026-11-23T13:00:00.5+01:00" })),
        ("S day", json!({ "S": "2026-11-23" })),
        ("S member", json!({ "S": "RED" })),
        ("S number", json!({ "S": "7" })),
        ("N whole", json!({ "N": "7" })),
        ("N fraction", json!({ "N": "7.5" })),
        ("N large", json!({ "N": "12345678901234567890123456789012345678" })),
        ("B", json!({ "B": "AAH/" })),
        ("BOOL", json!({ "BOOL": true })),
        ("NULL", json!({ "NULL": true })),
        ("M empty", json!({ "M": {} })),
        ("M", json!({ "M": { "count": { "N": "1" }, "x": { "S": "y" } } })),
        ("L empty", json!({ "L": [] })),
        ("L numbers", json!({ "L": [{ "N": "1" }, { "N": "2" }] })),
        ("L texts", json!({ "L": [{ "S": "b" }, { "S": "a" }] })),
        ("L members", json!({ "L": [{ "S": "RED" }, { "S": "RED" }] })),
        ("L bytes", json!({ "L": [{ "B": "AAH/" }] })),
        ("L null", json!({ "L": [{ "NULL": true }] })),
        ("L lists", json!({ "L": [{ "L": [{ "N": "1" }] }, { "L": [] }, { "NS": ["2"] }] })),
        ("L maps", json!({ "L": [{ "M": { "count": { "N": "1" } } }] })),
        ("SS", json!({ "SS": ["RED"] })),
        ("NS", json!({ "NS": ["7"] })),
        ("BS", json!({ "BS": ["AAH/"] })),
    ]
    .map(|(name, value)| (name, Some(value)))
    .into_iter()
    .chain([("nothing", None)])
    .collect()
}

/// Every field over every type. What does not fit is an error of that field, with its path, and nothing else.
#[tokio::test]
async fn every_stored_type_is_answered_by_every_field_or_refused_at_its_path() {
    let world = world().await;
    let mut text = String::new();
    for (field, _) in FIELDS {
        writeln!(text, "{field}").unwrap();
        let mut answers: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, sample) in samples() {
            let attributes = sample.map_or(json!({}), |sample| json!({ field: sample }));
            put(&world, "THING", "1", attributes).await;
            let answer = answer(&read(&world, "1", field).await.json(), field);
            match answers.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, names)) => names.push(name),
                None => answers.push((answer, vec![name])),
            }
        }
        for (answer, names) in answers {
            writeln!(text, "  {answer} ← {}", names.join(", ")).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

/// The answer of a field in one line; `✘` and the path where it is an error.
#[track_caller]
fn answer(body: &Value, field: &str) -> String {
    let thing = &body["data"]["thing"];
    assert_eq!(thing["id"], "1", "the siblings are answered: {body}");
    let Some(errors) = body["errors"].as_array() else { return thing[field].to_string() };
    let said = errors.iter().map(|error| {
        assert_eq!(error["extensions"]["code"], "INTERNAL", "{body}");
        let path = error["path"].as_array().unwrap();
        assert_eq!(path[..2], [json!("thing"), json!(field)], "{body}");
        let rest: Vec<_> = path[2..].iter().map(ToString::to_string).collect();
        format!("✘ {}", rest.join("."))
    });
    let said: Vec<_> = said.collect();
    // A part that may be null is null, and the rest is there; otherwise the field is null.
    let rest = &thing[field];
    if rest.is_null() {
        said.join(" ").trim().to_owned()
    } else {
        format!("{rest} with {}", said.join(" ").trim())
    }
}

#[tokio::test]
async fn numbers_are_read_to_the_last_digit() {
    let world = world().await;
    let zeros = |count: usize| "0".repeat(count);
    let (tiny, huge) = (format!("0.{}1", zeros(129)), format!("999{}", zeros(123)));
    let digits = "12345678901234567890123456789012345678";
    let cases = [
        ("decimal", digits, json!(digits)),
        (
            "decimal",
            "-0.12345678901234567890123456789012345678",
            json!("-0.12345678901234567890123456789012345678"),
        ),
        (
            "decimal",
            "1234567890123456789.0123456789012345678",
            json!("1234567890123456789.0123456789012345678"),
        ),
        ("decimal", "1E-130", json!(tiny)),
        ("decimal", "-1E-130", json!(format!("-{tiny}"))),
        ("decimal", "9.99E+125", json!(huge)),
        ("decimal", "19.90", json!("19.9")),
        ("decimal", "-0", json!("0")),
        ("decimal", "1e2", json!("100")),
        ("bigInt", digits, json!(digits)),
        (
            "bigInt",
            "-99999999999999999999999999999999999999",
            json!("-99999999999999999999999999999999999999"),
        ),
        ("bigInt", "9.99E+125", json!(huge)),
        ("bigInt", "3.0", json!("3")),
        ("int", "2147483647", json!(2_147_483_647)),
        ("int", "-2147483648", json!(-2_147_483_648_i64)),
        ("int", "7.0", json!(7)),
        ("float", "0.1", json!(0.1)),
        ("float", "-2.5E-7", json!(-2.5e-7)),
        ("float", "1E-130", json!(1e-130)),
        ("float", "9.99E+125", json!(9.99e125)),
        ("float", "3", json!(3.0)),
        ("json", "9223372036854775807", json!(i64::MAX)),
        ("json", "-9223372036854775808", json!(i64::MIN)),
        ("json", "0.1", json!(0.1)),
        ("json", "1E22", json!(1e22)),
        ("other", "42", json!("42")),
    ];
    for (field, number, expected) in cases {
        put(&world, "THING", "1", json!({ field: { "N": number } })).await;
        let reply = read(&world, "1", field).await;
        // The text itself: a reader of JSON may round.
        let expected = json!({ "data": { "thing": { "id": "1", field: expected } } });
        assert_eq!(reply.text, expected.to_string(), "{field} of {number}");
    }
}

#[tokio::test]
async fn numbers_that_do_not_fit_are_errors_and_are_never_rounded() {
    let world = world().await;
    let cases = [
        ("int", "2147483648"),
        ("int", "-2147483649"),
        ("int", "7.5"),
        ("bigInt", "7.5"),
        ("bigInt", "1E-1"),
        ("json", "9223372036854775808"),
        ("json", "18446744073709551615"),
        ("json", "12345678901234567890123456789012345678"),
        ("json", "0.12345678901234567890"),
    ];
    for (field, number) in cases {
        put(&world, "THING", "1", json!({ field: { "N": number } })).await;
        let body = read(&world, "1", field).await.json();
        assert_eq!(answer(&body, field), "✘", "{field} of {number}");
    }
}

#[tokio::test]
async fn nested_lists_maps_and_sets_become_json() {
    let world = world().await;
    let stored = json!({ "M": {
        "b": { "L": [{ "N": "1" }, { "NULL": true }, { "M": { "x": { "S": "" } } }, { "L": [] }] },
        "a": { "NS": ["7"] },
        "c": { "B": "AAH/" },
        "d": { "M": {} },
        "e": { "BOOL": false },
        "f": { "SS": ["one"] },
        "g": { "BS": ["AAE="] },
    } });
    put(&world, "THING", "1", json!({ "json": stored })).await;
    let answered = read(&world, "1", "json").await.ok()["thing"]["json"].clone();
    let expected = json!({
        "a": [7], "b": [1, null, { "x": "" }, []], "c": "AAH/", "d": {}, "e": false, "f": ["one"], "g": ["AAE="],
    });
    assert_eq!(answered, expected);
    // A number deep inside that no client would read back spoils the whole: half a value is none.
    put(
        &world,
        "THING",
        "1",
        json!({ "json": { "L": [{ "M": { "x": { "N": "1E100" } } }, { "N": "0.12345678901234567890" }] } }),
    )
    .await;
    assert_eq!(answer(&read(&world, "1", "json").await.json(), "json"), "✘");
}

#[tokio::test]
async fn nested_objects_are_answered_field_by_field() {
    let world = world().await;
    let inner = json!({ "M": {
        "text": { "S": "a" },
        "count": { "N": "2" },
        "price": { "N": "19.90" },
        "deeper": { "M": {
            "at": { "S": "2026-11-23T13:00:00+01:00" },
            "colours": { "L": [{ "S": "RED" }, { "NULL": true }] },
        } },
        "unknown": { "S": "x" },
    } });
    put(&world, "THING", "1", json!({ "inner": inner, "inners": { "L": [inner, { "NULL": true }] } })).await;
    let expected = json!({
        "text": "a", "count": 2, "price": "19.9",
        "deeper": { "at": "2026-11-23T12:00:00.000Z", "colours": ["RED", null] },
    });
    let read_field = async |field: &str| read(&world, "1", field).await.ok()["thing"][field].clone();
    assert_eq!(read_field("inner").await, expected);
    assert_eq!(read_field("inners").await, json!([expected, null]));
}

/// Where null is allowed, an error ends; where it is not, it goes up.
#[tokio::test]
async fn an_error_goes_up_to_the_next_place_that_may_be_null() {
    let world = world().await;
    let cases = [
        // An element that may be null.
        ("ints", json!({ "L": [{ "N": "1" }, { "S": "x" }, { "N": "3" }] }), json!([1, null, 3]), json!([1])),
        // An element that may not: the list is null.
        ("words", json!({ "L": [{ "S": "a" }, { "N": "1" }] }), Value::Null, json!([1])),
        ("words", json!({ "L": [{ "S": "a" }, { "NULL": true }] }), Value::Null, json!([1])),
        // An inner list may be null, and its elements may not.
        (
            "grid",
            json!({ "L": [{ "L": [{ "N": "1" }] }, { "L": [{ "N": "2" }, { "BOOL": true }] }] }),
            json!([[1], null]),
            json!([1, 1]),
        ),
        ("colours", json!({ "SS": ["PURPLE"] }), Value::Null, json!([0])),
        // `count` may not be null, so its object is; `price` may.
        ("inner", json!({ "M": { "text": { "S": "a" } } }), Value::Null, json!(["count"])),
        (
            "inner",
            json!({ "M": { "count": { "N": "1" }, "price": { "S": "1" } } }),
            json!({ "text": null, "count": 1, "price": null, "deeper": null }),
            json!(["price"]),
        ),
        (
            "inners",
            json!({ "L": [{ "M": { "count": { "N": "1" } } }, { "M": { "count": { "S": "1" } } }] }),
            json!([{ "text": null, "count": 1, "price": null, "deeper": null }, null]),
            json!([1, "count"]),
        ),
        (
            "inner",
            json!({ "M": { "count": { "N": "1" }, "deeper": { "M": { "at": { "S": "yesterday" } } } } }),
            json!({ "text": null, "count": 1, "price": null, "deeper": null }),
            json!(["deeper", "at"]),
        ),
    ];
    for (field, stored, expected, path) in cases {
        put(&world, "THING", "1", json!({ field: stored })).await;
        let body = read(&world, "1", field).await.json();
        assert_eq!(body["data"]["thing"], json!({ "id": "1", field: expected }), "{body}");
        let full: Vec<_> = [json!("thing"), json!(field)]
            .into_iter()
            .chain(path.as_array().unwrap().iter().cloned())
            .collect();
        assert_eq!(body["errors"][0]["path"], json!(full), "{body}");
        assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
    }
}

#[tokio::test]
async fn several_fields_fail_each_for_itself() {
    let world = world().await;
    let wrong = json!({ "int": { "S": "1" }, "date": { "N": "1" }, "string": { "S": "fine" }, "colour": { "S": "scarlet" } });
    put(&world, "THING", "1", wrong).await;
    let reply = world.tenant("acme").query("{ thing(id: \"1\") { a: int string date b: colour int } }").await;
    let body = reply.json();
    assert_eq!(
        body["data"]["thing"],
        json!({ "a": null, "string": "fine", "date": null, "b": null, "int": null })
    );
    let mut paths: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|error| error["path"].to_string()).collect();
    paths.sort();
    assert_eq!(paths, [r#"["thing","a"]"#, r#"["thing","b"]"#, r#"["thing","date"]"#, r#"["thing","int"]"#]);
    // What is stored is nobody's to see where it does not fit.
    assert!(!reply.text.contains("scarlet"), "{}", reply.text);
}

#[tokio::test]
async fn what_must_not_be_null_is_an_error_where_it_is_missing_but_for_an_empty_set() {
    let world = world().await;
    let whole = json!({
        "int": { "N": "1" }, "decimal": { "N": "1" }, "json": { "S": "x" }, "words": { "L": [] },
        "inner": { "M": { "count": { "N": "1" } } },
    });
    let document = "{ strict(id: \"1\") { int decimal json words texts inner { count } } }";
    put(&world, "STRICT", "1", whole.clone()).await;
    let strict = world.tenant("acme").query(document).await.ok()["strict"].clone();
    let expected =
        json!({ "int": 1, "decimal": "1", "json": "x", "words": [], "texts": [], "inner": { "count": 1 } });
    assert_eq!(strict, expected);
    for field in ["int", "decimal", "json", "words", "inner"] {
        let mut missing = whole.clone();
        missing.as_object_mut().unwrap().remove(field);
        let mut null = whole.clone();
        null[field] = json!({ "NULL": true });
        for item in [missing, null] {
            put(&world, "STRICT", "1", item).await;
            let body = world.tenant("acme").query(document).await.json();
            assert_eq!(body["data"], json!({ "strict": null }), "{body}");
            assert_eq!(body["errors"][0]["path"], json!(["strict", field]));
            assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
        }
    }
}

/// What other programs store is finer than what the gateway stores, and it is read all the same.
#[tokio::test]
async fn a_moment_that_another_program_stored_is_answered_in_milliseconds() {
    let world = world().await;
    let cases = [
        ("2026-01-01T00:00:00.123456Z", Some("2026-01-01T00:00:00.123Z")),
        ("2026-01-01T00:00:00.999999999Z", Some("2026-01-01T00:00:00.999Z")),
        ("2026-01-01T02:00:00.123456+02:00", Some("2026-01-01T00:00:00.123Z")),
        ("2026-01-01T02:00:00+0200", Some("2026-01-01T00:00:00.000Z")),
        ("2025-12-31T19:00:00.1-05", Some("2026-01-01T00:00:00.100Z")),
        // Nobody knows which moment these are.
        ("2026-01-01T00:00:00", None),
        ("2026-01-01T00:00:00.12x456Z", None),
        ("2026-01-01", None),
    ];
    for (stored, expected) in cases {
        put(&world, "THING", "1", json!({ "dateTime": { "S": stored } })).await;
        let answer = answer(&read(&world, "1", "dateTime").await.json(), "dateTime");
        let expected = expected.map_or("✘".to_owned(), |moment| json!(moment).to_string());
        assert_eq!(answer, expected, "{stored}");
    }
}
