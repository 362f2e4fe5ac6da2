//! `check --deployed`: what IAM holds is what is declared, or it is said what differs, or that nobody knows.

use innkeeper::cli::check::deployed::{self, Options, Verification, Verified};
use innkeeper::dev::{HeldRole, ManagedPolicy, Service};
use innkeeper::id::RoleArn;
use innkeeper::policy::{Finding, Rule, Severity};
use serde_json::{Value, json};

use crate::harness::World;

fn arn(name: &str) -> RoleArn {
    format!("arn:aws:iam::111122223333:role/innkeeper/innkeeper-{name}").parse().unwrap()
}

/// An identity that may look, and nothing else.
fn operator(world: &World, actions: &Value) -> innkeeper::aws::Aws {
    let operator: RoleArn = "arn:aws:iam::111122223333:role/operator".parse().unwrap();
    let look = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = HeldRole {
        trust,
        inline: [("look".to_owned(), look)].into(),
        attached: Vec::new(),
        boundary: None,
        max_session: std::time::Duration::from_hours(1),
    };
    world.aws.put_role(operator.clone(), role).unwrap();
    world.aws_as(world.aws.bootstrap(&operator, "check").unwrap())
}

fn all() -> Value {
    json!(["iam:GetAccountAuthorizationDetails", "iam:ListRoles", "dynamodb:GetResourcePolicy"])
}

async fn verify(world: &World) -> Verified {
    deployed::verify(&world.application(), &operator(world, &all()), &Options::default()).await
}

/// Puts another role in the place of the one that stands.
fn redeploy(world: &World, role: &RoleArn, change: impl FnOnce(&mut HeldRole)) {
    let mut held = world.aws.role(role).unwrap();
    let before = held.clone();
    change(&mut held);
    assert_ne!(before, held, "nothing was changed");
    world.aws.put_role(role.clone(), held).unwrap();
}

fn texts(world: &World, findings: &[Finding]) -> String {
    let text = |finding: &Finding| match finding.severity {
        Severity::Error => finding.problem.render_error(false),
        Severity::Warning => finding.problem.render_warning(false),
    };
    assert!(findings.iter().all(|finding| finding.rule == Rule::Deployed));
    let texts: Vec<_> = findings.iter().map(text).collect();
    texts.join("\n\n").replace(&format!("{}/", world.folder().display()), "")
}

/// The roles that are not as they are declared.
fn differing(verified: &Verified) -> Vec<&str> {
    let differs = verified.roles.iter().filter(|(_, it)| **it == Verification::Differs);
    differs.map(|(arn, _)| arn.name()).collect()
}

#[tokio::test]
async fn the_example_is_deployed_as_it_is_declared() {
    let world = World::start().await;
    let verified = verify(&world).await;
    assert_eq!(texts(&world, &verified.findings), "");
    let names: Vec<_> = verified.roles.keys().map(RoleArn::name).collect();
    assert_eq!(names, ["innkeeper-globex", "innkeeper-globex2", "innkeeper-pool", "innkeeper-tags"]);
    assert_eq!(verified.tables.len(), 3);
    assert!(verified.roles.values().chain(verified.tables.values()).all(|it| *it == Verification::Verified));
    insta::assert_snapshot!(verified.summary());
    // One page of each list is enough for a thousand roles; a table is one call.
    let calls = world.calls();
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    assert_eq!((count("GetAccountAuthorizationDetails"), count("ListRoles")), (1, 1));
    assert_eq!((count("GetResourcePolicy"), count("GetCallerIdentity"), calls.len()), (3, 1, 6));
}

#[tokio::test]
async fn pages_are_read_to_their_end() {
    let world = World::start().await;
    let options = Options { page: 1, ..Options::default() };
    redeploy(&world, &arn("pool"), |role| {
        role.attached.push(ManagedPolicy {
            arn: "arn:aws:iam::111122223333:policy/items".to_owned(),
            document: role.inline.remove("own-items").unwrap(),
        });
    });
    let verified = deployed::verify(&world.application(), &operator(&world, &all()), &options).await;
    // A managed policy with the declared statements is as good as an inline one.
    assert_eq!(texts(&world, &verified.findings), "");
    assert_eq!(verified.roles[&arn("pool")], Verification::Verified);
    let calls = world.calls();
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    // Four tenants' roles, the gateway's, the operator's, and for the one call a managed policy.
    assert_eq!((count("GetAccountAuthorizationDetails"), count("ListRoles")), (7, 6));
}

#[tokio::test]
async fn another_spelling_is_no_difference() {
    let world = World::start().await;
    redeploy(&world, &arn("tags"), |role| {
        let statements = &mut role.inline.get_mut("own-items").unwrap()["Statement"];
        let one = &mut statements[0];
        one["Sid"] = json!("Other");
        let mut actions = one["Action"].as_array().unwrap().clone();
        actions.reverse();
        let delete = actions.iter_mut().find(|it| **it == json!("dynamodb:DeleteItem")).unwrap();
        *delete = json!("DynamoDB:deleteitem");
        one["Action"] = Value::Array(actions);
        let own = one["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].take();
        one["Condition"] = json!({
            "Null": {"DYNAMODB:leadingkeys": false},
            "ForAllValues:StringLike": {"dynamodb:leadingKeys": [own]},
        });
        statements.as_array_mut().unwrap().reverse();
    });
    let verified = verify(&world).await;
    assert_eq!(texts(&world, &verified.findings), "");
}

#[tokio::test]
async fn a_role_that_differs_is_found_and_named() {
    let changes: [(&str, &str, fn(&mut HeldRole)); 11] = [
        ("a missing guard", "pool", |role| {
            let policy = role.inline.get_mut("own-items").unwrap();
            policy["Statement"][0]["Condition"].as_object_mut().unwrap().remove("Null");
        }),
        ("a wider pattern", "tags", |role| {
            let policy = role.inline.get_mut("own-items").unwrap();
            policy["Statement"][0]["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] =
                json!("TENANT#${aws:PrincipalTag/tenant}*");
        }),
        ("an action more", "globex", |role| {
            let policy = role.inline.get_mut("own-items").unwrap();
            policy["Statement"][0]["Action"].as_array_mut().unwrap().push(json!("dynamodb:Scan"));
        }),
        ("an inline policy more", "pool", |role| {
            let document = json!({"Version": "2012-10-17", "Statement":
                {"Sid": "Debug", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}});
            role.inline.insert("debug".to_owned(), document);
        }),
        ("a managed policy", "pool", |role| {
            let document = json!({"Version": "2012-10-17", "Statement":
                {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}});
            role.attached.push(ManagedPolicy {
                arn: "arn:aws:iam::111122223333:policy/team/scan".to_owned(),
                document,
            });
        }),
        ("a policy of AWS's own", "pool", |role| {
            let document = json!({"Version": "2012-10-17", "Statement":
                {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}});
            let arn = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess".to_owned();
            role.attached.push(ManagedPolicy { arn, document });
        }),
        ("a policy less", "globex2", |role| {
            role.inline.clear();
        }),
        ("a trust without its tag", "pool", |role| {
            role.trust["Statement"][0]["Condition"].as_object_mut().unwrap().remove("StringLike");
        }),
        ("a federation that is trusted too", "pool", |role| {
            role.trust["Statement"][0]["Principal"]["Federated"] = json!("accounts.example.com");
        }),
        ("a boundary", "globex", |role| {
            let document = json!({"Version": "2012-10-17", "Statement":
                {"Effect": "Allow", "Action": "*", "Resource": "*"}});
            let arn = "arn:aws:iam::111122223333:policy/boundary".to_owned();
            role.boundary = Some(ManagedPolicy { arn, document });
        }),
        ("a longer session", "tags", |role| role.max_session = std::time::Duration::from_hours(12)),
    ];
    let mut report = String::new();
    for (what, role, change) in changes {
        let world = World::builder().unseeded().start().await;
        redeploy(&world, &arn(role), change);
        let verified = verify(&world).await;
        assert_eq!(differing(&verified), [arn(role).name()], "{what}");
        report.push_str(&format!("---- {what} ----\n{}\n\n", texts(&world, &verified.findings)));
    }
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn a_declared_boundary_is_compared_with_the_one_that_is_set() {
    let boundary = r#""PermissionsBoundary": {"Version": "2012-10-17", "Statement": [
        {"Sid": "Tables", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]},
        "MaxSessionDuration": 7200,
        "RoleName""#;
    let world = World::builder()
        .edit("policies/roles/tags.json", |text| text.replacen("\"RoleName\"", boundary, 1))
        .start()
        .await;
    assert_eq!(texts(&world, &verify(&world).await.findings), "");
    let mut report = String::new();
    redeploy(&world, &arn("tags"), |role| {
        role.boundary.as_mut().unwrap().document["Statement"][0]["Action"] = json!(["dynamodb:*", "s3:*"]);
    });
    report.push_str(&texts(&world, &verify(&world).await.findings));
    redeploy(&world, &arn("tags"), |role| {
        role.boundary = None;
        role.max_session = std::time::Duration::from_hours(1);
    });
    report.push_str("\n\n");
    report.push_str(&texts(&world, &verify(&world).await.findings));
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn a_session_that_the_role_does_not_allow_is_found() {
    let world = World::builder()
        .edit("innkeeper.toml", |text| format!("{text}\n[credentials]\nduration = \"2h\"\n"))
        .start()
        .await;
    let verified = verify(&world).await;
    assert_eq!(differing(&verified).len(), 4);
    assert!(texts(&world, &verified.findings).contains("`credentials.duration` asks for 7200 s"));
}

#[tokio::test]
async fn a_role_that_is_not_there_or_not_declared_is_not_verified() {
    let world = World::start().await;
    world.aws.remove_role(&arn("globex"));
    std::fs::remove_file(world.folder().join("policies/roles/pool.json")).unwrap();
    let verified = verify(&world).await;
    assert_eq!(differing(&verified), ["innkeeper-globex"]);
    assert!(matches!(&verified.roles[&arn("pool")], Verification::NotVerified(_)));
    insta::assert_snapshot!(texts(&world, &verified.findings));
}

#[tokio::test]
async fn a_shared_role_that_is_declared_for_one_tenant_is_found() {
    let world = World::builder()
        .edit("policies/roles/tags.json", |text| text.replace("${aws:PrincipalTag/tenant}", "{{tenant}}"))
        .start()
        .await;
    let verified = verify(&world).await;
    assert_eq!(differing(&verified), ["innkeeper-tags"]);
    assert!(
        texts(&world, &verified.findings).contains("is declared otherwise for `acme-2` than for `acme_2`")
    );
}

#[tokio::test]
async fn roles_and_tables_of_another_account_are_said_to_be_not_verified() {
    let world = World::builder()
        .edit("tenants.toml", |text| {
            text.replace(
                "111122223333:role/innkeeper/innkeeper-globex",
                "444455556666:role/innkeeper/innkeeper-globex",
            )
        })
        .edit("policies/roles/tenant.json", |text| {
            text.replace("{{account}}:role/innkeeper-gateway", "111122223333:role/innkeeper-gateway")
        })
        .start()
        .await;
    let verified = verify(&world).await;
    let not_verified =
        verified.roles.values().filter(|it| matches!(it, Verification::NotVerified(_))).count();
    assert_eq!((not_verified, verified.roles.len()), (2, 4));
    assert!(verified.findings.iter().all(|finding| finding.severity == Severity::Warning));
    insta::assert_snapshot!(texts(&world, &verified.findings));
}

#[tokio::test]
async fn a_resource_policy_that_grants_to_tenants_is_found() {
    let world = World::start().await;
    let (account, region) = ("111122223333".parse().unwrap(), "eu-central-1".parse().unwrap());
    let statement = |sid: &str, effect: &str, principal: Value| json!({"Sid": sid, "Effect": effect, "Principal": principal, "Action": "dynamodb:GetItem", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [
        statement("Session", "Allow", json!({"AWS": "arn:aws:sts::111122223333:assumed-role/innkeeper-pool/ik-acme"})),
        statement("Role", "Allow", json!({"AWS": ["arn:aws:iam::999900001111:role/x", arn("tags").as_str()]})),
        statement("Everybody", "Allow", json!("*")),
        statement("Denied", "Deny", json!("*")),
        statement("OwnAccount", "Allow", json!({"AWS": "arn:aws:iam::111122223333:root"})),
        statement("Backup", "Allow", json!({"Service": "backup.amazonaws.com"})),
        {"Sid": "Not", "Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "dynamodb:Query", "Resource": "*"},
    ]});
    world.aws.put_resource_policy(&account, &region, "innkeeper-shops", Some(policy));
    let harmless = json!({"Version": "2012-10-17", "Statement": statement("Deny", "Deny", json!("*"))});
    world.aws.put_resource_policy(&account, &region, "innkeeper-shops-globex", Some(harmless));
    let verified = verify(&world).await;
    let table =
        |name: &str| &verified.tables[&format!("arn:aws:dynamodb:eu-central-1:111122223333:table/{name}")];
    assert_eq!(table("innkeeper-shops"), &Verification::Differs);
    assert_eq!(table("innkeeper-shops-globex"), &Verification::Verified);
    insta::assert_snapshot!(texts(&world, &verified.findings));
}

#[tokio::test]
async fn what_may_not_be_looked_up_is_said_plainly() {
    let world = World::start().await;
    let mut report = String::new();
    let one_try = Options { attempts: 1, ..Options::default() };
    let cases = [
        ("without IAM", json!("dynamodb:GetResourcePolicy"), None),
        ("without iam:ListRoles", json!(["iam:Get*", "dynamodb:GetResourcePolicy"]), None),
        ("without DynamoDB", json!(["iam:Get*", "iam:List*"]), None),
        ("IAM throttles", all(), Some(Service::Iam)),
        ("STS throttles", all(), Some(Service::Sts)),
    ];
    for (what, actions, throttled) in cases {
        let operator = operator(&world, &actions);
        let throttle = |on| throttled.map(|service| world.aws.throttle(service, on));
        throttle(true);
        let verified = deployed::verify(&world.application(), &operator, &one_try).await;
        throttle(false);
        assert!(!verified.findings.is_empty());
        report.push_str(&format!(
            "---- {what} ----\n{}\n{}\n\n",
            verified.summary(),
            texts(&world, &verified.findings)
        ));
    }
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn another_aws_is_not_compared_with_this_one() {
    let world = World::start().await;
    let mut application = world.application();
    application.config.aws.iam_endpoint = None;
    let identity = world.identity();
    let identity = innkeeper::aws::Identity {
        access_key_id: identity.access_key_id,
        secret_access_key: identity.secret_access_key,
        session_token: identity.session_token,
    };
    let (config, region) = (application.config.aws.clone(), "eu-central-1".parse().unwrap());
    let aws = innkeeper::aws::Aws::with_identity(config, identity, region, world.clock.clone());
    let verified = deployed::verify(&application, &aws, &Options::default()).await;
    assert!(texts(&world, &verified.findings).contains("`iam-endpoint` is not"));
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn an_embedded_aws_begins_with_other_roles_where_a_folder_has_them() {
    let world = World::builder()
        .deployed_role("pool.json", |text| {
            text.replace("\"Null\": { \"dynamodb:LeadingKeys\": \"false\" }", "\"Null\": {}")
        })
        .start()
        .await;
    let verified = verify(&world).await;
    assert_eq!(differing(&verified), ["innkeeper-pool"]);
}

/// IAM of the embedded AWS says what it does not have, and what it does not serve.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the embedded IAM is asked by itself")]
async fn iam_answers_in_its_own_words() {
    let world = World::start().await;
    let config = |actions: Value| {
        drop(operator(&world, &actions));
        let arn = "arn:aws:iam::111122223333:role/operator".parse().unwrap();
        let issued = world.aws.bootstrap(&arn, "check").unwrap();
        let credentials = aws_sdk_iam::config::Credentials::new(
            issued.access_key_id,
            issued.secret_access_key,
            Some(issued.session_token),
            None,
            "test",
        );
        aws_sdk_iam::Client::from_conf(
            aws_sdk_iam::Config::builder()
                .behavior_version_latest()
                .region(aws_sdk_iam::config::Region::new("eu-central-1"))
                .endpoint_url(world.aws.endpoint())
                .credentials_provider(credentials)
                .time_source(world.clock.clone())
                .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
                .build(),
        )
    };
    let client = config(json!("iam:*"));
    let role = client.get_role().role_name("innkeeper-pool").send().await.unwrap().role.unwrap();
    assert_eq!((role.path.as_str(), role.max_session_duration), ("/innkeeper/", Some(3600)));
    assert!(role.assume_role_policy_document.unwrap().starts_with("%7B%22Version%22%3A%222012-10-17%22"));
    let missing = client.get_role().role_name("nobody").send().await.unwrap_err().into_service_error();
    assert!(missing.is_no_such_entity_exception(), "{missing:?}");
    let listed = client.list_roles().path_prefix("/innkeeper/").max_items(3).send().await.unwrap();
    assert_eq!((listed.roles.len(), listed.is_truncated), (3, true));
    let rest = client.list_roles().path_prefix("/innkeeper/").set_marker(listed.marker).send().await.unwrap();
    assert_eq!((rest.roles.len(), rest.is_truncated, rest.marker), (1, false, None));
    let code = |error: &dyn std::fmt::Debug| format!("{error:?}");
    assert!(code(&client.list_users().send().await.unwrap_err()).contains("InvalidAction"));
    assert!(code(&client.list_roles().marker("?").send().await.unwrap_err()).contains("ValidationError"));
    let denied =
        config(json!("iam:GetUser")).get_role().role_name("innkeeper-pool").send().await.unwrap_err();
    assert!(code(&denied).contains("because no identity-based policy allows the iam:GetRole action"));
}
