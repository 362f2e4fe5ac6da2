//! What a transaction that is refused still has to find out: whether it has taken place before, and whether an item was
//! written after it was read for a step.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::fault::{Call, Fault};
use crate::harness::{Builder, Tenant, World};

const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk", ttl: "expiresAt")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk") { query: Query mutation: Mutation }
type Project @item(table: "main", pk: "TENANT#${tenant}#PROJECT#${id}", sk: "PROJECT", version: "rev") {
  id: ID!
  done: Int
  rev: Int!
}
enum State { TODO DONE }
type Task
  @item(table: "main", pk: "TENANT#${tenant}#TASK#${id}", sk: "TASK", version: "rev")
  @index(name: "gsi1", as: "ofProject", pk: "TENANT#${tenant}#PROJECT#${projectId}", sk: "${state}#${due}") {
  id: ID!
  projectId: ID!
  state: State!
  due: Date!
  rev: Int!
}
type Note @item(table: "main", pk: "TENANT#${tenant}#NOTE#${noteId}", sk: "NOTE") {
  noteId: ID! @attribute(generate: ULID)
  text: String!
}
type Query {
  project(id: ID!): Project @get(consistent: true)
  tasks(projectId: ID!, state: State!): [Task!]! @query(index: "ofProject")
}
type Mutation {
  addProject(id: ID!): Project! @put
  addTask(id: ID!, projectId: ID!, state: State! = TODO, due: Date!): Task! @put
  move(id: ID!, due: Date!, state: State!): Task @update
  drop(id: ID!): Task @delete
  finish(id: ID!, projectId: ID!, state: State! = DONE, text: String!, requestId: ID!): Note!
    @transact(token: "args.requestId", do: [
      {put: "Note"},
      {as: "task", update: "Task", when: "state <> 'DONE' and projectId = args.projectId"},
      {as: "project", update: "Project", bind: {id: "args.projectId"}, add: {done: "1"}}])
  finishOnce(id: ID!, projectId: ID!, state: State! = DONE): Task!
    @transact(do: [
      {as: "task", update: "Task", when: "state <> 'DONE'"},
      {as: "project", update: "Project", bind: {id: "args.projectId"}, add: {done: "1"}}])
}
"#;

const FINISH: &str =
    "mutation { finish(id: \"t\", projectId: \"p\", text: \"n\", requestId: \"r\") { noteId text } }";
const ONCE: &str = "mutation { finishOnce(id: \"t\", projectId: \"p\") { state due rev } }";

fn builder() -> Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded().faults(|_| Fault::Pass)
}

/// A task in a project.
async fn begun(world: &World) -> Tenant<'_> {
    let acme = world.tenant("acme");
    let document = "mutation { addProject(id: \"p\") { id } addTask(id: \"t\", projectId: \"p\", due: \"2026-12-01\") { id } }";
    acme.query(document).await.ok();
    world.calls();
    acme
}

async fn done(tenant: &Tenant<'_>) -> Value {
    tenant
        .query("{ project(id: \"p\") { done } tasks(projectId: \"p\", state: DONE) { due rev } }")
        .await
        .ok()
}

fn operations(world: &World) -> Vec<String> {
    world.calls().into_iter().map(|call| call.operation).collect()
}

fn error(reply: &crate::harness::Reply) -> Value {
    reply.json()["errors"][0]["extensions"].clone()
}

/// A cancelled transaction, of whose failing members only the steps are reported.
fn hide_the_record(answer: &mut Value) {
    if let Some(reasons) = answer.get_mut("CancellationReasons").and_then(Value::as_array_mut) {
        *reasons.last_mut().unwrap() = json!({ "Code": "None" });
    }
}

/// What happens to the calls of an operation, by their numbers.
fn on(
    operation: &'static str,
    which: fn(usize) -> bool,
    fault: fn() -> Fault,
) -> impl FnMut(&Call) -> Fault + Send {
    move |call| if call.operation == operation && which(call.number) { fault() } else { Fault::Pass }
}

#[tokio::test]
async fn the_record_is_asked_where_only_the_steps_that_fail_are_reported() {
    let hidden = || Fault::Change(Box::new(hide_the_record));
    let world = builder().faults(on("TransactWriteItems", |_| true, hidden)).start().await;
    let acme = begun(&world).await;
    let first = acme.query(FINISH).await.ok();
    assert_eq!(operations(&world), ["GetItem", "TransactWriteItems"]);
    // By now the task is done, and the step fails for that.
    assert_eq!(acme.query(FINISH).await.ok(), first);
    assert_eq!(operations(&world), ["GetItem", "TransactWriteItems", "GetItem", "GetItem"]);
    let reply = acme.query(&FINISH.replace("text: \"n\"", "text: \"m\"")).await;
    assert_eq!(reply.code(), "CONFLICT");
    assert!(reply.text.contains("other arguments"), "{}", reply.text);
    let reply = acme.query(&FINISH.replace("\"r\"", "\"another\"")).await;
    assert_eq!(error(&reply)["reasons"], json!([{ "step": "task", "reason": "CONFLICT" }]));
    assert_eq!(done(&acme).await["project"]["done"], 1);
}

#[tokio::test]
async fn a_record_whose_day_is_over_is_none() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    acme.query(FINISH).await.ok();
    world.hand.advance(Duration::from_hours(24));
    let acme = world.tenant("acme");
    assert_eq!(acme.query(FINISH).await.code(), "CONFLICT");
}

#[tokio::test]
async fn a_refusal_after_a_lost_attempt_is_not_the_last_word() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    acme.query(ONCE).await.ok();
    for document in [FINISH, ONCE] {
        assert_eq!(acme.query(document).await.code(), "CONFLICT");
        // The first may have been on its way for long when it takes place.
        world.faults().set(on("TransactWriteItems", |it| it == 1, || Fault::DropRequest));
        acme.query(document).await.assert_unknown();
        world.faults().set(|_| Fault::Pass);
    }
    assert_eq!(done(&acme).await["project"]["done"], 1);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_leaves_the_refusal_open() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    acme.query(ONCE).await.ok();
    world.faults().set(on("GetItem", |it| it >= 2, || Fault::DropRequest));
    acme.query(FINISH).await.assert_unknown();
}

#[tokio::test]
async fn a_step_reads_what_an_index_key_lacks() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    let finished = acme.query(ONCE).await.ok();
    assert_eq!(finished["finishOnce"], json!({ "state": "DONE", "due": "2026-12-01", "rev": 2 }));
    assert_eq!(operations(&world), ["GetItem", "TransactWriteItems", "GetItem"]);
    let found = done(&acme).await;
    assert_eq!(found, json!({ "project": { "done": 1 }, "tasks": [{ "due": "2026-12-01", "rev": 2 }] }));
    let reply = acme.query(ONCE).await;
    assert_eq!(
        error(&reply)["reasons"],
        json!([{ "step": "task", "reason": "CONFLICT", "current": finished["finishOnce"] }])
    );
    assert_eq!(done(&acme).await, found);
}

/// The item as it was before somebody wrote: with another due date, under the version before.
fn as_it_was(answer: &mut Value) {
    answer["Item"]["due"] = json!({ "S": "2026-11-11" });
    answer["Item"]["rev"] = json!({ "N": "1" });
}

#[tokio::test]
async fn what_is_written_after_the_read_is_not_lost() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    acme.query("mutation { move(id: \"t\", due: \"2026-12-24\", state: TODO) { rev } }").await.ok();
    world.calls();
    let stale = || Fault::Change(Box::new(as_it_was));
    world.faults().set(on("GetItem", |it| it <= 2, stale));
    let note = acme.query(FINISH).await.ok();
    assert_eq!(note["finish"]["text"], "n");
    let once = ["GetItem", "TransactWriteItems"];
    assert_eq!(operations(&world), [once, once, once].concat());
    let expected = json!({ "project": { "done": 1 }, "tasks": [{ "due": "2026-12-24", "rev": 3 }] });
    assert_eq!(done(&acme).await, expected);
    assert_eq!(acme.query(FINISH).await.ok(), note);
}

#[tokio::test]
async fn an_item_that_others_write_again_and_again_is_a_conflict() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    acme.query("mutation { move(id: \"t\", due: \"2026-12-24\", state: TODO) { rev } }").await.ok();
    world.calls();
    let stale = || Fault::Change(Box::new(as_it_was));
    world.faults().set(on("GetItem", |_| true, stale));
    let reply = acme.query(ONCE).await;
    assert_eq!(
        error(&reply)["reasons"],
        json!([{ "step": "task", "reason": "CONFLICT", "current": { "state": "TODO", "due": "2026-12-24", "rev": 2 } }])
    );
    assert_eq!(operations(&world).iter().filter(|it| *it == "TransactWriteItems").count(), 3);
    world.faults().set(|_| Fault::Pass);
    assert_eq!(done(&acme).await, json!({ "project": { "done": null }, "tasks": [] }));
}

#[tokio::test]
async fn many_who_finish_different_tasks_of_one_project_are_all_counted() {
    const TASKS: usize = 12;
    let world = builder().start().await;
    let acme = begun(&world).await;
    let all = (0..TASKS).map(|at| {
        let acme = acme.clone();
        async move {
            let add = format!("mutation {{ addTask(id: \"t{at}\", projectId: \"p\", due: \"2026-12-02\") {{ id }} }}");
            acme.query(&add).await.ok();
            let finish = format!(
                "mutation {{ finish(id: \"t{at}\", projectId: \"p\", text: \"n\", requestId: \"r{at}\") {{ noteId }} }}"
            );
            for _ in 0..50 {
                let reply = acme.query(&finish).await;
                if reply.codes().is_empty() {
                    return true;
                }
                assert_eq!(reply.codes(), ["THROTTLED"], "{}", reply.text);
            }
            false
        }
    });
    assert!(futures_util::future::join_all(all).await.into_iter().all(|it| it));
    let found = done(&acme).await;
    assert_eq!(found["project"]["done"], json!(TASKS));
    assert_eq!(found["tasks"].as_array().unwrap().len(), TASKS);
}

#[tokio::test]
async fn a_step_whose_item_is_missing_is_named_and_nothing_is_sent() {
    let world = builder().start().await;
    let acme = begun(&world).await;
    let reply = acme.query(&ONCE.replace("id: \"t\"", "id: \"none\"")).await;
    assert_eq!(error(&reply)["code"], "NOT_FOUND");
    assert_eq!(error(&reply)["reasons"], json!([{ "step": "task", "reason": "NOT_FOUND" }]));
    assert_eq!(operations(&world), ["GetItem"]);
    // What has taken place has, though its item is gone by now.
    let first = acme.query(FINISH).await.ok();
    acme.query("mutation { drop(id: \"t\") { id } }").await.ok();
    world.calls();
    assert_eq!(acme.query(FINISH).await.ok(), first);
    assert_eq!(operations(&world), ["GetItem", "GetItem", "GetItem"]);
}
