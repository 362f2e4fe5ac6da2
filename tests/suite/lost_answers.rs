//! A write whose answer is lost and whose repetition fails, or finds what others did in between: where nobody knows whether
//! the first one took place, a client that heard anything else would do it again, or would not.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::harness::fault::{Call, Fault};
use crate::harness::{Reply, World};

const SCHEMA: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk") { query: Query mutation: Mutation }
type Page @item(table: "main", pk: "TENANT#${tenant}#PAGE#${id}", sk: "PAGE", version: "rev") {
  id: ID! @attribute(generate: ULID)
  title: String
  views: Int
  rev: Int!
}
type Job @item(table: "main", pk: "TENANT#${tenant}#JOB#${id}", sk: "JOB", version: "rev")
  @index(name: "gsi1", as: "byState", pk: "TENANT#${tenant}#STATE#${state}", sk: "${rank}") {
  id: ID!
  state: String
  rank: String
  by: String
  at: DateTime @attribute(generate: UPDATED_AT)
  rev: Int!
}
type Query {
  page(id: ID!): Page @get(consistent: true)
  job(id: ID!): Job @get(consistent: true)
}
type Mutation {
  makePage(title: String): Page! @put
  rename(id: ID!, title: String, rev: Int): Page! @update(expect: "args.rev")
  view(id: ID!, rev: Int!): Page! @update(add: {views: "1"}, expect: "args.rev")
  setPage(id: ID!, title: String, rev: Int): Page @update(if: ANY, expect: "args.rev")
  dropPage(id: ID!): Page @delete
  makeJob(id: ID!, rank: String): Job! @put
  move(id: ID!, state: String, by: String): Job @update
  take(id: ID!, by: String!, rev: Int!): Job @update(expect: "args.rev")
  dropJob(id: ID!): Job @delete
}
"#;

fn builder() -> crate::harness::Builder {
    World::builder().file("schema.graphql", SCHEMA).derived().unseeded()
}

fn error(kind: &'static str) -> impl Fn() -> Fault + Send {
    move || {
        Fault::Answer(
            400,
            json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "no" }),
        )
    }
}

/// The first answer to an operation is lost, and what is sent after it is answered otherwise.
fn lost_and_then(
    operation: &'static str,
    then: impl Fn() -> Fault + Send,
) -> impl FnMut(&Call) -> Fault + Send {
    move |call| match call.number {
        _ if call.operation != operation => Fault::Pass,
        1 => Fault::DropResponse,
        _ => then(),
    }
}

const KINDS: [&str; 3] =
    ["ProvisionedThroughputExceededException", "AccessDeniedException", "ValidationException"];

#[tokio::test]
async fn a_creation_that_is_lost_and_then_refused_is_not_known() {
    for kind in KINDS {
        let world = builder().faults(lost_and_then("PutItem", error(kind))).start().await;
        world.tenant("acme").query("mutation { makePage(title: \"t\") { id } }").await.assert_unknown();
    }
}

#[tokio::test]
async fn an_update_that_is_lost_and_then_refused_is_not_known() {
    for kind in KINDS {
        for update in ["rename(id: $id, title: \"b\", rev: 1)", "view(id: $id, rev: 1)"] {
            let world = builder().faults(lost_and_then("UpdateItem", error(kind))).start().await;
            let acme = world.tenant("acme");
            let made = acme.query("mutation { makePage(title: \"t\") { id } }").await.ok();
            let id = json!({ "id": made["makePage"]["id"] });
            let reply = acme.with(&format!("mutation ($id: ID!) {{ {update} {{ rev }} }}"), id.clone()).await;
            reply.assert_unknown();
            let page = acme.with("query ($id: ID!) { page(id: $id) { rev } }", id).await.ok();
            assert_eq!(page["page"]["rev"], 2);
        }
    }
}

#[tokio::test]
async fn an_update_that_only_counts_its_write_is_no_conflict_with_itself() {
    let world = builder().faults(lost_and_then("UpdateItem", || Fault::Pass)).start().await;
    let acme = world.tenant("acme");
    let made = acme.query("mutation { makePage(title: \"t\") { id } }").await.ok();
    let id = json!({ "id": made["makePage"]["id"] });
    let reply = acme.with("mutation ($id: ID!) { rename(id: $id, rev: 1) { rev } }", id.clone()).await;
    reply.assert_unknown();
    let page = acme.with("query ($id: ID!) { page(id: $id) { rev title } }", id).await.ok();
    assert_eq!(page["page"], json!({ "rev": 2, "title": "t" }));
}

/// The world after a write whose first attempt was lost, and another's writes that were done before the second, if
/// there was one.
struct Between {
    world: World,
    reply: Reply,
    calls: usize,
    /// The partition key that the second attempt named, if there was one.
    key: Option<String>,
}

impl Between {
    /// `others` are written with the identifier that is in the key of the write.
    async fn of(before: &[&str], lost: Fault, operation: &'static str, write: &str, others: &[&str]) -> Self {
        let world = builder().faults(|_| Fault::Pass).start().await;
        let acme = world.tenant("acme");
        for write in before {
            acme.query(&format!("mutation {{ {write} }}")).await.ok();
        }
        world.faults().take();
        let (came, coming) = oneshot::channel();
        let (go, going) = oneshot::channel::<()>();
        let (mut first, mut second) = (Some(lost), Some((came, going)));
        world.faults().set(move |call| match call.number {
            _ if call.operation != operation => Fault::Pass,
            1 => first.take().unwrap(),
            2 => {
                let (came, going) = second.take().unwrap();
                came.send(call.keys[0].clone()).unwrap();
                Fault::After(Box::pin(async { going.await.unwrap() }))
            }
            _ => Fault::Pass,
        });
        let write = format!("mutation {{ {write} }}");
        let (reply, key) = {
            let mut writing = Box::pin(acme.query(&write));
            tokio::select! {
                reply = &mut writing => (reply, None),
                key = coming => {
                    let key = key.unwrap();
                    let id = key.rsplit('#').next().unwrap();
                    for other in others {
                        acme.query(&format!("mutation {{ {} }}", other.replace("ID", id))).await.ok();
                    }
                    go.send(()).unwrap();
                    (writing.await, Some(key))
                }
            }
        };
        let calls = world.faults().count(operation);
        Self { world, reply, calls, key }
    }

    async fn read(&self, query: &str) -> Value {
        self.world.faults().heal();
        self.world.tenant("acme").query(&format!("{{ {query} }}")).await.ok()
    }
}

/// What is stored of the job `j`.
const JOB: &str = "job(id: \"j\") { state by rev }";
const MAKE_JOB: &str = "makeJob(id: \"j\", rank: \"1\") { id }";

#[tokio::test]
async fn an_update_that_was_applied_and_written_over_is_not_known() {
    let (write, other) =
        ("take(id: \"j\", by: \"a\", rev: 1) { rev }", ["take(id: \"j\", by: \"b\", rev: 2) { rev }"]);
    let between = Between::of(&[MAKE_JOB], Fault::DropResponse, "UpdateItem", write, &other).await;
    between.reply.assert_unknown();
    assert_eq!(between.read(JOB).await["job"], json!({ "state": null, "by": "b", "rev": 3 }));
}

#[tokio::test]
async fn an_update_that_reads_first_is_not_done_twice_over_anothers() {
    let (write, other) = (
        "move(id: \"j\", state: \"A\", by: \"a\") { rev }",
        ["move(id: \"j\", state: \"B\", by: \"b\") { rev }"],
    );
    // Applied before the other's, or never: then the other's is what the caller has to look at.
    let applied = Between::of(&[MAKE_JOB], Fault::DropResponse, "UpdateItem", write, &other).await;
    applied.reply.assert_unknown();
    assert_eq!(applied.read(JOB).await["job"], json!({ "state": "B", "by": "b", "rev": 3 }));
    let never = Between::of(&[MAKE_JOB], Fault::DropRequest, "UpdateItem", write, &other).await;
    assert_eq!(never.reply.code(), "CONFLICT");
    assert_eq!(never.read(JOB).await["job"], json!({ "state": "B", "by": "b", "rev": 2 }));
}

#[tokio::test]
async fn an_update_of_what_was_deleted_meanwhile_is_not_known_and_not_missing() {
    for (write, calls) in
        [("take(id: \"j\", by: \"a\", rev: 1) { rev }", 2), ("move(id: \"j\", state: \"A\") { rev }", 2)]
    {
        let between = Between::of(
            &[MAKE_JOB],
            Fault::DropResponse,
            "UpdateItem",
            write,
            &["dropJob(id: \"j\") { id }"],
        )
        .await;
        between.reply.assert_unknown();
        assert_eq!((between.read(JOB).await["job"].clone(), between.calls), (Value::Null, calls));
    }
}

#[tokio::test]
async fn an_upsert_whose_answer_was_lost_brings_nothing_back() {
    let write = "setPage(id: \"p\", title: \"b\", rev: 1) { rev }";
    let before = ["setPage(id: \"p\", title: \"a\") { rev }"];
    let between =
        Between::of(&before, Fault::DropResponse, "UpdateItem", write, &["dropPage(id: \"p\") { id }"]).await;
    between.reply.assert_unknown();
    assert_eq!(between.calls, 1);
    assert_eq!(
        between.read("page(id: \"p\") { title rev }").await["page"],
        json!({ "title": "b", "rev": 2 })
    );
}

#[tokio::test]
async fn a_claim_that_never_arrived_is_not_taken_for_anothers_of_the_same_values() {
    // Time stands still: even the time of change is the same.
    let write = "take(id: \"j\", by: \"worker\", rev: 1) { rev }";
    let between = Between::of(&[MAKE_JOB], Fault::DropRequest, "UpdateItem", write, &[write]).await;
    between.reply.assert_unknown();
    assert_eq!(between.read(JOB).await["job"], json!({ "state": null, "by": "worker", "rev": 2 }));
    // With other values it is known whose it is.
    let other = ["take(id: \"j\", by: \"another\", rev: 1) { rev }"];
    let between = Between::of(&[MAKE_JOB], Fault::DropRequest, "UpdateItem", write, &other).await;
    assert_eq!(between.reply.code(), "CONFLICT");
}

#[tokio::test]
async fn a_creation_that_was_deleted_meanwhile_is_not_made_again() {
    let between = Between::of(
        &[],
        Fault::DropResponse,
        "PutItem",
        "makePage(title: \"t\") { id }",
        &["dropPage(id: \"ID\") { id }"],
    )
    .await;
    between.reply.assert_unknown();
    assert_eq!(between.calls, 2);
    assert_eq!(between.world.stored(&between.key.unwrap(), "PAGE").await, Value::Null);
}

#[tokio::test]
async fn a_creation_under_an_id_of_its_own_is_done_though_somebody_has_written_it_since() {
    let write = "makePage(title: \"t\") { id title rev }";
    let between = Between::of(
        &[],
        Fault::DropResponse,
        "PutItem",
        write,
        &["rename(id: \"ID\", title: \"u\") { rev }"],
    )
    .await;
    let made = between.reply.ok();
    assert_eq!((&made["makePage"]["title"], &made["makePage"]["rev"]), (&json!("t"), &json!(1)));
    let page = format!("page(id: {}) {{ title rev }}", made["makePage"]["id"]);
    assert_eq!(between.read(&page).await["page"], json!({ "title": "u", "rev": 2 }));
}

#[tokio::test]
async fn a_creation_under_a_given_id_is_not_taken_for_anothers_of_the_same_values() {
    for lost in [Fault::DropRequest, Fault::DropResponse] {
        let between = Between::of(&[], lost, "PutItem", MAKE_JOB, &[MAKE_JOB]).await;
        between.reply.assert_unknown();
        assert_eq!(between.calls, 1);
    }
}
