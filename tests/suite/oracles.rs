//! What a caller without a scope could learn of a guarded field by asking for something else: by an alias, a fragment on
//! one of several types, a count, a conflict, a write. Whatever it asks, the value is in no answer.

use serde_json::json;

use crate::harness::{Tenant, World};

const SCHEMA: &str = r#"
schema @table(name: "main", pk: "pk", sk: "sk") { query: Query mutation: Mutation }
interface Paper { shelf: ID! note: String owner: Owner }
type Deed implements Paper @item(table: "main", pk: "TENANT#${tenant}#SHELF#${shelf}", sk: "DEED#${id}", type: "kind", version: "rev") {
  shelf: ID! id: ID! rev: Int!
  note: String @requiresScopes(scopes: [["deeds"]])
  price: Decimal! @requiresScopes(scopes: [["deeds"]])
  where: Place @requiresScopes(scopes: [["deeds"]])
  inside: Inside
  owner: Owner @get(bind: {id: "parent.note"})
}
type Will implements Paper @item(table: "main", pk: "TENANT#${tenant}#SHELF#${shelf}", sk: "WILL#${id}", type: "kind") @requiresScopes(scopes: [["wills"]]) {
  shelf: ID! id: ID! note: String owner: Owner @get(bind: {id: "parent.note"})
}
type Leaf implements Paper @item(table: "main", pk: "TENANT#${tenant}#SHELF#${shelf}", sk: "LEAF#${id}", type: "kind") {
  shelf: ID! id: ID! note: String size: Int owner: Owner @get(bind: {id: "parent.note"})
}
type Place { town: String }
type Inside { open: String! shut: String @requiresScopes(scopes: [["deeds"]]) deep: Deep }
type Deep @requiresScopes(scopes: [["deeds"]]) { secret: String }
type Owner @item(table: "main", pk: "TENANT#${tenant}#OWNER#${id}", sk: "OWNER") { id: ID! secret: String @requiresScopes(scopes: [["owners"]]) }
union Any = Deed | Will | Leaf
input PaperFilter @filter(of: "Paper")
input DeedFilter @filter(of: "Deed")
type Query {
  deed(shelf: ID!, id: ID!): Deed @get
  deeds(shelf: ID!, where: DeedFilter, first: Int, after: String): DeedConnection! @query(where: "args.where", count: true)
  papers(shelf: ID!, where: PaperFilter, first: Int, after: String, last: Int, before: String): PaperConnection! @query(where: "args.where", count: true)
  any(shelf: ID!): [Any]! @query
}
type Mutation {
  addDeed(input: NewDeed!): Deed! @put
  addWill(shelf: ID!, id: ID!, note: String): Will @put
  addLeaf(shelf: ID!, id: ID!, note: String, size: Int): Leaf! @put
  addOwner(id: ID!, secret: String): Owner! @put
  noteDeed(shelf: ID!, id: ID!, note: String, expectedRev: Int): Deed @update(expect: "args.expectedRev")
  dropDeed(shelf: ID!, id: ID!, expectedRev: Int): Deed @delete(expect: "args.expectedRev")
  swap(shelf: ID!, id: ID!, other: ID!, price: Decimal!, rev: Int): Deed @transact(returns: "new", do: [
    {as: "new", put: "Deed", bind: {shelf: "args.shelf", id: "args.other", price: "args.price"}},
    {update: "Deed", bind: {shelf: "args.shelf", id: "args.id"}, expect: "args.rev"}])
}
input NewDeed { shelf: ID! id: ID! note: String price: Decimal! where: PlaceIn inside: InsideIn }
input PlaceIn { town: String }
input InsideIn { open: String! shut: String deep: DeepIn }
input DeepIn { secret: String }
"#;

const SECRET: &str = "hush";
const NUMBER: &str = "776655";

async fn world() -> World {
    let world = World::builder().file("schema.graphql", SCHEMA).derived().unseeded().start().await;
    let document = format!(
        r#"mutation {{
        a: addDeed(input: {{shelf: "S", id: "1", note: "{SECRET}", price: "{NUMBER}", where: {{town: "{SECRET}"}},
            inside: {{open: "o", shut: "{SECRET}", deep: {{secret: "{SECRET}"}}}}}}) {{ id }}
        b: addWill(shelf: "S", id: "1", note: "{SECRET}") {{ id }}
        c: addLeaf(shelf: "S", id: "1", note: "plain", size: 3) {{ id }}
        d: addOwner(id: "plain", secret: "{SECRET}") {{ id }}
    }}"#
    );
    world.tenant_with("acme", "deeds wills owners").query(&document).await.ok();
    world.calls();
    world
}

/// What is asked of a deed, with every way to its guarded fields.
const DEED: &str = "id note a: note ... on Paper { b: note } ... on Deed { where { town } } inside { open shut deep { secret } }";

#[tokio::test]
async fn no_answer_holds_what_its_caller_may_not_see() {
    let world = world().await;
    let acme = world.tenant("acme");
    for document in [
        format!("{{ deed(shelf: \"S\", id: \"1\") {{ {DEED} price }} }}"),
        format!("{{ deed(shelf: \"S\", id: \"1\") {{ {DEED} }} }}"),
        format!("{{ deeds(shelf: \"S\") {{ totalCount edges {{ cursor node {{ {DEED} }} }} nodes {{ price }} }} }}"),
        format!("{{ papers(shelf: \"S\") {{ totalCount edges {{ cursor node {{ __typename ... on Deed {{ {DEED} }} \
            ... on Will {{ id note }} note owner {{ secret }} }} }} }} }}"),
        "{ papers(shelf: \"S\", last: 2) { nodes { ... on Will { note } ... on Deed { note } } pageInfo { startCursor } } }".to_owned(),
        format!("{{ any(shelf: \"S\") {{ __typename ... on Paper {{ note }} ... on Deed {{ {DEED} price }} ... on Will {{ id }} }} }}"),
        // Writes: what is there is shown by conflicts, and by what is replaced and deleted.
        format!("mutation {{ addDeed(input: {{shelf: \"S\", id: \"1\", price: \"1\"}}) {{ {DEED} }} }}"),
        format!("mutation {{ noteDeed(shelf: \"S\", id: \"1\", note: \"n\", expectedRev: 7) {{ {DEED} }} }}"),
        format!("mutation {{ dropDeed(shelf: \"S\", id: \"1\", expectedRev: 7) {{ {DEED} }} }}"),
        format!("mutation {{ swap(shelf: \"S\", id: \"1\", other: \"2\", price: \"1\", rev: 7) {{ {DEED} }} }}"),
        format!("mutation {{ swap(shelf: \"S\", id: \"9\", other: \"1\", price: \"1\", rev: 7) {{ {DEED} }} }}"),
        format!("mutation {{ noteDeed(shelf: \"S\", id: \"1\") {{ {DEED} }} }}"),
        format!("mutation {{ dropDeed(shelf: \"S\", id: \"1\") {{ {DEED} price }} }}"),
        format!("mutation {{ dropDeed(shelf: \"S\", id: \"1\") {{ {DEED} }} }}"),
    ] {
        let reply = acme.query(&document).await;
        assert!(!reply.text.contains(SECRET) && !reply.text.contains(NUMBER), "{document}: {}", reply.text);
        assert!(reply.text.contains("FORBIDDEN") || reply.text.contains("CONFLICT"), "{document}: {}", reply.text);
    }
    // The deed was dropped by the last of these alone: the one before it could not have been answered.
    let left =
        world.tenant_with("acme", "deeds").query("{ deed(shelf: \"S\", id: \"1\") { id } }").await.ok();
    assert_eq!(left, json!({ "deed": null }));
}

/// A filter that is made has no operators for what not everybody may see, on any way into it.
#[tokio::test]
async fn no_filter_compares_what_not_everybody_may_see() {
    let world = world().await;
    let acme = world.tenant_with("acme", "deeds wills owners");
    for (field, filter) in [
        ("deeds", "{note: {eq: \"hush\"}}"),
        ("deeds", "{price: {gt: 1}}"),
        ("deeds", "{where: {exists: true}}"),
        ("deeds", "{or: [{not: {and: [{price: {gt: 1}}]}}]}"),
        ("papers", "{note: {beginsWith: \"h\"}}"),
        ("papers", "{shelf: {eq: \"S\"}}"),
        ("papers", "{or: [{id: {eq: \"1\"}}]}"),
    ] {
        let reply =
            acme.query(&format!("{{ {field}(shelf: \"S\", where: {filter}) {{ totalCount }} }}")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (400, "BAD_REQUEST"),
            "{filter}: {}",
            reply.text
        );
    }
}

async fn is_refused(tenant: &Tenant<'_>, selections: &str) -> bool {
    let reply = tenant.query(&format!("{{ any(shelf: \"S\") {{ {selections} }} }}")).await;
    reply.status == 400
}

/// What is refused has no shape, and does not stand between those that have one.
#[tokio::test]
async fn fields_that_cannot_merge_are_refused_to_those_too_who_may_not_see_the_first_of_them() {
    let world = world().await;
    let (some, all) = (world.tenant_with("acme", "wills"), world.tenant_with("acme", "deeds wills owners"));
    for selections in [
        "... on Deed { x: note } ... on Will { x: id } ... on Leaf { x: size }",
        "... on Deed { x: where { town } } ... on Will { x: note } ... on Leaf { x: size }",
    ] {
        assert!(is_refused(&all, selections).await, "{selections}");
        assert!(is_refused(&some, selections).await, "{selections}");
    }
}
