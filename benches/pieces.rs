//! What the pieces of a request cost by themselves: a token that is known and one that is not, a key, the values of an
//! item. `cargo bench --bench pieces`.
//!
//! These are the pieces that have a door of their own. The guard and the cursors have none, and are in the requests that
//! `just bench` and `just instructions` measure.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use divan::{Bencher, black_box};
use innkeeper::authorizer::{Authorizer, Bearer, Config, IssuerConfig, KeySource, SpeaksFor};
use innkeeper::claim::ClaimKinds;
use innkeeper::clock::Clock;
use innkeeper::id::TenantId;
use innkeeper::image::Stored;
use innkeeper::item::{KeyTexts, leaf, marshal, render};
use innkeeper::problem::Source;
use innkeeper::schema::{Attribute, Name, Plan, Resolve, compile};
use innkeeper::telemetry::{self, Metrics};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

/// The gateway's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SECRET: &str = "a secret that is long enough for HMAC with SHA-256";

fn main() {
    divan::main();
}

/// A token of the issuer; each has another subject.
fn bearer(clock: &Clock, subject: u64) -> Bearer {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "https://login.example.com/",
        "aud": "innkeeper",
        "sub": format!("user-{subject}"),
        "tenant": "t00000",
        "iat": clock.unix_seconds(),
        "exp": clock.unix_seconds() + 3600,
    });
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    Bearer::from_header(format!("Bearer {signed}.{signature}").as_bytes()).unwrap()
}

fn authorizer(clock: &Clock) -> Authorizer {
    let issuer = IssuerConfig {
        issuer: "https://login.example.com/".to_owned(),
        audience: "innkeeper".to_owned(),
        keys: KeySource::Secret(SECRET.into()),
        algorithms: vec![Algorithm::HS256],
        speaks_for: SpeaksFor::All,
        tenant_claim: "tenant".to_owned(),
        max_lifetime: None,
        claims: Arc::new(ClaimKinds::new()),
    };
    let config = Config { issuers: vec![issuer], max_tokens: 100_000, fetch_timeout: Duration::from_secs(1) };
    Authorizer::new(config, clock.clone(), &Arc::default(), Metrics::new(telemetry::Config::default()), 1)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[divan::bench]
fn a_token_that_is_known(bencher: Bencher<'_, '_>) {
    let (clock, runtime) = (Clock::system(), runtime());
    let (authorizer, bearer) = (authorizer(&clock), bearer(&clock, 0));
    bencher.bench_local(|| runtime.block_on(authorizer.authorize(black_box(&bearer))).unwrap());
}

#[divan::bench]
fn a_token_that_is_new(bencher: Bencher<'_, '_>) {
    let (clock, runtime) = (Clock::system(), runtime());
    let authorizer = authorizer(&clock);
    let mut subject = 0;
    let next = || {
        subject += 1;
        bearer(&clock, subject)
    };
    bencher
        .with_inputs(next)
        .bench_local_refs(|bearer| runtime.block_on(authorizer.authorize(bearer)).unwrap());
}

/// The application of `just bench`.
fn plan() -> Plan {
    let text = include_str!("peers/application/schema.graphql");
    let source = Arc::new(Source::new("schema.graphql", text));
    compile(&source, &ClaimKinds::new()).unwrap_or_else(|problems| panic!("{problems}"))
}

#[divan::bench]
fn a_key(bencher: Bencher<'_, '_>) {
    let plan = plan();
    let keys = &plan.objects.get("Order").unwrap().item.as_ref().unwrap().keys;
    let (tenant, id): (TenantId, Name) = ("t00000".parse().unwrap(), "id".into());
    let texts = KeyTexts::from([(id, "o0000".to_owned())]);
    bencher.bench_local(|| render(black_box(&keys.partition), &tenant, &texts).unwrap());
}

/// The attributes of an order, each with a value as it is stored.
fn stored(plan: &Plan) -> Vec<(&Attribute, AttributeValue)> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let fields = plan.objects.get("Order").unwrap().fields.values();
    let attributes = fields.filter_map(|field| {
        if let Resolve::Attribute(attribute) = &field.resolve { Some(attribute) } else { None }
    });
    let value = |attribute: &Attribute| match attribute.name.as_ref() {
        "total" => AttributeValue::N("149.95".to_owned()),
        "quantity" => AttributeValue::N("3".to_owned()),
        "weight" => AttributeValue::N("1.25".to_owned()),
        "paid" => AttributeValue::Bool(true),
        "status" => text("PAID"),
        "placedAt" => text("2026-11-25T09:30:00.000Z"),
        _ => text("Please leave it with the neighbours, second floor."),
    };
    attributes.map(|attribute| (attribute, value(attribute))).collect()
}

#[divan::bench]
fn the_values_of_an_item_are_read(bencher: Bencher<'_, '_>) {
    let plan = plan();
    let stored = stored(&plan);
    bencher.bench_local(|| {
        for (attribute, value) in &stored {
            black_box(leaf(&plan, &attribute.shape, Stored::of(black_box(value))).unwrap());
        }
    });
}

#[divan::bench]
fn the_values_of_an_item_are_written(bencher: Bencher<'_, '_>) {
    let plan = plan();
    let stored = stored(&plan);
    let read = |(attribute, value): &(&Attribute, AttributeValue)| {
        leaf(&plan, &attribute.shape, Stored::of(value)).unwrap()
    };
    let values: Vec<_> = stored.iter().map(read).collect();
    bencher.bench_local(|| {
        for ((attribute, _), value) in stored.iter().zip(&values) {
            black_box(marshal(&plan, &attribute.shape, black_box(value)).unwrap());
        }
    });
}
