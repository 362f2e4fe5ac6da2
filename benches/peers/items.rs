//! The items that every peer reads, as DynamoDB writes them, and the answers that are made of them.

use std::fmt::Write as _;

use crate::wire::find;

/// The tenant of an item. All tenants' names are of this length, so that another's can be written in its place.
pub(crate) const TENANT: &str = "t00000";
/// The table of all items.
pub(crate) const TABLE: &str = "main";
/// The order that is read alone.
pub(crate) const ORDER: &str = "o0000";

/// The consumed capacity, as a member that follows others.
fn consumed(capacity: bool, units: &str) -> String {
    let consumed = format!(r#""ConsumedCapacity":{{"TableName":"{TABLE}","CapacityUnits":{units}}}"#);
    if capacity { consumed } else { String::new() }
}

/// With a comma before it, where there is anything.
fn after(member: &str) -> String {
    if member.is_empty() { String::new() } else { format!(",{member}") }
}

/// An order.
fn order(at: usize, customer: &str) -> String {
    let id = format!("o{at:04}");
    let placed = "2026-11-25T09:30:00.000Z";
    format!(
        concat!(
            r#"{{"pk":{{"S":"TENANT#{tenant}#ORDER#{id}"}},"sk":{{"S":"META"}},"#,
            r#""gsi1pk":{{"S":"TENANT#{tenant}#CUST#{customer}"}},"#,
            r#""id":{{"S":"{id}"}},"customerId":{{"S":"{customer}"}},"productId":{{"S":"p{at:04}"}},"#,
            r#""status":{{"S":"PAID"}},"placedAt":{{"S":"{placed}"}},"total":{{"N":"149.95"}},"#,
            r#""quantity":{{"N":"3"}},"weight":{{"N":"1.25"}},"paid":{{"BOOL":true}},"#,
            r#""note":{{"S":"Please leave it with the neighbours, second floor, and ring the bell twice."}}}}"#
        ),
        tenant = TENANT,
        id = id,
        customer = customer,
        at = at,
        placed = placed,
    )
}

/// The answer to GetItem.
pub(crate) fn got(capacity: bool) -> String {
    format!(r#"{{"Item":{}{}}}"#, order(0, "c25"), after(&consumed(capacity, "0.5")))
}

/// An order in plain JSON, for a peer that cannot read DynamoDB's.
pub(crate) fn plain_order(at: usize, customer: &str) -> String {
    format!(
        concat!(
            r#"{{"id":"o{at:04}","customerId":"{customer}","productId":"p{at:04}","status":"PAID","#,
            r#""placedAt":"2026-11-25T09:30:00.000Z","total":"149.95","quantity":3,"weight":1.25,"paid":true,"#,
            r#""note":"Please leave it with the neighbours, second floor, and ring the bell twice."}}"#
        ),
        at = at,
        customer = customer,
    )
}

/// So many of them.
pub(crate) fn plain_orders(count: usize) -> String {
    let customer = format!("c{count}");
    let orders: Vec<_> = (0..count).map(|at| plain_order(at, &customer)).collect();
    format!("[{}]", orders.join(","))
}

/// The answer to PutItem.
pub(crate) fn put(capacity: bool) -> String {
    format!("{{{}}}", consumed(capacity, "2.0"))
}

/// The answer to a query for orders.
pub(crate) fn orders(count: usize, capacity: bool) -> String {
    let customer = format!("c{count}");
    let items: Vec<_> = (0..count).map(|at| order(at, &customer)).collect();
    listed(&items, capacity)
}

/// The answer to a query for items of as many fields.
pub(crate) fn wide(count: usize, fields: usize, capacity: bool) -> String {
    let item = |at: usize| {
        let mut item = format!(r#"{{"pk":{{"S":"TENANT#{TENANT}#WIDE#w{count}x{fields}"}}"#);
        for field in 0..fields {
            write!(item, r#","f{field:02}":{{"S":"line {at:04}, value {field:02}"}}"#).unwrap();
        }
        item + "}"
    };
    let items: Vec<_> = (0..count).map(item).collect();
    listed(&items, capacity)
}

fn listed(items: &[String], capacity: bool) -> String {
    let (count, items) = (items.len(), items.join(","));
    let consumed = after(&consumed(capacity, "2.0"));
    format!(r#"{{"Count":{count},"Items":[{items}],"ScannedCount":{count}{consumed}}}"#)
}

/// The answer to BatchGetItem: a product for each key that is asked for.
pub(crate) fn batch(body: &[u8], capacity: bool) -> String {
    let mut products = Vec::new();
    let mut rest = body;
    let key = b"TENANT#";
    while let Some(at) = find(rest, key) {
        rest = &rest[at..];
        let end = rest.iter().position(|&it| it == b'"').unwrap();
        let pk = std::str::from_utf8(&rest[..end]).unwrap();
        let id = pk.rsplit('#').next().unwrap();
        products.push(format!(
            concat!(
                r#"{{"pk":{{"S":"{}"}},"sk":{{"S":"META"}},"id":{{"S":"{}"}},"#,
                r#""name":{{"S":"Ethiopia Yirgacheffe, 250 g"}},"price":{{"N":"12.5"}}}}"#
            ),
            pk, id
        ));
        rest = &rest[end..];
    }
    let consumed = if capacity {
        format!(r#","ConsumedCapacity":[{{"TableName":"{TABLE}","CapacityUnits":25.0}}]"#)
    } else {
        String::new()
    };
    let products = products.join(",");
    format!(r#"{{"Responses":{{"{TABLE}":[{products}]}},"UnprocessedKeys":{{}}{consumed}}}"#)
}

/// The answer to AssumeRole, with a session token of the length that STS gives.
pub(crate) fn assumed() -> String {
    format!(
        concat!(
            r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>"#,
            "<AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>",
            "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>",
            "<AssumedRoleId>AROAEXAMPLE:tenant</AssumedRoleId>",
            "<Arn>arn:aws:sts::111122223333:assumed-role/innkeeper-pool/tenant</Arn></AssumedRoleUser>",
            "<PackedPolicySize>12</PackedPolicySize></AssumeRoleResult><ResponseMetadata>",
            "<RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata></AssumeRoleResponse>"
        ),
        ACCESS_KEY,
        SECRET_KEY,
        session_token()
    )
}

/// Credentials that are none.
pub(crate) const ACCESS_KEY: &str = "ASIAIOSFODNN7EXAMPLE";
/// A secret that is none.
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A session token as long as one of STS's.
pub(crate) fn session_token() -> String {
    "IQoJb3JpZ2luX2VjEXAMPLETOKEN////".repeat(24)
}
