//! What `check` says of a policy file by itself: for each rule, files that break it in one place, and a snapshot of what
//! comes of it; and the nearest things to a mistake that are none. The snapshots are there to be read: the caret stands
//! under the wrong word, the message says what is wrong, the hint what to write.

mod actions;
mod conditions;
mod example;
mod grants;
mod leading_keys;
mod resources;
mod roles;
mod sizes;

use std::collections::BTreeSet;

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::policy::lint::{self, Against};
use innkeeper::policy::{Finding, RoleTemplate, Severity, Template, Variables};
use innkeeper::problem::Source;
use innkeeper::schema::{Plan, compile};

/// What a case is called, and a file.
type Case<'a> = (&'a str, String);

/// A session policy that is fine.
const SESSION: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["dynamodb:GetItem", "dynamodb:Query"],
      "Resource": "arn:aws:dynamodb:{{region}}:{{account}}:table/{{table.main}}",
      "Condition": {
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["T#{{tenant}}#*"] },
        "Null": { "dynamodb:LeadingKeys": "false" }
      }
    }
  ]
}"#;

/// A shared role that is fine.
const ROLE: &str = r#"{
  "RoleName": "pool",
  "AssumeRolePolicyDocument": {
    "Version": "2012-10-17",
    "Statement": {
      "Effect": "Allow",
      "Principal": { "AWS": "arn:aws:iam::{{account}}:role/gateway" },
      "Action": ["sts:AssumeRole", "sts:TagSession"],
      "Condition": {
        "StringLike": { "aws:RequestTag/tenant": "?*" },
        "ForAllValues:StringEquals": { "aws:TagKeys": "tenant" }
      }
    }
  },
  "Policies": [{
    "PolicyName": "own",
    "PolicyDocument": {
      "Version": "2012-10-17",
      "Statement": {
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": "arn:aws:dynamodb:{{region}}:{{account}}:table/{{table.main}}",
        "Condition": {
          "ForAllValues:StringLike": { "dynamodb:LeadingKeys": "T#${aws:PrincipalTag/tenant}#*" },
          "Null": { "dynamodb:LeadingKeys": "false" }
        }
      }
    }
  }]
}"#;

/// The session policy with one part of it changed.
fn session(from: &str, to: &str) -> String {
    changed(SESSION, from, to)
}

/// The role with one part of it changed.
fn role(from: &str, to: &str) -> String {
    changed(ROLE, from, to)
}

#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` is not in the file");
    text.replacen(from, to, 1)
}

fn known() -> BTreeSet<String> {
    ["tenant", "account", "region", "partition", "external-id", "table.main", "table.own"]
        .map(str::to_owned)
        .into()
}

/// The variables of a tenant.
fn tenant(id: &str, table: &str) -> Variables {
    let mut variables = Variables::default();
    let values = [
        ("tenant", id),
        ("account", "111122223333"),
        ("region", "eu-central-1"),
        ("partition", "aws"),
        ("external-id", "innkeeper-for-this-tenant"),
        ("table.main", table),
        ("table.own", table),
    ];
    for (name, value) in values {
        variables.set(name, value);
    }
    variables
}

/// A schema that gets notes, and lists them by author through `gsi1`. It has an index `gsi2` that nothing queries.
fn plan() -> Plan {
    let text = r#"
        schema
          @table(name: "main", pk: "pk", sk: "sk")
          @tableIndex(table: "main", name: "gsi1", pk: "gsi1pk", sk: "gsi1sk")
          @tableIndex(table: "main", name: "gsi2", pk: "gsi2pk", sk: "gsi2sk") { query: Query mutation: Mutation }
        type Note
          @item(table: "main", pk: "T#${tenant}#NOTE#${id}", sk: "META")
          @index(name: "gsi1", as: "byAuthor", pk: "T#${tenant}#AUTHOR#${author}", sk: "${id}")
          @index(name: "gsi2", as: "byTitle", pk: "T#${tenant}#TITLE#${title}", sk: "${id}") {
          id: ID!
          author: ID!
          title: String!
        }
        type Query {
          note(id: ID!): Note @get
          notes(author: ID!): [Note!]! @query(index: "byAuthor")
        }
        type Mutation { deleteNote(id: ID!): Note @delete }
    "#;
    let claims = ClaimKinds::from([("sub".to_owned(), ClaimKind::String)]);
    compile(&Source::new("schema.graphql", text), &claims).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What the linter finds in a session policy.
#[track_caller]
fn of_session(text: &str, against: Against<'_>) -> Vec<Finding> {
    let template = Template::parse(&Source::new("policies/pool.json", text), &known());
    lint::session_policy(&template.unwrap_or_else(|problems| panic!("{problems}")), against)
}

/// What the linter finds in a role.
#[track_caller]
fn of_role(text: &str, against: Against<'_>) -> Vec<Finding> {
    let role = RoleTemplate::parse(&Source::new("policies/roles/pool.json", text), &known());
    lint::role(&role.unwrap_or_else(|problems| panic!("{problems}")), against)
}

/// Findings as `check` might print them.
fn rendered(findings: &[Finding]) -> String {
    let texts = findings.iter().map(|finding| {
        let text = match finding.severity {
            Severity::Error => finding.problem.render_error(false),
            Severity::Warning => finding.problem.render_warning(false),
        };
        format!("{}: {text}", finding.rule)
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// Each file is wrong in one place. A wildcard may break two rules there.
#[track_caller]
fn each_has_one_mistake(cases: &[Case<'_>], find: impl Fn(&str) -> Vec<Finding>) {
    let mut wrong = Vec::new();
    for (name, text) in cases {
        let findings = find(text);
        match findings.as_slice() {
            [] => wrong.push(format!("{name}: nothing is wrong")),
            [first, others @ ..] if others.iter().all(|it| it.problem.place() == first.problem.place()) => {
                snapshot(name, &rendered(&findings));
            }
            _ => wrong.push(format!("{name}: wrong in more than one place\n{}", rendered(&findings))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Each file is fine: the nearest thing to a mistake that is none.
#[track_caller]
fn each_is_fine(cases: &[Case<'_>], find: impl Fn(&str) -> Vec<Finding>) {
    for (name, text) in cases {
        let findings = find(text);
        assert!(findings.is_empty(), "{name}: {}", rendered(&findings));
    }
}

/// What is found in a session policy with nothing to hold it against.
fn alone(text: &str) -> Vec<Finding> {
    of_session(text, Against::default())
}

/// What is found in a role with nothing to hold it against.
fn role_alone(text: &str) -> Vec<Finding> {
    of_role(text, Against::default())
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
