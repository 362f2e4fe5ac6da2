//! Writes: conditions, versions, index keys, and what a conflict shows.

use serde_json::{Value, json};

use crate::harness::{Tenant, World, root};

pub(crate) fn seeded(kind: &str, at: usize, field: &str) -> String {
    let seed: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("seed.json")).unwrap()).unwrap();
    seed["acme"][kind][at][field].as_str().unwrap().to_owned()
}

async fn order_ids(tenant: &Tenant<'_>, status: &str) -> Vec<String> {
    let data =
        tenant.query(&format!("{{ ordersByStatus(status: {status}) {{ nodes {{ id }} }} }}")).await.ok();
    data["ordersByStatus"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_item_is_stored_with_keys_that_no_client_gave() {
    let world = World::start().await;
    let create = "mutation { createProduct(input: {sku: \"K-1\", name: \"n\", category: TEA, price: \"1.50\"}) { sku } }";
    world.tenant("acme").query(create).await.ok();
    let mut item = world.stored("TENANT#acme#PRODUCT#K-1", "META").await;
    item.as_object_mut().unwrap().sort_keys();
    insta::assert_json_snapshot!(item, @r#"
    {
      "category": {
        "S": "TEA"
      },
      "gsi1pk": {
        "S": "TENANT#acme#CATEGORY#TEA"
      },
      "gsi1sk": {
        "S": "PRODUCT#K-1"
      },
      "name": {
        "S": "n"
      },
      "pk": {
        "S": "TENANT#acme#PRODUCT#K-1"
      },
      "price": {
        "N": "1.5"
      },
      "rev": {
        "N": "1"
      },
      "sk": {
        "S": "META"
      },
      "sku": {
        "S": "K-1"
      },
      "stock": {
        "N": "0"
      }
    }
    "#);
}

#[tokio::test]
async fn an_update_that_moves_an_item_in_an_index_reads_what_it_lacks_and_is_pinned_by_the_version() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let order = seeded("Order", 3, "id");
    assert_eq!(order_ids(&acme, "PLACED").await, std::slice::from_ref(&order));
    world.calls();
    let pay = format!("mutation {{ updateOrder(id: \"{order}\", input: {{status: PAID}}) {{ rev }} }}");
    acme.query(&pay).await.ok();
    let calls: Vec<_> = world.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["GetItem", "UpdateItem"]);
    assert_eq!(order_ids(&acme, "PLACED").await, Vec::<String>::new());
    assert!(order_ids(&acme, "PAID").await.contains(&order));
    // Where no field of an index key is set, nothing is read.
    world.calls();
    acme.query(&format!("mutation {{ updateOrder(id: \"{order}\", input: {{note: \"x\"}}) {{ rev }} }}"))
        .await
        .ok();
    assert_eq!(world.count("acme").1, 1);
}

#[tokio::test]
async fn an_update_whose_index_key_is_at_hand_reads_nothing() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let id = seeded("Customer", 0, "id");
    acme.query("{ __typename }").await.ok();
    world.calls();
    let update = format!(
        "mutation {{ updateCustomer(id: \"{id}\", input: {{email: \"new@example.com\"}}) {{ id }} }}"
    );
    acme.query(&update).await.ok();
    assert_eq!(world.count("acme"), (0, 1));
    let by = async |email: &str| {
        acme.query(&format!("{{ customerByEmail(email: \"{email}\") {{ id }} }}")).await.ok()["customerByEmail"].clone()
    };
    assert_eq!(by("new@example.com").await, json!([{ "id": id }]));
    assert_eq!(by("ada.marino@example.com").await, json!([]));
}

#[tokio::test]
async fn of_many_updates_under_one_version_one_wins() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let update = |at: usize| {
        let acme = acme.clone();
        async move {
            let input = format!("{{name: \"by {at}\"}}");
            let document = format!(
                "mutation {{ updateProduct(sku: \"COF-001\", input: {input}, expectedRev: 1) {{ rev }} }}"
            );
            acme.query(&document).await
        }
    };
    let replies = futures_util::future::join_all((0..10).map(update)).await;
    let won = replies.iter().filter(|reply| reply.codes().is_empty()).count();
    assert_eq!(won, 1);
    for reply in replies.iter().filter(|reply| !reply.codes().is_empty()) {
        assert_eq!(reply.json()["errors"][0]["extensions"]["current"], json!({ "rev": 2 }));
    }
}

#[tokio::test]
async fn updates_without_an_expected_version_all_count() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let order = seeded("Order", 0, "id");
    let pay = |status: &str| {
        format!("mutation {{ updateOrder(id: \"{order}\", input: {{status: {status}}}) {{ rev }} }}")
    };
    // Each of them has to read first; those that find somebody else in between read again.
    let replies = futures_util::future::join_all(["PAID", "SHIPPED", "PLACED"].map(|it| {
        let (acme, document) = (acme.clone(), pay(it));
        async move { acme.query(&document).await }
    }));
    let applied = replies.await.iter().filter(|reply| reply.codes().is_empty()).count();
    let rev =
        acme.query(&format!("{{ order(id: \"{order}\") {{ rev }} }}")).await.ok()["order"]["rev"].clone();
    assert_eq!(rev, json!(1 + applied));
}

#[tokio::test]
async fn a_conflict_shows_what_the_field_selects_and_no_more() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let order = seeded("Order", 4, "id");
    let document = format!(
        "mutation {{ updateOrder(id: \"{order}\", input: {{note: \"x\"}}) {{ s: status __typename lines {{ quantity }} \
         customer {{ name }} ...more }} }} fragment more on Order {{ rev }}"
    );
    let reply = acme.query(&document).await;
    let current = &reply.json()["errors"][0]["extensions"]["current"];
    assert_eq!(current["s"], "CANCELLED");
    let names: Vec<_> = current.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["s", "__typename", "lines", "rev"], "related items are not read for an error");
    // A client that creates need not be one that reads.
    let create = "mutation { createProduct(input: {sku: \"COF-001\", name: \"x\", category: TEA, price: \"1\"}) { name } }";
    let reply = acme.query(create).await;
    assert_eq!(
        (reply.code().as_str(), &reply.json()["errors"][0]["extensions"]["current"]),
        ("CONFLICT", &Value::Null)
    );
}

#[tokio::test]
async fn a_value_that_cannot_stand_in_a_key_is_refused_before_any_call() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    acme.query("{ __typename }").await.ok();
    world.calls();
    let refused = [
        ("mutation { addOrderEvent(orderId: \"\", text: \"x\") { id } }", "`orderId` must not be empty"),
        ("{ product(sku: \"\") { sku } }", "`sku` must not be empty"),
    ];
    for (document, message) in refused {
        let reply = acme.query(document).await;
        assert_eq!(reply.code(), "BAD_REQUEST");
        assert!(reply.text.contains(message), "{}", reply.text);
    }
    let long = format!("{{ product(sku: \"{}\") {{ sku }} }}", "x".repeat(2_100));
    assert_eq!(acme.query(&long).await.code(), "BAD_REQUEST");
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn what_a_denied_write_says_is_audited_with_tenant_operation_and_request() {
    // Products may be read and not written: a policy that does not allow what the schema asks for.
    let world = World::builder()
        .edit("policies/shop.json", |text| text.replace("        \"dynamodb:PutItem\",\n", ""))
        .start()
        .await;
    let log = crate::harness::Log::capture();
    let create =
        "mutation { createProduct(input: {sku: \"K-1\", name: \"n\", category: TEA, price: \"1\"}) { sku } }";
    let reply = world.tenant("acme").query(create).await;
    assert_eq!(reply.code(), "FORBIDDEN");
    for secret in ["arn:", "111122223333", "innkeeper-shops", "TENANT#", "PutItem"] {
        assert!(!reply.text.contains(secret), "{}", reply.text);
    }
    let request = reply.headers["x-request-id"].to_str().unwrap().to_owned();
    let line = log.lines().into_iter().find(|line| line.contains("access.denied")).unwrap();
    for part in ["tenant.id=acme", "operation.name=\"Mutation.createProduct\"", "call=\"PutItem\"", &request]
    {
        assert!(line.contains(part), "{part} is not in: {line}");
    }
}
