//! Scripts: scenes that a tenant plays one after the other, and what is written down of them.
//!
//! A transcript has documents, answers and the calls that they cost, so that one snapshot holds an engine to another.
//! A scene may take values out of its answer, for the documents of later ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::{World, redact};

/// A scene: what it is about, its document, and what later ones take from its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    /// A document, in which `{word}` stands for what was taken or is known.
    pub(crate) document: &'static str,
    /// A word, and the JSON pointer below `data` of its value.
    pub(crate) takes: &'static [(&'static str, &'static str)],
    /// Whether it reads items at one time, so that the calls for them come in any order.
    reads_together: bool,
    /// The scopes of its caller, if the caller has some.
    pub(crate) scope: Option<&'static str>,
}

impl Scene {
    /// A scene that nothing is taken from.
    pub(crate) const fn new(name: &'static str, document: &'static str) -> Self {
        Self { name, document, takes: &[], scope: None, reads_together: false }
    }

    /// Is played by a caller with scopes.
    pub(crate) const fn with_scope(mut self, scope: &'static str) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Takes values from the answer.
    pub(crate) const fn takes(mut self, takes: &'static [(&'static str, &'static str)]) -> Self {
        self.takes = takes;
        self
    }

    /// Takes no notice of the order in which items are read that are read one after another.
    pub(crate) const fn reads_together(mut self) -> Self {
        self.reads_together = true;
        self
    }
}

/// Scenes, and what is known before the first of them.
pub(crate) struct Script<'a> {
    pub(crate) scenes: &'a [Scene],
    /// How long after a scene the next one begins.
    pub(crate) pace: Duration,
    pub(crate) known: BTreeMap<&'static str, String>,
    /// A text whose ids stay as they are; others are numbered.
    pub(crate) seed: String,
}

impl Script<'_> {
    /// Plays it as a tenant, and writes down documents, answers and calls.
    pub(crate) async fn play(mut self, world: &World, tenant: &str) -> String {
        let (id, tenant) = (tenant, world.tenant(tenant));
        tenant.query("{ __typename }").await.ok();
        world.calls();
        let mut text = String::new();
        for scene in self.scenes {
            let document = self.known.iter().fold(scene.document.to_owned(), |document, (word, value)| {
                document.replace(&format!("{{{word}}}"), value)
            });
            let scoped = scene.scope.map(|scope| world.tenant_with(id, scope));
            let reply = scoped.as_ref().unwrap_or(&tenant).query(&document).await;
            let answer = reply.json();
            for (word, pointer) in scene.takes {
                let value = answer["data"].pointer(pointer).and_then(Value::as_str);
                let value = value.unwrap_or_else(|| panic!("{}: no {pointer} in {answer}", scene.name));
                self.known.insert(word, value.to_owned());
            }
            let shown = serde_json::to_string_pretty(&answer).unwrap();
            let with = scene.scope.map_or_else(String::new, |scope| format!(" (scope {scope})"));
            writeln!(text, "# {}{with}\n{document}\n{} {shown}", scene.name, reply.status.as_u16()).unwrap();
            for call in world.calls() {
                let keys: Vec<_> =
                    call.keys.iter().map(|(table, keys)| format!("{table} {}", keys.join(", "))).collect();
                let is_read = matches!(call.operation.as_str(), "GetItem" | "Query");
                let arrow = if scene.reads_together && is_read { TOGETHER } else { "→" };
                writeln!(text, "{arrow} {} {} ({:?})", call.operation, keys.join("; "), call.outcome)
                    .unwrap();
            }
            text.push('\n');
            world.advance(self.pace);
        }
        reads_in_order(&redact(&text, &self.seed))
    }
}

/// What a read is marked with that is one of several at one time.
const TOGETHER: &str = "⇉";

/// The transcript with the reads at one time in the order of their keys, as it shows them.
fn reads_in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for reads in lines.chunk_by_mut(|one, other| [one, other].iter().all(|it| it.starts_with(TOGETHER))) {
        reads.sort_unstable();
    }
    lines.concat()
}
