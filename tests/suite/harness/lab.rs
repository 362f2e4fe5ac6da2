//! An embedded AWS without a gateway: a table, roles as they are given, and calls of their sessions.

use std::time::{Duration, SystemTime};

use innkeeper::clock::Clock;
use innkeeper::dev::{Aws, HeldRole, IssuedCredentials, Options, Reply, Storage};
use innkeeper::id::{AccountId, Region, RoleArn};
use serde_json::{Value, json};

/// The one table, with an index `gsi1`.
pub(crate) const TABLE: &str = "lab";

pub(crate) struct Lab {
    pub(crate) aws: Aws,
    account: AccountId,
    pub(crate) region: Region,
}

impl Lab {
    pub(crate) async fn start() -> Self {
        let (clock, _hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000));
        let aws = Aws::start(Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            storage: Storage::Memory,
            clock,
            observe: 100,
            jwks: String::new(),
        })
        .await
        .unwrap();
        let lab =
            Self { aws, account: "111122223333".parse().unwrap(), region: "eu-central-1".parse().unwrap() };
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let attributes = ["pk", "sk", "gsi1pk"];
        lab.behind(
            "CreateTable",
            json!({
                "TableName": TABLE,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": attributes.map(|name| json!({ "AttributeName": name, "AttributeType": "S" })),
                "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
                "GlobalSecondaryIndexes": [{
                    "IndexName": "gsi1",
                    "KeySchema": [key("gsi1pk", "HASH"), key("sk", "RANGE")],
                    "Projection": { "ProjectionType": "ALL" },
                }],
            }),
        )
        .await;
        lab
    }

    /// Puts a role in its place, with one policy of the statements given, and takes credentials of a session of it.
    pub(crate) fn session(&self, name: &str, statements: &Value) -> IssuedCredentials {
        let role = self.role(name, &json!({ "AWS": "arn:aws:iam::111122223333:root" }), statements);
        self.aws.bootstrap(&role, "thief").unwrap()
    }

    /// Puts a role in its place, which trusts a principal.
    pub(crate) fn role(&self, name: &str, principal: &Value, statements: &Value) -> RoleArn {
        let arn: RoleArn = format!("arn:aws:iam::111122223333:role/{name}").parse().unwrap();
        let document = |statement: &Value| json!({ "Version": "2012-10-17", "Statement": statement });
        let trust = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
        let role = json!({
            "AssumeRolePolicyDocument": document(&trust),
            "Policies": [{ "PolicyName": "own", "PolicyDocument": document(statements) }],
        });
        self.aws.put_role(arn.clone(), HeldRole::declared(&arn, &role)).unwrap();
        arn
    }

    /// What DynamoDB answers a session.
    pub(crate) async fn call(&self, credentials: &IssuedCredentials, operation: &str, body: Value) -> Reply {
        self.aws.call(credentials, &self.region, operation, body).await
    }

    /// Runs an operation behind the front.
    pub(crate) async fn behind(&self, operation: &str, body: Value) -> Value {
        let reply = self.aws.behind_the_front(&self.account, &self.region, operation, body).await;
        assert!(reply.status.is_success(), "{operation}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    /// Everything in the table, in the order of the keys.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let answer = self.behind("Scan", json!({ "TableName": TABLE })).await;
        let mut items = answer["Items"].as_array().unwrap().clone();
        items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
        items
    }
}
