//! The bare SDK in axum: what somebody writes who wants these items over HTTP and nothing else.
//!
//! No GraphQL, no token, no tenant, no limits, no metrics: one client with fixed credentials, `serde_dynamo` for the
//! items, `serde_json` for the answer. Its allocator is the gateway's; all else is as the SDK has it. On one core its
//! runtime is the current thread's, which costs less than one with workers.

use std::collections::HashMap;
use std::net::SocketAddr;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use http::header::{CONTENT_TYPE, HeaderName};
use serde::{Deserialize, Serialize, Serializer};

use crate::items::{self, TABLE, TENANT};

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: String,
    customer_id: String,
    product_id: String,
    status: String,
    placed_at: String,
    #[serde(serialize_with = "decimal")]
    total: f64,
    quantity: i64,
    weight: f64,
    paid: bool,
    note: String,
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    product: Option<Product>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct Product {
    id: String,
    name: String,
    #[serde(serialize_with = "decimal")]
    price: f64,
}

#[derive(Serialize)]
struct Answer<D> {
    data: D,
}

#[derive(Serialize)]
struct One {
    order: Option<Order>,
}

#[derive(Serialize)]
struct Many {
    orders: Vec<Order>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    create_order: Order,
}

/// An order as it is written: the keys beside the fields.
#[derive(Serialize)]
struct Written<'o> {
    pk: String,
    sk: &'static str,
    gsi1pk: String,
    gsi1sk: String,
    #[serde(flatten)]
    order: &'o NewOrder,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    id: String,
    customer_id: String,
    product_id: String,
    status: String,
    placed_at: String,
    #[serde(deserialize_with = "number")]
    total: f64,
    quantity: i64,
    weight: f64,
    paid: bool,
    note: String,
}

/// Decimals are strings in the answer, as the gateway gives them.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn decimal<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

fn number<'d, D: serde::Deserializer<'d>>(deserializer: D) -> Result<f64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

type Json = ([(HeaderName, &'static str); 1], Vec<u8>);

fn answer(data: impl Serialize) -> Json {
    ([(CONTENT_TYPE, "application/json")], serde_json::to_vec(&Answer { data }).unwrap())
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Serves until it is killed.
pub(crate) fn serve(listen: SocketAddr, endpoint: &str, workers: usize) {
    let mut runtime = if workers > 1 {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(workers);
        runtime
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    runtime.enable_all().build().unwrap().block_on(async {
        let credentials = Credentials::new(
            items::ACCESS_KEY,
            items::SECRET_KEY,
            Some(items::session_token()),
            None,
            "bench",
        );
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(credentials)
            .endpoint_url(endpoint)
            .build();
        let routes = Router::new()
            .route("/constant", get(async || "{}"))
            .route("/orders/{id}", get(order))
            .route("/customers/{id}/orders", get(orders))
            .route("/customers/{id}/orders-with-products", get(orders_with_products))
            .route("/orders", post(create))
            .with_state(Client::from_conf(config));
        let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
        axum::serve(listener, routes).await.unwrap();
    });
}

async fn order(State(client): State<Client>, Path(id): Path<String>) -> Json {
    let key = format!("TENANT#{TENANT}#ORDER#{id}");
    let found = client
        .get_item()
        .table_name(TABLE)
        .key("pk", text(key))
        .key("sk", text("META"))
        .send()
        .await
        .unwrap();
    answer(One { order: found.item.map(|item| serde_dynamo::from_item(item).unwrap()) })
}

async fn of_customer(client: &Client, id: &str) -> Vec<Order> {
    let found = client
        .query()
        .table_name(TABLE)
        .index_name("gsi1")
        .key_condition_expression("gsi1pk = :pk AND begins_with(gsi1sk, :sk)")
        .expression_attribute_values(":pk", text(format!("TENANT#{TENANT}#CUST#{id}")))
        .expression_attribute_values(":sk", text("ORDER#"))
        .send()
        .await
        .unwrap();
    serde_dynamo::from_items(found.items.unwrap()).unwrap()
}

async fn orders(State(client): State<Client>, Path(id): Path<String>) -> Json {
    answer(Many { orders: of_customer(&client, &id).await })
}

async fn orders_with_products(State(client): State<Client>, Path(id): Path<String>) -> Json {
    let mut orders = of_customer(&client, &id).await;
    let keys = orders.iter().map(|order| {
        let pk = format!("TENANT#{TENANT}#PRODUCT#{}", order.product_id);
        HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text("META"))])
    });
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys.collect())).build().unwrap();
    let found = client.batch_get_item().request_items(TABLE, wanted).send().await.unwrap();
    let items = found.responses.unwrap().remove(TABLE).unwrap();
    let products: Vec<Product> = serde_dynamo::from_items(items).unwrap();
    let mut products: HashMap<_, _> = products.into_iter().map(|it| (it.id.clone(), it)).collect();
    for order in &mut orders {
        order.product = products.remove(&order.product_id);
    }
    answer(Many { orders })
}

async fn create(State(client): State<Client>, body: Bytes) -> Json {
    let order: NewOrder = serde_json::from_slice(&body).unwrap();
    let written = Written {
        pk: format!("TENANT#{TENANT}#ORDER#{}", order.id),
        sk: "META",
        gsi1pk: format!("TENANT#{TENANT}#CUST#{}", order.customer_id),
        gsi1sk: format!("ORDER#{}#{}", order.placed_at, order.id),
        order: &order,
    };
    let put = client.put_item().table_name(TABLE).set_item(Some(serde_dynamo::to_item(&written).unwrap()));
    put.condition_expression("attribute_not_exists(pk)").send().await.unwrap();
    let create_order = Order {
        id: order.id,
        customer_id: order.customer_id,
        product_id: order.product_id,
        status: order.status,
        placed_at: order.placed_at,
        total: order.total,
        quantity: order.quantity,
        weight: order.weight,
        paid: order.paid,
        note: order.note,
        product: None,
    };
    answer(Created { create_order })
}
