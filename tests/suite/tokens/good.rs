//! Good tokens: every algorithm, every form that is allowed, and what the gateway keeps of what they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use innkeeper::authorizer::{Bearer, Caller, IssuerConfig, KeySource, SpeaksFor};
use innkeeper::claim::{ClaimKind, ClaimKinds, ClaimValue};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{ISSUER, Setting, ask, status, world};
use crate::harness::World;
use crate::harness::issuers::{Draft, Issuer, SigningKey, draft, trusted};

/// Every algorithm that an issuer with a key set may use.
const ALGORITHMS: [(&str, Algorithm); 8] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

#[tokio::test]
async fn every_algorithm_of_the_list_is_verified_by_the_key_set() {
    let (rsa, p256, p384, ed) = (
        SigningKey::rsa("rsa"),
        SigningKey::p256("p256"),
        SigningKey::p384("p384"),
        SigningKey::ed25519("ed"),
    );
    let issuer = Issuer::start(ISSUER, &[&rsa, &p256, &p384, &ed]).await;
    let world = world([issuer.config(&ALGORITHMS.map(|(_, algorithm)| algorithm))]).await;
    for (name, _) in ALGORITHMS {
        let key = match name {
            "ES256" => &p256,
            "ES384" => &p384,
            "EdDSA" => &ed,
            _ => &rsa,
        };
        let token = issuer.draft(world.clock.unix_seconds()).by(key, name);
        assert_eq!(status(&world, &token).await, 200, "{name}");
        let changed = format!("{}A", &token[..token.len() - 1]);
        let changed = if changed == token { format!("{}Q", &token[..token.len() - 1]) } else { changed };
        assert_eq!(status(&world, &changed).await, 401, "{name}, with its last character changed");
    }
    assert_eq!(issuer.key_set.fetches(), 1);
}

#[tokio::test]
async fn a_shared_secret_is_for_hs256() {
    let setting = Setting::start().await;
    let token = setting.shared_draft().by(&setting.secret, "HS256");
    assert_eq!(status(&setting.world, &token).await, 200);
    // There is one secret, so its name does not matter.
    let nameless = setting.shared_draft().header("alg", "HS256").sign(&setting.secret, "HS256");
    assert_eq!(status(&setting.world, &nameless).await, 200);
    assert_eq!(setting.issuer.key_set.fetches(), 0);
}

#[tokio::test]
async fn a_token_without_kid_is_verified_by_a_set_of_one_key() {
    let key = SigningKey::p256("only");
    let issuer = Issuer::start(ISSUER, &[&key]).await;
    let world = world([issuer.config(&[Algorithm::ES256])]).await;
    let nameless = || issuer.draft(world.clock.unix_seconds()).header("alg", "ES256");
    assert_eq!(status(&world, &nameless().sign(&key, "ES256")).await, 200);
    // A name that is not the key's is not the same as no name.
    assert_eq!(status(&world, &nameless().header("kid", "other").sign(&key, "ES256")).await, 401);
}

#[tokio::test]
async fn what_a_token_may_say_in_more_than_one_way_is_accepted_in_all_of_them() {
    let setting = Setting::start().await;
    let draft = || setting.draft();
    let trap = setting.trap.url("jwks.json");
    let drafts = [
        ("no typ", draft().without_header("typ")),
        ("an access token", draft().header("typ", "at+jwt")),
        ("a typ in other letters", draft().header("typ", "at+JWT")),
        ("a typ in lower case", draft().header("typ", "jwt")),
        ("an audience in a list", draft().claim("aud", json!(["other", "innkeeper"]))),
        ("an audience in a list of one", draft().claim("aud", json!(["innkeeper"]))),
        ("nbf", draft().claim("nbf", setting.now())),
        (
            "claims that nobody reads",
            draft().claim("email", "a@example.test").claim("x", json!({ "y": [1, null] })),
        ),
        ("the least tenant", draft().claim("tenant", "acme")),
        // Addresses and keys in a header are not looked at. The key is the one that the kid names.
        (
            "an address of keys, which is not followed",
            draft().header("jku", trap.clone()).header("x5u", trap),
        ),
        ("a key, which is not used", draft().header("jwk", setting.stranger.jwk())),
    ];
    for (what, draft) in drafts {
        let reply = ask(&setting.world, &draft.by(&setting.ec, "ES256")).await;
        assert_eq!(reply.status.as_u16(), 200, "{what}: {}", reply.text);
    }
    setting.trap.assert_untouched();
    let token = draft().by(&setting.ec, "ES256");
    for authorization in [format!("bearer {token}"), format!("BEARER {token}"), format!("Bearer   {token}")] {
        let reply = super::ask_with(&setting.world, Some(authorization.as_bytes())).await;
        assert_eq!(reply.status.as_u16(), 200, "{authorization}");
    }
}

#[tokio::test]
async fn the_tenant_is_found_under_the_name_or_the_pointer_that_the_configuration_gives() {
    let nested = json!({ "tenants": { "id": "acme", "a/b": "acme2", "list": ["acme"] } });
    let cases = [
        ("tenant_id", json!("acme"), Some("acme")),
        ("https://example.test/tenant", json!("acme"), Some("acme")),
        ("/app/tenants/id", nested.clone(), Some("acme")),
        ("/app/tenants/a~1b", nested.clone(), Some("acme2")),
        ("/app/tenants/list/0", nested.clone(), None),
        ("/app/tenants", nested.clone(), None),
        ("/app/nothing", nested.clone(), None),
        ("/", nested, None),
    ];
    for (claim, value, expected) in cases {
        let key = SigningKey::secret(&[9; 32]);
        let config = IssuerConfig { tenant_claim: claim.to_owned(), ..shared() };
        let world = world([config]).await;
        let name = if claim.starts_with('/') { "app" } else { claim };
        let draft = draft(ISSUER, world.clock.unix_seconds()).without("tenant").claim(name, value);
        let caller = caller(&world, draft, &key).await;
        assert_eq!(caller.as_ref().map(|caller| caller.tenant().as_str()), expected, "{claim}");
    }
}

#[tokio::test]
async fn scopes_are_read_from_scope_and_from_scp() {
    let key = SigningKey::secret(&[9; 32]);
    let world = world([shared()]).await;
    for (name, value) in [
        ("scope", json!("orders:read finance:read")),
        ("scope", json!("  finance:read   orders:read ")),
        ("scp", json!("orders:read finance:read")),
        ("scp", json!(["orders:read", "finance:read"])),
    ] {
        let draft = draft(ISSUER, world.clock.unix_seconds()).claim(name, value.clone());
        let caller = caller(&world, draft, &key).await.unwrap();
        let expected = BTreeSet::from(["finance:read".to_owned(), "orders:read".to_owned()]);
        assert_eq!(*caller.scopes(), expected, "{name} is {value}");
    }
    let none = caller(&world, draft(ISSUER, world.clock.unix_seconds()), &key).await.unwrap();
    assert!(none.scopes().is_empty());
}

#[tokio::test]
async fn claims_are_kept_if_the_configuration_names_them_and_dropped_otherwise() {
    let key = SigningKey::secret(&[9; 32]);
    let kinds = [("team", ClaimKind::String), ("level", ClaimKind::Integer), ("groups", ClaimKind::Strings)];
    let claims: ClaimKinds = kinds.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
    let world = world([IssuerConfig { claims: Arc::new(claims), ..shared() }]).await;
    let now = world.clock.unix_seconds();
    let said = draft(ISSUER, now)
        .claim("team", "blue")
        .claim("level", 3)
        .claim("groups", json!(["a", "b"]))
        .claim("email", "a@example.test");
    let caller_of = caller(&world, said, &key).await.unwrap();
    assert_eq!(caller_of.claim("team"), Some(&ClaimValue::String("blue".to_owned())));
    assert_eq!(caller_of.claim("level"), Some(&ClaimValue::Integer(3)));
    assert_eq!(caller_of.claim("groups"), Some(&ClaimValue::Strings(vec!["a".to_owned(), "b".to_owned()])));
    assert_eq!((caller_of.claim("email"), caller_of.claim("iss")), (None, None));
    assert_eq!((caller_of.subject(), caller_of.issuer()), ("user-1", ISSUER));
    // One that is missing is absent. One of another kind is a refusal.
    assert!(caller(&world, draft(ISSUER, now), &key).await.unwrap().claim("team").is_none());
    for (name, wrong) in [
        ("team", json!(1)),
        ("team", Value::Null),
        ("team", json!(["blue"])),
        ("level", json!("3")),
        ("level", json!(3.0)),
        ("level", json!(u64::MAX)),
        ("groups", json!("a")),
        ("groups", json!(["a", 1])),
    ] {
        let said = draft(ISSUER, now).claim(name, wrong.clone());
        assert!(caller(&world, said, &key).await.is_none(), "{name} is {wrong}");
    }
}

#[tokio::test]
async fn an_issuer_speaks_for_its_own_tenants_and_its_others_are_unknown() {
    let key = SigningKey::p256("ec-1");
    let issuer = Issuer::start(ISSUER, &[&key]).await;
    let these = SpeaksFor::These(BTreeSet::from(["acme".parse().unwrap(), "nobody".parse().unwrap()]));
    let world = world([IssuerConfig { speaks_for: these, ..issuer.config(&[Algorithm::ES256]) }]).await;
    let draft = |tenant: &str| issuer.draft(world.clock.unix_seconds()).claim("tenant", tenant);
    assert_eq!(status(&world, &draft("acme").by(&key, "ES256")).await, 200);
    world.calls();
    let unknown = ask(&world, &draft("nobody").by(&key, "ES256")).await;
    for foreign in ["acme2", "globex", "acme-2", "ACME", "other"] {
        let reply = ask(&world, &draft(foreign).by(&key, "ES256")).await;
        assert_eq!((reply.status.as_u16(), &reply.text), (403, &unknown.text), "{foreign}");
    }
    assert_eq!(unknown.status.as_u16(), 403);
    insta::assert_snapshot!(unknown.text);
    assert_eq!(world.calls(), []);
}

/// An issuer whose secret is 32 times 9.
fn shared() -> IssuerConfig {
    trusted(ISSUER, KeySource::Secret(String::from_utf8(vec![9; 32]).unwrap().into()))
}

/// The caller that a token names; none if it is refused.
async fn caller(world: &World, draft: Draft, key: &SigningKey) -> Option<Caller> {
    let token = draft.by(key, "HS256");
    let bearer = Bearer::from_header(format!("Bearer {token}").as_bytes()).unwrap();
    world.gateway.authorizer.authorize(&bearer).await.ok()
}
