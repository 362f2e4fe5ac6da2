//! What the embedded AWS must not let through, since it is judge and witness of isolation: requests of a tenant's own
//! session, sent to reach another tenant's items past a guarded policy.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::harness::{World, raw};

/// The thief, and the victim.
const TENANTS: (&str, &str) = ("acme2", "acme");
const TABLE: &str = "innkeeper-shops";
const KEY: &str = "TENANT#acme#PRODUCT#COF-001";

/// The example with PartiQL allowed: under the guarded condition on the leading keys, as all else.
async fn with_partiql() -> World {
    let verbs = ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"];
    let verbs: String = verbs.iter().map(|verb| format!("\"dynamodb:{verb}\", ")).collect();
    let allow =
        |text: String| text.replace("\"dynamodb:GetItem\",", &format!("{verbs}\"dynamodb:GetItem\","));
    World::builder().edit("policies/shop.json", allow).edit("policies/roles/pool.json", allow).start().await
}

fn thief(world: &World) -> Client {
    raw::client(world, &world.credentials(TENANTS.0))
}

async fn all_items(world: &World) -> Value {
    let reply = world.behind("Scan", json!({ "TableName": TABLE })).await;
    serde_json::from_str::<Value>(&reply.body).unwrap()["Items"].clone()
}

/// The statement names a key of the thief's, and reaches the victim's item.
#[tokio::test]
async fn a_partiql_statement_that_names_a_key_in_passing_reaches_nothing() {
    let world = with_partiql().await;
    let thief = thief(&world);
    let before = all_items(&world).await;
    for statement in [
        format!("SELECT pk FROM \"{TABLE}\" WHERE pk='TENANT#acme2#x' OR sk='META'"),
        format!("SELECT pk FROM \"{TABLE}\" WHERE NOT pk='TENANT#acme2#x'"),
        format!("SELECT pk FROM \"{TABLE}\" WHERE pk IN ['{KEY}'] -- pk='TENANT#acme2#x'"),
        format!("UPDATE \"{TABLE}\" SET hit=1 WHERE '{KEY}'=pk AND sk='META' /* pk='TENANT#acme2#x' */"),
        format!("DELETE FROM \"{TABLE}\" WHERE '{KEY}'=pk AND sk='META' /* pk='TENANT#acme2#x' */"),
        format!(
            "INSERT INTO \"{TABLE}\" VALUE {{'pk' /**/ : /**/ 'TENANT#acme#EVIL', 'sk': 'META', \
             'x':{{'pk':'TENANT#acme2#x'}}}}"
        ),
    ] {
        let reply = thief.execute_statement().statement(&statement).send().await;
        assert!(reply.is_err(), "{statement} went through: {reply:?}");
    }
    assert_eq!(all_items(&world).await, before);
}

/// The guard is no wall: a statement that names the thief's own item is answered.
#[tokio::test]
async fn a_partiql_statement_for_ones_own_item_is_answered() {
    let world = with_partiql().await;
    let thief = thief(&world);
    let own = "TENANT#acme2#PRODUCT#OWN";
    let insert = format!("INSERT INTO \"{TABLE}\" VALUE {{'pk': ?, 'sk': 'META'}}");
    let key = AttributeValue::S(own.to_owned());
    thief.execute_statement().statement(insert).parameters(key.clone()).send().await.unwrap();
    let update = format!("UPDATE \"{TABLE}\" SET hit = 1 WHERE pk = ? AND sk = 'META'");
    thief.execute_statement().statement(update).parameters(key).send().await.unwrap();
    let select = format!("SELECT hit FROM \"{TABLE}\" WHERE pk = '{own}'");
    let items = thief.execute_statement().statement(select).send().await.unwrap().items.unwrap();
    assert_eq!(items, [[("hit".to_owned(), AttributeValue::N("1".to_owned()))].into()]);
    let delete = format!("DELETE FROM \"{TABLE}\" WHERE sk = 'META' AND pk = '{own}'");
    thief.execute_statement().statement(delete).send().await.unwrap();
}
