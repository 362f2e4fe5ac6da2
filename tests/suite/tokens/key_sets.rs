//! Key sets: what they cost, what happens when they change, and what when they cannot be had.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{ISSUER, ask, status, world};
use crate::harness::World;
use crate::harness::issuers::{Issuer, PATIENCE, SigningKey, Trap};

/// The least time between two fetches.
const INTERVAL: Duration = Duration::from_secs(30);
/// When a set is renewed in the background.
const RENEW_AFTER: Duration = Duration::from_mins(10);

/// A world that trusts one issuer, which signs with ES256.
async fn before(keys: &[&SigningKey]) -> (World, Issuer) {
    let issuer = Issuer::start(ISSUER, keys).await;
    let world = world([issuer.config(&[Algorithm::ES256])]).await;
    (world, issuer)
}

/// A token of somebody's, made now, so that no other is like it.
fn token(world: &World, issuer: &Issuer, key: &SigningKey, subject: &str) -> String {
    issuer.draft(world.clock.unix_seconds()).claim("sub", subject).by(key, "ES256")
}

#[tokio::test]
async fn a_set_is_fetched_once_for_many_tokens_at_once() {
    let key = SigningKey::p256("a");
    let (world, issuer) = before(&[&key]).await;
    let tokens: Vec<_> = (0..30).map(|at| token(&world, &issuer, &key, &format!("user-{at}"))).collect();
    for reply in join_all(tokens.iter().map(|token| ask(&world, token))).await {
        reply.ok();
    }
    assert_eq!(issuer.key_set.fetches(), 1);
}

#[tokio::test]
async fn an_old_set_is_renewed_beside_the_requests_which_do_not_wait() {
    let key = SigningKey::p256("a");
    let (world, issuer) = before(&[&key]).await;
    assert_eq!(status(&world, &token(&world, &issuer, &key, "one")).await, 200);
    world.advance(RENEW_AFTER);
    issuer.key_set.hold();
    // The issuer does not answer; tokens of known keys do not notice.
    for at in 0..5 {
        assert_eq!(status(&world, &token(&world, &issuer, &key, &format!("two-{at}"))).await, 200);
    }
    issuer.key_set.fetched(2).await;
    issuer.key_set.release();
    for at in 0..5 {
        assert_eq!(status(&world, &token(&world, &issuer, &key, &format!("three-{at}"))).await, 200);
    }
    assert_eq!(issuer.key_set.fetches(), 2);
}

#[tokio::test]
async fn p12_a_storm_of_unknown_names_costs_one_fetch_an_interval() {
    let (key, stranger) = (SigningKey::p256("a"), SigningKey::p256("x"));
    let (world, issuer) = before(&[&key]).await;
    assert_eq!(status(&world, &token(&world, &issuer, &key, "one")).await, 200);
    for interval in 1..=3 {
        let storm = |at: usize| {
            let draft = issuer.draft(world.clock.unix_seconds()).header("kid", format!("x-{interval}-{at}"));
            draft.by(&stranger, "ES256")
        };
        let tokens: Vec<_> = (0..40).map(storm).collect();
        let replies = join_all(tokens.iter().map(|token| ask(&world, token))).await;
        assert!(replies.iter().all(|reply| reply.status.as_u16() == 401));
        // The first fetch was of this same moment, so the first storm costs nothing.
        assert_eq!(issuer.key_set.fetches(), interval);
        // Known keys are not harmed.
        assert_eq!(status(&world, &token(&world, &issuer, &key, &format!("two-{interval}"))).await, 200);
        world.advance(INTERVAL);
    }
}

#[tokio::test]
async fn keys_that_are_rotated_are_picked_up_and_those_that_are_withdrawn_stop_counting() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let (world, issuer) = before(&[&old]).await;
    let long_lived = token(&world, &issuer, &old, "one");
    assert_eq!(status(&world, &long_lived).await, 200);
    issuer.key_set.publish(&[&new]);
    // Within the interval the new key is not known yet.
    assert_eq!(status(&world, &token(&world, &issuer, &new, "early")).await, 401);
    world.advance(INTERVAL);
    assert_eq!(status(&world, &token(&world, &issuer, &new, "one")).await, 200);
    assert_eq!(issuer.key_set.fetches(), 2);
    // A fresh token by the old key is refused; one that was verified counts for five minutes.
    assert_eq!(status(&world, &token(&world, &issuer, &old, "two")).await, 401);
    assert_eq!(status(&world, &long_lived).await, 200);
    world.advance(Duration::from_mins(5));
    assert_eq!(status(&world, &long_lived).await, 401);
}

#[tokio::test]
async fn p12_an_issuer_that_is_down_harms_nobody_whose_key_is_known() {
    let (key, stranger) = (SigningKey::p256("a"), SigningKey::p256("x"));
    let (world, issuer) = before(&[&key]).await;
    assert_eq!(status(&world, &token(&world, &issuer, &key, "one")).await, 200);
    issuer.key_set.answer(StatusCode::SERVICE_UNAVAILABLE, &[], "");
    for hour in 0..23 {
        world.advance(Duration::from_hours(1));
        assert_eq!(status(&world, &token(&world, &issuer, &key, "one")).await, 200, "after {hour} hours");
        // A name that is not known stays a refusal: the issuer's trouble is not the sender's to see.
        assert_eq!(status(&world, &token(&world, &issuer, &stranger, "one")).await, 401);
    }
    // After a day the set does not count any more.
    world.advance(Duration::from_hours(1));
    let reply = ask(&world, &token(&world, &issuer, &key, "one")).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
    issuer.key_set.publish(&[&key]);
    world.advance(INTERVAL);
    assert_eq!(status(&world, &token(&world, &issuer, &key, "one")).await, 200);
}

const PLACES: usize = 16;

/// Of 16 places four are for those who wait for keys, and two issuers share them. Everybody is patient.
async fn crowded(key: &SigningKey) -> (World, Issuer) {
    let issuer = Issuer::start(ISSUER, &[key]).await;
    let trusted = issuer.config(&[Algorithm::ES256]);
    let configure = move |config: &mut innkeeper::config::Config| {
        config.authorizer.issuers.push(trusted);
        config.authorizer.fetch_timeout = Duration::from_mins(5);
        config.server.deadline = Duration::from_mins(5);
        config.server.max_requests = PLACES;
    };
    (World::builder().unseeded().configure(configure).start().await, issuer)
}

/// Asks with all of these, and goes on when all of them are turned away but those that may wait, while these wait.
async fn turned_away(world: &World, tokens: &[String], then: impl Future<Output = ()>) {
    let mut asked: FuturesUnordered<_> = tokens.iter().map(|token| ask(world, token)).collect();
    for _ in 0..PLACES - 2 {
        let reply = tokio::time::timeout(PATIENCE, asked.next()).await.expect("they wait").unwrap();
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
    }
    tokio::time::timeout(PATIENCE, then).await.expect("there are places for the others");
}

#[tokio::test]
async fn p12_a_first_fetch_that_hangs_holds_all_for_a_moment_and_few_for_longer() {
    let key = SigningKey::p256("a");
    let tokens = |world: &World, issuer: &Issuer| {
        (0..PLACES).map(|at| token(world, issuer, &key, &format!("user-{at}"))).collect::<Vec<_>>()
    };
    // One that answers has all of them served.
    let (world, issuer) = crowded(&key).await;
    for reply in join_all(tokens(&world, &issuer).iter().map(|token| ask(&world, token))).await {
        reply.ok();
    }
    let (world, issuer) = crowded(&key).await;
    issuer.key_set.hold();
    let others = async {
        world.tenant("acme").query(r#"{ product(sku: "COF-001") { sku } }"#).await.ok();
    };
    turned_away(&world, &tokens(&world, &issuer), others).await;
    issuer.key_set.release();
}

#[tokio::test]
async fn p12_a_storm_of_unknown_names_takes_no_place_from_those_whose_key_is_known() {
    let (key, stranger) = (SigningKey::p256("a"), SigningKey::p256("x"));
    let (world, issuer) = crowded(&key).await;
    let known = token(&world, &issuer, &key, "one");
    assert_eq!(status(&world, &known).await, 200);
    world.advance(INTERVAL);
    issuer.key_set.hold();
    let spray = |same: bool| {
        let name = |at: usize| if same { "same".to_owned() } else { format!("spray-{at}") };
        (0..PLACES).map(|at| token(&world, &issuer, &stranger, &name(at))).collect::<Vec<_>>()
    };
    // One token sent often waits as many tokens do.
    for tokens in [spray(false), spray(true)] {
        let others = async {
            assert_eq!(status(&world, &token(&world, &issuer, &key, "two")).await, 200);
            assert_eq!(status(&world, &known).await, 200);
            world.tenant("acme").query("{ product(sku: \"COF-001\") { sku } }").await.ok();
        };
        turned_away(&world, &tokens, others).await;
    }
    issuer.key_set.release();
}

#[tokio::test]
async fn without_any_key_the_gateway_is_unavailable_and_says_when_to_come_again() {
    let key = SigningKey::p256("a");
    let (world, issuer) = before(&[&key]).await;
    issuer.key_set.answer(StatusCode::SERVICE_UNAVAILABLE, &[], "");
    for at in 0..20 {
        let reply = ask(&world, &token(&world, &issuer, &key, &format!("user-{at}"))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
        let seconds: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds > 0);
        assert!(!reply.text.contains(issuer.key_set.uri().host().unwrap()), "{}", reply.text);
    }
    // It is not asked again at every request.
    assert_eq!(issuer.key_set.fetches(), 1);
    issuer.key_set.publish(&[&key]);
    world.advance(INTERVAL);
    assert_eq!(status(&world, &token(&world, &issuer, &key, "user-0")).await, 200);
    assert_eq!((issuer.key_set.fetches(), world.calls().len()), (2, 1));
}

#[tokio::test]
async fn what_is_no_key_set_is_as_good_as_none_and_no_redirect_is_followed() {
    let key = SigningKey::p256("a");
    let (world, issuer) = before(&[&key]).await;
    let trap = Trap::set();
    let elsewhere = trap.url("jwks.json");
    let huge = json!({ "keys": [key.jwk()], "x": "x".repeat(300 * 1024) }).to_string();
    let answers: [(StatusCode, &[(&str, &str)], &str); 6] = [
        (StatusCode::OK, &[], "<html>Sign in</html>"),
        (StatusCode::OK, &[], "{}"),
        (StatusCode::OK, &[], "[]"),
        (StatusCode::OK, &[], &huge),
        (StatusCode::NOT_FOUND, &[], "{\"keys\": []}"),
        (StatusCode::FOUND, &[("location", &elsewhere)], ""),
    ];
    for (status, headers, body) in answers {
        issuer.key_set.answer(status, headers, body);
        let reply = ask(&world, &token(&world, &issuer, &key, "one")).await;
        assert_eq!(reply.status.as_u16(), 503, "{status} {headers:?}");
        world.advance(INTERVAL);
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn a_client_that_goes_away_takes_no_fetch_with_it() {
    let key = SigningKey::p256("a");
    let (world, issuer) = before(&[&key]).await;
    issuer.key_set.hold();
    let first = token(&world, &issuer, &key, "one");
    let leaving = ask(&world, &first);
    tokio::select! {
        _ = leaving => panic!("the key set is held back"),
        () = issuer.key_set.fetched(1) => {}
    }
    // The connection is closed; another client waits for the same fetch, and gets its keys.
    let second = token(&world, &issuer, &key, "two");
    let waiting = ask(&world, &second);
    let release = async {
        tokio::task::yield_now().await;
        issuer.key_set.release();
    };
    let (reply, ()) = tokio::time::timeout(PATIENCE, async { tokio::join!(waiting, release) }).await.unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
    assert_eq!(issuer.key_set.fetches(), 1);
}

#[tokio::test]
async fn a_key_counts_only_for_what_its_set_says_that_it_is_for() {
    let key = SigningKey::p256("a");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut jwk = key.jwk();
        change(&mut jwk);
        json!({ "keys": [jwk] })
    };
    let twice = json!({ "keys": [key.jwk(), SigningKey::p256("a").jwk()] });
    let nameless = with(&|jwk| drop(jwk.as_object_mut().unwrap().remove("kid")));
    let cases = [
        ("as it is", with(&|_| {}), 200),
        ("its algorithm", with(&|jwk| jwk["alg"] = json!("ES256")), 200),
        ("what it may do", with(&|jwk| jwk["key_ops"] = json!(["verify"])), 200),
        ("members that nobody knows", with(&|jwk| jwk["x"] = jwk["x"].clone()), 200),
        ("another algorithm", with(&|jwk| jwk["alg"] = json!("ES384")), 401),
        ("an algorithm that nobody knows", with(&|jwk| jwk["alg"] = json!("ECDH-ES")), 401),
        ("for encryption", with(&|jwk| jwk["use"] = json!("enc")), 401),
        ("it may only sign", with(&|jwk| jwk["key_ops"] = json!(["sign"])), 401),
        ("another curve", with(&|jwk| jwk["crv"] = json!("P-384")), 401),
        ("a curve that nobody knows", with(&|jwk| jwk["crv"] = json!("secp256k1")), 401),
        ("a secret", with(&|jwk| jwk["kty"] = json!("oct")), 401),
        ("a point that is none", with(&|jwk| jwk["x"] = jwk["y"].clone()), 401),
        ("no point", with(&|jwk| jwk["x"] = Value::Null), 401),
        ("without a name", nameless, 401),
        ("two of one name", twice, 401),
        ("no keys", json!({ "keys": [] }), 401),
    ];
    for (what, set, expected) in cases {
        let (world, issuer) = before(&[]).await;
        issuer.key_set.answer(StatusCode::OK, &[], &set.to_string());
        assert_eq!(status(&world, &token(&world, &issuer, &key, "one")).await, expected, "{what}");
    }
}
