//! How long `innkeeper check` takes on a large application: 300 types, 1,000 operations, 10,000 tenants.
//!
//! `cargo bench --bench check`. It prints what it measured and judges nothing: machines differ.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::format_push_string,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, prints, and looks at the real time"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use innkeeper::cli::{Application, examine};
use innkeeper::config::Config;
use innkeeper::problem::Source;
use innkeeper::settings::Variables;

const TYPES: usize = 300;
const TENANTS: usize = 10_000;
const RUNS: usize = 5;

fn main() {
    let folder = tempfile::TempDir::new().unwrap();
    write_application(folder.path());
    let config = || {
        let text = std::fs::read_to_string(folder.path().join("innkeeper.toml")).unwrap();
        let source = Source::new("innkeeper.toml", text);
        Config::parse(&source, folder.path(), &Variables::default()).unwrap()
    };
    for _ in 0..RUNS {
        let start = Instant::now();
        let application = Application::load(config()).unwrap_or_else(|problems| panic!("{problems}"));
        let loaded = start.elapsed();
        let start = Instant::now();
        let proof = examine(&application);
        let proved = start.elapsed();
        assert!(proof.holds(), "{:?}", proof.findings.first());
        println!(
            "{TYPES} types, {} operations, {TENANTS} tenants: loaded in {loaded:.0?}, proved in {proved:.0?}",
            proof.operations.len()
        );
    }
}

fn write_application(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(folder.join("policies/roles")).unwrap();
    for file in ["innkeeper.toml", "policies/shop.json"] {
        std::fs::copy(root.join(file), folder.join(file)).unwrap();
    }
    for role in ["gateway", "pool", "tags", "tenant"] {
        let file = format!("policies/roles/{role}.json");
        std::fs::copy(root.join(&file), folder.join(&file)).unwrap();
    }
    std::fs::write(folder.join("schema.graphql"), schema()).unwrap();
    std::fs::write(folder.join("tenants.toml"), tenants()).unwrap();
}

/// Types that are alike but for their names, each read, queried and written.
fn schema() -> String {
    let mut types = String::new();
    let (mut query, mut mutation) = (String::new(), String::new());
    for at in 0..TYPES {
        write!(
            types,
            "type T{at} @item(table: \"main\", pk: \"TENANT#${{tenant}}#T{at}#${{id}}\", sk: \"META\", version: \"rev\")\n  \
             @index(name: \"gsi1\", as: \"byOwner\", pk: \"TENANT#${{tenant}}#OWNER{at}#${{owner}}\", sk: \"${{id}}\") {{\n  \
             id: ID! owner: ID! name: String rev: Int! }}\n"
        )
        .unwrap();
        writeln!(query, "  t{at}(id: ID!): T{at} @get").unwrap();
        writeln!(
            query,
            "  t{at}s(owner: ID!, first: Int, after: String): T{at}Connection! @query(index: \"byOwner\")"
        )
        .unwrap();
        writeln!(mutation, "  setT{at}(id: ID!, name: String): T{at} @update").unwrap();
        if at % 3 == 0 {
            writeln!(mutation, "  deleteT{at}(id: ID!): T{at} @delete").unwrap();
        }
    }
    format!(
        "schema @table(name: \"main\", pk: \"pk\", sk: \"sk\")\n  \
         @tableIndex(table: \"main\", name: \"gsi1\", pk: \"gsi1pk\", sk: \"gsi1sk\") {{ query: Query mutation: Mutation }}\n\
         {types}type Query {{\n{query}}}\ntype Mutation {{\n{mutation}}}\n"
    )
}

/// Five thousand tenants with session policies, three thousand with tags, two thousand with roles and tables of their own.
fn tenants() -> String {
    const ROLE: &str = "arn:aws:iam::111122223333:role/innkeeper/innkeeper";
    let mut text = "[defaults]\nregion = \"eu-central-1\"\n".to_owned();
    for at in 0..TENANTS {
        writeln!(text, "[tenants.t{at}]").unwrap();
        match at % 10 {
            0..5 => text
                .push_str(&format!("mode = \"session-policy\"\npolicy = \"shop\"\nrole = \"{ROLE}-pool\"\n")),
            5..8 => text.push_str(&format!("mode = \"session-tags\"\nrole = \"{ROLE}-tags\"\n")),
            _ => text.push_str(&format!(
                "mode = \"role\"\nrole = \"{ROLE}-t{at}\"\nexternal-id = \"external-{at}\"\n\
                 tables = {{ main = \"innkeeper-shops-t{at}\" }}\n"
            )),
        }
    }
    text
}
