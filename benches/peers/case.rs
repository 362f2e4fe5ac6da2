//! What is asked: the cases, and the requests that ask them of each kind of peer.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::items::ORDER;

/// One thing that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Case {
    /// An answer that needs no work: what axum and the sockets cost.
    Constant,
    /// One item.
    Get,
    /// Twenty-five items.
    Query,
    /// Fifty items, each with another, which one batch brings.
    Batch,
    /// An item that is written.
    Put,
    /// So many items of so many fields.
    Wide(usize, usize),
}

/// The cases of the table.
pub(crate) const CASES: [Case; 4] = [Case::Get, Case::Query, Case::Batch, Case::Put];

const FIELDS: &str = "id customerId productId status placedAt total quantity weight paid note";

impl Case {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Constant => "constant".to_owned(),
            Self::Get => "GetItem".to_owned(),
            Self::Query => "Query(25)".to_owned(),
            Self::Batch => "Query(50) + BatchGet(50)".to_owned(),
            Self::Put => "PutItem".to_owned(),
            Self::Wide(items, fields) => format!("{items} × {fields}"),
        }
    }

    /// The calls of DynamoDB that it takes.
    pub(crate) fn calls(self) -> u64 {
        match self {
            Self::Constant => 0,
            Self::Get | Self::Query | Self::Put | Self::Wide(..) => 1,
            Self::Batch => 2,
        }
    }

    /// The document and its variables.
    pub(crate) fn document(self) -> (String, Value) {
        match self {
            Self::Constant => ("{ __typename }".to_owned(), json!({})),
            Self::Get => {
                (format!("query Order($id: ID!) {{ order(id: $id) {{ {FIELDS} }} }}"), json!({ "id": ORDER }))
            }
            Self::Query => (
                format!("query Orders($id: ID!) {{ orders(customerId: $id) {{ {FIELDS} }} }}"),
                json!({ "id": "c25" }),
            ),
            Self::Batch => (
                format!(
                    "query Orders($id: ID!) {{ orders(customerId: $id) {{ {FIELDS} product {{ id name price }} }} }}"
                ),
                json!({ "id": "c50" }),
            ),
            Self::Put => (
                format!("mutation Create($input: NewOrder!) {{ createOrder(input: $input) {{ {FIELDS} }} }}"),
                json!({ "input": new_order() }),
            ),
            Self::Wide(items, fields) => {
                let mut selected = String::new();
                (0..fields).for_each(|field| write!(selected, " f{field:02}").unwrap());
                let document = format!("query Wide($id: ID!) {{ wide(id: $id) {{{selected} }} }}");
                (document, json!({ "id": format!("w{items}x{fields}") }))
            }
        }
    }

    /// As a request of GraphQL.
    pub(crate) fn graphql(self, address: SocketAddr, path: &str, headers: &str) -> Vec<u8> {
        let (query, variables) = self.document();
        let body = json!({ "query": query, "variables": variables }).to_string();
        post(address, path, headers, &body)
    }

    /// As a request of the bare SDK's routes; it has none for the wide items.
    pub(crate) fn plain(self, address: SocketAddr) -> Vec<u8> {
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes();
        match self {
            Self::Constant => get("/constant"),
            Self::Get => get(&format!("/orders/{ORDER}")),
            Self::Query => get("/customers/c25/orders"),
            Self::Batch => get("/customers/c50/orders-with-products"),
            Self::Put => post(address, "/orders", "", &new_order().to_string()),
            Self::Wide(..) => panic!("the bare SDK has no wide items"),
        }
    }
}

fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\ncontent-type: application/json\r\n\
         {headers}content-length: {length}\r\n\r\n"
    );
    (head + body).into_bytes()
}

fn new_order() -> Value {
    json!({
        "id": "o9999",
        "customerId": "c25",
        "productId": "p0001",
        "status": "PLACED",
        "placedAt": "2026-11-25T09:30:00.000Z",
        "total": "149.95",
        "quantity": 3,
        "weight": 1.25,
        "paid": true,
        "note": "Please leave it with the neighbours, second floor, and ring the bell twice.",
    })
}
