//! `check --live`: sessions as the gateway has them are asked for what they must not read.

use std::num::NonZeroU32;

use innkeeper::cli::check::live::{self, Options, Probed};
use innkeeper::dev::{Outcome, Service};
use innkeeper::id::RoleArn;
use innkeeper::policy::{Finding, Rule};
use serde_json::json;

use crate::harness::World;

fn options() -> Options {
    Options { rate: NonZeroU32::new(1_000).unwrap(), ..Options::default() }
}

async fn probe(world: &World) -> Probed {
    live::probe(&world.application(), &world.aws_as(world.identity()), &options(), |_, _| {}).await
}

/// The findings, with what is made up anew each time taken out.
fn texts(findings: &[Finding]) -> String {
    let text = |finding: &Finding| {
        let counterexample = finding.counterexample.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}\n{counterexample}\n", finding.problem.render_error(false))
    };
    let text: String = findings.iter().map(text).collect();
    let mut words: Vec<_> = text.split("innkeeper-check-").map(str::to_owned).collect();
    words.iter_mut().skip(1).for_each(|word| word.replace_range(..26, "<ulid>"));
    words.join("innkeeper-check-")
}

#[tokio::test]
async fn the_example_is_apart() {
    let world = World::start().await;
    let probed = probe(&world).await;
    assert_eq!(texts(&probed.findings), "");
    assert_eq!((probed.tenants, probed.suspended, probed.packed.len()), (6, 0, 6));
    insta::assert_snapshot!(probed.summary());
    let calls = world.calls();
    assert_eq!(probed.calls, calls.len());
    let mut report = String::new();
    for tenant in ["acme", "acme2", "acme-2", "acme_2", "globex", "globex2"] {
        let of = |service, outcome: &Outcome| {
            calls
                .iter()
                .filter(|it| it.service == service && it.outcome == *outcome)
                .filter(|it| it.tenant.as_deref() == Some(tenant))
                .count()
        };
        report.push_str(&format!(
            "{tenant:8} {} AssumeRole, {} allowed, {} denied\n",
            of(Service::Sts, &Outcome::Answered),
            of(Service::DynamoDb, &Outcome::Answered),
            of(Service::DynamoDb, &Outcome::Denied)
        ));
    }
    insta::assert_snapshot!("calls", report);
    // What is asked for: keys that no item has, of whom they should be.
    let asked =
        calls.iter().filter(|it| it.service == Service::DynamoDb && it.tenant.as_deref() == Some("acme"));
    let asked: Vec<_> = asked.map(|it| format!("{} {:?}", it.operation, it.keys)).collect();
    insta::assert_snapshot!("keys", hide(&asked.join("\n")));
}

fn hide(text: &str) -> String {
    let mut words: Vec<_> = text.split("innkeeper-check-").map(str::to_owned).collect();
    words.iter_mut().skip(1).for_each(|word| word.replace_range(..26, "<ulid>"));
    words.join("innkeeper-check-")
}

#[tokio::test]
async fn a_suspended_tenant_is_left_out() {
    let world = World::builder()
        .edit("tenants.toml", |text| {
            text.replace("[tenants.acme2]", "[tenants.acme2]\nstate = \"suspended\"")
        })
        .start()
        .await;
    let probed = probe(&world).await;
    assert_eq!((probed.tenants, probed.suspended), (5, 1));
    assert_eq!(texts(&probed.findings), "");
    assert!(world.calls().iter().all(|call| call.tenant.as_deref() != Some("acme2")));
}

/// The role and the session policy must both be broken: each of them alone keeps tenants apart.
#[tokio::test]
async fn a_hole_is_found_where_role_and_session_policy_are_broken() {
    let pool: RoleArn = "arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool".parse().unwrap();
    let guardless = |text: String| {
        text.replace(
            "\"Null\": { \"dynamodb:LeadingKeys\": \"false\" }",
            "\"Bool\": {\"aws:SecureTransport\": \"true\"}",
        )
        .replace("\"TENANT#{{tenant}}#*\"", "\"*\"")
    };
    let world = World::builder().edit("policies/shop.json", guardless).with_holes().start().await;
    assert_eq!(texts(&probe(&world).await.findings), "");
    let mut role = world.aws.role(&pool).unwrap();
    role.inline.get_mut("own-items").unwrap()["Statement"][0]["Condition"] =
        json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "*"}});
    world.aws.put_role(pool, role).unwrap();
    let probed = probe(&world).await;
    assert!(
        probed.findings.iter().all(|finding| finding.rule == Rule::Live && finding.counterexample.is_some())
    );
    insta::assert_snapshot!(texts(&probed.findings));
}

#[tokio::test]
async fn a_pattern_without_a_delimiter_is_found_by_ids_that_begin_alike() {
    let world = World::builder()
        .edit("policies/roles/tags.json", |text| {
            text.replace("TENANT#${aws:PrincipalTag/tenant}#*", "TENANT#${aws:PrincipalTag/tenant}*")
        })
        .with_holes()
        .start()
        .await;
    let probed = probe(&world).await;
    assert_eq!(probed.findings.len(), 2);
    insta::assert_snapshot!(texts(&probed.findings));
}

#[tokio::test]
async fn a_table_of_another_tenant_that_is_reached_is_found() {
    let world = World::builder()
        .edit("policies/roles/tenant.json", |text| {
            text.replace("table/{{table.main}}\"", "table/*\"").replace("TENANT#{{tenant}}#*", "TENANT#*")
        })
        .with_holes()
        .start()
        .await;
    let probed = probe(&world).await;
    let whose: Vec<_> = probed
        .findings
        .iter()
        .map(|finding| finding.counterexample.as_ref().unwrap().other.clone().unwrap())
        .collect();
    assert_eq!(whose, ["globex2", "globex"]);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_and_a_key_that_is_denied_are_findings() {
    let world = World::start().await;
    let role = |name: &str| -> RoleArn {
        format!("arn:aws:iam::111122223333:role/innkeeper/innkeeper-{name}").parse().unwrap()
    };
    let mut globex = world.aws.role(&role("globex")).unwrap();
    globex.trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!("another");
    world.aws.put_role(role("globex"), globex).unwrap();
    let mut tags = world.aws.role(&role("tags")).unwrap();
    tags.inline.get_mut("own-items").unwrap()["Statement"][0]["Action"] = json!("dynamodb:PutItem");
    world.aws.put_role(role("tags"), tags).unwrap();
    let probed = probe(&world).await;
    insta::assert_snapshot!(texts(&probed.findings));
}

#[tokio::test]
async fn sts_that_does_not_answer_ends_it_soon() {
    let many: String = (0..40).map(|at| format!("\n[tenants.t{at:02}]\nmode = \"session-tags\"\nrole = \"arn:aws:iam::111122223333:role/innkeeper/innkeeper-tags\"\n")).collect();
    let world = World::builder().edit("tenants.toml", |text| format!("{text}{many}")).start().await;
    world.aws.throttle(Service::Sts, true);
    let options = Options { rate: NonZeroU32::new(1_000).unwrap(), concurrency: 5 };
    let aws = world.aws_as(world.identity());
    let probed = live::probe(&world.application(), &aws, &options, |_, _| {}).await;
    assert!(probed.tenants <= 15, "{}", probed.tenants);
    let text = texts(&probed.findings);
    assert!(
        text.contains("tenants were not asked for: STS does not answer") && text.contains("Rate exceeded"),
        "{text}"
    );
}

/// As a process: what a user types and reads.
#[tokio::test]
async fn the_command_line_says_what_it_found() {
    use crate::harness::process::{innkeeper, run};
    let world = World::builder().real_time().start().await;
    let check = |arguments: &[&str]| {
        let identity = world.identity();
        let mut command = innkeeper(world.folder(), arguments);
        command
            .env("AWS_ACCESS_KEY_ID", identity.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", identity.secret_access_key)
            .env("AWS_SESSION_TOKEN", identity.session_token);
        for service in ["STS", "DYNAMODB", "IAM"] {
            command.env(format!("INNKEEPER_AWS_{service}_ENDPOINT"), world.aws.endpoint());
        }
        tokio::task::spawn_blocking(move || run(&mut command))
    };
    let live = check(&["check", "--live", "--rate", "1000"]).await.unwrap();
    assert_eq!((live.code, live.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("output_live", live.stdout);
    // The gateway's own role may not look into IAM.
    let deployed = check(&["check", "--deployed"]).await.unwrap();
    assert_eq!(deployed.code, Some(1));
    insta::assert_snapshot!("output_deployed", deployed.stdout);
    let refused = check(&["check", "--rate", "5"]).await.unwrap();
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
}
