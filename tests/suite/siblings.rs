//! Lists and pages beside each other in one request, which share one read budget.

use serde_json::{Value, json};

use crate::harness::World;
use crate::paging::budgeted;

/// How often each page or list of one request is asked for, all at the same time.
const SIBLINGS: usize = 20;

#[tokio::test]
async fn lists_beside_each_other_leave_each_other_enough_to_read() {
    let world = budgeted(500).await;
    let acme = world.tenant("acme");
    for at in 0..SIBLINGS {
        let add = format!("mutation {{ addOrderEvent(orderId: \"O{at:03}\", text: \"e{at}\") {{ id }} }}");
        acme.query(&add).await.ok();
    }
    world.calls();
    let lists = (0..SIBLINGS).map(|at| format!("l{at}: orderEvents(orderId: \"O{at:03}\") {{ text }} "));
    let data = acme.query(&format!("{{ {} }}", lists.collect::<String>())).await.ok();
    for at in 0..SIBLINGS {
        assert_eq!(data[format!("l{at}")], json!([{ "text": format!("e{at}") }]));
    }
    assert_eq!(world.count("acme").1, SIBLINGS);
    // The lists of a page's items are siblings too.
    let nested = "{ orders(customerId: \"C1\", first: 40) { edges { node { events { text } } } } }";
    let data = acme.query(nested).await.ok();
    let edges = data["orders"]["edges"].as_array().unwrap();
    let events: usize = edges.iter().map(|edge| edge["node"]["events"].as_array().unwrap().len()).sum();
    assert_eq!((edges.len(), events), (40, SIBLINGS));
    assert_eq!(world.count("acme").1, 41);
}

#[tokio::test]
async fn pages_beside_each_other_wait_for_what_the_others_do_not_read() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let whole = acme.query("{ products(category: TEA, limit: 500) { items { sku } } }").await.ok();
    world.calls();
    let pages = (0..SIBLINGS)
        .map(|at| format!("p{at}: products(category: TEA, limit: 500) {{ nextToken items {{ sku }} }} "));
    let reply = acme.query(&format!("{{ {} }}", pages.collect::<String>())).await;
    assert_eq!(reply.json().get("extensions"), None, "{}", reply.text);
    for page in reply.ok().as_object().unwrap().values() {
        assert_eq!((&page["items"], &page["nextToken"]), (&whole["products"]["items"], &Value::Null));
    }
    assert_eq!(world.count("acme").1, SIBLINGS);
}

#[tokio::test]
async fn a_list_is_read_to_its_end_although_it_is_asked_for_in_parts() {
    let world = World::start().await;
    let acme = world.tenant("acme");
    let adds = (0..230).map(|at| format!("m{at}: addOrderEvent(orderId: \"O\", text: \"{at}\") {{ id }} "));
    let adds: Vec<_> = adds.collect();
    for some in adds.chunks(40) {
        acme.query(&format!("mutation {{ {} }}", some.concat())).await.ok();
    }
    world.calls();
    let data = acme.query("{ orderEvents(orderId: \"O\") { text } }").await.ok();
    assert_eq!(data["orderEvents"].as_array().unwrap().len(), 230);
    assert_eq!(world.count("acme").1, 3);
}
