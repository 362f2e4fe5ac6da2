//! Writes onto what another program left in the table, and of what DynamoDB does not take.

use serde_json::{Value, json};

use crate::harness::World;
use crate::writes::seeded;

/// Changes an item of `acme`'s behind the gateway's back.
async fn behind(world: &World, pk: &str, update: &str, names: Value) {
    let key = json!({ "pk": { "S": format!("TENANT#acme#{pk}") }, "sk": { "S": "META" } });
    let body = json!({ "TableName": "innkeeper-shops", "Key": key, "UpdateExpression": update,
        "ExpressionAttributeNames": names });
    let reply = world.behind("UpdateItem", body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn a_conflict_is_the_one_error_whatever_is_wrong_with_what_is_there() {
    let world = World::builder()
        .edit("schema.graphql", |text| {
            let seller = "  seller: Customer @get(bind: {id: \"parent.sku\"})\n  quantity: Int!";
            text.replacen("  quantity: Int!", seller, 1)
        })
        .start()
        .await;
    let acme = world.tenant("acme");
    let order = seeded("Order", 4, "id");
    let remove = "REMOVE #total, #lines[0].#name";
    behind(
        &world,
        &format!("ORDER#{order}"),
        remove,
        json!({ "#total": "total", "#lines": "lines", "#name": "name" }),
    )
    .await;
    world.calls();
    let document = format!(
        "mutation {{ updateOrder(id: \"{order}\", input: {{note: \"x\"}}) {{ id total lines {{ sku name }} \
         bought: lines {{ quantity seller {{ name }} }} }} }}"
    );
    let reply = acme.query(&document).await;
    assert_eq!(reply.codes(), ["CONFLICT"], "{}", reply.text);
    let current = reply.json()["errors"][0]["extensions"]["current"].clone();
    assert_eq!(current["id"], json!(order));
    assert_eq!(current.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "bought"]);
    assert_eq!(current["bought"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["quantity"]);
    // The update, and nothing to show what is there.
    assert_eq!(world.count("acme").1, 1);
}

#[tokio::test]
async fn an_item_without_its_version_counts_from_nothing() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    behind(&world, "PRODUCT#COF-001", "REMOVE #rev", json!({ "#rev": "rev" })).await;
    assert_eq!(
        acme.query("{ product(sku: \"COF-001\") { rev } }").await.ok(),
        json!({ "product": { "rev": 0 } })
    );
    let update = |expected: i32| {
        format!(
            "mutation {{ updateProduct(sku: \"COF-001\", input: {{name: \"n\"}}, expectedRev: {expected}) {{ rev }} }}"
        )
    };
    let reply = acme.query(&update(1)).await;
    assert_eq!(reply.code(), "CONFLICT");
    assert_eq!(reply.json()["errors"][0]["extensions"]["current"], json!({ "rev": 0 }));
    assert_eq!(acme.query(&update(0)).await.ok(), json!({ "updateProduct": { "rev": 1 } }));
    assert_eq!(acme.query(&update(0)).await.code(), "CONFLICT");
}

#[tokio::test]
async fn input_that_dynamodb_refuses_is_the_clients_to_mend() {
    let world = World::builder().configure(|config| config.server.max_body = 1 << 20).start().await;
    let acme = world.tenant("acme");
    acme.query("{ __typename }").await.ok();
    world.calls();
    let update = async |details: Value| {
        let document =
            "mutation ($d: JSON) { updateProduct(sku: \"COF-001\", input: {details: $d}) { sku } }";
        acme.with(document, json!({ "d": details })).await
    };
    let create = async |details: Value| {
        let document = "mutation ($d: JSON) { createProduct(input: {sku: \"K\", name: \"n\", category: TEA, \
                        price: \"1\", details: $d}) { sku } }";
        acme.with(document, json!({ "d": details })).await
    };
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let refused =
        [(json!({ "a": { "": 1 } }), "names that are not empty"), (nested(32), "at most 32 levels")];
    for (details, message) in refused {
        for reply in [update(details.clone()).await, create(details).await] {
            assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text);
            assert!(reply.text.contains(message), "{}", reply.text);
        }
    }
    assert_eq!(world.calls(), []);
    update(nested(31)).await.ok();
    for reply in [update(json!("x".repeat(410_000))).await, create(json!("x".repeat(410_000))).await] {
        assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text);
        assert!(reply.text.contains("400 KB"), "{}", reply.text);
    }
}
