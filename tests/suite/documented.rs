//! The examples of the documentation, run: a page's schemas compile, and what it says is answered is answered.
//!
//! A block of ` ```graphql example ` is a schema; where it has no `schema` of its own it stands on a table `main` with two
//! indexes, `gsi1` and `gsi2`. A block of ` ```graphql ask ` after it is sent by a tenant, with the scopes of `scope=a,b` if
//! that stands behind `ask`, and a ` ```json answer ` after that is what comes back; `"…"` stands for any value. `calls=2` behind `answer` is how many calls of DynamoDB it costs.

use innkeeper::dev::Service;
use serde_json::Value;

use crate::harness::{World, root};

const PAGES: [&str; 2] = ["docs/schema.md", "docs/migrating.md"];

const TABLE: &str = "schema
  @table(name: \"main\", pk: \"pk\", sk: \"sk\")
  @tableIndex(table: \"main\", name: \"gsi1\", pk: \"gsi1pk\", sk: \"gsi1sk\")
  @tableIndex(table: \"main\", name: \"gsi2\", pk: \"gsi2pk\", sk: \"gsi2sk\")";

/// A schema, and what is asked of it.
struct Example {
    schema: String,
    asked: Vec<Asked>,
}

struct Asked {
    document: String,
    /// The scopes of the token, parted by spaces.
    scope: String,
    answer: Option<Value>,
    calls: Option<usize>,
}

/// A fenced block: what stands behind its fence, and what is in it.
fn blocks(page: &str) -> Vec<(Vec<&str>, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text: Vec<_> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        blocks.push((info.split(' ').collect(), text.join("\n")));
    }
    blocks
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for (info, text) in blocks(page) {
        match info.as_slice() {
            ["graphql", "example"] => examples.push(Example { schema: whole(&text), asked: Vec::new() }),
            ["graphql", "ask", rest @ ..] => {
                let scope = rest.iter().find_map(|word| word.strip_prefix("scope=")).unwrap_or_default();
                let example = examples.last_mut().expect("an example comes before what is asked of it");
                example.asked.push(Asked {
                    document: text,
                    scope: scope.replace(',', " "),
                    answer: None,
                    calls: None,
                });
            }
            ["json", "answer", rest @ ..] => {
                let asked = examples.last_mut().and_then(|example| example.asked.last_mut());
                let asked = asked.expect("what is asked comes before its answer");
                asked.answer = Some(serde_json::from_str(&text).unwrap());
                let calls = rest.iter().find_map(|word| word.strip_prefix("calls="));
                asked.calls = calls.map(|calls| calls.parse().unwrap());
            }
            _ => {}
        }
    }
    examples
}

/// A schema with its table.
fn whole(types: &str) -> String {
    if types.lines().any(|line| line.starts_with("schema")) {
        return types.to_owned();
    }
    let mutation = if types.contains("type Mutation") { "mutation: Mutation " } else { "" };
    format!("{TABLE}\n  {{ query: Query {mutation}}}\n{types}\n")
}

/// Whether an answer is the one that is written down.
fn fits(written: &Value, answered: &Value) -> bool {
    match (written, answered) {
        (Value::String(any), _) if any == "…" => true,
        (Value::Object(written), Value::Object(answered)) => {
            written.len() == answered.len()
                && written.iter().all(|(key, value)| answered.get(key).is_some_and(|it| fits(value, it)))
        }
        (Value::Array(written), Value::Array(answered)) => {
            written.len() == answered.len()
                && written.iter().zip(answered).all(|(one, other)| fits(one, other))
        }
        _ => written == answered,
    }
}

#[tokio::test]
async fn every_example_does_what_the_page_says() {
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let examples = examples(&text);
        assert!(!examples.is_empty(), "{page} has no examples");
        for example in examples {
            let world =
                World::builder().file("schema.graphql", &*example.schema).derived().unseeded().start().await;
            for asked in &example.asked {
                world.calls();
                let acme = world.tenant_with("acme", &asked.scope);
                let reply = acme.query(&asked.document).await.json();
                let calls = world.calls().iter().filter(|call| call.service == Service::DynamoDb).count();
                let written = asked.answer.as_ref().expect("what is asked has an answer");
                assert!(fits(written, &reply), "{page}: {}\nis answered with {reply:#}", asked.document);
                let expected = asked.calls.unwrap_or(calls);
                assert_eq!(calls, expected, "{page}: {}\ncosts other calls", asked.document);
            }
        }
    }
}
