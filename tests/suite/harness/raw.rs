//! What somebody with a tenant's credentials could try: every DynamoDB operation, sent straight to the embedded AWS
//! by the unmodified SDK.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, DeleteRequest, Get, KeysAndAttributes, Put, PutRequest,
    TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use innkeeper::dev::IssuedCredentials;

use super::World;

/// A way to reach for items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    GetItem,
    PutItem,
    UpdateItem,
    DeleteItem,
    Query,
    QueryIndex,
    Scan,
    ScanIndex,
    BatchGetItem,
    BatchWriteItem,
    TransactGetItems,
    TransactPut,
    TransactUpdate,
    TransactDelete,
    TransactConditionCheck,
    PartiqlSelect,
    PartiqlSelectAll,
    PartiqlInsert,
    PartiqlUpdate,
    PartiqlDelete,
    DeleteTable,
}

pub(crate) const ATTACKS: [Attack; 21] = [
    Attack::GetItem,
    Attack::PutItem,
    Attack::UpdateItem,
    Attack::DeleteItem,
    Attack::Query,
    Attack::QueryIndex,
    Attack::Scan,
    Attack::ScanIndex,
    Attack::BatchGetItem,
    Attack::BatchWriteItem,
    Attack::TransactGetItems,
    Attack::TransactPut,
    Attack::TransactUpdate,
    Attack::TransactDelete,
    Attack::TransactConditionCheck,
    Attack::PartiqlSelect,
    Attack::PartiqlSelectAll,
    Attack::PartiqlInsert,
    Attack::PartiqlUpdate,
    Attack::PartiqlDelete,
    Attack::DeleteTable,
];

impl Attack {
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }
}

/// A client with credentials that it should not have.
#[expect(clippy::disallowed_methods, reason = "this is the thief")]
pub(crate) fn client(world: &World, credentials: &IssuedCredentials) -> Client {
    let credentials = Credentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        Some(credentials.session_token.clone()),
        None,
        "stolen",
    );
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(world.aws.endpoint())
        .credentials_provider(credentials)
        .time_source(world.clock.clone())
        .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// The table that a tenant's items are in.
fn table(tenant: &str) -> String {
    if tenant.starts_with("globex") {
        format!("innkeeper-shops-{tenant}")
    } else {
        "innkeeper-shops".to_owned()
    }
}

fn partition(tenant: &str) -> AttributeValue {
    AttributeValue::S(format!("TENANT#{tenant}#PRODUCT#COF-001"))
}

fn key(tenant: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), partition(tenant)),
        ("sk".to_owned(), AttributeValue::S("ATTACK".to_owned())),
    ])
}

/// Whether IAM denied it. Any other failure counts as "let through": the front has passed it on.
pub(crate) async fn attack(client: &Client, attack: Attack, (_, victim): (&str, &str)) -> bool {
    let (table, key) = (table(victim), key(victim));
    match attack {
        Attack::GetItem => denied(client.get_item().table_name(table).set_key(Some(key)).send().await),
        Attack::PutItem => denied(client.put_item().table_name(table).set_item(Some(key)).send().await),
        Attack::UpdateItem => {
            let update =
                client.update_item().table_name(table).set_key(Some(key)).update_expression("SET hit = :h");
            denied(update.expression_attribute_values(":h", AttributeValue::Bool(true)).send().await)
        }
        Attack::DeleteItem => denied(client.delete_item().table_name(table).set_key(Some(key)).send().await),
        Attack::Query => {
            let query = client.query().table_name(table).key_condition_expression("pk = :p");
            denied(query.expression_attribute_values(":p", partition(victim)).send().await)
        }
        Attack::QueryIndex => {
            let query =
                client.query().table_name(table).index_name("gsi1").key_condition_expression("gsi1pk = :p");
            let category = AttributeValue::S(format!("TENANT#{victim}#CATEGORY#COFFEE"));
            denied(query.expression_attribute_values(":p", category).send().await)
        }
        Attack::Scan => denied(client.scan().table_name(table).send().await),
        Attack::ScanIndex => denied(client.scan().table_name(table).index_name("gsi1").send().await),
        Attack::DeleteTable => denied(client.delete_table().table_name("innkeeper-none").send().await),
        _ => several(client, attack, &[victim]).await,
    }
}

/// The same with an item of the thief's own beside the victim's in one call; none where a call has one key.
pub(crate) async fn attack_both(
    client: &Client,
    attack: Attack,
    (thief, victim): (&str, &str),
) -> Option<bool> {
    let takes_several = matches!(
        attack,
        Attack::BatchGetItem
            | Attack::BatchWriteItem
            | Attack::TransactGetItems
            | Attack::TransactPut
            | Attack::TransactUpdate
            | Attack::TransactDelete
            | Attack::TransactConditionCheck
    );
    if takes_several { Some(several(client, attack, &[thief, victim]).await) } else { None }
}

/// Operations with several members.
async fn several(client: &Client, attack: Attack, tenants: &[&str]) -> bool {
    match attack {
        Attack::BatchGetItem => {
            let mut batch = client.batch_get_item();
            for tenant in tenants {
                let keys = KeysAndAttributes::builder();
                let same = tenants.iter().filter(|other| table(other) == table(tenant));
                let keys = same.fold(keys, |keys, other| keys.keys(key(other)));
                batch = batch.request_items(table(tenant), keys.build().unwrap());
            }
            denied(batch.send().await)
        }
        Attack::BatchWriteItem => {
            let mut batch = client.batch_write_item();
            for tenant in tenants {
                let same = tenants.iter().filter(|other| table(other) == table(tenant));
                let requests = same.enumerate().map(|(at, other)| write(at, other)).collect();
                batch = batch.request_items(table(tenant), requests);
            }
            denied(batch.send().await)
        }
        Attack::TransactGetItems => {
            let get = |tenant: &&str| {
                let get = Get::builder().table_name(table(tenant)).set_key(Some(key(tenant)));
                TransactGetItem::builder().get(get.build().unwrap()).build()
            };
            let items = tenants.iter().map(get).collect();
            denied(client.transact_get_items().set_transact_items(Some(items)).send().await)
        }
        Attack::PartiqlSelect
        | Attack::PartiqlSelectAll
        | Attack::PartiqlInsert
        | Attack::PartiqlUpdate
        | Attack::PartiqlDelete => {
            denied(client.execute_statement().statement(statement(attack, tenants[0])).send().await)
        }
        _ => {
            let items = tenants.iter().map(|tenant| member(attack, tenant)).collect();
            denied(client.transact_write_items().set_transact_items(Some(items)).send().await)
        }
    }
}

fn write(at: usize, tenant: &str) -> WriteRequest {
    if at.is_multiple_of(2) {
        let put = PutRequest::builder().set_item(Some(key(tenant))).build().unwrap();
        return WriteRequest::builder().put_request(put).build();
    }
    let delete = DeleteRequest::builder().set_key(Some(key(tenant))).build().unwrap();
    WriteRequest::builder().delete_request(delete).build()
}

fn member(attack: Attack, tenant: &str) -> TransactWriteItem {
    let (table, key) = (table(tenant), key(tenant));
    let member = TransactWriteItem::builder();
    match attack {
        Attack::TransactPut => {
            member.put(Put::builder().table_name(table).set_item(Some(key)).build().unwrap())
        }
        Attack::TransactDelete => {
            member.delete(Delete::builder().table_name(table).set_key(Some(key)).build().unwrap())
        }
        Attack::TransactUpdate => {
            let update =
                Update::builder().table_name(table).set_key(Some(key)).update_expression("REMOVE hit");
            member.update(update.build().unwrap())
        }
        _ => {
            let check = ConditionCheck::builder().table_name(table).set_key(Some(key));
            member
                .condition_check(check.condition_expression("attribute_not_exists(nothing)").build().unwrap())
        }
    }
    .build()
}

fn statement(attack: Attack, tenant: &str) -> String {
    let (table, pk) = (table(tenant), format!("TENANT#{tenant}#PRODUCT#COF-001"));
    match attack {
        Attack::PartiqlSelect => format!("SELECT * FROM \"{table}\" WHERE pk = '{pk}'"),
        Attack::PartiqlInsert => format!("INSERT INTO \"{table}\" VALUE {{'pk': '{pk}', 'sk': 'ATTACK-2'}}"),
        Attack::PartiqlUpdate => format!("UPDATE \"{table}\" SET hit = 1 WHERE pk = '{pk}' AND sk = 'META'"),
        Attack::PartiqlDelete => format!("DELETE FROM \"{table}\" WHERE pk = '{pk}' AND sk = 'ATTACK'"),
        _ => format!("SELECT * FROM \"{table}\""),
    }
}

/// Whether IAM denied it.
pub(crate) fn denied<T, E: ProvideErrorMetadata, R>(result: Result<T, SdkError<E, R>>) -> bool {
    match result {
        Err(SdkError::ServiceError(error)) => error.err().code() == Some("AccessDeniedException"),
        Ok(_) | Err(_) => false,
    }
}
