//! The embedded AWS and the proof agree: given the broken policy it lets the counterexample through, and after the fix it
//! denies it. A layer is deployed by itself, as the proof looks at it by itself.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use innkeeper::cli::{Application, examine};
use innkeeper::credentials::variables;
use innkeeper::dev::{HeldRole, IssuedCredentials};
use innkeeper::policy::{Counterexample, Kind, Rule, Variables};
use innkeeper::tenant::TenantRecord;
use serde_json::json;

use super::Example;
use super::catalogue::{Mutant, of_policies};
use crate::harness::{World, raw};

/// Mutants whose counterexample no request of DynamoDB's can be: these actions always name a key.
const ONLY_IN_THEORY: &str = "no key named";

#[tokio::test]
async fn counterexamples_to_session_policies_go_through() {
    let shown = shown("policies/shop.json").await;
    assert!(shown >= 15, "only {shown} counterexamples were sent");
}

#[tokio::test]
async fn counterexamples_to_shared_roles_go_through() {
    let shown = shown("policies/roles/pool.json").await + shown("policies/roles/tags.json").await;
    assert!(shown >= 25, "only {shown} counterexamples were sent");
}

#[tokio::test]
async fn counterexamples_to_tenants_own_roles_go_through() {
    let shown = shown("policies/roles/tenant.json").await;
    assert!(shown >= 6, "only {shown} counterexamples were sent");
}

/// Sends the counterexample of each mutant of a file: before the fix, and after it.
async fn shown(file: &str) -> usize {
    let example = Example::new();
    let sound = example.application().unwrap();
    let world = World::start().await;
    let mut shown = 0;
    for mutant in of_policies(|name| example.read(name)).into_iter().filter(|mutant| mutant.file == file) {
        let Some((broken, counterexample)) = counterexample(&example, &mutant) else { continue };
        assert!(
            goes_through(&world, &broken, file, &counterexample).await,
            "{}: AWS denies {counterexample}",
            mutant.name
        );
        assert!(
            !goes_through(&world, &sound, file, &counterexample).await,
            "{}: AWS still allows {counterexample}",
            mutant.name
        );
        shown += 1;
    }
    // The world was used with policies that break it: what was seen is not held to the observation of sound ones.
    world.forget_calls();
    shown
}

/// The application with the mutant in it, and the first request that should not go through.
fn counterexample(example: &Example, mutant: &Mutant) -> Option<(Application, Counterexample)> {
    let before = example.read(mutant.file);
    example.write(mutant.file, &mutant.text);
    let application = example.application();
    example.write(mutant.file, &before);
    let application = application.ok()?;
    let reached = [Rule::Isolating, Rule::Guarded, Rule::Trust];
    let findings = examine(&application).findings.into_iter().filter(|it| reached.contains(&it.rule));
    let mut counterexamples = findings.filter_map(|it| it.counterexample);
    let found = counterexamples.find(|it| {
        let scans =
            ["dynamodb:Scan", "dynamodb:PartiQLSelect", "sts:AssumeRole"].contains(&it.action.as_str());
        scans || !it.to_string().contains(ONLY_IN_THEORY)
    });
    found.map(|found| (application, found))
}

/// Whether AWS lets a request through, with one layer of the application's deployed and the other open.
async fn goes_through(world: &World, application: &Application, file: &str, it: &Counterexample) -> bool {
    let record = record_of(application, file, &it.tenant);
    let mut variables = variables(&record);
    variables.set("tenant", &it.tenant);
    deploy(world, application, &record, &variables, file == "policies/shop.json");
    if it.action == "sts:AssumeRole" {
        let id = record.external_id.as_ref().map(ToString::to_string);
        let other = it.other.clone().unwrap_or_else(|| it.tenant.clone());
        let tags = [it.other.as_ref().map(|_| other.as_str()), None, Some(it.tenant.as_str())];
        let ids = [id.as_deref(), None, Some("not-the-external-id")];
        let own = (Some(it.tenant.as_str()), id.as_deref());
        let ways = tags.iter().flat_map(|tag| ids.iter().map(move |id| (*tag, *id)));
        return ways.filter(|way| *way != own).any(|(tag, id)| assume(world, &record, tag, id, None).is_ok());
    }
    let template = application.policies.find("shop").unwrap();
    let policy = template.render(Kind::Identity, &variables).unwrap().text;
    let policy = (file == "policies/shop.json").then_some(policy);
    let id = record.external_id.as_ref().map(ToString::to_string);
    let credentials = assume(world, &record, Some(&it.tenant), id.as_deref(), policy.as_deref()).unwrap();
    !send(&raw::client(world, &credentials), it).await
}

/// The record of a tenant, or of one like it, whose role the file declares.
fn record_of(application: &Application, file: &str, tenant: &str) -> TenantRecord {
    let registered = application.registry.find(&tenant.parse().unwrap());
    let alike = match file {
        "policies/roles/tags.json" => "acme-2",
        "policies/roles/tenant.json" => "globex",
        _ => "acme",
    };
    let registered = registered.filter(|record| {
        let alike = application.registry.find(&alike.parse().unwrap()).unwrap();
        record.mode == alike.mode
    });
    let record = registered.or_else(|| application.registry.find(&alike.parse().unwrap())).unwrap();
    record.as_ref().clone()
}

/// Puts the record's role in its place: as it is declared, or open, so that the session policy alone decides.
fn deploy(
    world: &World,
    application: &Application,
    record: &TenantRecord,
    variables: &Variables,
    open: bool,
) {
    let declared = application.roles.iter().find(|role| role.declares(record.role.name(), variables));
    let declared = declared.or_else(|| {
        application
            .roles
            .iter()
            .find(|role| role.declares(record.role.name(), &innkeeper::credentials::variables(record)))
    });
    let mut role = HeldRole::declared(&record.role, &declared.unwrap().fill(variables).unwrap());
    if open {
        let everything = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } });
        role.inline = [("everything".to_owned(), everything)].into();
    }
    world.aws.put_role(record.role.clone(), role).unwrap();
}

fn assume(
    world: &World,
    record: &TenantRecord,
    tag: Option<&str>,
    external_id: Option<&str>,
    policy: Option<&str>,
) -> Result<IssuedCredentials, String> {
    let mut parameters = vec![("RoleArn", record.role.as_str()), ("RoleSessionName", "ik-x")];
    if let Some(tag) = tag {
        parameters.extend([("Tags.member.1.Key", "tenant"), ("Tags.member.1.Value", tag)]);
    }
    parameters.extend(external_id.map(|id| ("ExternalId", id)));
    parameters.extend(policy.map(|policy| ("Policy", policy)));
    world.assume(&parameters)
}

/// Sends a counterexample; whether IAM denied it.
async fn send(client: &Client, it: &Counterexample) -> bool {
    let resource = it.resource.split(":table/").nth(1).unwrap();
    let (table, index) = match resource.split_once("/index/") {
        Some((table, index)) => (table, Some(index.to_owned())),
        None => (resource, None),
    };
    let key = |text: &String| {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(text.clone())),
            ("sk".to_owned(), AttributeValue::S("NONE".to_owned())),
        ])
    };
    let keys: BTreeSet<&String> = it.keys.iter().collect();
    let first = it.keys.first();
    match it.action.as_str() {
        "dynamodb:GetItem" if index.is_none() => {
            raw::denied(client.get_item().table_name(table).set_key(first.map(key)).send().await)
        }
        "dynamodb:PutItem" => {
            raw::denied(client.put_item().table_name(table).set_item(first.map(key)).send().await)
        }
        // A statement that speaks of an index speaks of its queries.
        "dynamodb:GetItem" | "dynamodb:Query" => {
            let attribute = index.as_ref().map_or_else(|| "pk".to_owned(), |index| format!("{index}pk"));
            let query = client.query().table_name(table).set_index_name(index);
            let query = query.key_condition_expression(format!("{attribute} = :p"));
            raw::denied(
                query
                    .expression_attribute_values(":p", AttributeValue::S(first.unwrap().clone()))
                    .send()
                    .await,
            )
        }
        "dynamodb:Scan" => raw::denied(client.scan().table_name(table).set_index_name(index).send().await),
        "dynamodb:PartiQLSelect" => {
            let index = index.map_or_else(String::new, |index| format!(".\"{index}\""));
            let statement = format!("SELECT * FROM \"{table}\"{index}");
            raw::denied(client.execute_statement().statement(statement).send().await)
        }
        "dynamodb:BatchGetItem" => {
            let all = keys.into_iter().fold(KeysAndAttributes::builder(), |all, text| all.keys(key(text)));
            raw::denied(client.batch_get_item().request_items(table, all.build().unwrap()).send().await)
        }
        "dynamodb:BatchWriteItem" => {
            let put = |text| {
                let put = PutRequest::builder().set_item(Some(key(text))).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            };
            let all = keys.into_iter().map(put).collect();
            raw::denied(client.batch_write_item().request_items(table, all).send().await)
        }
        other => panic!("{other} is not sent by this test"),
    }
}
