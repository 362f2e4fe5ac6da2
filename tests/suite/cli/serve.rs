//! `innkeeper serve`: the same gateway with its identity from the environment, before an AWS that it does not know
//! to be embedded.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{application, edit, free_address};
use crate::harness::process::{Running, innkeeper, run};
use crate::harness::serving::{self, CURSOR_KEY};
use crate::harness::{Collector, World, root};

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

/// `serve` with an identity that no AWS knows.
fn before_nobody(folder: &TempDir, arguments: &[&str]) -> Running {
    Running::start(
        innkeeper(folder.path(), arguments)
            .env("INNKEEPER_CURSOR_KEYS", CURSOR_KEY)
            .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "none"),
    )
}

/// Policies that let one tenant reach another's items.
fn unproved() -> TempDir {
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
    let mut serving = before_nobody(&folder, &arguments);
    let lines = serving.wait_for("serving");
    assert!(lines.iter().any(|line| line.contains("isolation.unproved")), "{lines:?}");
    let metrics = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("innkeeper_isolation_proved 0"), "{metrics}");
    assert_eq!(serving.terminate().0, Some(0));
}

/// A role that only a session policy bounds: what it allows by itself is not declared.
#[tokio::test]
async fn a_role_that_is_not_declared_is_named_and_counted_beside_the_proof() {
    let folder = application();
    std::fs::remove_file(folder.path().join("policies/roles/pool.json")).unwrap();
    let (listen, admin) = (free_address(), free_address());
    let arguments = ["serve", "--listen", &listen, "--admin", &admin];
    let mut serving = before_nobody(&folder, &arguments);
    let lines = serving.wait_for("serving");
    let said = lines.iter().find(|line| line.contains("isolation.not-looked-at"));
    let said: Value = serde_json::from_str(said.expect("it is said")).unwrap();
    assert_eq!((&said["level"], &said["roles"]), (&json!("WARN"), &json!(1)), "{said}");
    assert_eq!(said["named"], "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool");
    let metrics =
        async || reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
    let text = metrics().await;
    assert!(text.contains("innkeeper_isolation_proved 1\n"), "{text}");
    assert!(text.contains("innkeeper_isolation_roles_not_looked_at 1\n"), "{text}");
    // Once it is declared, nothing is left out.
    std::fs::copy(root().join("policies/roles/pool.json"), folder.path().join("policies/roles/pool.json"))
        .unwrap();
    serving.signal("HUP");
    serving.wait_for("reload.done");
    let text = metrics().await;
    assert!(text.contains("innkeeper_isolation_roles_not_looked_at 0\n"), "{text}");
    assert_eq!(serving.terminate().0, Some(0));
}

#[tokio::test]
async fn more_active_tenants_than_leases_are_said_at_the_start_and_at_each_reload() {
    let folder = application();
    let path = folder.path().join("innkeeper.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("[credentials]"), "{text}");
    std::fs::write(&path, format!("{text}\n[credentials]\nmax-leases = 5\n")).unwrap();
    let (listen, admin) = (free_address(), free_address());
    let arguments = ["serve", "--listen", &listen, "--admin", &admin];
    let mut serving = before_nobody(&folder, &arguments);
    let lines = serving.wait_for("serving");
    let said = lines.iter().find(|line| line.contains("leases.too-few"));
    let said: Value = serde_json::from_str(said.expect("it is said")).unwrap();
    assert_eq!((&said["level"], &said["tenants"], &said["most"]), (&json!("WARN"), &json!(6), &json!(5)));
    // Five of six are served: there is one for each.
    let tenants = folder.path().join("tenants.toml");
    let text = std::fs::read_to_string(&tenants).unwrap();
    let suspended = "[tenants.acme]\nstate = \"suspended\"\n";
    std::fs::write(&tenants, text.replace("[tenants.acme]\n", suspended)).unwrap();
    serving.signal("HUP");
    serving.wait_for("reload.done");
    let (code, lines) = serving.terminate();
    assert_eq!(code, Some(0));
    assert_eq!(lines.iter().filter(|line| line.contains("leases.too-few")).count(), 1, "{lines:#?}");
}

/// They wait two seconds for others, and the process has not got these.
#[tokio::test]
async fn spans_of_a_request_just_before_the_end_reach_the_collector() {
    let world = World::builder().real_time().start().await;
    let collector = Collector::start();
    let folder = application();
    serving::trust(&world, folder.path(), "");
    let (listen, admin) = (free_address(), free_address());
    let mut command = innkeeper(folder.path(), &["serve", "--listen", &listen, "--admin", &admin]);
    let command = serving::before(&mut command, &world, &world.aws.endpoint());
    let command = command.env("INNKEEPER_TELEMETRY_OTLP_ENDPOINT", collector.endpoint());
    let mut serving = Running::start(command);
    serving.wait_for("serving");
    let request = world.http.post(format!("http://{listen}/graphql")).bearer_auth(world.token("acme"));
    let answer =
        request.json(&json!({ "query": "{ product(sku: \"COF-001\") { name } }" })).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(serving.terminate().0, Some(0));
    let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    for name in ["POST /graphql", "Query.product", "DynamoDB.GetItem", "STS.AssumeRole", "key set"] {
        assert!(names.iter().any(|it| it == name), "no {name} in {names:?}");
    }
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
