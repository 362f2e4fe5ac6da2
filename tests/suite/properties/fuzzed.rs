//! A fuzz target of key templates: `cargo test` runs it for a second on random bytes, `cargo bolero test` under a fuzzer.
//! The targets of guard, token and cursor stand beside the code that they look into.
//!
//! Whatever text a template is, the compiler says what it is or refuses it; and of one that it takes, two tenants or two
//! sets of values never make one key.

use innkeeper::claim::ClaimKinds;
use innkeeper::id::TenantId;
use innkeeper::item::{KeyTexts, render};
use innkeeper::problem::Source;
use innkeeper::schema::{Plan, compile};

/// What templates are made of.
const WORDS: [&str; 16] = [
    "${tenant}",
    "${a}",
    "${b}",
    "#",
    "A",
    "0",
    "-",
    "${",
    "}",
    "$",
    "{",
    "\u{e9}",
    "${z}",
    "*",
    "TENANT#${tenant}#",
    "${ a }",
];
/// What values are made of.
const SIGNS: [char; 6] = ['A', '0', '#', '-', '\u{e9}', 'x'];

fn words(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).collect()
}

fn signs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| SIGNS[usize::from(*byte) % SIGNS.len()]).collect()
}

fn plan(pk: &str) -> Option<Plan> {
    let used = ["a", "b"].into_iter().filter(|field| pk.contains(&format!("${{{field}}}")));
    let arguments: Vec<_> = used.map(|field| format!("{field}: ID!")).collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    let text = format!(
        "schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") {{ query: Query }}
         type One @item(table: \"main\", pk: \"{pk}\", sk: \"META\") {{ a: ID! b: ID! }}
         type Query {{ one{arguments}: One @get }}"
    );
    compile(&Source::new("schema.graphql", text), &ClaimKinds::new()).ok()
}

#[test]
fn whatever_a_template_is_its_keys_are_told_apart() {
    let tenants = ["A", "A0", "0", "A-"].map(|id| id.parse::<TenantId>().unwrap());
    bolero::check!().with_type::<(Vec<u8>, bool, Vec<[Vec<u8>; 2]>)>().for_each(
        |(template, begun, values)| {
            // Most texts are no templates at all: half of them begin as one does.
            let begin = if *begun { "${tenant}#" } else { "" };
            let Some(plan) = plan(&(begin.to_owned() + &words(template))) else { return };
            let template = &plan.objects["One"].item.as_ref().unwrap().keys.partition;
            let mut keys = std::collections::HashMap::new();
            for [a, b] in values {
                let texts = KeyTexts::from([("a".into(), signs(a)), ("b".into(), signs(b))]);
                for tenant in &tenants {
                    let Ok(Some(key)) = render(template, tenant, &texts) else { continue };
                    let meant: Vec<_> = template.fields().map(|field| texts[field].clone()).collect();
                    let before = keys.insert(key.clone(), (tenant, meant.clone()));
                    assert!(before.is_none_or(|before| before == (tenant, meant)), "{key} of {template:?}");
                }
            }
        },
    );
}
