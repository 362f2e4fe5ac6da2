//! The policies that follow from a schema: each lets every request of the schema through, allows nothing that no
//! request needs, and is what the example holds.

use innkeeper::claim::{ClaimKind, ClaimKinds};
use innkeeper::id::{AccountId, Region, TableName, TenantId};
use innkeeper::policy::derive::{self, Subject};
use innkeeper::policy::requests::requests;
use innkeeper::policy::{Context, Document, Kind, Policies, Sample, Variables, Whose};
use innkeeper::problem::Source;
use innkeeper::schema::{Name, Plan, compile};
use serde_json::{Value, json};

/// A silo: one table whose keys hold no tenant, and one whose keys do.
const SILO: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk", layout: SILO)
  @tableIndex(table: "main", name: "byName", pk: "n", projection: ALL)
  @table(name: "log", pk: "pk", sk: "sk", layout: SILO)
  { query: Query mutation: Mutation }
type Note @item(table: "main", pk: "NOTE#${id}", sk: "META")
  @index(name: "byName", as: "byName", pk: "${name}") { id: ID! name: String! }
type Entry @item(table: "log", pk: "${tenant}", sk: "${at}") { at: DateTime! text: String! }
type Query { note(id: ID!): Note @get notes(name: String!): [Note!]! @query(index: "byName") log: [Entry!]! @query }
type Mutation { addNote(id: ID!, name: String!): Note! @put }
"#;

/// A pool: one table is only asked by an index, one has keys of several kinds, each for other actions.
const POOL: &str = r#"
schema
  @table(name: "main", pk: "pk", sk: "sk")
  @table(name: "events", pk: "pk", sk: "sk")
  @tableIndex(table: "events", name: "gsi1", pk: "g1")
  @tableIndex(table: "events", name: "gsi2", pk: "g2")
  { query: Query mutation: Mutation }
type User @item(table: "main", pk: "U#${tenant}#${id}", sk: "META") { id: ID! name: String! }
type Setting @item(table: "main", pk: "S#${tenant}", sk: "${name}") { name: String! value: String! }
type Event @item(table: "events", pk: "E#${tenant}#${id}", sk: "META")
  @index(name: "gsi1", as: "byKind", pk: "K#${tenant}/${kind}") { id: ID! kind: String! }
type Query { user(id: ID!): User @get settings: [Setting!]! @query events(kind: String!): [Event!]! @query(index: "byKind") }
type Mutation {
  setting(name: String!, value: String!): Setting! @put
  rename(id: ID!, name: String!): User! @update
}
"#;

fn plan(text: &str) -> Plan {
    let claims = ClaimKinds::from([("sub".to_owned(), ClaimKind::String)]);
    compile(&Source::new("schema.graphql", text), &claims).unwrap_or_else(|problems| panic!("{problems}"))
}

fn plans() -> [(&'static str, Plan); 3] {
    [("example", plan(include_str!("../../schema.graphql"))), ("silo", plan(SILO)), ("pool", plan(POOL))]
}

/// Where a tenant's tables are: in each of these schemas by one rule.
struct Place {
    tenant: TenantId,
    account: AccountId,
    region: Region,
}

impl Place {
    fn of(tenant: &str) -> Self {
        Self {
            tenant: tenant.parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            region: "eu-central-1".parse().unwrap(),
        }
    }

    fn table(&self, name: &str) -> TableName {
        format!("{name}-{}", self.tenant).parse().unwrap()
    }

    fn variables(&self, plan: &Plan) -> Variables {
        let mut variables = Variables::default();
        for (name, value) in [
            ("tenant", self.tenant.as_str()),
            ("account", self.account.as_str()),
            ("region", self.region.as_str()),
            ("partition", "aws"),
        ] {
            variables.set(name, value);
        }
        for table in plan.tables.keys() {
            variables.set(format!("table.{table}"), self.table(table).as_str());
        }
        variables
    }

    fn samples(&self, plan: &Plan) -> Vec<(String, Sample)> {
        let sample = |asked: &innkeeper::policy::requests::Asked<'_>| {
            let table = self.table(&asked.table.name);
            let Self { tenant, account, region } = self;
            let whose = Whose { tenant, account, region, table: &table };
            (format!("{} {}", asked.coordinate(), asked.action), Sample::of(plan, asked, whose))
        };
        requests(plan).iter().map(sample).collect()
    }

    fn document(&self, plan: &Plan, subject: Subject) -> Value {
        let tables = |table: &Name| match subject {
            Subject::Variable => derive::table_variable(table),
            Subject::PrincipalTag => format!("{table}-${{aws:PrincipalTag/tenant}}"),
        };
        self.variables(plan).fill(&derive::document(&derive::grants(plan, subject), &tables)).unwrap()
    }
}

/// The requests that a policy denies.
fn denied(document: &Value, samples: &[(String, Sample)]) -> Vec<String> {
    let identity = [Document::from_value(Kind::Identity, document).unwrap()];
    let policies = Policies { identity: &identity, boundary: None, session: None };
    let is_denied = |(_, sample): &&(String, Sample)| !policies.evaluate(&sample.request()).is_allowed();
    samples.iter().filter(is_denied).map(|(name, _)| name.clone()).collect()
}

/// Every grant of a document: the path to an action, a resource or a pattern.
fn grants(document: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, statement) in document["Statement"].as_array().unwrap().iter().enumerate() {
        for part in ["/Action", "/Resource", "/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys"] {
            let path = format!("/Statement/{at}{part}");
            match statement.pointer(part) {
                Some(Value::Array(values)) => {
                    paths.extend((0..values.len()).map(|nth| format!("{path}/{nth}")));
                }
                Some(_) => paths.push(path),
                None => {}
            }
        }
    }
    paths
}

#[test]
fn every_request_passes_and_no_grant_can_be_taken_away() {
    let place = Place::of("acme");
    for (name, plan) in plans() {
        let samples = place.samples(&plan);
        for subject in [Subject::Variable, Subject::PrincipalTag] {
            let document = place.document(&plan, subject);
            assert_eq!(denied(&document, &samples), Vec::<String>::new(), "{name}: {document:#}");
            let grants = grants(&document);
            assert!(grants.len() >= 6, "{name} has only {grants:?}");
            for path in grants {
                let mut less = document.clone();
                let grant = less.pointer_mut(&path).unwrap();
                // A service that nobody calls, so that the element stays well formed.
                *grant = json!("none:none");
                assert!(!denied(&less, &samples).is_empty(), "{name}: nobody needs {path} of {document:#}");
            }
        }
    }
}

#[test]
fn no_request_of_another_tenants_passes_nor_one_that_names_no_key() {
    let (own, other) = (Place::of("acme"), Place::of("acme2"));
    for (name, plan) in plans() {
        for subject in [Subject::Variable, Subject::PrincipalTag] {
            let document = own.document(&plan, subject);
            let mut foreign = other.samples(&plan);
            let all = foreign.len();
            for (_, sample) in &mut foreign {
                sample.context.set("aws:PrincipalTag/tenant", "acme");
            }
            assert_eq!(denied(&document, &foreign).len(), all, "{name}: {document:#}");
            // In the other's table, and in one's own with the other's keys.
            let mut keyless = own.samples(&plan);
            keyless.retain(|(_, sample)| sample.key.contains("acme"));
            let all = keyless.len();
            for (_, sample) in &mut keyless {
                sample.context.set_all("dynamodb:LeadingKeys", Vec::new());
            }
            assert_eq!(denied(&document, &keyless).len(), all, "{name}: {document:#}");
            for (_, sample) in &mut keyless {
                let key = sample.key.replace("acme", "acme2");
                sample.context.set_all("dynamodb:LeadingKeys", vec![key]);
            }
            assert_eq!(denied(&document, &keyless).len(), all, "{name}: {document:#}");
        }
    }
}

#[test]
fn a_session_without_a_tag_reaches_nothing_by_a_shared_role() {
    let place = Place::of("acme");
    for (name, plan) in plans().into_iter().filter(|(name, _)| *name != "silo") {
        let document = place.document(&plan, Subject::PrincipalTag);
        let mut samples = place.samples(&plan);
        for (_, sample) in &mut samples {
            let mut context = Context::default();
            context.set_all("dynamodb:LeadingKeys", vec![sample.key.clone()]);
            sample.context = context;
        }
        assert_eq!(denied(&document, &samples).len(), samples.len(), "{name}");
    }
}

#[test]
fn the_documents_of_a_silo_and_a_pool() {
    for (name, plan) in plans() {
        let place = Place::of("acme");
        insta::assert_snapshot!(name, format!("{:#}", place.document(&plan, Subject::Variable)));
    }
}

/// The example's policies are what the command prints: what is written by hand in them is their description.
#[test]
fn the_examples_policies_are_derived() {
    let plan = plan(include_str!("../../schema.graphql"));
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let document = |subject| derive::document(&derive::grants(&plan, subject), &derive::table_variable);
    assert_eq!(read(include_str!("../../policies/shop.json")), document(Subject::Variable));
    for (text, subject) in [
        (include_str!("../../policies/roles/tenant.json"), Subject::Variable),
        (include_str!("../../policies/roles/pool.json"), Subject::PrincipalTag),
        (include_str!("../../policies/roles/tags.json"), Subject::PrincipalTag),
    ] {
        assert_eq!(read(text).pointer("/Policies/0/PolicyDocument"), Some(&document(subject)));
    }
}
