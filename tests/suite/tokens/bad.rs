//! The corpus of bad tokens. Every one of them gets one and the same answer, and nothing happens behind it: no call to
//! AWS, no fetch but that of the configured key set, no connection to an address that a token names.

use super::{ISSUER, Setting, ask_with, claims, forms, headers, status};

/// Tokens and what is wrong with each.
pub(super) type Corpus = Vec<(String, String)>;

#[tokio::test]
async fn every_bad_token_gets_the_same_answer_and_causes_nothing() {
    let setting = Setting::start().await;
    let corpus: Corpus = [headers::corpus(&setting), claims::corpus(&setting), forms::corpus(&setting)]
        .into_iter()
        .flatten()
        .collect();
    let mut authorizations: Vec<(String, Option<Vec<u8>>)> = corpus
        .into_iter()
        .map(|(what, token)| (what, Some(format!("Bearer {token}").into_bytes())))
        .collect();
    authorizations.extend(forms::authorizations(&setting));
    assert!(authorizations.len() >= 200, "the corpus has shrunk to {}", authorizations.len());
    let mut accepted = Vec::new();
    let mut bodies = std::collections::BTreeSet::new();
    for (what, authorization) in &authorizations {
        let reply = ask_with(&setting.world, authorization.as_deref()).await;
        let challenge = reply.headers.get("www-authenticate").map(|value| value.to_str().unwrap());
        if (reply.status.as_u16(), challenge) != (401, Some("Bearer")) {
            accepted.push(format!("{what}: {} {}", reply.status, reply.text));
        }
        bodies.insert(reply.text);
    }
    assert!(accepted.is_empty(), "{} of {}\n{}", accepted.len(), authorizations.len(), accepted.join("\n"));
    let bodies: Vec<_> = bodies.into_iter().collect();
    insta::assert_snapshot!(bodies.join("\n"));
    assert_eq!(setting.world.calls(), []);
    setting.trap.assert_untouched();
    // Unknown names of keys came within one interval: the set was fetched once, for the first of all tokens.
    assert_eq!(setting.issuer.key_set.fetches(), 1);
    setting.issuer.key_set.assert_only_the_set_was_asked_for();
}

#[tokio::test]
async fn the_corpus_is_drafted_from_tokens_that_are_good() {
    let setting = Setting::start().await;
    let good = [
        setting.draft().by(&setting.ec, "ES256"),
        setting.draft().by(&setting.rsa, "RS256"),
        setting.shared_draft().by(&setting.secret, "HS256"),
    ];
    for token in &good {
        assert_eq!(status(&setting.world, token).await, 200);
    }
    // A second time, and after all those that are bad: no refusal spoils a good token.
    for (what, token) in forms::corpus(&setting) {
        assert_eq!(status(&setting.world, &token).await, 401, "{what}");
    }
    for token in &good {
        assert_eq!(status(&setting.world, token).await, 200);
    }
}

#[tokio::test]
async fn nothing_is_fetched_for_an_issuer_that_is_not_trusted() {
    let setting = Setting::start().await;
    let stranger = setting.draft().claim("iss", format!("{ISSUER}.evil"));
    assert_eq!(status(&setting.world, &stranger.by(&setting.stranger, "ES256")).await, 401);
    // Nor for an algorithm that the issuer does not use.
    assert_eq!(status(&setting.world, &setting.draft().by(&setting.ed, "EdDSA")).await, 401);
    assert_eq!(setting.issuer.key_set.fetches(), 0);
}
