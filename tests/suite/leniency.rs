//! What the embedded AWS must not let through, since it is judge and witness of isolation: requests of a tenant's own
//! session, sent to reach another tenant's items past a guarded policy.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata as _};
use aws_sdk_dynamodb::types::AttributeValue;
use innkeeper::dev::{HeldRole, IssuedCredentials};
use serde_json::{Value, json};

use crate::harness::lab::{self, Lab};
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

/// A session whose policy does not let it assume roles assumes none that trusts its role; one that trusts the session
/// itself it does (*Session policies*, *Policy evaluation logic*).
#[tokio::test]
async fn a_session_policy_limits_what_a_trust_in_the_role_gives() {
    let world = World::start().await;
    let lab = |name: &str, principal: &str| {
        let text = json!({ "Statement": {
            "Effect": "Allow", "Principal": { "AWS": principal }, "Action": ["sts:AssumeRole"],
        } });
        let arn = format!("arn:aws:iam::111122223333:role/{name}").parse().unwrap();
        let role = HeldRole::declared(&arn, &json!({ "AssumeRolePolicyDocument": text }));
        world.aws.put_role(arn, role).unwrap();
    };
    lab("trusts-role", "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool");
    lab("trusts-session", "arn:aws:sts::111122223333:assumed-role/innkeeper-pool/narrow");
    let parameters = |policy: Option<&'static str>| {
        let mut parameters = vec![
            ("RoleArn", "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool"),
            ("RoleSessionName", "narrow"),
            ("Tags.member.1.Key", "tenant"),
            ("Tags.member.1.Value", "acme"),
        ];
        parameters.extend(policy.map(|policy| ("Policy", policy)));
        parameters
    };
    let reads = r#"{"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}}"#;
    let assumes = r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}"#;
    let mut seen = Vec::new();
    for policy in [None, Some(reads), Some(assumes)] {
        let client = sts(&world, &world.assume(&parameters(policy)).unwrap());
        for role in ["trusts-role", "trusts-session"] {
            let call = client.assume_role().role_session_name("next");
            let call = call.role_arn(format!("arn:aws:iam::111122223333:role/{role}"));
            seen.push(call.send().await.is_ok());
        }
    }
    // Without a session policy, with one that does not speak of STS, and with one that does.
    assert_eq!(seen, [true, true, false, true, true, true]);
}

#[expect(clippy::disallowed_methods, reason = "this is the thief")]
fn sts(world: &World, credentials: &IssuedCredentials) -> aws_sdk_sts::Client {
    let (id, secret) = (&credentials.access_key_id, &credentials.secret_access_key);
    let token = Some(credentials.session_token.clone());
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
        .region(aws_sdk_sts::config::Region::new("eu-central-1"))
        .endpoint_url(world.aws.endpoint())
        .credentials_provider(aws_sdk_sts::config::Credentials::new(id, secret, token, None, "stolen"))
        .time_source(world.clock.clone())
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

/// A parameter that would narrow the session, or that means something, is not passed over.
#[tokio::test]
async fn a_parameter_of_assume_role_that_is_not_served_is_refused() {
    let world = World::start().await;
    let own = [
        ("RoleArn", "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool"),
        ("RoleSessionName", "ik-acme"),
        ("Tags.member.1.Key", "tenant"),
        ("Tags.member.1.Value", "acme"),
    ];
    world.assume(&own).unwrap();
    for more in [
        [("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess")].as_slice(),
        &[("TransitiveTagKeys.member.1", "tenant")],
        &[("SerialNumber", "arn:aws:iam::111122223333:mfa/x"), ("TokenCode", "123456")],
        &[("Tags.member.3.Key", "admin"), ("Tags.member.3.Value", "yes")],
        &[("Tags.member.01.Key", "admin")],
        &[("policy", "{}")],
    ] {
        let error = world.assume(&[own.as_slice(), more].concat()).unwrap_err();
        assert!(error.starts_with("ValidationError: the embedded AWS does not serve"), "{more:?}: {error}");
    }
}

/// "Any x-amz-* headers that you plan to include in your request must also be added" to what is signed.
#[tokio::test]
async fn a_header_that_was_not_signed_is_refused() {
    #[derive(Debug)]
    struct Adds(&'static str);
    impl Intercept for Adds {
        fn name(&self) -> &'static str {
            "Adds"
        }
        fn modify_before_transmit(
            &self,
            context: &mut BeforeTransmitInterceptorContextMut<'_>,
            _components: &RuntimeComponents,
            _config: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            context.request_mut().headers_mut().insert(self.0, "x");
            Ok(())
        }
    }
    let world = World::start().await;
    let client = raw::client(&world, &world.credentials("acme"));
    let read = async |header: &'static str| {
        let get = client.get_item().table_name(TABLE);
        let get =
            get.key("pk", AttributeValue::S(KEY.to_owned())).key("sk", AttributeValue::S("META".to_owned()));
        get.customize().interceptor(Adds(header)).send().await
    };
    read("x-other").await.unwrap();
    let refused = read("x-amz-other").await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidSignatureException"));
}

/// An element of a batch or a transaction is one thing: the front would judge one, the engine do the other.
#[tokio::test]
async fn an_element_with_two_members_is_refused() {
    let lab = Lab::start().await;
    let session = lab.session("open", &json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
    let key = json!({ "pk": { "S": "a" }, "sk": { "S": "b" } });
    let batch = json!({ "RequestItems": { lab::TABLE: [
        { "PutRequest": { "Item": key }, "DeleteRequest": { "Key": key } },
    ] } });
    let (put, delete) =
        (json!({ "TableName": lab::TABLE, "Item": key }), json!({ "TableName": lab::TABLE, "Key": key }));
    let transaction = json!({ "TransactItems": [{ "Put": put, "Delete": delete }] });
    for (operation, body) in [("BatchWriteItem", batch), ("TransactWriteItems", transaction)] {
        let reply = lab.call(&session, operation, body).await;
        assert_eq!(reply.error_code().as_deref(), Some("ValidationException"), "{}", reply.body);
    }
    assert_eq!(lab.items().await, Vec::<Value>::new());
}

/// The condition keys of the request, by policies that look at one each.
#[tokio::test]
async fn the_documented_condition_keys_are_set() {
    let lab = Lab::start().await;
    let passes = async |(operator, key, value): (&str, &str, &str), operation: &str, body: &Value| {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { operator: { key: value } },
        });
        let session = lab.session("keys", &statement);
        let reply = lab.call(&session, operation, body.clone()).await;
        reply.error_code().as_deref() != Some("AccessDeniedException")
    };
    let get = json!({
        "TableName": lab::TABLE, "Key": { "pk": { "S": "a" }, "sk": { "S": "b" } }, "ReturnConsumedCapacity": "TOTAL",
    });
    let consumed = "dynamodb:ReturnConsumedCapacity";
    assert!(passes(("IpAddress", "aws:SourceIp", "127.0.0.1/32"), "GetItem", &get).await);
    assert!(!passes(("IpAddress", "aws:SourceIp", "10.0.0.0/8"), "GetItem", &get).await);
    assert!(passes(("StringEquals", consumed, "TOTAL"), "GetItem", &get).await);
    assert!(!passes(("StringEquals", consumed, "NONE"), "GetItem", &get).await);
    let transaction = json!({
        "TransactItems": [{ "Get": { "TableName": lab::TABLE, "Key": get["Key"] } }],
        "ReturnConsumedCapacity": "INDEXES",
    });
    assert!(passes(("StringEquals", consumed, "INDEXES"), "TransactGetItems", &transaction).await);
    let select = |text: &str| json!({ "Statement": text.replace("lab", lab::TABLE) });
    let scan = "dynamodb:FullTableScan";
    for (text, scans) in [
        ("SELECT * FROM lab", true),
        ("SELECT * FROM lab WHERE sk = 'x'", true),
        ("SELECT * FROM lab WHERE pk = 'a' OR sk = 'x'", true),
        ("SELECT * FROM lab WHERE pk = 'a' AND sk = 'x'", false),
    ] {
        assert_eq!(passes(("Bool", scan, "true"), "ExecuteStatement", &select(text)).await, scans, "{text}");
        assert_eq!(
            passes(("Bool", scan, "false"), "ExecuteStatement", &select(text)).await,
            !scans,
            "{text}"
        );
    }
    let pk_alone = ("ForAllValues:StringEquals", "dynamodb:Attributes", "pk");
    assert!(passes(pk_alone, "ExecuteStatement", &select("SELECT pk FROM lab WHERE pk = 'a'")).await);
    assert!(!passes(pk_alone, "ExecuteStatement", &select("SELECT salary FROM lab WHERE pk = 'a'")).await);
    let specific = ("StringEquals", "dynamodb:Select", "SPECIFIC_ATTRIBUTES");
    assert!(passes(specific, "ExecuteStatement", &select("SELECT pk FROM lab WHERE pk = 'a'")).await);
    assert!(!passes(specific, "ExecuteStatement", &select("SELECT * FROM lab WHERE pk = 'a'")).await);
}

/// `ListTables` is about no table: only `*` speaks of it.
#[tokio::test]
async fn listing_tables_is_judged_on_everything() {
    let lab = Lab::start().await;
    for (resource, allowed) in [("*", true), ("arn:aws:dynamodb:eu-central-1:111122223333:table/*", false)] {
        let statement = json!({ "Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": resource });
        let reply = lab.call(&lab.session("lists", &statement), "ListTables", json!({})).await;
        assert_eq!(reply.status.is_success(), allowed, "{resource}: {}", reply.body);
    }
}
