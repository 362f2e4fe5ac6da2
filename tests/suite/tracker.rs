//! A project tracker of five kinds of items in one table, in scenes: on the embedded engine and on the official DynamoDB
//! Local, against one snapshot.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::harness::{Engine, Scene, Script, World, dynamodb_local, skip};

const SCENES: &[Scene] = &[
    Scene::new(
        "an organisation is founded",
        "mutation { createOrganisation(input: {name: \"Harbour works\"}) { id name members projects rev } }",
    )
    .takes(&[("org", "/createOrganisation/id")]),
    Scene::new(
        "its first member",
        "mutation { addMember(input: {orgId: \"{org}\", email: \"ada@example.com\", name: \"Ada\", role: OWNER}) \
         { id role joinedAt organisation { name members } } }",
    )
    .takes(&[("ada", "/addMember/id")]),
    Scene::new("by e-mail", "{ memberships(email: \"ada@example.com\") { id organisation { id name } } }"),
];

#[tokio::test]
async fn every_scene_on_the_embedded_engine() {
    let world = World::builder().application("tracker").start().await;
    insta::assert_snapshot!("tracker", play(&world).await);
}

#[tokio::test]
async fn every_scene_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    let world = World::builder().application("tracker").engine(Engine::DynamoDbLocal).start().await;
    insta::assert_snapshot!("tracker", play(&world).await);
}

async fn play(world: &World) -> String {
    let pace = Duration::from_secs(1);
    let script = Script { scenes: SCENES, pace, known: BTreeMap::new(), seed: String::new() };
    script.play(world, "north").await
}
