//! `innkeeper serve`: the same gateway with its identity from the environment, before an AWS that it does not know
//! to be embedded.

use serde_json::{Value, json};

use super::{application, edit, free_address};
use crate::harness::World;
use crate::harness::process::{Running, innkeeper};

#[tokio::test]
async fn serve_finds_its_identity_in_the_environment_and_serves_the_same() {
    let world = World::builder().real_time().start().await;
    let folder = application();
    let jwks = format!("{}/.well-known/jwks.json", world.aws.endpoint());
    edit(folder.path(), "innkeeper.toml", |text| {
        text.replace("https://login.example.com/.well-known/jwks.json", &jwks)
            .replace("https://login.example.com/", "innkeeper-dev")
            .replace("RS256", "ES256")
    });
    let identity = world.identity();
    let (listen, admin) = (free_address(), free_address());
    let mut serving = Running::start(
        innkeeper(folder.path(), &["serve", "--listen", &listen, "--admin", &admin])
            .env("AWS_ACCESS_KEY_ID", &identity.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &identity.secret_access_key)
            .env("AWS_SESSION_TOKEN", &identity.session_token)
            .env("INNKEEPER_AWS_STS_ENDPOINT", world.aws.endpoint())
            .env("INNKEEPER_AWS_DYNAMODB_ENDPOINT", world.aws.endpoint())
            .env("INNKEEPER_CURSOR_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    );
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
