//! Reads: what is answered, what is null, and what is not even asked of DynamoDB.

use serde_json::{Value, json};

use super::{ALL, calls, filled, forbidden, read};
use crate::harness::Log;

#[tokio::test]
async fn a_field_is_null_and_forbidden_to_whom_it_is_not_for_and_the_rest_is_answered() {
    let world = filled().await;
    let (nobody, all) = (world.tenant("acme"), world.tenant_with("acme", ALL));
    assert_eq!(read(&all, "id margin").await.ok(), json!({ "order": { "id": "1", "margin": "4" } }));
    let reply = read(&nobody, "id margin total").await;
    assert_eq!(reply.json()["data"], json!({ "order": { "id": "1", "margin": null, "total": "9" } }));
    assert_eq!(forbidden(&reply), ["order.margin"]);
    // What there would be to have is not told.
    assert!(!reply.text.contains("finance"), "{}", reply.text);
    assert_eq!(reply.json()["errors"][0]["message"], "The caller may not see this field.");
}

#[tokio::test]
async fn of_sets_of_scopes_one_has_to_be_had_whole() {
    let world = filled().await;
    let mut seen = Vec::new();
    for scope in ["finance:read", "cost:read", "cost:read finance:read", "admin", "administrator", ""] {
        let reply = read(&world.tenant_with("acme", scope), "cost").await;
        seen.push((scope, reply.json()["data"]["order"]["cost"] == "5"));
    }
    let expected = [
        ("finance:read", false),
        ("cost:read", false),
        ("cost:read finance:read", true),
        ("admin", true),
        ("administrator", false),
        ("", false),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn scopes_may_come_as_scp() {
    let world = filled().await;
    for scp in [json!("x finance:read"), json!(["x", "finance:read"])] {
        let caller = world.tenant_claiming("acme", &json!({ "scp": scp }));
        assert_eq!(read(&caller, "margin").await.ok(), json!({ "order": { "margin": "4" } }));
    }
}

#[tokio::test]
async fn a_condition_on_claims_holds_or_it_does_not() {
    let world = filled().await;
    let mut seen = Vec::new();
    for claims in [
        json!({ "level": 3 }),
        json!({ "level": 2 }),
        json!({ "level": 2, "groups": ["dev", "ops"] }),
        json!({ "groups": ["devops"] }),
        json!({ "role": "admin" }),
        json!({ "role": "banned", "level": 9 }),
        json!({ "role": "admin", "scope": "finance:read" }),
        json!({}),
    ] {
        let reply = read(&world.tenant_claiming("acme", &claims), "level unbanned both seen").await;
        let order = &reply.json()["data"]["order"];
        let fields = ["level", "unbanned", "both", "seen"];
        let seen_of_it: Vec<_> = fields.into_iter().filter(|field| !order[field].is_null()).collect();
        seen.push(format!("{claims} sees {}", seen_of_it.join(", ")));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn a_null_goes_up_as_the_types_ask_for_it() {
    let world = filled().await;
    let nobody = world.tenant("acme");
    let reply = read(&nobody, "id cost").await;
    assert_eq!(reply.json()["data"], json!({ "order": null }));
    assert_eq!(forbidden(&reply), ["order.cost"]);
    let reply = read(&nobody, "id lines { sku discount }").await;
    assert_eq!(reply.json()["data"]["order"]["lines"], json!([{ "sku": "a", "discount": null }]));
    assert_eq!(forbidden(&reply), ["order.lines.0.discount"]);
    // Through a list of what must not be null, into the order.
    let reply = read(&nobody, "id lines { sku secret }").await;
    assert_eq!(reply.json()["data"], json!({ "order": null }));
    assert_eq!(forbidden(&reply), ["order.lines.0.secret"]);
}

#[tokio::test]
async fn a_guarded_type_is_guarded_wherever_it_is_returned() {
    let world = filled().await;
    let (nobody, all) = (world.tenant("acme"), world.tenant_with("acme", ALL));
    let everywhere = r#"{
        order(id: "1") { id payment { __typename } payments { card } invoice { amount } }
        invoice(id: "1") { __typename }
        invoices(shop: "s") { pageInfo { hasNextPage } nodes { id } }
        invoicePage(shop: "s") { nextToken items { id } }
    }"#;
    let data = all.query(everywhere).await.ok();
    assert_eq!(data["order"]["payment"], json!({ "__typename": "Payment" }));
    assert_eq!(data["invoices"]["nodes"], json!([{ "id": "1" }]));
    assert_eq!(data["invoicePage"]["items"], json!([{ "id": "1" }]));
    calls(&world);
    let reply = nobody.query(everywhere).await;
    let mut paths = forbidden(&reply);
    paths.sort_unstable();
    let expected = ["invoice", "invoicePage", "invoices", "order.invoice", "order.payment", "order.payments"];
    assert_eq!(paths, expected);
    let order = json!({ "id": "1", "payment": null, "payments": null, "invoice": null });
    let data = json!({ "order": order, "invoice": null, "invoices": null, "invoicePage": null });
    assert_eq!(reply.json()["data"], data);
    // What is refused is not asked of DynamoDB.
    assert_eq!(calls(&world), ["GetItem"]);
}

#[tokio::test]
async fn what_a_refusal_takes_away_is_not_read() {
    let world = filled().await;
    let nobody = world.tenant("acme");
    // The relation beside it would be thrown away.
    assert_eq!(forbidden(&read(&nobody, "customer { name } cost").await), ["order.cost"]);
    assert_eq!(calls(&world), ["GetItem"]);
    // The whole answer.
    let reply = nobody.query(r#"{ order(id: "1") { id } must(id: "1") { id } }"#).await;
    assert_eq!((forbidden(&reply), &reply.json()["data"]), (vec!["must".to_owned()], &Value::Null));
    assert_eq!(calls(&world), [""; 0]);
    // A page of what must not be null.
    assert_eq!(forbidden(&read(&nobody, "id invoices { nodes { id } }").await), ["order.invoices"]);
    assert_eq!(calls(&world), ["GetItem"]);
}

#[tokio::test]
async fn a_field_of_a_root_is_refused_and_its_siblings_run() {
    let world = filled().await;
    let document =
        r#"{ audited(id: "1") { id } order(id: "1") { id } again: audited(id: "1") { id margin } }"#;
    let reply = world.tenant_with("acme", "finance:read").query(document).await;
    assert_eq!(reply.json()["data"], json!({ "audited": null, "order": { "id": "1" }, "again": null }));
    assert_eq!(forbidden(&reply), ["audited", "again"]);
    assert_eq!(calls(&world), ["GetItem"]);
    world.tenant_with("acme", "audit").query(r#"{ audited(id: "1") { id } }"#).await.ok();
}

#[tokio::test]
async fn a_relation_is_refused_by_what_is_behind_it_alone() {
    let world = filled().await;
    let reply = read(&world.tenant("acme"), "customer { name notes }").await;
    assert_eq!(reply.json()["data"], json!({ "order": { "customer": { "name": "Ada", "notes": null } } }));
    assert_eq!(forbidden(&reply), ["order.customer.notes"]);
}

#[tokio::test]
async fn in_fragments_and_under_aliases_it_is_refused_too() {
    let world = filled().await;
    let document = r#"query($with: Boolean!) { order(id: "1") { ...F a: margin ... on Order { margin }
        ... @include(if: $with) { b: margin } } } fragment F on Order { margin c: margin }"#;
    let reply = world.tenant("acme").with(document, json!({ "with": false })).await;
    assert_eq!(reply.json()["data"]["order"], json!({ "margin": null, "c": null, "a": null }));
    assert_eq!(forbidden(&reply), ["order.margin", "order.c", "order.a"]);
}

#[tokio::test]
async fn a_bad_document_is_one_whoever_asks() {
    let world = filled().await;
    let reply = world.tenant("acme").query("{ audited(id: null) { id } }").await;
    assert_eq!((reply.status.as_u16(), reply.codes()), (400, vec!["BAD_REQUEST".to_owned()]));
}

#[tokio::test]
async fn introspection_shows_the_field_and_no_directive_of_it() {
    let world = filled().await;
    let data = world.tenant("acme").query(r#"{ __type(name: "Order") { fields { name } } }"#).await.ok();
    let fields = data["__type"]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!({ "name": "margin" })));
    let data = world.tenant("acme").query("{ __schema { directives { name } } }").await.ok();
    for name in ["requiresScopes", "authenticated", "auth"] {
        assert!(!data.to_string().contains(&format!("\"{name}\"")), "{data}");
    }
}

#[tokio::test]
async fn a_refusal_is_in_the_log_once_a_field_and_with_no_value() {
    let world = filled().await;
    let log = Log::capture();
    let reply = read(&world.tenant("acme"), "a: margin b: margin lines { discount } id").await;
    let lines: Vec<_> = log.lines().into_iter().filter(|line| line.contains("field.refused")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, field) in lines.iter().zip(["Line.discount", "Order.margin"]) {
        assert!(line.contains(&format!("field=\"{field}\"")), "{line}");
        assert!(line.contains("tenant.id=acme") && line.contains("subject=\"dev\""), "{line}");
        let id = reply.headers["x-request-id"].to_str().unwrap();
        assert!(line.contains(&format!("request.id={id}")), "{line}");
    }
}
