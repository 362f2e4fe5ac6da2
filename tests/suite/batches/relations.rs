//! Relations below lists: asked for together, each item once, and never more at one time than may be.

use serde_json::{Value, json};

use super::{builder, call, calls, customer, event, order, product, store, world};
use crate::harness::World;
use crate::harness::fault::Fault;

/// A hundred orders of one customer's, each with a customer of its own to look up.
async fn hundred_orders(world: &World) {
    let mut items: Vec<_> = (0..100).map(|at| customer(&format!("c{at:02}"), "Berlin", None)).collect();
    items.extend((0..100).map(|at| {
        let mut order = order(&format!("o{at:02}"), &format!("c{at:02}"), &[]);
        order["gsi1pk"] = json!({ "S": "TENANT#acme#OF#all" });
        order
    }));
    store(world, items).await;
}

#[tokio::test]
async fn a_hundred_orders_with_their_customers_are_two_calls() {
    let world = world().await;
    hundred_orders(&world).await;
    let query = "{ orders(customerId: \"all\", first: 100) { id customer { id } } }";
    let answer = world.tenant("acme").query(query).await.ok();
    let orders = answer["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 100);
    for (at, order) in orders.iter().enumerate() {
        assert_eq!(order["customer"]["id"], json!(format!("c{at:02}")));
    }
    assert_eq!(calls(&world), [call("Query", 1), call("BatchGetItem", 100)]);
}

#[tokio::test]
async fn siblings_share_a_call_and_each_item_is_asked_once() {
    let world = world().await;
    store(&world, vec![customer("c", "Berlin", None), product("A"), product("B")]).await;
    store(&world, vec![order("1", "c", &["A", "B"]), order("2", "c", &["B", "NONE"]), order("3", "c", &[])])
        .await;
    let query = "{ orders(customerId: \"c\") { customer { city } again: customer { id } sure { id } products { sku } } }";
    let answer = world.tenant("acme").query(query).await.ok();
    let lists: Vec<_> = (0..3).map(|at| answer["orders"][at]["products"].clone()).collect();
    assert_eq!(lists, [json!([{ "sku": "A" }, { "sku": "B" }]), json!([{ "sku": "B" }, null]), json!([])]);
    assert_eq!(answer["orders"][2]["customer"], json!({ "city": "Berlin" }));
    // The customer is read consistently apart, alone, and so by GetItem.
    let mut calls = calls(&world);
    calls.sort();
    assert_eq!(calls, [call("BatchGetItem", 4), call("GetItem", 1), call("Query", 1)]);
}

#[tokio::test]
async fn the_lines_within_an_item_are_a_list_too() {
    let world = world().await;
    store(&world, vec![order("1", "c", &["A", "B", "A"]), product("A"), product("B")]).await;
    let answer =
        world.tenant("acme").query("{ order(id: \"1\") { lines { count product { sku } } } }").await.ok();
    let line = |sku: &str| json!({ "count": 1, "product": { "sku": sku } });
    assert_eq!(answer["order"]["lines"], json!([line("A"), line("B"), line("A")]));
    assert_eq!(calls(&world), [call("GetItem", 1), call("BatchGetItem", 2)]);
}

#[tokio::test]
async fn relations_of_any_depth_cost_a_call_a_level() {
    let world = world().await;
    let mut items = vec![
        customer("a", "Berlin", Some("x")),
        customer("b", "Berlin", Some("y")),
        customer("n", "Rome", None),
    ];
    items.extend([customer("x", "Paris", Some("n")), customer("y", "Paris", Some("n"))]);
    items.extend(["a", "b"].iter().flat_map(|of| (0..2).map(move |at| order(&format!("{of}{at}"), of, &[]))));
    items.extend(["a0", "a1", "b0", "b1"].map(|order| event(order, 1)));
    store(&world, items).await;
    let acme = world.tenant("acme");
    let friends =
        acme.query("{ city(city: \"Berlin\") { id friend { id friend { id friend { id } } } } }").await.ok();
    let friend = |id: &str| json!({ "id": id, "friend": { "id": "n", "friend": null } });
    assert_eq!(
        friends["city"],
        json!([{ "id": "a", "friend": friend("x") }, { "id": "b", "friend": friend("y") }])
    );
    // Both of the second level have one friend, who is asked for once.
    assert_eq!(calls(&world), [call("Query", 1), call("BatchGetItem", 2), call("GetItem", 1)]);
    // Down, and up again: customers, their orders, and the customers and events of these.
    let nested =
        acme.query("{ city(city: \"Berlin\", first: 5) { orders(first: 5) { id customer { id } events { text } } } }").await.ok();
    assert_eq!(
        nested["city"][1]["orders"][0],
        json!({ "id": "b0", "customer": { "id": "b" }, "events": [{ "text": "b0/1" }] })
    );
    let mut calls = calls(&world);
    calls.sort();
    let queries = vec![call("Query", 1); 7];
    assert_eq!(calls[0], call("BatchGetItem", 2));
    assert_eq!(calls[1..], queries);
}

#[tokio::test]
async fn one_relation_alone_is_a_get_item() {
    let world = world().await;
    store(&world, vec![order("1", "c", &[]), customer("c", "Berlin", None)]).await;
    let acme = world.tenant("acme");
    for query in
        ["{ order(id: \"1\") { customer { id } } }", "{ orders(customerId: \"c\") { customer { id } } }"]
    {
        acme.query(query).await.ok();
        assert_eq!(calls(&world).last().unwrap(), &call("GetItem", 1));
    }
}

#[tokio::test]
async fn a_failed_call_is_an_error_of_each_field_at_its_own_path() {
    let rule = |call: &crate::harness::fault::Call| match call.operation.as_str() {
        "BatchGetItem" => Fault::Answer(
            400,
            json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not you" }),
        ),
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    store(&world, vec![order("1", "c", &[]), order("2", "c", &[]), order("3", "d", &[])]).await;
    let query = "{ orders(customerId: \"c\") { id customer { id } a: customer { id } } }";
    let one = world.tenant("acme").query(query).await.json();
    // Both want one customer, whom GetItem gives.
    assert_eq!(one["errors"], Value::Null);
    store(
        &world,
        vec![{
            let mut it = order("4", "e", &[]);
            it["gsi1pk"] = json!({ "S": "TENANT#acme#OF#c" });
            it
        }],
    )
    .await;
    let reply = world.tenant("acme").query(query).await.json();
    assert_eq!(reply["data"]["orders"][2], json!({ "id": "4", "customer": null, "a": null }));
    let paths: Vec<_> = reply["errors"].as_array().unwrap().iter().map(|it| it["path"].to_string()).collect();
    assert_eq!(paths.len(), 6);
    assert!(paths.contains(&"[\"orders\",2,\"a\"]".to_owned()), "{paths:?}");
    assert!(reply["errors"].as_array().unwrap().iter().all(|it| it["extensions"]["code"] == "FORBIDDEN"));
}

#[tokio::test]
async fn what_must_not_be_null_fails_where_it_is_missing() {
    let world = world().await;
    store(
        &world,
        vec![
            order("1", "c", &[]),
            {
                let mut it = order("2", "gone", &[]);
                it["gsi1pk"] = json!({ "S": "TENANT#acme#OF#c" });
                it
            },
            customer("c", "Berlin", None),
        ],
    )
    .await;
    let reply = world
        .tenant("acme")
        .query("{ city(city: \"Berlin\", first: 5) { orders(first: 5) { must { id } } } }")
        .await;
    assert_eq!(reply.codes(), ["NOT_FOUND"]);
    assert_eq!(reply.json()["errors"][0]["path"], json!(["city", 0, "orders", 1, "must"]));
}

#[tokio::test]
async fn a_slow_sibling_is_not_waited_for() {
    // The events hang until the customers have been asked for.
    let (asked, wait) = tokio::sync::watch::channel(false);
    let rule = move |call: &crate::harness::fault::Call| match call.operation.as_str() {
        "GetItem" => {
            asked.send_replace(true);
            Fault::Pass
        }
        "Query" if call.request["KeyConditionExpression"].as_str().unwrap().contains("begins_with") => {
            Fault::Hang
        }
        _ => Fault::Pass,
    };
    let world = builder().faults(rule).start().await;
    store(&world, ["1", "2", "3"].map(|id| order(id, "c", &[])).to_vec()).await;
    store(&world, vec![customer("c", "Berlin", None)]).await;
    let acme = world.tenant("acme");
    let mut wait = wait;
    tokio::select! {
        reply = acme.query("{ orders(customerId: \"c\", first: 3) { customer { id } products { sku } events { text } } }") => panic!("{}", reply.text),
        it = wait.wait_for(|asked| *asked) => drop(it.unwrap()),
    }
}

#[tokio::test]
async fn a_batch_ends_with_its_request() {
    let rule = |call: &crate::harness::fault::Call| {
        if call.operation == "BatchGetItem" { Fault::Hang } else { Fault::Pass }
    };
    let world = builder().faults(rule).start().await;
    hundred_orders(&world).await;
    let acme = world.tenant("acme");
    {
        let mut asking =
            Box::pin(acme.query("{ orders(customerId: \"all\", first: 100) { customer { id } } }"));
        tokio::select! {
            reply = &mut asking => panic!("{}", reply.text),
            () = world.faults().hang(1) => {}
        }
    }
    world.faults().given_up(1).await;
    assert_eq!(calls(&world).last().unwrap(), &call("Query", 1));
}

#[tokio::test]
async fn queries_below_a_list_take_turns_and_count_in_the_read_budget() {
    let (most, seen) = tokio::sync::watch::channel(0);
    let rule = move |call: &crate::harness::fault::Call| {
        let is_nested = call.operation == "Query" && call.request["IndexName"].is_null();
        if is_nested {
            most.send_modify(|most| *most += 1);
            Fault::Hang
        } else {
            Fault::Pass
        }
    };
    let world = builder().faults(rule).start().await;
    hundred_orders(&world).await;
    let acme = world.tenant("acme");
    let query = "{ orders(customerId: \"all\", first: 100) { events { text } } }";
    {
        let mut asking = Box::pin(acme.query(query));
        tokio::select! {
            reply = &mut asking => panic!("{}", reply.text),
            () = world.faults().hang(9) => {}
        }
    }
    // A list reserves a hundred items, and 900 are left: nine at one time, and then no more.
    assert_eq!(*seen.borrow(), 9);
    drop(acme);
    let world = builder().configure(|config| config.operation.read_budget = 150).start().await;
    hundred_orders(&world).await;
    let with_events = world.tenant("acme").query(query).await;
    with_events.ok();
    let customers =
        world.tenant("acme").query("{ orders(customerId: \"all\", first: 100) { customer { id } } }").await;
    let codes: std::collections::BTreeSet<_> = customers.codes().into_iter().collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["BUDGET_EXCEEDED"]);
    let found = customers.json()["data"]["orders"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| !it["customer"].is_null())
        .count();
    assert_eq!(found, 50);
}

#[tokio::test]
async fn no_more_fields_wait_than_memory_is_meant_for() {
    let world = world().await;
    let skus = vec!["A"; 600];
    let orders = (0..20).map(|at| order(&format!("o{at:02}"), "c", &skus));
    store(&world, orders.chain([product("A")]).collect()).await;
    let query = "{ orders(customerId: \"c\", first: 20) { some { sku } } }";
    let reply = world.tenant("acme").query(query).await;
    // What waits is in the order of the answer, and names one product.
    let answer = reply.json();
    let found =
        answer["data"]["orders"].as_array().unwrap().iter().map(|order| {
            order["some"].as_array().map_or(0, |it| it.iter().filter(|it| !it.is_null()).count())
        });
    assert_eq!(found.sum::<usize>(), 10_000);
    assert!(reply.codes().iter().all(|code| code == "BUDGET_EXCEEDED") && !reply.codes().is_empty());
    assert_eq!(calls(&world), [call("Query", 1), call("BatchGetItem", 1)]);
}

#[tokio::test]
async fn as_deep_as_a_configuration_allows_there_is_stack_enough() {
    let world = builder().configure(|config| config.graphql.max_depth = 50).start().await;
    let chain = (0..60).map(|at| customer(&format!("c{at}"), "Bern", Some(&format!("c{}", at + 1))));
    store(&world, chain.collect()).await;
    super::warm(&world).await;
    let acme = world.tenant("acme");
    let query =
        format!("{{ city(city: \"Bern\", first: 3) {{ {}id{} }} }}", "friend { ".repeat(48), " }".repeat(48));
    let answer = acme.query(&query).await.ok();
    let mut at = &answer["city"][0];
    for _ in 0..48 {
        at = &at["friend"];
    }
    assert_eq!(at["id"], "c48");
    assert_eq!(calls(&world).len(), 49);
}
