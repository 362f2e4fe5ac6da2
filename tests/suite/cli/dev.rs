//! `innkeeper dev` and `innkeeper token`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{application, edit};
use crate::harness::dev::Dev;
use crate::harness::process::{innkeeper, run};

/// A token as `innkeeper token` prints it beside a running `dev`.
fn token(folder: &Path, tenant: &str) -> String {
    let config = folder.join("innkeeper.toml");
    let ended =
        run(&mut innkeeper(folder, &["token", "--tenant", tenant, "--config", config.to_str().unwrap()]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout.lines().count(), 1);
    ended.stdout.trim().to_owned()
}

#[tokio::test]
async fn dev_runs_an_application_from_anywhere_and_token_works_beside_it() {
    let folder = application();
    let dev = Dev::start(folder.path(), &[]);
    let (status, body) =
        dev.query(&token(folder.path(), "acme"), "{ product(sku: \"COF-001\") { name } }").await;
    assert_eq!((status, &body["data"]["product"]["name"]), (200, &json!("Ethiopia Yirgacheffe, 250 g")));
    let ready = reqwest::get(format!("{}/readyz", dev.admin)).await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    let page = reqwest::get(&dev.url).await.unwrap().text().await.unwrap();
    assert!(page.contains("graphiql"), "{page}");
    let (code, _) = dev.running.terminate();
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn the_two_commands_do_what_they_promise() {
    if Command::new("curl").arg("--version").output().is_err() {
        return crate::harness::skip("CURL", "curl cannot be run");
    }
    let folder = application();
    let dev = Dev::start(folder.path(), &[]);
    let (first, second) = dev.printed.split_once("\n2. ").unwrap();
    let command = |text: &str| text[text.find("curl ").unwrap()..].to_owned();
    let sh = |text: String| {
        let output = Command::new("sh").arg("-c").arg(text).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (first, second) = (command(first), command(second));
    let (answered, denied) = tokio::task::spawn_blocking(move || (sh(first), sh(second))).await.unwrap();
    assert_eq!(answered["data"]["product"]["sku"], "COF-001");
    assert_eq!(denied["__type"], "com.amazon.coral.service#AccessDeniedException");
    let message = denied["Message"].as_str().unwrap();
    assert!(message.contains("ik-acme2 is not authorized to perform: dynamodb:GetItem"), "{message}");
}

#[tokio::test]
async fn items_outlive_a_restart_in_a_data_file() {
    let folder = application();
    let data = folder.path().join("items.db");
    let arguments = ["--data", data.to_str().unwrap()];
    let acme = token(folder.path(), "acme");
    let dev = Dev::start(folder.path(), &arguments);
    let create = "mutation { createProduct(input: {sku: \"KEPT\", name: \"n\", category: TEA, price: \"1\"}) { sku } }";
    let delete = "mutation { deleteProduct(sku: \"COF-001\") { sku } }";
    for document in [create, delete] {
        assert_eq!(dev.query(&acme, document).await.1.get("errors"), None);
    }
    dev.running.terminate();
    let dev = Dev::start(folder.path(), &arguments);
    let read = "{ kept: product(sku: \"KEPT\") { name } gone: product(sku: \"COF-001\") { name } }";
    let (_, body) = dev.query(&acme, read).await;
    assert_eq!(body, json!({ "data": { "kept": { "name": "n" }, "gone": null } }));
}

#[tokio::test]
async fn without_a_seed_the_tables_are_empty() {
    let folder = application();
    let dev = Dev::start(folder.path(), &["--no-seed"]);
    let (_, body) = dev.query(&token(folder.path(), "acme"), "{ product(sku: \"COF-001\") { name } }").await;
    assert_eq!(body, json!({ "data": { "product": null } }));
}

#[tokio::test]
async fn a_tenant_that_is_suspended_in_the_file_is_out_within_seconds() {
    let folder = application();
    let dev = Dev::start(folder.path(), &["--no-seed"]);
    let acme = token(folder.path(), "acme");
    assert_eq!(dev.query(&acme, "{ __typename }").await.0, 200);
    // A broken file keeps the tenants as they are, and is said to be broken.
    edit(folder.path(), "tenants.toml", |text| text.replace("mode = \"session-tags\"", "mode = \"tags\""));
    let mut dev = dev;
    dev.running.wait_for("reload.rejected");
    assert_eq!(dev.query(&acme, "{ __typename }").await.0, 200);
    edit(folder.path(), "tenants.toml", |text| {
        text.replace("mode = \"tags\"", "mode = \"session-tags\"")
            .replace("[tenants.acme]", "[tenants.acme]\nstate = \"suspended\"")
    });
    for _ in 0..300 {
        if dev.query(&acme, "{ __typename }").await.0 == 403 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the tenant is not out");
}

#[tokio::test]
async fn the_private_files_are_the_owners_alone_and_hold_across_restarts() {
    let folder = application();
    let before = token(folder.path(), "acme");
    let dev = Dev::start(folder.path(), &["--no-seed"]);
    // A token of before the start is good: the key is the same.
    assert_eq!(dev.query(&before, "{ __typename }").await.0, 200);
    for name in ["dev-issuer.key", "cursor.key"] {
        let metadata = std::fs::metadata(folder.path().join(".innkeeper").join(name)).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o600);
    }
}

#[test]
fn many_tokens_at_once_are_of_one_key() {
    let folder = application();
    let commands: Vec<_> = (0..4)
        .map(|_| {
            let path = folder.path().to_owned();
            std::thread::spawn(move || token(&path, "acme"))
        })
        .collect();
    assert!(commands.into_iter().all(|command| !command.join().unwrap().is_empty()));
    let files = std::fs::read_dir(folder.path().join(".innkeeper")).unwrap().count();
    assert_eq!(files, 1, "drafts are left behind");
}
