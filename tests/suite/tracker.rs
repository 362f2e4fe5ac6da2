//! A project tracker of five kinds of items in one table, in scenes: on the embedded engine and on the official DynamoDB
//! Local, against one snapshot.
//!
//! What the schema promises is asserted beside it: counters that agree with what they count, one read for what lies
//! together, and no call for another tenant that IAM lets through.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
#[cfg(debug_assertions)]
use innkeeper::dev::{Outcome, Service};
use serde_json::json;

use crate::harness::{Engine, Scene, Script, World, dynamodb_local, skip};

const SCENES: &[Scene] = &[
    Scene::new(
        "an organisation is founded",
        "mutation { createOrganisation(name: \"Harbour works\") { id name members projects rev } }",
    )
    .takes(&[("org", "/createOrganisation/id")]),
    Scene::new("a name of no letters", "mutation { createOrganisation(name: \"\") { id } }"),
    Scene::new(
        "its first member",
        "mutation { addMember(requestId: \"r1\", input: {orgId: \"{org}\", email: \"ada@example.com\", name: \"Ada\", \
         role: OWNER}) { orgId id email name role joinedAt rev organisation { members } } }",
    )
    .takes(&[("ada", "/addMember/id")]),
    Scene::new(
        "the same request again",
        "mutation { addMember(requestId: \"r1\", input: {orgId: \"{org}\", email: \"ada@example.com\", name: \"Ada\", \
         role: OWNER}) { id organisation { members } } }",
    ),
    Scene::new(
        "the same request with another name",
        "mutation { addMember(requestId: \"r1\", input: {orgId: \"{org}\", email: \"ada@example.com\", name: \"Eda\"}) \
         { id } }",
    ),
    Scene::new(
        "a member",
        "mutation { addMember(requestId: \"r2\", input: {orgId: \"{org}\", email: \"bo@example.com\", name: \"Bo\"}) \
         { id role } }",
    )
    .takes(&[("bo", "/addMember/id")]),
    Scene::new(
        "a guest",
        "mutation { addMember(requestId: \"r3\", input: {orgId: \"{org}\", email: \"gus@example.com\", name: \"Gus\", \
         role: GUEST}) { id role } }",
    )
    .takes(&[("gus", "/addMember/id")]),
    Scene::new(
        "an address that is none",
        "mutation { addMember(requestId: \"r4\", input: {orgId: \"{org}\", email: \"nowhere\", name: \"X\"}) { id } }",
    ),
    Scene::new(
        "a member of no organisation",
        "mutation { addMember(requestId: \"r5\", input: {orgId: \"NONE\", email: \"x@example.com\", name: \"X\"}) { id } }",
    ),
    Scene::new(
        "a project, whose budget is not for everybody",
        "mutation { createProject(requestId: \"r6\", input: {orgId: \"{org}\", name: \"Pier\", labels: [\"stone\", \"sea\"], \
         budget: \"120000.50\"}) { orgId id name labels open done rev budget } }",
    )
    .takes(&[("pier", "/createProject/id")]),
    Scene::new(
        "labels come and go",
        "mutation { on: label(orgId: \"{org}\", id: \"{pier}\", labels: [\"2026\", \"sea\"]) { labels rev } \
         off: unlabel(orgId: \"{org}\", id: \"{pier}\", labels: [\"stone\"]) { labels rev } }",
    ),
    Scene::new(
        "an organisation with all that lies under it",
        "{ organisationParts(id: \"{org}\") { __typename ... on Organisation { name members projects } \
         ... on Member { name role } ... on Project { title: name open done } } }",
    ),
    Scene::new(
        "three tasks",
        "mutation { \
         a: createTask(requestId: \"t1\", input: {orgId: \"{org}\", projectId: \"{pier}\", title: \"Survey the bed\", \
         due: \"2026-12-01\", assigneeId: \"{ada}\", points: 5, checklist: [\"boat\"]}) \
         { id title text state due points checklist comments createdAt updatedAt rev } \
         b: createTask(requestId: \"t2\", input: {orgId: \"{org}\", projectId: \"{pier}\", title: \"Order stone\", \
         due: \"2026-12-24\", assigneeId: \"{bo}\", points: 3}) { id } \
         c: createTask(requestId: \"t3\", input: {orgId: \"{org}\", projectId: \"{pier}\", title: \"Ask the harbour master\", \
         text: \"Twice.\", due: \"2026-11-30\"}) { id assigneeId project { open } } }",
    )
    .takes(&[("survey", "/a/id"), ("stone", "/b/id"), ("ask", "/c/id")]),
    Scene::new(
        "a task of too many points",
        "mutation { createTask(requestId: \"t4\", input: {orgId: \"{org}\", projectId: \"{pier}\", title: \"x\", \
         due: \"2026-12-01\", points: 101}) { id } }",
    ),
    Scene::new(
        "what is to do, with who does it, in two calls",
        "{ tasks(projectId: \"{pier}\", state: TODO) { totalCount nodes { title due assignee { name } } \
         pageInfo { hasNextPage } } }",
    ),
    Scene::new(
        "what is due this month, of some weight",
        "{ tasks(projectId: \"{pier}\", state: TODO, from: \"2026-12-01\", to: \"2026-12-31\", \
         where: {or: [{points: {ge: 5}}, {title: {contains: \"stone\"}}], not: {text: {exists: true}}}) \
         { totalCount nodes { title points } } }",
    ),
    Scene::new(
        "the last two, and the one before",
        "{ tasks(projectId: \"{pier}\", state: TODO, last: 2) { edges { cursor node { title } } \
         pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }",
    )
    .takes(&[("before", "/tasks/pageInfo/startCursor")]),
    Scene::new(
        "the one before",
        "{ tasks(projectId: \"{pier}\", state: TODO, last: 2, before: \"{before}\") { nodes { title } \
         pageInfo { hasPreviousPage hasNextPage } } }",
    ),
    Scene::new(
        "a word on a task",
        "mutation { say(requestId: \"s1\", taskId: \"{survey}\", orgId: \"{org}\", authorId: \"{ada}\", text: \"Low tide.\") \
         { taskId id at authorId text task { comments } } }",
    ),
    Scene::new(
        "and another",
        "mutation { say(requestId: \"s2\", taskId: \"{survey}\", orgId: \"{org}\", authorId: \"{bo}\", text: \"At six.\") \
         { text task { comments } } }",
    ),
    Scene::new(
        "a guest says nothing",
        "mutation { say(requestId: \"s3\", taskId: \"{survey}\", orgId: \"{org}\", authorId: \"{gus}\", text: \"Hello?\") \
         { text } }",
    ),
    Scene::new(
        "a discussion, in one read",
        "{ discussion(id: \"{survey}\") { __typename ... on Task { title comments } ... on Comment { text authorId } } }",
    ),
    Scene::new(
        "what somebody said",
        "{ commentsOf(authorId: \"{ada}\") { nodes { text task { title project { name } } } } }",
    ),
    Scene::new(
        "a task is changed under its version, ticked, and found to have changed",
        "mutation { updateTask(id: \"{survey}\", expectedRev: 3, input: {points: 8, text: null, due: \"2026-12-02\"}) \
         { points due rev updatedAt } tick(id: \"{survey}\", item: \"line\") { checklist rev } \
         late: updateTask(id: \"{survey}\", expectedRev: 3, input: {title: \"x\"}) { title rev } }",
    ),
    Scene::new(
        "a task is done, once",
        "mutation { finishTask(requestId: \"f1\", id: \"{survey}\", orgId: \"{org}\", projectId: \"{pier}\") \
         { state rev project { open done } } \
         again: finishTask(requestId: \"f2\", id: \"{survey}\", orgId: \"{org}\", projectId: \"{pier}\") \
         { state project { open done } } }",
    ),
    Scene::new("a desk", "{ desk(assigneeId: \"{ada}\") { nodes { title state } } }"),
    Scene::new(
        "a member's desk",
        "{ member(orgId: \"{org}\", id: \"{bo}\") { tasks(state: TODO) { totalCount nodes { title } } } }",
    ),
    Scene::new(
        "members by their ids, in the order asked for",
        "{ members(orgId: \"{org}\", ids: [\"{gus}\", \"NONE\", \"{ada}\", \"{gus}\"]) { name organisation { name } } }",
    ),
    Scene::new(
        "a member leaves; an owner stays",
        "mutation { removeMember(requestId: \"x1\", orgId: \"{org}\", id: \"{gus}\") { members rev } \
         owner: removeMember(requestId: \"x2\", orgId: \"{org}\", id: \"{ada}\") { members } }",
    ),
    Scene::new(
        "memberships by e-mail",
        "{ memberships(email: \"ada@example.com\") { name organisation { name members projects } } }",
    ),
    Scene::new(
        "a project, and what is done",
        "{ project(orgId: \"{org}\", id: \"{pier}\") { name open done tasks(state: DONE) { nodes { title } } } }",
    ),
    Scene::new("tasks as of one moment", "{ board(ids: [\"{stone}\", \"NONE\", \"{stone}\"]) { title state } }"),
    Scene::new("a task", "{ task(id: \"{stone}\") { title assignee { email } } }"),
    Scene::new(
        "what is done stays on its desk, and all else of the list with it",
        "mutation { handOver(requestId: \"h1\", orgId: \"{org}\", assigneeId: \"{ada}\", due: \"2027-01-05\", \
         ids: [\"{stone}\", \"{survey}\"]) { title due rev } }",
    )
    .reads_together(),
    Scene::new(
        "tasks on another desk, in the order asked for, once",
        "mutation { handOver(requestId: \"h2\", orgId: \"{org}\", assigneeId: \"{ada}\", due: \"2027-01-05\", \
         ids: [\"{stone}\", \"{ask}\"]) { title due rev assignee { name } } \
         again: handOver(requestId: \"h2\", orgId: \"{org}\", assigneeId: \"{ada}\", due: \"2027-01-05\", \
         ids: [\"{stone}\", \"{ask}\"]) { title rev } }",
    )
    .reads_together(),
    Scene::new(
        "a list with one that is nowhere",
        "mutation { handOver(requestId: \"h3\", orgId: \"{org}\", assigneeId: \"{bo}\", due: \"2027-01-06\", \
         ids: [\"{ask}\", \"NONE\"]) { title } }",
    )
    .reads_together(),
    Scene::new(
        "the same request for fewer",
        "mutation { handOver(requestId: \"h2\", orgId: \"{org}\", assigneeId: \"{ada}\", due: \"2027-01-05\", \
         ids: [\"{stone}\"]) { title } }",
    ),
    Scene::new(
        "they are found where they are due now",
        "{ tasks(projectId: \"{pier}\", state: TODO, from: \"2027-01-01\") { totalCount nodes { due } } \
         desk(assigneeId: \"{ada}\") { totalCount } }",
    )
    .reads_together(),
];

#[tokio::test]
async fn every_scene_on_the_embedded_engine() {
    let world = World::builder().application("tracker").start().await;
    insta::assert_snapshot!("tracker", play(&world).await);
    assert_counted(&world).await;
}

#[tokio::test]
async fn every_scene_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    let world = World::builder().application("tracker").engine(Engine::DynamoDbLocal).start().await;
    insta::assert_snapshot!("tracker", play(&world).await);
    assert_counted(&world).await;
}

async fn play(world: &World) -> String {
    let pace = Duration::from_secs(1);
    let script = Script { scenes: SCENES, pace, known: BTreeMap::new(), seed: String::new() };
    script.play(world, "north").await
}

/// Whatever was asked for, and refused, and asked for again: the counters agree with what they count.
async fn assert_counted(world: &World) {
    let north = world.tenant("north");
    let data = north.query("{ memberships(email: \"ada@example.com\") { orgId } }").await.ok();
    let org = data["memberships"][0]["orgId"].as_str().unwrap();
    let document = format!(
        "{{ organisationParts(id: \"{org}\") {{ __typename ... on Organisation {{ members projects }} \
         ... on Project {{ open done todo: tasks(state: TODO) {{ totalCount }} \
         doing: tasks(state: DOING) {{ totalCount }} finished: tasks(state: DONE) {{ totalCount }} }} }} }}"
    );
    let data = north.query(&document).await.ok();
    let parts = data["organisationParts"].as_array().unwrap();
    let of = |name: &str| parts.iter().filter(|it| it["__typename"] == *name).collect::<Vec<_>>();
    let organisation = of("Organisation")[0];
    assert_eq!(organisation["members"], json!(of("Member").len()));
    assert_eq!(organisation["projects"], json!(of("Project").len()));
    for project in of("Project") {
        let count = |state: &str| project[state]["totalCount"].as_i64().unwrap();
        assert_eq!(project["open"], json!(count("todo") + count("doing")));
        assert_eq!(project["done"], json!(count("finished")));
    }
}

/// A gateway that renders another tenant's id into every key: whatever it sends is denied, by IAM.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_forged_tenant_is_denied_each_operation_by_iam() {
    let known = ["org", "ada", "bo", "gus", "pier", "survey", "stone", "ask"];
    for (caller, victim) in
        [("north", "north-2"), ("north-2", "north"), ("south", "north"), ("north", "south")]
    {
        let world = World::builder().application("tracker").forging(victim).start().await;
        let tenant = world.tenant(caller);
        let mut denied_calls = 0;
        for scene in SCENES {
            let document = known.iter().fold(scene.document.to_owned(), |document, word| {
                document.replace(&format!("{{{word}}}"), word)
            });
            let reply = tenant.query(&document).await.json();
            let calls = world.calls();
            let calls: Vec<_> = calls.iter().filter(|call| call.service == Service::DynamoDb).collect();
            let denied = calls.iter().all(|call| matches!(call.outcome, Outcome::Denied));
            denied_calls += calls.len();
            assert!(denied, "{caller} reaches {victim}: {}: {calls:?}", scene.name);
            let found = reply["data"].as_object().is_some_and(|it| it.values().any(|value| !value.is_null()));
            assert!(!found, "{caller} is answered: {}: {reply}", scene.name);
        }
        // All but those that are refused before anything is sent: the gateway's good will did not keep them apart.
        assert!(denied_calls >= SCENES.len() * 3 / 4, "only {denied_calls} calls were made");
    }
}

/// Many at once on one counter: each is counted, once, though many meet and are sent again.
#[tokio::test]
async fn members_who_join_at_once_are_all_counted() {
    const JOINING: usize = 24;
    let world = World::builder().application("tracker").start().await;
    let north = world.tenant("north");
    let founded = north.query("mutation { createOrganisation(name: \"Dock\") { id } }").await.ok();
    let org = founded["createOrganisation"]["id"].as_str().unwrap();
    let joined = join_all((0..JOINING).map(|at| {
        let document = format!(
            "mutation {{ addMember(requestId: \"j{at}\", input: {{orgId: \"{org}\", email: \"m{at}@example.com\", \
             name: \"M\"}}) {{ id }} }}"
        );
        let north = north.clone();
        async move {
            // Who is told to try again does, under the same request.
            for _ in 0..50 {
                let reply = north.query(&document).await;
                if reply.codes().is_empty() {
                    return true;
                }
                assert_eq!(reply.codes(), ["THROTTLED"], "{}", reply.text);
            }
            false
        }
    }))
    .await;
    assert!(joined.into_iter().all(|joined| joined));
    let document = format!("{{ organisation(id: \"{org}\") {{ members }} }}");
    assert_eq!(north.query(&document).await.ok(), json!({ "organisation": { "members": JOINING } }));
}
