//! `innkeeper serve`: the same gateway with its identity from the environment, before an AWS that it does not know
//! to be embedded.

use serde_json::{Value, json};

use super::{application, edit, free_address};
use crate::harness::World;
use crate::harness::process::{Running, innkeeper, run};
use crate::harness::serving::{self, CURSOR_KEY};

#[tokio::test]
async fn serve_finds_its_identity_in_the_environment_and_serves_the_same() {
    let world = World::builder().real_time().start().await;
    let folder = application();
    serving::trust(&world, folder.path(), "");
    let identity = world.identity();
    let (listen, admin) = (free_address(), free_address());
    let mut command = innkeeper(folder.path(), &["serve", "--listen", &listen, "--admin", &admin]);
    let mut serving = Running::start(serving::before(&mut command, &world, &world.aws.endpoint()));
    serving.wait_for("serving");
    let ask = async |tenant: &str, query: &str| {
        let request = world
            .http
            .post(format!("http://{listen}/graphql"))
            .header("authorization", format!("Bearer {}", world.token(tenant)))
            .json(&json!({ "query": query }));
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let product = "{ product(sku: \"COF-001\") { name } }";
    for tenant in ["acme", "acme-2", "globex"] {
        assert_eq!(ask(tenant, product).await["data"]["product"]["name"], "Ethiopia Yirgacheffe, 250 g");
    }
    // Introspection is off unless it is configured.
    let refused = ask("acme", "{ __schema { queryType { name } } }").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    let (code, lines) = serving.terminate();
    assert_eq!(code, Some(0));
    let log = lines.join("\n");
    assert!(log.contains("lease.granted"));
    for secret in [&identity.secret_access_key, &identity.session_token, &world.token("acme")] {
        assert!(!log.contains(secret.as_str()), "a secret is in the log");
    }
}

/// Policies that let one tenant reach another's items.
fn unproved() -> tempfile::TempDir {
    let folder = application();
    edit(folder.path(), "policies/shop.json", |text| {
        text.replace("TENANT#{{tenant}}#*", "TENANT#{{tenant}}*")
    });
    edit(folder.path(), "policies/roles/pool.json", |text| {
        text.replace("TENANT#${aws:PrincipalTag/tenant}#*", "TENANT#${aws:PrincipalTag/tenant}*")
    });
    folder
}

#[test]
fn what_is_not_proved_is_not_served() {
    let folder = unproved();
    let (listen, admin) = (free_address(), free_address());
    let ended = run(innkeeper(folder.path(), &["serve", "--listen", &listen, "--admin", &admin])
        .env("INNKEEPER_CURSOR_KEYS", CURSOR_KEY));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("serve all the same with --allow-unproved"), "{}", ended.stderr);
    assert!(ended.stderr.contains("policies/shop.json"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_is_not_proved_is_served_where_that_is_allowed_and_the_metric_says_so() {
    let folder = unproved();
    let (listen, admin) = (free_address(), free_address());
    let arguments = ["serve", "--allow-unproved", "--listen", &listen, "--admin", &admin];
    let mut serving = Running::start(
        innkeeper(folder.path(), &arguments)
            .env("INNKEEPER_CURSOR_KEYS", CURSOR_KEY)
            .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "none"),
    );
    let lines = serving.wait_for("serving");
    assert!(lines.iter().any(|line| line.contains("isolation.unproved")), "{lines:?}");
    let metrics = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("innkeeper_isolation_proved 0"), "{metrics}");
    assert_eq!(serving.terminate().0, Some(0));
}

#[test]
fn a_port_in_use_is_named_with_the_option_that_takes_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = application();
    let arguments = ["dev", "--listen", &free_address(), "--admin", &address];
    let ended = run(&mut innkeeper(folder.path(), &arguments));
    assert_eq!(ended.code, Some(1));
    let expected = format!("cannot listen on {address}; `--admin` takes another address");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
}
