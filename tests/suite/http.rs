//! HTTP: methods, media types, statuses, headers; and what it costs to be refused.

use http::HeaderValue;
use innkeeper::server::Origins;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Reply, Tenant, World};

const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";
const PRODUCT: &str = "{ product(sku: \"COF-001\") { name } }";
const DELETE: &str = "mutation { deleteProduct(sku: \"COF-001\") { sku } }";

fn endpoint(world: &World) -> String {
    format!("{}/graphql", world.url)
}

/// A request of a tenant's, with nothing in it but the token and what is to be accepted.
fn request(world: &World, tenant: &Tenant<'_>, method: Method, accept: &str) -> RequestBuilder {
    world.http.request(method, endpoint(world)).bearer_auth(&tenant.token).header("accept", accept)
}

async fn get(world: &World, tenant: &Tenant<'_>, accept: &str, query: &[(&str, &str)]) -> Reply {
    let url = reqwest::Url::parse_with_params(&endpoint(world), query).unwrap();
    world.send(world.http.get(url).bearer_auth(&tenant.token).header("accept", accept)).await
}

/// Sends a body as it stands.
async fn post(world: &World, tenant: &Tenant<'_>, accept: &str, body: impl Into<String>) -> Reply {
    let request = request(world, tenant, Method::POST, accept).header("content-type", OLD);
    world.send(request.body(body.into())).await
}

/// A world in which `acme` has a session already, so that what a request costs can be seen.
async fn warm() -> World {
    let world = World::start().await;
    world.tenant("acme").query("{ __typename }").await.ok();
    world.calls();
    world
}

fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.headers.get(name).map(|value| value.to_str().unwrap())
}

/// Writes bytes to the gateway and reads until it closes the connection.
async fn raw(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_query_by_get_has_its_parameters_in_the_url() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let document = "query A { __typename } query B($sku: ID!) { product(sku: $sku) { name } }";
    for accept in [NEW, OLD] {
        let variables = ("variables", "{\"sku\": \"TEA-002\"}");
        let reply =
            get(&world, &acme, accept, &[("query", document), variables, ("operationName", "B")]).await;
        assert_eq!(reply.ok(), json!({ "product": { "name": "Sencha, 100 g" } }));
        assert!(header(&reply, "content-type").unwrap().starts_with(accept));
    }
    for bad in
        [&[][..], &[("query", "")], &[("query", PRODUCT), ("variables", "[]")], &[("query", PRODUCT); 2]]
    {
        let reply = get(&world, &acme, OLD, bad).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "BAD_REQUEST"), "{bad:?}");
    }
}

#[tokio::test]
async fn a_mutation_by_get_is_refused_and_writes_nothing() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let both = format!("query Read {PRODUCT} {}", DELETE.replace("mutation", "mutation Delete"));
    for accept in [NEW, OLD] {
        for query in [&[("query", DELETE)][..], &[("query", &both), ("operationName", "Delete")]] {
            let reply = get(&world, &acme, accept, query).await;
            assert_eq!((reply.status.as_u16(), header(&reply, "allow")), (405, Some("POST")));
            assert_eq!(reply.code(), "BAD_REQUEST");
        }
    }
    assert_eq!(world.calls(), []);
    get(&world, &acme, NEW, &[("query", &both), ("operationName", "Read")]).await.ok();
}

#[tokio::test]
async fn other_methods_are_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS] {
        let request = request(&world, &acme, method.clone(), NEW).json(&json!({ "query": PRODUCT }));
        let reply = world.send(request).await;
        assert_eq!((reply.status.as_u16(), header(&reply, "allow")), (405, Some("GET, POST")), "{method}");
    }
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn the_answer_is_of_the_media_type_that_the_client_accepts() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let body = json!({ "query": "{ __typename }" }).to_string();
    for (accept, expected) in [
        (NEW, NEW),
        (OLD, OLD),
        ("*/*", OLD),
        ("application/json, application/graphql-response+json", NEW),
        ("text/html, application/graphql-response+json;q=0.5, application/json;q=0.4", NEW),
    ] {
        let reply = post(&world, &acme, accept, body.as_str()).await;
        let content_type = header(&reply, "content-type").map(str::to_owned);
        assert_eq!((reply.status.as_u16(), content_type), (200, Some(format!("{expected}; charset=utf-8"))));
    }
    for accept in ["text/html", "application/xml", "application/json; charset=utf-16", "application/json;q=0"]
    {
        let reply = post(&world, &acme, accept, body.as_str()).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (406, "BAD_REQUEST"), "{accept}");
    }
}

#[tokio::test]
async fn only_json_is_read() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let types = [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/json; charset=utf-16",
    ];
    for content_type in types.into_iter().map(Some).chain([None]) {
        let request = request(&world, &acme, Method::POST, NEW).body(json!({ "query": DELETE }).to_string());
        let request =
            content_type.into_iter().fold(request, |request, it| request.header("content-type", it));
        let reply = world.send(request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (415, "BAD_REQUEST"), "{content_type:?}");
    }
    assert_eq!(world.calls(), []);
}

/// A body of so many bytes.
fn padded(length: usize) -> String {
    let body = json!({ "query": "{ __typename }" }).to_string();
    format!("{body:length$}")
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_limit() {
    const LIMIT: usize = 2_000;
    let world = World::builder().configure(|config| config.server.max_body = LIMIT).start().await;
    let acme = world.tenant("acme");
    let chunked = async |body: String| {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: {OLD}\r\n\
             connection: close\r\ntransfer-encoding: chunked\r\n\r\n",
            acme.token
        );
        raw(&world, &format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len())).await
    };
    post(&world, &acme, NEW, padded(LIMIT)).await.ok();
    assert!(chunked(padded(LIMIT)).await.starts_with("HTTP/1.1 200 "));
    let reply = post(&world, &acme, NEW, padded(LIMIT + 1)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (413, "BAD_REQUEST"));
    assert!(chunked(padded(LIMIT + 1)).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_document_that_was_sent_once_is_asked_for_by_its_digest() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let document = format!("# Not seen before.\n{PRODUCT}");
    let digest = innkeeper::graphql::Digest::of(&document).to_string();
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": digest } });
    let (by_get, by_post) =
        ([("extensions", &*extensions.to_string())], json!({ "extensions": extensions }).to_string());
    for (accept, status) in [(NEW, 400), (OLD, 200)] {
        let by_post = post(&world, &acme, accept, by_post.clone()).await;
        for reply in [by_post, get(&world, &acme, accept, &by_get).await] {
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, "BAD_REQUEST"));
            assert_eq!(reply.json()["errors"][0]["message"], "PersistedQueryNotFound");
        }
    }
    // Nobody gets a document kept under another's digest.
    let other = json!({ "query": DELETE, "extensions": extensions });
    let refused = post(&world, &acme, NEW, other.to_string()).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "BAD_REQUEST"));
    assert!(world.calls().is_empty());
    let both = json!({ "query": document, "extensions": extensions });
    let answer = post(&world, &acme, NEW, both.to_string()).await.ok();
    for accept in [NEW, OLD] {
        assert_eq!(post(&world, &acme, accept, by_post.clone()).await.ok(), answer);
        assert_eq!(get(&world, &acme, accept, &by_get).await.ok(), answer);
    }
    // It is another tenant's request that names it, and so that tenant's call.
    world.calls();
    post(&world, &world.tenant("globex"), NEW, by_post).await.ok();
    let tenants: Vec<_> = world.calls().into_iter().filter_map(|call| call.tenant).collect();
    assert_eq!(tenants, ["globex", "globex"], "STS, then DynamoDB");
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_whatever_is_accepted() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let batch = json!([{ "query": DELETE }]).to_string();
    let twice = format!("{{\"query\": {0}, \"query\": {0}}}", json!(DELETE));
    let wrong = |member: &str, value: Value| {
        let mut body = json!({ "query": DELETE });
        body[member] = value;
        body.to_string()
    };
    for body in [
        "",
        "{",
        "null",
        "\"{ __typename }\"",
        "{}",
        "[]",
        &batch,
        &twice,
        &wrong("query", json!("")),
        &wrong("query", json!(["{ __typename }"])),
        &wrong("operationName", json!({})),
        &wrong("variables", json!([1])),
        &wrong("variables", json!("{}")),
        &wrong("extensions", json!(true)),
    ] {
        for accept in [NEW, OLD] {
            let reply = post(&world, &acme, accept, body).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "BAD_REQUEST"), "{body}");
            assert!(reply.json().get("data").is_none());
        }
    }
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_document_that_cannot_be_run_is_a_400_or_a_200_without_data() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let plain = |query: &str| json!({ "query": query });
    for body in [
        plain("{"),
        plain(" "),
        plain("{ nothing }"),
        plain("query A { __typename } query B { __typename }"),
        json!({ "query": "query A { __typename }", "operationName": "B" }),
        json!({ "query": "query ($sku: ID!) { product(sku: $sku) { sku } }", "variables": {} }),
        json!({ "query": "query ($sku: ID!) { product(sku: $sku) { sku } }", "variables": { "sku": {} } }),
        plain("subscription { product(sku: \"COF-001\") { sku } }"),
        plain("{ product { sku } }"),
    ] {
        for (accept, status) in [(NEW, 400), (OLD, 200)] {
            let reply = post(&world, &acme, accept, body.to_string()).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, "BAD_REQUEST"), "{body}");
            assert!(reply.json().get("data").is_none(), "{}", reply.text);
        }
    }
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn an_answer_with_data_and_errors_is_a_200() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let body = json!({ "query": "{ orders(customerId: \"C\", first: -1) { nodes { id } } }" }).to_string();
    for accept in [NEW, OLD] {
        let reply = post(&world, &acme, accept, body.as_str()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["data"]), (200, &Value::Null));
    }
}

#[tokio::test]
async fn without_a_good_token_everybody_gets_the_same_answer_and_costs_nothing() {
    let world = warm().await;
    let good = world.tenant("acme").token;
    let (claims, signature) = good.rsplit_once('.').unwrap();
    let tampered = format!("{claims}.{}", signature.chars().rev().collect::<String>());
    let cases = [
        None,
        Some(""),
        Some("Bearer"),
        Some("Basic YTpi"),
        Some("Bearer x"),
        Some(&format!("Bearer {tampered}")),
    ];
    let mut bodies = Vec::new();
    for authorization in cases {
        let request =
            world.http.post(endpoint(&world)).header("accept", NEW).json(&json!({ "query": DELETE }));
        let request =
            authorization.into_iter().fold(request, |request, it| request.header("authorization", it));
        bodies.push(world.send(request).await);
    }
    let twice = world.http.post(endpoint(&world)).header("accept", NEW).json(&json!({ "query": DELETE }));
    bodies.push(world.send(twice.bearer_auth(&good).bearer_auth(&good)).await);
    let by_get = world.http.get(format!("{}?query={{__typename}}", endpoint(&world)));
    bodies.push(world.send(by_get.header("accept", NEW)).await);
    for reply in &bodies {
        assert_eq!((reply.status.as_u16(), header(reply, "www-authenticate")), (401, Some("Bearer")));
        assert_eq!((&reply.text, reply.code().as_str()), (&bodies[0].text, "UNAUTHENTICATED"));
    }
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn the_body_of_a_request_without_a_good_token_is_not_read() {
    let world = World::start().await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-type: {OLD}\r\n\
         connection: close\r\ncontent-length: 100000\r\n\r\n"
    );
    // Nothing of the body is ever sent, and the answer comes all the same.
    let answer = raw(&world, &format!("{head}{{")).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let send = async |id: Option<&str>, query: &str| {
        let request = request(&world, &acme, Method::POST, NEW).json(&json!({ "query": query }));
        world.send(id.into_iter().fold(request, |request, id| request.header("x-request-id", id))).await
    };
    let longest = "a".repeat(64);
    for id in ["a", "01J-request_ID", &longest] {
        assert_eq!(header(&send(Some(id), PRODUCT).await, "x-request-id"), Some(id));
    }
    let too_long = "a".repeat(200);
    let mut seen = std::collections::BTreeSet::new();
    for id in [None, Some(""), Some("a b"), Some("a;b"), Some("ü"), Some(&too_long)] {
        let reply = send(id, "{ nothing }").await;
        let made = header(&reply, "x-request-id").unwrap();
        assert_eq!((made.len(), Some(made) == id), (26, false));
        assert_eq!(reply.json()["errors"][0]["extensions"]["requestId"], json!(made));
        assert!(seen.insert(made.to_owned()), "an id is made once");
    }
    for (accept, body) in [("text/html", "{}"), (NEW, "{"), (OLD, "{\"query\": \"{\"}")] {
        let reply = post(&world, &acme, accept, body).await;
        let made = header(&reply, "x-request-id").unwrap();
        assert_eq!(reply.json()["errors"][0]["extensions"]["requestId"], json!(made));
    }
    assert!(header(&world.post(None, &json!({})).await, "x-request-id").is_some());
}

#[tokio::test]
async fn a_request_id_with_a_line_break_adds_no_header() {
    let world = World::start().await;
    for id in ["a\r\n set-cookie: x=1", "a\n\tset-cookie: x=1", "a\rset-cookie: x=1"] {
        let request =
            format!("GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: {id}\r\n\r\n");
        let answer = raw(&world, &request).await;
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("set-cookie"), "{answer}");
    }
}

#[tokio::test]
async fn no_answer_may_be_kept() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let body = |query: &str| json!({ "query": query }).to_string();
    let replies = [
        get(&world, &acme, NEW, &[("query", PRODUCT)]).await,
        post(&world, &acme, NEW, body(PRODUCT)).await,
        post(&world, &acme, OLD, body("{")).await,
        post(&world, &acme, "text/html", body(PRODUCT)).await,
        world.post(None, &json!({})).await,
        world.tenant("nobody").query(PRODUCT).await,
    ];
    for reply in replies {
        assert_eq!(header(&reply, "cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let slow = |config: &mut innkeeper::config::Config| config.server.deadline = std::time::Duration::ZERO;
    let world = World::builder().configure(slow).start().await;
    let reply = world.tenant("acme").query(PRODUCT).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "UNAVAILABLE"));
    assert_eq!(header(&reply, "retry-after"), Some("1"));
}

const APP: &str = "https://app.example.com";
const OTHER: &str = "https://evil.example.com";

async fn world_for(origins: Origins) -> World {
    World::builder().configure(|config| config.server.origins = origins).start().await
}

/// Asks as a browser does before it sends a page's request; then sends it.
async fn from_page(world: &World, origin: &str) -> (Reply, Reply) {
    let preflight = world.http.request(Method::OPTIONS, endpoint(world)).header("origin", origin);
    let preflight = preflight.header("access-control-request-method", "POST");
    let asked = "authorization,content-type,x-amz-user-agent";
    let preflight = world.send(preflight.header("access-control-request-headers", asked)).await;
    let acme = world.tenant("acme");
    let request = request(world, &acme, Method::POST, NEW).header("origin", origin);
    (preflight, world.send(request.json(&json!({ "query": "{ __typename }" }))).await)
}

#[tokio::test]
async fn no_page_may_call_unless_its_origin_is_configured() {
    let world = World::start().await;
    let (preflight, reply) = from_page(&world, APP).await;
    assert_eq!((preflight.status.as_u16(), reply.status.as_u16()), (405, 200));
    for reply in [preflight, reply] {
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    }
}

#[tokio::test]
async fn a_page_of_a_configured_origin_may_call_and_no_other() {
    let world = world_for(Origins::These(vec![HeaderValue::from_static(APP)])).await;
    let (preflight, reply) = from_page(&world, APP).await;
    assert_eq!((preflight.status.as_u16(), reply.status.as_u16()), (200, 200));
    for reply in [&preflight, &reply] {
        assert_eq!(header(reply, "access-control-allow-origin"), Some(APP));
        assert!(header(reply, "vary").unwrap().contains("origin"));
        assert_eq!(header(reply, "access-control-allow-credentials"), None);
    }
    assert_eq!(header(&preflight, "access-control-allow-methods"), Some("GET,POST"));
    let allowed = header(&preflight, "access-control-allow-headers");
    assert_eq!(allowed, Some("authorization,content-type,x-amz-user-agent"));
    assert_eq!(header(&reply, "access-control-expose-headers"), Some("x-request-id,retry-after"));
    for origin in [OTHER, "null", "https://app.example.com.evil.com", "http://app.example.com"] {
        let (preflight, reply) = from_page(&world, origin).await;
        for reply in [preflight, reply] {
            assert_eq!(header(&reply, "access-control-allow-origin"), None, "{origin}");
        }
    }
}

#[tokio::test]
async fn every_page_may_call_where_that_is_configured() {
    let world = world_for(Origins::Any).await;
    let (preflight, reply) = from_page(&world, OTHER).await;
    for reply in [preflight, reply] {
        assert_eq!((reply.status.as_u16(), header(&reply, "access-control-allow-origin")), (200, Some("*")));
    }
    // A refusal can be read too: a page has to know that its token has expired.
    let refused =
        world.send(world.http.post(endpoint(&world)).header("origin", OTHER).json(&json!({}))).await;
    assert_eq!((refused.status.as_u16(), header(&refused, "access-control-allow-origin")), (401, Some("*")));
}

#[tokio::test]
async fn errors_name_no_arn_table_account_or_key() {
    let own = World::start().await;
    let denied = World::builder().forging("acme2").start().await;
    let refused = World::builder()
        .edit("policies/roles/tenant.json", |text| text.replace("{{external-id}}", "another"))
        .start()
        .await;
    let mut replies = Vec::new();
    for (world, tenant) in [(&own, "acme"), (&denied, "acme"), (&refused, "globex"), (&own, "nobody")] {
        for query in [
            PRODUCT,
            "{ products(category: TEA, nextToken: \"x\") { nextToken } }",
            "mutation { createProduct(input: {sku: \"COF-001\", name: \"N\", category: TEA, price: 1}) { sku } }",
            "mutation { createProduct(input: {sku: \"a#b\", name: \"N\", category: TEA, price: 1}) { sku } }",
            "mutation { setStock(sku: \"NONE\", stock: 1) { sku } }",
            "{ product(sku: \"\") { sku } }",
            "{ product(sku: 1.5) { sku } }",
            "{ nothing }",
            "{",
        ] {
            replies.push(world.tenant(tenant).query(query).await);
        }
    }
    let mut codes = std::collections::BTreeSet::new();
    for reply in replies {
        codes.extend(reply.codes());
        for word in
            ["arn:", "innkeeper-", "111122223333", "TENANT#", "gsi1", "META", "pk", "DynamoDB", "sts", "acme"]
        {
            assert!(!reply.text.contains(word), "{word} in {}", reply.text);
        }
    }
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["BAD_REQUEST", "CONFLICT", "FORBIDDEN", "NOT_FOUND"]);
}
