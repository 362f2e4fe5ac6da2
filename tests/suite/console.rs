//! The page of `innkeeper dev`: in a real browser, as a newcomer meets it; and what another page can get of it.

use std::path::PathBuf;

use innkeeper::server::{Console, Origins};
use serde_json::{Value, json};

use crate::harness::dev::{Dev, application};
use crate::harness::{Reply, World, npm, skip};

/// What drives the browser, at a version that the suite has been run with.
const PACKAGES: [&str; 1] = ["playwright-core@1.64.1"];
/// Browsers that it can drive, by the names that they are started with.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A name that is not the page's. In the browser it leads to the page's address.
const STRANGER: &str = "evil.example.com";

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let mut paths = BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.find(|path| path.is_file())
}

#[tokio::test]
async fn a_newcomer_finds_everything_at_hand_and_a_stranger_nothing() {
    let Some(browser) = browser() else { return skip("BROWSER", "there is no Chromium") };
    let packages = match npm::packages(&PACKAGES).await {
        Ok(packages) => packages,
        Err(why) => return skip("BROWSER", &why),
    };
    let folder = application();
    let file = folder.path().join("tenants.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text.replace("[tenants.globex2]", "[tenants.globex2]\nstate = \"suspended\""))
        .unwrap();
    let dev = Dev::start(folder.path(), &[]);
    let options = json!({ "browser": browser, "url": dev.url, "stranger": STRANGER });
    let seen = npm::script("console.mjs", &packages, options).await.unwrap();
    insta::assert_json_snapshot!("console", seen);
}

#[tokio::test]
async fn the_page_knows_the_tenants_of_the_file_as_it_is_now() {
    let folder = application();
    let dev = Dev::start(folder.path(), &["--no-seed"]);
    let file = folder.path().join("tenants.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text.replace("[tenants.acme2]", "[tenants.newcomer]")).unwrap();
    for _ in 0..300 {
        let known = reqwest::get(format!("{}/console/tenants.json", dev.url)).await.unwrap();
        let known: Value = known.json().await.unwrap();
        let tenants = known["tenants"].as_array().unwrap();
        if let Some(newcomer) = tenants.iter().find(|it| it["id"] == "newcomer") {
            assert!(tenants.iter().all(|it| it["id"] != "acme2"));
            let (status, _) = dev.query(newcomer["token"].as_str().unwrap(), "{ __typename }").await;
            assert_eq!(status, 200);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the page does not know the tenant");
}

const PATHS: [&str; 3] = ["/", "/console/console.js", "/console/tenants.json"];

/// A world with a page, whose token for `acme` is a word; every other page may call the gateway itself.
async fn world() -> World {
    let tenants = || vec![("acme".parse().unwrap(), "token-of-acme".to_owned())];
    let configure = move |config: &mut innkeeper::config::Config| {
        config.server.origins = Origins::Any;
        config.server.console = Some(Console::new(tenants, "{ __typename }"));
    };
    World::builder().configure(configure).start().await
}

/// Asks for a path with headers, and checks what holds for every answer of the page.
async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = world.http.get(format!("{}{path}", world.url));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let reply = world.send(request).await;
    let header = |name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap());
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{path}");
    let policy = header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"));
    assert_eq!(header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    reply
}

#[tokio::test]
async fn no_other_origin_may_read_the_page_even_where_every_origin_may_call() {
    let world = world().await;
    for path in PATHS {
        let origin = format!("http://{STRANGER}");
        let reply = get(&world, path, &[("origin", &origin)]).await;
        assert_eq!(reply.status.as_u16(), 200);
        let preflight = world.http.request(reqwest::Method::OPTIONS, format!("{}{path}", world.url));
        let preflight = preflight.header("origin", &origin).header("access-control-request-method", "GET");
        let reply = world.send(preflight).await;
        assert_eq!((reply.status.as_u16(), reply.headers.get("access-control-allow-origin")), (405, None));
    }
    let tenants = get(&world, "/console/tenants.json", &[]).await;
    assert_eq!(tenants.json()["tenants"], json!([{ "id": "acme", "token": "token-of-acme" }]));
    assert_eq!(tenants.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_gets_no_token() {
    let world = world().await;
    for path in PATHS {
        for host in [STRANGER, "evil.example.com:4000", "localhost.evil.example.com"] {
            let reply = get(&world, path, &[("host", host)]).await;
            assert_eq!(reply.status.as_u16(), 421, "{path} {host}");
            assert!(!reply.text.contains("token-of-acme"));
        }
        assert_eq!(get(&world, path, &[("host", "localhost:4000")]).await.status.as_u16(), 200);
    }
    // The gateway itself is called by any name: whoever calls needs a token.
    let request = world.http.post(format!("{}/graphql", world.url)).header("host", STRANGER);
    let request = request.bearer_auth(world.token("acme")).json(&json!({ "query": "{ __typename }" }));
    world.send(request).await.ok();
}

#[tokio::test]
async fn without_a_console_there_is_no_page() {
    let world = World::start().await;
    for path in PATHS {
        let reply = world.send(world.http.get(format!("{}{path}", world.url))).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (404, ""));
    }
}
