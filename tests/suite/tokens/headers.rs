//! Bad tokens: algorithms, keys and other members of the header. The claims of all of them are good.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Setting;
use super::bad::Corpus;
use crate::harness::issuers::{Draft, SigningKey, base64url, compact};

pub(super) fn corpus(setting: &Setting) -> Corpus {
    let parts = [
        unsigned(setting),
        algorithms(setting),
        confused(setting),
        keys(setting),
        keys_that_the_token_brings(setting),
        steering(setting),
        types(setting),
    ];
    parts.into_iter().flatten().collect()
}

fn unsigned(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    let good = setting.draft().by(&setting.ec, "ES256");
    let signature = good.rsplit('.').next().unwrap();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let draft = setting.draft().header("alg", none).header("kid", "ec-1");
        let token = compact(json!(draft.header).to_string(), json!(draft.claims).to_string(), |_| Vec::new());
        corpus.push((format!("alg {none:?} without a signature"), token.clone()));
        corpus.push((format!("alg {none:?} and no third part"), token.trim_end_matches('.').to_owned()));
        corpus.push((format!("alg {none:?} with another token's signature"), format!("{token}{signature}")));
        corpus.push((format!("alg {none:?} with a good signature"), draft.sign(&setting.ec, "ES256")));
    }
    corpus
}

fn algorithms(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    let (ec, rsa) = (&setting.ec, &setting.rsa);
    let named = |draft: Draft| draft.header("kid", "ec-1");
    for (what, alg) in [
        ("null", Value::Null),
        ("a number", json!(256)),
        ("a list", json!(["ES256"])),
        ("an object", json!({ "ES256": true })),
        ("in lower case", json!("es256")),
        ("with a space", json!("ES256 ")),
        ("another curve's", json!("ES384")),
        ("not known here", json!("ES256K")),
        ("not known here either", json!("ES512")),
        ("of encryption", json!("ECDH-ES")),
        ("of key wrapping", json!("dir")),
    ] {
        corpus.push((format!("alg is {what}"), named(setting.draft()).header("alg", alg).sign(ec, "ES256")));
    }
    corpus.push(("alg is missing".into(), named(setting.draft()).sign(ec, "ES256")));
    for alg in ["RS384", "RS512", "PS256", "PS384"] {
        corpus.push((format!("{alg} is not the issuer's"), setting.draft().by(rsa, alg)));
    }
    corpus.push(("EdDSA is not the issuer's".into(), setting.draft().by(&setting.ed, "EdDSA")));
    let shared = |alg: &str| setting.shared_draft().header("alg", alg).header("kid", "secret");
    for alg in ["HS384", "HS512", "ES256", "RS256"] {
        let token = shared(alg).sign(&setting.secret, "HS256");
        corpus.push((format!("{alg} under an issuer with a secret"), token));
    }
    corpus.push(("another secret".into(), shared("HS256").sign(&SigningKey::secret(b"another"), "HS256")));
    corpus.push(("an empty secret".into(), shared("HS256").sign(&SigningKey::secret(b""), "HS256")));
    corpus
}

/// A public key taken for a secret, one kind of key taken for another, one scheme of signing for another.
fn confused(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    for key in [&setting.ec, &setting.rsa] {
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(key.public())
        );
        let set = json!({ "keys": [key.jwk()] }).to_string();
        for (what, secret) in [
            ("its bytes", key.public()),
            ("its PEM", pem.into_bytes()),
            ("its JWK", key.jwk().to_string().into_bytes()),
            ("its key set", set.into_bytes()),
        ] {
            let secret = SigningKey::secret(&secret);
            for alg in ["HS256", "HS384", "HS512"] {
                let draft = setting.draft().header("alg", alg).header("kid", key.kid.clone());
                corpus.push((
                    format!("{alg} with {what}, {}, as the secret", key.kid),
                    draft.sign(&secret, "HS256"),
                ));
            }
        }
    }
    let mistaken = |alg: &str, kid: &str| setting.draft().header("alg", alg).header("kid", kid);
    corpus.push((
        "RS256 by a key of another kind".into(),
        mistaken("RS256", "ec-1").sign(&setting.rsa, "RS256"),
    ));
    corpus.push((
        "ES256 by a key of another kind".into(),
        mistaken("ES256", "rsa-1").sign(&setting.ec, "ES256"),
    ));
    corpus.push(("ES256 by an Edwards key".into(), mistaken("ES256", "ed-1").sign(&setting.ed, "EdDSA")));
    corpus.push(("RS256, signed as PS256".into(), mistaken("RS256", "rsa-1").sign(&setting.rsa, "PS256")));
    corpus.push(("RS256, signed as RS384".into(), mistaken("RS256", "rsa-1").sign(&setting.rsa, "RS384")));
    corpus.push(("an ECDSA signature as DER".into(), as_der(&mistaken("ES256", "ec-1"), &setting.ec)));
    corpus
}

/// A token with the signature in the form that certificates use.
fn as_der(draft: &Draft, key: &SigningKey) -> String {
    let pkcs8 = key.pkcs8();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8).unwrap();
    compact(json!(draft.header).to_string(), json!(draft.claims).to_string(), |message| {
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    })
}

fn keys(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    for (what, kid) in [
        ("unknown", json!("ec-2")),
        ("empty", json!("")),
        ("in upper case", json!("EC-1")),
        ("with a space", json!("ec-1 ")),
        ("with a zero byte", json!("ec-1\0")),
        ("a path", json!("../../../dev/null")),
        ("an address", json!(setting.trap.url("ec-1"))),
        ("a query", json!("x' UNION SELECT 'key")),
        ("a command", json!("ec-1|sleep 9")),
        ("a number", json!(1)),
        ("null", Value::Null),
        ("a list", json!(["ec-1"])),
        ("an object", json!({ "kid": "ec-1" })),
        ("very long", json!("k".repeat(4_000))),
    ] {
        let draft = setting.draft().header("alg", "ES256").header("kid", kid);
        corpus.push((format!("kid is {what}"), draft.sign(&setting.ec, "ES256")));
    }
    let nameless = setting.draft().header("alg", "ES256");
    corpus.push(("no kid, and the set has three keys".into(), nameless.sign(&setting.ec, "ES256")));
    let stranger = setting.draft().by(&setting.stranger, "ES256");
    corpus.push(("a stranger's key under a known name".into(), stranger));
    let shared = setting.shared_draft().by(&setting.ec, "ES256");
    corpus.push(("a key of another issuer".into(), shared));
    corpus
}

/// Keys and addresses of keys in the token itself. Whoever follows them lets the sender choose the key.
fn keys_that_the_token_brings(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    let stranger = &setting.stranger;
    let certificate = STANDARD.encode(stranger.public());
    for (name, value) in [
        ("jku", json!(setting.trap.url("jwks.json"))),
        ("x5u", json!(setting.trap.url("chain.pem"))),
        ("jwk", stranger.jwk()),
        ("x5c", json!([certificate])),
        ("x5t", json!(base64url(stranger.public()))),
        ("x5t#S256", json!(base64url(stranger.public()))),
    ] {
        let draft = setting.draft().header("alg", "ES256").header(name, value);
        corpus.push((format!("{name} and no kid"), draft.sign(stranger, "ES256")));
        let named = draft.header("kid", "ec-1");
        corpus.push((format!("{name} and a known kid"), named.sign(stranger, "ES256")));
        let elsewhere = named.header("kid", setting.trap.url("key"));
        corpus.push((format!("{name} and an address for a kid"), elsewhere.sign(stranger, "ES256")));
    }
    let issuer = setting.draft().claim("iss", setting.trap.url("issuer"));
    corpus.push(("an issuer that is an address".into(), issuer.by(stranger, "ES256")));
    corpus
}

/// Members that change how a token is to be read. The signature is good.
fn steering(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    for (name, value) in [
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!(["kid"])),
        ("crit", json!("kid")),
        ("crit", Value::Null),
        ("zip", json!("DEF")),
        ("zip", json!("")),
        ("b64", json!(true)),
        ("b64", json!(false)),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("cty", json!("application/jwt")),
    ] {
        let what = format!("{name} is {value}");
        corpus.push((what, setting.draft().header(name, value).by(&setting.ec, "ES256")));
    }
    let unencoded = setting.draft().header("b64", false).header("crit", json!(["b64"]));
    corpus.push(("b64 false, and critical".into(), unencoded.by(&setting.ec, "ES256")));
    corpus
}

fn types(setting: &Setting) -> Corpus {
    let mut corpus = Corpus::new();
    for typ in [
        json!("JWE"),
        json!("JWS"),
        json!("JOSE"),
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!("secevent+jwt"),
        json!("application/json"),
        json!("JWT "),
        json!("JWT,at+jwt"),
        json!(""),
        Value::Null,
        json!(1),
        json!(["JWT"]),
    ] {
        let what = format!("typ is {typ}");
        corpus.push((what, setting.draft().header("typ", typ).by(&setting.ec, "ES256")));
    }
    corpus
}
