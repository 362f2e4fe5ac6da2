//! A ledger under load: 64 clients transfer money at once, requests and answers get lost, and everybody asks again until
//! there is an answer. Whatever happens, no money is made or lost, no balance is below nothing, and a transfer that was
//! asked for happened once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use innkeeper::dev::Service;
use serde_json::{Value, json};

use crate::harness::fault::{Call, Fault};
use crate::harness::{Engine, Tenant, World, dynamodb_local, skip};

const ACCOUNTS: usize = 10;
const CLIENTS: usize = 64;
/// What each client asks for, one after the other.
const TRANSFERS: usize = 2;
const OPENED: i64 = 100;
/// Of so many transactions the request or the answer of one gets lost.
const LOST: u64 = 4;

const TRANSFER: &str = "mutation($from: ID!, $to: ID!, $amount: BigInt!, $r: ID!) { \
    transfer(from: $from, to: $to, amount: $amount, requestId: $r) { id from to amount at } }";

/// A generator of numbers that are the same in each run.
#[derive(Clone)]
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's constants for 64 bits.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A transfer that is asked for.
#[derive(Debug, Clone)]
struct Wanted {
    from: String,
    to: String,
    amount: i64,
    request: String,
}

/// Loses one in so many transactions, half of them before and half after they took place.
fn losing(mut numbers: Numbers) -> impl FnMut(&Call) -> Fault + Send {
    move |call| match (call.operation.as_str(), numbers.below(LOST * 2)) {
        ("TransactWriteItems", 0) => Fault::DropRequest,
        ("TransactWriteItems", 1) => Fault::DropResponse,
        _ => Fault::Pass,
    }
}

fn wanted() -> Vec<Vec<Wanted>> {
    let mut numbers = Numbers(4);
    let mut one = |client: usize, at: usize| {
        let from = numbers.below(ACCOUNTS as u64);
        let to = (from + 1 + numbers.below(ACCOUNTS as u64 - 1)) % ACCOUNTS as u64;
        let amount = i64::try_from(1 + numbers.below(60)).unwrap();
        Wanted { from: format!("a{from}"), to: format!("a{to}"), amount, request: format!("{client}-{at}") }
    };
    (0..CLIENTS).map(|client| (0..TRANSFERS).map(|at| one(client, at)).collect()).collect()
}

/// Asks until there is an answer: the transfer, or none where the payer has not enough.
async fn ask(tenant: &Tenant<'_>, wanted: &Wanted) -> Option<Value> {
    let Wanted { from, to, amount, request } = wanted;
    let variables = json!({ "from": from, "to": to, "amount": amount.to_string(), "r": request });
    for _ in 0..50 {
        let reply = tenant.with(TRANSFER, variables.clone()).await;
        match reply.codes().first().map(String::as_str) {
            None => return Some(reply.ok()["transfer"].clone()),
            Some("CONFLICT") => {
                let reasons = &reply.json()["errors"][0]["extensions"]["reasons"];
                assert_eq!(*reasons, json!([{ "step": "payer", "reason": "CONFLICT" }]), "{}", reply.text);
                return None;
            }
            Some("UNAVAILABLE" | "THROTTLED") => {}
            Some(_) => panic!("{}", reply.text),
        }
    }
    panic!("{request} gets no answer");
}

async fn ask_all(tenant: &Tenant<'_>, wanted: &[Vec<Wanted>]) -> BTreeMap<String, Value> {
    let clients = wanted.iter().map(|of_client| async move {
        let mut answers = Vec::new();
        for one in of_client {
            answers.push((one.request.clone(), ask(tenant, one).await));
        }
        answers
    });
    let answers = futures_util::future::join_all(clients).await;
    answers.into_iter().flatten().filter_map(|(request, answer)| Some((request, answer?))).collect()
}

fn number(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.parse().unwrap())
}

/// What is there must be what was answered, and nothing else.
async fn assert_sound(tenant: &Tenant<'_>, wanted: &[Vec<Wanted>], done: &BTreeMap<String, Value>) {
    let mut sum = 0;
    let (mut debits, mut credits) = (BTreeMap::new(), BTreeMap::new());
    for at in 0..ACCOUNTS {
        let id = format!("a{at}");
        let document = format!(
            "{{ account(id: \"{id}\") {{ balance entries rev }} entries(accountId: \"{id}\") {{ transferId debit credit }} }}"
        );
        let data = tenant.query(&document).await.ok();
        let (balance, entries) = (number(&data["account"]["balance"]), data["entries"].as_array().unwrap());
        let moved: i64 = entries.iter().map(|it| number(&it["credit"]) - number(&it["debit"])).sum();
        assert!(balance >= 0, "{id} is below nothing");
        assert_eq!(balance, OPENED + moved, "{id}");
        assert_eq!(data["account"]["entries"], json!(entries.len()), "{id}");
        assert_eq!(data["account"]["rev"], json!(1 + entries.len()), "{id}");
        sum += balance;
        for entry in entries {
            let transfer = entry["transferId"].as_str().unwrap().to_owned();
            let (side, amount) =
                if entry["debit"].is_null() { (&mut credits, "credit") } else { (&mut debits, "debit") };
            assert!(side.insert(transfer, (id.clone(), number(&entry[amount]))).is_none());
        }
    }
    assert_eq!(sum, OPENED * i64::try_from(ACCOUNTS).unwrap(), "money is made or lost");
    // Each transfer that was answered happened once, as it was asked for; no other did.
    let ids: BTreeSet<String> = done.values().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), done.len());
    assert_eq!(ids, debits.keys().cloned().collect());
    assert_eq!(ids, credits.keys().cloned().collect());
    for one in wanted.iter().flatten() {
        let Some(answer) = done.get(&one.request) else { continue };
        let id = answer["id"].as_str().unwrap();
        assert_eq!(debits[id], (one.from.clone(), one.amount));
        assert_eq!(credits[id], (one.to.clone(), one.amount));
    }
}

async fn play(engine: Engine) {
    let world = World::builder().application("ledger").engine(engine).faults(|_| Fault::Pass).start().await;
    // DynamoDB Local deletes what has expired by the system's clock, and the worlds' may be behind it: records would go.
    world.hand.advance(Duration::from_hours(24 * 365 * 3));
    let tenant = world.tenant("north");
    for at in 0..ACCOUNTS {
        let document = format!("mutation {{ openAccount(id: \"a{at}\", opened: \"{OPENED}\") {{ id }} }}");
        tenant.query(&document).await.ok();
    }
    // Nobody takes what is another's by giving less than nothing.
    let taken = json!({ "from": "a0", "to": "a1", "amount": "-5", "r": "taken" });
    assert_eq!(tenant.with(TRANSFER, taken).await.code(), "BAD_REQUEST");
    let wanted = wanted();
    world.calls();
    world.faults().set(losing(Numbers(64)));
    let done = ask_all(&tenant, &wanted).await;
    let sent = transactions(&world);
    assert!(done.len() > CLIENTS / 2, "{} of {} transfers", done.len(), CLIENTS * TRANSFERS);
    assert!(sent > CLIENTS * TRANSFERS, "nothing was lost: {sent} transactions");
    assert_sound(&tenant, &wanted, &done).await;
    // After eleven minutes DynamoDB has forgotten its own tokens.
    world.hand.advance(Duration::from_mins(11));
    let tenant = world.tenant("north");
    let asked_again: Vec<Vec<Wanted>> = wanted
        .iter()
        .map(|it| it.iter().filter(|one| done.contains_key(&one.request)).cloned().collect())
        .collect();
    let again = ask_all(&tenant, &asked_again).await;
    assert_eq!(again, done);
    assert_sound(&tenant, &wanted, &done).await;
}

fn transactions(world: &World) -> usize {
    let is_one = |call: &&innkeeper::dev::Observed| {
        call.service == Service::DynamoDb && call.operation == "TransactWriteItems"
    };
    world.calls().iter().filter(is_one).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_conserved_and_each_transfer_happens_once() {
    play(Engine::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_conserved_and_each_transfer_happens_once_on_dynamodb_local() {
    if let Err(why) = dynamodb_local::endpoint().await {
        return skip("DYNAMODB_LOCAL", &why);
    }
    play(Engine::DynamoDbLocal).await;
}
