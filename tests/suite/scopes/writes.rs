//! Writes: every scope of the operation is looked at before anything is written.

use serde_json::{Value, json};

use super::{ALL, ORDER, calls, empty, filled, forbidden};

fn put(selection: &str) -> String {
    format!("mutation {{ createOrder(input: {ORDER}) {{ {selection} }} }}")
}

#[tokio::test]
async fn what_may_be_null_is_null_and_the_write_takes_place() {
    let world = empty().await;
    let nobody = world.tenant("acme");
    let reply = nobody.query(&put("id margin payment { card }")).await;
    assert_eq!(reply.json()["data"]["createOrder"], json!({ "id": "1", "margin": null, "payment": null }));
    assert_eq!(forbidden(&reply), ["createOrder.margin", "createOrder.payment"]);
    assert_eq!(calls(&world), ["PutItem"]);
    // The value that the caller may not see is written all the same: it was the caller's.
    let stored = world.stored("TENANT#acme#ORDER#1", "META").await;
    assert_eq!(stored["margin"], json!({ "N": "4" }));
}

#[tokio::test]
async fn a_write_that_could_not_be_answered_is_not_run() {
    let world = empty().await;
    let nobody = world.tenant("acme");
    let lost = "The caller may not see a field of the answer that must not be null, so this was not run.";
    for selection in ["id cost", "id ... on Order { c: cost }", "lines { sku secret }"] {
        let reply = nobody.query(&put(selection)).await;
        assert_eq!(forbidden(&reply), ["createOrder"], "{selection}");
        assert_eq!(reply.json()["data"], Value::Null);
        assert_eq!(reply.json()["errors"][0]["message"], lost);
        // The place is that of the field that is not to be seen.
        let column = reply.json()["errors"][0]["locations"][0]["column"].as_u64().unwrap();
        assert!(column > 12, "{}", reply.text);
        assert_eq!(calls(&world), [""; 0], "{selection}");
    }
    assert_eq!(world.stored("TENANT#acme#ORDER#1", "META").await, Value::Null);
    let reply = nobody.query(&put("id cost").replace("createOrder", "createIfNew")).await;
    assert_eq!(
        (forbidden(&reply), &reply.json()["data"]),
        (vec!["createIfNew".to_owned()], &json!({ "createIfNew": null }))
    );
    assert_eq!(calls(&world), [""; 0]);
}

#[tokio::test]
async fn where_a_refusal_takes_the_whole_answer_nothing_is_written_before_it() {
    let world = filled().await;
    let both = format!(
        "mutation {{ updateOrder(id: \"1\", total: \"1\") {{ id }} createOrder(input: {ORDER}) {{ cost }} \
         deleteOrder(id: \"1\") {{ id }} }}"
    );
    let reply = world.tenant("acme").query(&both).await;
    assert_eq!((forbidden(&reply), &reply.json()["data"]), (vec!["createOrder".to_owned()], &Value::Null));
    assert_eq!(calls(&world), [""; 0]);
}

#[tokio::test]
async fn a_refused_mutation_is_not_run_and_its_siblings_are() {
    let world = filled().await;
    let document = r#"mutation { first: updateOrder(id: "1", total: "1") { total } deleteOrder(id: "1") { id }
        last: updateOrder(id: "1", total: "2") { total } }"#;
    let reply = world.tenant("acme").query(document).await;
    let data = json!({ "first": { "total": "1" }, "deleteOrder": null, "last": { "total": "2" } });
    assert_eq!((forbidden(&reply), &reply.json()["data"]), (vec!["deleteOrder".to_owned()], &data));
    assert_eq!(calls(&world), ["UpdateItem", "UpdateItem"]);
    let deleting = world.tenant_with("acme", "orders:delete");
    let data = deleting.query(r#"mutation { deleteOrder(id: "1") { id } }"#).await.ok();
    assert_eq!(data, json!({ "deleteOrder": { "id": "1" } }));
}

#[tokio::test]
async fn a_guarded_type_cannot_be_written_by_whom_it_is_not_for() {
    let world = empty().await;
    let document = r#"mutation { createInvoice(id: "1", shop: "s", amount: "1") { __typename } }"#;
    assert_eq!(forbidden(&world.tenant("acme").query(document).await), ["createInvoice"]);
    assert_eq!(calls(&world), [""; 0]);
    world.tenant_with("acme", "finance:read").query(document).await.ok();
    calls(&world);
    // Nor deleted, though nothing of it is returned.
    let document = r#"mutation { dropInvoices(ids: ["1"]) }"#;
    assert_eq!(forbidden(&world.tenant("acme").query(document).await), ["dropInvoices"]);
    assert_eq!(calls(&world), [""; 0]);
    world.tenant_with("acme", "finance:read").query(document).await.ok();
    assert_eq!(calls(&world), ["BatchWriteItem"]);
}

#[tokio::test]
async fn a_conflict_shows_of_the_item_what_the_caller_may_see() {
    let world = filled().await;
    let document = r#"mutation { updateOrder(id: "1", total: "1", expectedRev: 7) { id total margin payment { card } rev } }"#;
    let current = async |scope| {
        let reply = world.tenant_with("acme", scope).query(document).await;
        let errors = reply.json()["errors"].as_array().unwrap().clone();
        // The refusals are known before the write is tried; the conflict is the one error of it.
        let conflict = errors.iter().find(|it| it["extensions"]["code"] == "CONFLICT").unwrap();
        assert_eq!(errors.len(), 1, "{}", reply.text);
        conflict["extensions"]["current"].clone()
    };
    let card = json!({ "card": "4242" });
    assert_eq!(
        current(ALL).await,
        json!({ "id": "1", "total": "9", "margin": "4", "payment": card, "rev": 1 })
    );
    assert_eq!(
        current("x").await,
        json!({ "id": "1", "total": "9", "margin": null, "payment": null, "rev": 1 })
    );
}
