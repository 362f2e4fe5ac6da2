//! The clients of the soak. Each has items of its own in each tenant, so that it knows what must be there.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::book::Book;
use super::weather::Dice;
use super::{TENANTS, name};
use crate::harness::World;

/// How often a request is sent again that must happen once, and a read that must succeed.
const PATIENCE: usize = 200;

/// A client, and what it knows.
pub(super) struct Client<'w> {
    number: usize,
    world: &'w World,
    url: String,
    book: &'w Book,
    dice: Dice,
    /// One for each tenant, as a frontend keeps it: a new one for each request would fill the cache of tokens.
    tokens: &'w HashMap<String, String>,
    made: usize,
}

/// What is known of a product: its stock and its revision.
type Known = (i64, i64);

/// The answer to a request: the code of its first error or OK, and all of it.
struct Answer {
    code: String,
    body: Value,
}

impl Answer {
    /// Whether a write may have taken place although it failed.
    fn is_unknown(&self) -> bool {
        self.body["errors"][0]["extensions"]["applied"] == "unknown" || self.body.is_null()
    }
}

impl<'w> Client<'w> {
    pub(super) fn new(
        number: usize,
        world: &'w World,
        url: String,
        (book, tokens): (&'w Book, &'w HashMap<String, String>),
    ) -> Self {
        let dice = Dice::new(number as u64 * 7_919 + 1);
        Self { number, world, url, book, dice, tokens, made: 0 }
    }

    /// One thing that a client does, in any tenant; some of them more often than others.
    pub(super) async fn act(&mut self) {
        let most = if self.dice.below(2) == 0 { 10 } else { TENANTS as u64 };
        let tenant = name(usize::try_from(self.dice.below(most)).unwrap());
        match self.dice.below(10) {
            0..=3 => self.stock(&tenant).await,
            4..=6 => self.orders(&tenant).await,
            7 => self.events(&tenant).await,
            8 => self.strangers(&tenant).await,
            _ => self.cursors(&tenant).await,
        }
    }

    /// A product that is made, read and changed under its version: nobody else writes it, so no version is a surprise.
    async fn stock(&mut self, tenant: &str) {
        let sku = self.id("P");
        let create = format!(
            "mutation {{ createProduct(input: {{sku: \"{sku}\", name: \"n\", category: COFFEE, price: \"1\", stock: 1}}) {{ stock rev }} }}"
        );
        let made = self.ask(tenant, &create).await;
        let Some(mut known) = self.after(tenant, &sku, &made, (None, (1, 1))).await else { return };
        for _ in 0..self.dice.below(4) {
            let (stock, rev) = known;
            let next = (stock + 1, rev + 1);
            let update = format!(
                "mutation {{ updateProduct(sku: \"{sku}\", input: {{stock: {}}}, expectedRev: {rev}) {{ stock rev }} }}",
                next.0
            );
            let written = self.ask(tenant, &update).await;
            let Some(after) = self.after(tenant, &sku, &written, (Some(known), next)).await else { return };
            known = after;
        }
        // What was acknowledged is there.
        self.hold(tenant, &sku, known).await;
    }

    /// What is known of a product after a write: what it was before, what it was to become, and the answer.
    async fn after(
        &self,
        tenant: &str,
        sku: &str,
        answer: &Answer,
        (before, next): (Option<Known>, Known),
    ) -> Option<Known> {
        match answer.code.as_str() {
            "OK" => {
                self.book.acknowledged();
                Some(next)
            }
            // Not applied, it says; so it must not be.
            "UNAVAILABLE" | "THROTTLED" if !answer.is_unknown() => {
                self.expect(tenant, sku, &[before]).await;
                before
            }
            "UNAVAILABLE" => {
                self.book.unknown();
                let found = self.expect(tenant, sku, &[before, Some(next)]).await;
                self.book.looked_up();
                found
            }
            code => {
                self.book.wrong(format!("{tenant} {sku} {before:?} to {next:?}: {code} {}", answer.body));
                None
            }
        }
    }

    /// Reads a product until it can be read, and holds it to what it may be.
    async fn expect(&self, tenant: &str, sku: &str, one_of: &[Option<Known>]) -> Option<Known> {
        let document = format!("{{ product(sku: \"{sku}\") {{ stock rev }} }}");
        let Some(body) = self.insist(tenant, &document).await else {
            self.book.wrong(format!("{tenant} {sku} cannot be read"));
            return None;
        };
        let product = &body["data"]["product"];
        let found = product["rev"].as_i64().map(|rev| (product["stock"].as_i64().unwrap(), rev));
        if !one_of.contains(&found) {
            self.book.wrong(format!("{tenant} {sku} is {found:?}, and must be one of {one_of:?}"));
        }
        found
    }

    async fn hold(&self, tenant: &str, sku: &str, known: Known) {
        self.expect(tenant, sku, &[Some(known)]).await;
    }

    /// Orders that are placed with a token, each sent until it is acknowledged: the customer counts each once.
    async fn orders(&mut self, tenant: &str) {
        let mail = self.id("M");
        let create =
            format!("mutation {{ createCustomer(input: {{name: \"n\", email: \"{mail}\"}}) {{ id }} }}");
        let made = self.ask(tenant, &create).await;
        self.book.expect_explained(&made.code, || made.body.to_string());
        let Some(customer) = made.body["data"]["createCustomer"]["id"].as_str().map(str::to_owned) else {
            return;
        };
        self.book.acknowledged();
        let orders = 1 + self.dice.below(3);
        for _ in 0..orders {
            let request = self.id("R");
            let place = format!(
                "mutation {{ placeOrder(requestId: \"{request}\", input: {{customerId: \"{customer}\", total: \"1\", lines: []}}) {{ id }} }}"
            );
            if self.insist(tenant, &place).await.is_none() {
                self.book.wrong(format!("{tenant} {request} is never acknowledged"));
                return;
            }
            self.book.acknowledged();
        }
        let read = format!(
            "{{ customer(id: \"{customer}\") {{ orderCount orders {{ totalCount nodes {{ id }} }} }} }}"
        );
        let Some(body) = self.insist(tenant, &read).await else {
            return self.book.wrong(format!("{tenant} {customer} cannot be read"));
        };
        let found = &body["data"]["customer"];
        let listed = found["orders"]["nodes"].as_array().map(Vec::len);
        if found["orderCount"] != orders || listed.map(|n| n as u64) != Some(orders) {
            self.book.wrong(format!("{tenant} {customer} has placed {orders} orders, and has {found}"));
        }
    }

    /// A batch: repeated, it is the same; what is acknowledged is all there.
    async fn events(&mut self, tenant: &str) {
        let order = self.id("O");
        let texts = (0..30).map(|at| format!("{{text: \"{at}\"}}")).collect::<Vec<_>>().join(",");
        let add =
            format!("mutation {{ addOrderEvents(orderId: \"{order}\", events: [{texts}]) {{ at id }} }}");
        let added = self.ask(tenant, &add).await;
        self.book.expect_explained(&added.code, || added.body.to_string());
        if added.code != "OK" {
            return;
        }
        self.book.acknowledged();
        let keys = added.body["data"]["addOrderEvents"].as_array().unwrap();
        let keys =
            keys.iter().map(|key| format!("{{at: {}, id: {}}}", key["at"], key["id"])).collect::<Vec<_>>();
        let delete =
            format!("mutation {{ deleteOrderEvents(orderId: \"{order}\", events: [{}]) }}", keys.join(","));
        let deleted = self.ask(tenant, &delete).await;
        self.book.expect_explained(&deleted.code, || deleted.body.to_string());
    }

    /// Those who may not come in, and what they are told.
    async fn strangers(&mut self, tenant: &str) {
        let (token, wanted) = match self.dice.below(3) {
            0 => (self.world.token("nobody"), "FORBIDDEN"),
            1 => ("not.a.token".to_owned(), "UNAUTHENTICATED"),
            _ => (format!("{}x", self.world.token(tenant)), "UNAUTHENTICATED"),
        };
        let answer = self.send(&token, "{ product(sku: \"X\") { sku } }").await;
        self.book.answered(&answer.code);
        if answer.code != wanted {
            self.book.wrong(format!("a stranger is told {}", answer.body));
        }
    }

    /// Another tenant's cursor is none.
    async fn cursors(&mut self, tenant: &str) {
        let page = "products(category: COFFEE, limit: 1) { items { sku } nextToken }";
        let answer = self.ask(tenant, &format!("{{ {page} }}")).await;
        self.book.expect_explained(&answer.code, || answer.body.to_string());
        let Some(cursor) = answer.body["data"]["products"]["nextToken"].as_str() else { return };
        let other = name(usize::try_from(self.dice.below(TENANTS as u64)).unwrap());
        let taken = format!(
            "{{ products(category: COFFEE, limit: 1, nextToken: \"{cursor}\") {{ items {{ sku }} }} }}"
        );
        let answer = self.ask(&other, &taken).await;
        let is_fine = if other == tenant { answer.code != "BAD_REQUEST" } else { answer.code != "OK" };
        if !is_fine {
            self.book.wrong(format!("{other} asks with a cursor of {tenant}: {}", answer.body));
        }
    }

    /// Looks once more at what was left unknown, in fair weather.
    pub(super) async fn settle(mut self) {
        for at in 0..TENANTS {
            let tenant = name(at);
            let read = "{ products(category: COFFEE, limit: 1) { items { sku } } }";
            if self.insist(&tenant, read).await.is_none() {
                self.book.wrong(format!("{tenant} cannot read in fair weather"));
            }
        }
        self.stock(&name(0)).await;
    }

    fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{}-{}", self.number, self.made)
    }

    /// Asks until there is an answer without an error; errors must be explained.
    async fn insist(&self, tenant: &str, document: &str) -> Option<Value> {
        for _ in 0..PATIENCE {
            let answer = self.ask(tenant, document).await;
            match answer.code.as_str() {
                "OK" => return Some(answer.body),
                "UNAVAILABLE" | "THROTTLED" => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                _ => {
                    self.book.wrong(format!("{tenant} {document}: {}", answer.body));
                    return None;
                }
            }
        }
        None
    }

    async fn ask(&self, tenant: &str, document: &str) -> Answer {
        let answer = self.send(&self.tokens[tenant], document).await;
        self.book.answered(&answer.code);
        answer
    }

    async fn send(&self, token: &str, document: &str) -> Answer {
        let request = self.world.http.post(&self.url).header("authorization", format!("Bearer {token}"));
        // Nothing breaks between the clients and the gateway: an answer that does not come is wrong.
        let sent = request.json(&json!({ "query": document })).send().await;
        let body: Value = match sent {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(error) => {
                self.book.wrong(format!("the gateway does not answer: {error:?}"));
                Value::Null
            }
        };
        let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or("OK").to_owned();
        Answer { code, body }
    }
}
