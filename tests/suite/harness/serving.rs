//! `innkeeper serve` as a process, before the AWS of a world that goes by real time: whom it trusts, and who it is.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::World;

/// A key that cursors are sealed with.
pub(crate) const CURSOR_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Lets the application of a folder trust the issuer of a world, and appends to its configuration.
#[track_caller]
pub(crate) fn trust(world: &World, folder: &Path, appended: &str) {
    let jwks = format!("{}/.well-known/jwks.json", world.aws.endpoint());
    let path = folder.join("innkeeper.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let trusting = text
        .replace("https://login.example.com/.well-known/jwks.json", &jwks)
        .replace("https://login.example.com/", "innkeeper-dev")
        .replace("RS256", "ES256");
    assert_ne!(text, trusting, "there is no issuer to replace");
    std::fs::write(path, trusting + appended).unwrap();
}

/// Gives a command the identity of a world's gateway, and the address where it finds AWS.
pub(crate) fn before<'c>(command: &'c mut Command, world: &World, aws: &str) -> &'c mut Command {
    let identity = world.identity();
    command
        .env("AWS_ACCESS_KEY_ID", identity.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", identity.secret_access_key)
        .env("AWS_SESSION_TOKEN", identity.session_token)
        .env("INNKEEPER_AWS_STS_ENDPOINT", aws)
        .env("INNKEEPER_AWS_DYNAMODB_ENDPOINT", aws)
        .env("INNKEEPER_CURSOR_KEYS", CURSOR_KEY)
}

/// Waits until the gateway with an admin port takes requests.
pub(crate) async fn until_ready(world: &World, admin: &str) {
    for _ in 0..500 {
        let asked = world.http.get(format!("http://{admin}/readyz")).send().await;
        if asked.is_ok_and(|answer| answer.status() == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the gateway does not get ready");
}
