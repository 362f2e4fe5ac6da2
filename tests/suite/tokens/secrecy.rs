//! What the gateway shows of itself in a log: neither a token nor a secret nor a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use innkeeper::authorizer::Bearer;

use super::{SECRET, Setting, ask};

#[tokio::test]
async fn a_gateway_that_is_printed_shows_no_token_no_secret_and_no_key() {
    let setting = Setting::start().await;
    let world = &setting.world;
    let tokens = [
        setting.draft().by(&setting.ec, "ES256"),
        setting.draft().by(&setting.rsa, "RS256"),
        setting.shared_draft().by(&setting.secret, "HS256"),
        world.token("acme"),
    ];
    for token in &tokens {
        ask(world, token).await.ok();
    }
    // A refused token is kept too.
    let refused = setting.draft().by(&setting.stranger, "ES256");
    assert_eq!(ask(world, &refused).await.status.as_u16(), 401);
    let bearer = Bearer::from_header(format!("Bearer {}", tokens[0]).as_bytes()).unwrap();
    let caller = world.gateway.authorizer.authorize(&bearer).await.unwrap();
    let printed = [
        format!("{:?}{:#?}", world.gateway, world.gateway),
        format!("{bearer:?}{caller:?}{caller:#?}"),
        format!("{:?}", setting.issuer.config(&[])),
        format!("{:?}", super::trusted("x", innkeeper::authorizer::KeySource::Secret(utf8(SECRET).into()))),
        format!("{:?}", innkeeper::authorizer::KeySource::Secret(utf8(SECRET).into())),
        format!("{:?}{:#?}", world.issuer, world.credentials("acme")),
    ]
    .concat();
    // It is the whole gateway that is printed, and not a placeholder for it.
    assert!(printed.contains("https://login.example.test/") && printed.contains("acme"), "{printed}");
    for token in tokens.iter().chain([&refused]) {
        assert_absent(&printed, token);
        token.split('.').for_each(|part| assert_absent(&printed, part));
    }
    assert_absent(&printed, &utf8(SECRET));
    assert_bytes_absent(&printed, SECRET);
    // The cursor key of every world.
    assert_bytes_absent(&printed, &[7; 32]);
    let stolen = world.credentials("acme");
    assert_absent(&printed, &stolen.secret_access_key);
    assert_absent(&printed, &stolen.session_token);
    // Nor the credentials that the leases hold, which no test ever sees: they would look like these.
    let looks_like_a_credential = |word: &&str| {
        word.len() >= stolen.secret_access_key.len() && word.contains(|c: char| c.is_ascii_digit())
    };
    let words = printed.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')));
    let long: Vec<_> = words.filter(looks_like_a_credential).collect();
    assert!(long.is_empty(), "{long:?}");
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn assert_absent(printed: &str, secret: &str) {
    assert!(!printed.contains(secret), "{secret} is printed");
}

/// Bytes in none of the forms that they are printed in.
#[track_caller]
fn assert_bytes_absent(printed: &str, bytes: &[u8]) {
    let packed: String = printed.split_whitespace().collect();
    let list: Vec<_> = bytes.iter().map(ToString::to_string).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    for form in [list.join(","), hex, STANDARD.encode(bytes)] {
        assert!(!packed.contains(&form), "{form} is printed");
    }
}
