//! Bad tokens: claims that are missing, of the wrong type, or say the wrong thing; and the edges of time. The
//! signatures of all of them are good.

use std::time::Duration;

use serde_json::{Value, json};

use super::bad::Corpus;
use super::{ISSUER, MAX_LIFETIME, SHARING, Setting, status};
use crate::harness::issuers::{Draft, compact};

/// How far two clocks may differ, in seconds.
const LEEWAY: i64 = 30;

pub(super) fn corpus(setting: &Setting) -> Corpus {
    let drafts = [shapes(setting), times(setting), parties(setting), tenants(setting)];
    let signed = drafts.into_iter().flatten().map(|(what, draft)| (what, draft.by(&setting.ec, "ES256")));
    signed.chain(duplicates(setting)).collect()
}

type Drafts = Vec<(String, Draft)>;

/// Claims that are missing or of the wrong type.
fn shapes(setting: &Setting) -> Drafts {
    let mut drafts = Drafts::new();
    let draft = || setting.draft();
    for name in ["iss", "aud", "sub", "exp", "iat", "tenant"] {
        drafts.push((format!("no {name}"), draft().without(name)));
    }
    for name in ["iss", "aud", "sub", "tenant"] {
        for wrong in [
            Value::Null,
            json!(1),
            json!(true),
            json!({ "acme": 1 }),
            json!(["acme", 1]),
            json!([]),
            json!(""),
        ] {
            drafts.push((format!("{name} is {wrong}"), draft().claim(name, wrong)));
        }
    }
    let now = setting.now();
    for (name, time) in [("exp", now + 60), ("iat", now), ("nbf", now)] {
        let wrong = [
            Value::Null,
            json!(time.to_string()),
            json!([time]),
            json!({ "time": time }),
            json!(true),
            json!(-time),
            json!(-1),
            json!(f64::from(u32::try_from(time).unwrap())),
            json!(f64::from(u32::try_from(time).unwrap()) + 0.5),
            json!(1e300),
            json!(u64::MAX),
            json!("2027-01-01T00:00:00Z"),
        ];
        drafts.extend(wrong.map(|wrong| (format!("{name} is {wrong}"), draft().claim(name, wrong))));
    }
    for (name, wrong) in [
        ("scope", Value::Null),
        ("scope", json!(["a"])),
        ("scope", json!(1)),
        ("scp", Value::Null),
        ("scp", json!({ "a": 1 })),
        ("scp", json!(["a", 1])),
    ] {
        drafts.push((format!("{name} is {wrong}"), draft().claim(name, wrong)));
    }
    drafts
}

fn times(setting: &Setting) -> Drafts {
    let now = setting.now();
    let day = i64::try_from(MAX_LIFETIME.as_secs()).unwrap();
    let lived = |iat: i64, exp: i64| setting.draft().claim("iat", iat).claim("exp", exp);
    let mut drafts: Drafts = [
        ("it has expired long ago", lived(now - 7_200, now - 3_600)),
        ("it has expired, and the leeway too", lived(now - 600, now - LEEWAY)),
        ("it was issued in the future", lived(now + 60, now + 120)),
        ("it was issued just beyond the leeway", lived(now + LEEWAY + 1, now + 120)),
        ("it expires before it was issued", lived(now, now - 1)),
        ("it lives a second too long", lived(now, now + day + 1)),
        ("it lives too long, and was issued long ago", lived(now - day, now + 1)),
        ("it lives for ever", lived(now, i64::MAX)),
        ("it is as old as time", lived(0, 0)),
        ("it is not valid yet", setting.draft().claim("nbf", now + 600)),
        ("it is not valid yet, just beyond the leeway", setting.draft().claim("nbf", now + LEEWAY + 1)),
        ("it will never be valid", setting.draft().claim("nbf", i64::MAX)),
    ]
    .map(|(what, draft)| (what.to_owned(), draft))
    .into();
    drafts.push(("its times are in milliseconds".into(), lived(now * 1_000, (now + 60) * 1_000)));
    drafts
}

/// Issuers and audiences. Both are compared to the letter.
fn parties(setting: &Setting) -> Drafts {
    let bare = ISSUER.trim_end_matches('/');
    let issuers = [
        json!(bare),
        json!(format!("{ISSUER}/")),
        json!(ISSUER.to_uppercase()),
        json!(ISSUER.replace("https", "http")),
        json!(format!(" {ISSUER}")),
        json!(format!("{ISSUER}\n")),
        json!(format!("{ISSUER}?")),
        json!(format!("{bare}:443/")),
        json!("https://login.example.test.evil.test/"),
        json!([ISSUER]),
        json!([ISSUER, SHARING]),
        // The key is the one issuer's, the name the other's.
        json!(SHARING),
    ];
    let audiences = [
        json!("other"),
        json!("Innkeeper"),
        json!("innkeeper "),
        json!("innkeeper2"),
        json!("innkeepe"),
        json!("innkeeper,other"),
        json!("*"),
        json!(["other"]),
        json!(["other", "another"]),
        json!(["innkeeper", 1]),
        json!(["innkeeper", null]),
        json!([["innkeeper"]]),
        json!({ "innkeeper": true }),
    ];
    let issuers = issuers.map(|iss| (format!("iss is {iss}"), setting.draft().claim("iss", iss)));
    let audiences = audiences.map(|aud| (format!("aud is {aud}"), setting.draft().claim("aud", aud)));
    issuers.into_iter().chain(audiences).collect()
}

/// Tenants that are no tenant ids. One that is, and is not known, is another matter: the registry's.
fn tenants(setting: &Setting) -> Drafts {
    let (long, wide) = ("a".repeat(65), "a".repeat(4_000));
    let wrong = [
        "#",
        "acme#",
        "#acme",
        "acme#ORDER",
        "*",
        "acme*",
        "?",
        "ac?e",
        "acme/",
        "acme\n",
        "\nacme",
        " acme",
        "acme ",
        "acme\0",
        "acme.",
        "acme:1",
        "${aws:PrincipalTag/tenant}",
        "{{tenant}}",
        "äcme",
        "аcme",
        "acme\u{200b}",
        "a,b",
        &long,
        &wide,
    ];
    let nested = json!({ "id": "acme" });
    let mut drafts: Drafts = wrong
        .iter()
        .map(|wrong| (format!("the tenant is {wrong:?}"), setting.draft().claim("tenant", *wrong)))
        .collect();
    drafts.push(("the tenant is one level too deep".into(), setting.draft().claim("tenant", nested)));
    drafts.push((
        "the tenant is under another name".into(),
        setting.draft().without("tenant").claim("Tenant", "acme").claim("tenants", "acme"),
    ));
    drafts
}

/// Members that stand twice, where two readers of one text could see different things.
fn duplicates(setting: &Setting) -> Corpus {
    let header = r#"{"alg":"ES256","kid":"ec-1"}"#;
    let claims = serde_json::to_string(&setting.draft().claims).unwrap();
    let inner = claims.trim_start_matches('{').trim_end_matches('}');
    let with = |more: &str| format!("{{{inner},{more}}}");
    let before = |more: &str| format!("{{{more},{inner}}}");
    let texts = [
        ("the tenant stands twice", header.to_owned(), with(r#""tenant":"acme2""#)),
        ("the tenant stands twice, and both are the same", header.to_owned(), with(r#""tenant":"acme""#)),
        ("the tenant stands twice, once escaped", header.to_owned(), with(r#""\u0074enant":"acme2""#)),
        (
            "the tenant stands twice, escaped in two ways",
            header.to_owned(),
            before(r#""\u0074en\u0061nt":"acme2""#),
        ),
        ("the issuer stands twice", header.to_owned(), before(r#""iss":"https://evil.example.test/""#)),
        ("the expiry stands twice", header.to_owned(), with(r#""exp":9999999999"#)),
        ("a claim that nobody reads stands twice", header.to_owned(), with(r#""x":1,"x":2"#)),
        ("a member of an object stands twice", header.to_owned(), with(r#""x":{"y":1,"y":1}"#)),
        (
            "a member of an object in a list stands twice",
            header.to_owned(),
            with(r#""x":[{"y":1,"\u0079":1}]"#),
        ),
        ("alg stands twice", r#"{"alg":"none","kid":"ec-1","alg":"ES256"}"#.to_owned(), claims.clone()),
        (
            "alg stands twice, once escaped",
            r#"{"alg":"ES256","kid":"ec-1","\u0061lg":"none"}"#.to_owned(),
            claims.clone(),
        ),
        ("kid stands twice", r#"{"alg":"ES256","kid":"ec-1","kid":"ec-1"}"#.to_owned(), claims.clone()),
    ];
    let signed = texts.map(|(what, header, claims)| {
        (what.to_owned(), compact(header, claims, |message| setting.ec.sign("ES256", message)))
    });
    signed.into()
}

#[tokio::test]
async fn times_are_compared_with_thirty_seconds_of_leeway_both_ways() {
    let setting = Setting::start().await;
    let now = setting.now();
    let day = i64::try_from(MAX_LIFETIME.as_secs()).unwrap();
    let lived = |iat: i64, exp: i64| setting.draft().claim("iat", iat).claim("exp", exp);
    let edges = [
        ("a second within the leeway after exp", lived(now - 600, now - LEEWAY + 1), 200),
        ("exactly at the end of the leeway", lived(now - 600, now - LEEWAY), 401),
        ("issued at the edge of the leeway", lived(now + LEEWAY, now + 600), 200),
        ("issued a second beyond it", lived(now + LEEWAY + 1, now + 600), 401),
        ("valid from the edge of the leeway", setting.draft().claim("nbf", now + LEEWAY), 200),
        ("valid from a second beyond it", setting.draft().claim("nbf", now + LEEWAY + 1), 401),
        ("as long a life as is allowed", lived(now, now + day), 200),
        ("a second longer", lived(now, now + day + 1), 401),
        ("valid from the beginning of time", setting.draft().claim("nbf", 0), 200),
    ];
    for (what, draft, expected) in edges {
        assert_eq!(status(&setting.world, &draft.by(&setting.ec, "ES256")).await, expected, "{what}");
    }
}

#[tokio::test]
async fn a_token_that_has_been_verified_still_expires() {
    let setting = Setting::start().await;
    let now = setting.now();
    let token = setting.draft().claim("exp", now + 60).by(&setting.ec, "ES256");
    assert_eq!(status(&setting.world, &token).await, 200);
    setting.world.advance(Duration::from_secs(89));
    assert_eq!(status(&setting.world, &token).await, 200);
    setting.world.advance(Duration::from_secs(1));
    assert_eq!(status(&setting.world, &token).await, 401);
}

#[tokio::test]
async fn a_token_that_came_too_early_is_accepted_when_its_time_has_come() {
    let setting = Setting::start().await;
    let token = setting.draft().claim("nbf", setting.now() + 60).by(&setting.ec, "ES256");
    assert_eq!(status(&setting.world, &token).await, 401);
    // The refusal is remembered for ten seconds, the leeway is thirty.
    setting.world.advance(Duration::from_secs(30));
    assert_eq!(status(&setting.world, &token).await, 200);
}
