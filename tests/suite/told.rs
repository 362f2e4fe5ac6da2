//! What a refused transaction tells of items, and of whom: of what stands in its way nothing more than an answer would.

use serde_json::{Value, json};

use crate::harness::World;

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk", ttl: "gone") { query: Query mutation: Mutation }
type Account @item(table: "main", pk: "TENANT#${tenant}#ACCOUNT#${id}", sk: "META", version: "rev", type: "kind") {
  id: ID!
  balance: Int!
  pin: String @attribute(hidden: true)
  limit: Int @requiresScopes(scopes: [["bank"]])
  card: Card
  secret: Secret
  rev: Int!
}
type Card { number: String! code: String @attribute(hidden: true) holder: String @requiresScopes(scopes: [["bank"]]) }
type Secret @requiresScopes(scopes: [["bank"]]) { word: String! }
type Vault @requiresScopes(scopes: [["bank"]])
  @item(table: "main", pk: "TENANT#${tenant}#ACCOUNT#${id}", sk: "VAULT", type: "kind") { id: ID! gold: Int! }
input CardInput { number: String! code: String holder: String }
input SecretInput { word: String! }
type Query { account(id: ID!): Account @get }
type Mutation {
  open(id: ID!, balance: Int!, pin: String, limit: Int, card: CardInput, secret: SecretInput): Account! @put
  fill(id: ID!, gold: Int!): Vault! @put
  pay(id: ID!, other: ID!, requestId: ID!): Account @transact(token: "args.requestId", returns: "from", do: [
    {as: "from", update: "Account", add: {balance: "-1"}, when: "balance > 0"},
    {check: "Account", bind: {id: "args.other"}, when: "balance > 0"},
    {check: "Vault", when: "gold > 0"}])
}
"#;

const SELECTED: &str = "id balance limit card { number holder } secret { word } rev";

#[tokio::test]
async fn the_reasons_show_what_an_answer_would() {
    let world = World::builder().file("schema.graphql", SCHEMA).derived().unseeded().start().await;
    let (bank, acme) = (world.tenant_with("acme", "bank"), world.tenant("acme"));
    for id in ["a", "b"] {
        bank.query(&format!("mutation {{ open(id: \"{id}\", balance: 0, pin: \"PIN1\", limit: 7, card: {{number: \"4242\", code: \"COD3\", holder: \"Ada\"}}, secret: {{word: \"W0RD\"}}) {{ id }} }}")).await.ok();
    }
    bank.query("mutation { fill(id: \"a\", gold: 0) { id } }").await.ok();
    let pay = format!("mutation {{ pay(id: \"a\", other: \"b\", requestId: \"r\") {{ {SELECTED} }} }}");
    let shown = |id: &str, limit: Value, holder: Value, secret: Value| json!({ "id": id, "balance": 0, "limit": limit, "card": { "number": "4242", "holder": holder }, "secret": secret, "rev": 1 });
    for (caller, limit, holder, secret) in [
        (&acme, Value::Null, Value::Null, Value::Null),
        (&bank, json!(7), json!("Ada"), json!({ "word": "W0RD" })),
    ] {
        let reply = caller.query(&pay).await;
        let error = &reply.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["extensions"]["code"] == "CONFLICT")
            .unwrap()
            .clone();
        let of = |id| shown(id, limit.clone(), holder.clone(), secret.clone());
        assert_eq!(
            error["extensions"]["reasons"],
            json!([
                { "step": "from", "reason": "CONFLICT", "current": of("a") },
                { "step": "2:Account", "reason": "CONFLICT", "current": of("b") },
                { "step": "3:Vault", "reason": "CONFLICT" },
            ])
        );
        for hidden in ["PIN1", "COD3", "gold", "TENANT#", "kind"] {
            assert!(!reply.text.contains(hidden), "{hidden}: {}", reply.text);
        }
    }
    // The token of one caller is not another's, and what failed left no record.
    bank.query("mutation { x: open(id: \"c\", balance: 1) { id } y: open(id: \"d\", balance: 1) { id } z: fill(id: \"c\", gold: 1) { id } }").await.ok();
    let pay = "mutation { pay(id: \"c\", other: \"d\", requestId: \"r\") { balance } }";
    let first = acme.query(pay).await.ok();
    assert_eq!(acme.query(pay).await.ok(), first);
    assert_eq!(first["pay"]["balance"], 0);
}
