//! An explanation for people.

use std::fmt::Write as _;

use super::granted::Granted;
use super::{Explained, Sent};
use crate::operation::describe::Described;
use crate::policy::derive::{Resource, arn, table_variable};
use crate::schema::{Resolve, TransactPart};

/// The width of the first column.
const LABEL: usize = 15;

pub(super) fn write(explained: &Explained<'_>) -> String {
    let Explained { object, field, requests, .. } = explained;
    let mut text = format!("{}.{}: {}", object.name, field.name, field.ty);
    for asked in &explained.guard {
        let _always_fits = write!(text, "\n  only for {asked}");
    }
    for said in &explained.estimate {
        let _always_fits = write!(text, "\n  {said}");
    }
    match &field.resolve {
        Resolve::Attribute(attribute) => {
            let own = format!(
                "\n  read from the item at hand, attribute {}: no request of its own",
                attribute.name
            );
            return text + &own;
        }
        Resolve::Page(_) => return text + "\n  a part of the page at hand: no request of its own",
        Resolve::Operation(_) => {}
    }
    for sent in requests {
        text.push_str("\n\n");
        let mut lines = Lines(&mut text);
        request(sent, &mut lines);
    }
    text
}

/// Lines with a label each.
struct Lines<'a>(&'a mut String);

impl Lines<'_> {
    fn line(&mut self, label: &str, value: &str) {
        let _always_fits = write!(self.0, "\n  {label:LABEL$} {value}");
    }
}

fn request(sent: &Sent<'_>, lines: &mut Lines<'_>) {
    let Sent { asked, described, physical, granted } = sent;
    let table = match physical {
        Some(physical) => format!("table {} ({physical})", asked.table.name),
        None => format!("table {}", asked.table.name),
    };
    let index = asked.index.map_or_else(String::new, |index| format!(", index {index}"));
    let when = match asked.part {
        Some(TransactPart::Step(_)) => ", in the transaction",
        Some(TransactPart::StepRead(_)) => {
            ", before the transaction, where an index key needs more than is given"
        }
        Some(TransactPart::RecordRead) => ", where a step fails: whether it has taken place before",
        Some(TransactPart::Record) => ", in the transaction: the record of its token",
        Some(TransactPart::Snapshot) => ", in one TransactGetItems: all as of one moment, 100 at most",
        Some(TransactPart::Answer) => {
            ", after the transaction, where the answer is not what was put just now"
        }
        None if asked.counts() => ", where `totalCount` is asked for and the page is not all there is",
        None if asked.is_together => ", in its place where several are asked for, below a list",
        None if asked.is_prelude => ", before the write, where an index key needs more than is given",
        None => "",
    };
    let _always_fits = write!(lines.0, "{} on {table}{index}{when}", asked.action);
    if let Some(each) = &described.each {
        lines.line("for each", &format!("element of {each}"));
    }
    keys_and_values(described, lines);
    expressions(described, lines);
    parameters(described, lines);
    let resource = Resource { table: asked.table.name.clone(), index: asked.index.cloned() };
    let of_tenant = granted.first().filter(|_| physical.is_some()).map(|granted| granted.resource.clone());
    let resource = of_tenant.unwrap_or_else(|| arn(&resource, &table_variable));
    lines.line("needs", &format!("{} on {resource}", asked.action));
    for (at, granted) in granted.iter().enumerate() {
        lines.line(if at == 0 { "granted" } else { "" }, &verdict(granted));
    }
}

fn keys_and_values(described: &Described, lines: &mut Lines<'_>) {
    for (at, (name, template)) in described.keys.iter().enumerate() {
        lines.line(if at == 0 { "key" } else { "" }, &format!("{name} = {template}"));
    }
    if described.keys.iter().any(|(_, template)| template.contains("${tenant}")) {
        lines.line("${tenant}", "the token's tenant, as the registry holds it");
    }
    let names_an_item = described.key_conditions.is_empty() && described.item.is_empty();
    for variable in &described.variables {
        let optional = match (variable.is_optional, names_an_item) {
            (false, _) => "",
            (true, false) => " (may be absent)",
            (true, true) => " (where it is absent, nothing is sent)",
        };
        lines.line(&format!("${{{}}}", variable.name), &format!("{}{optional}", variable.from));
    }
    for (at, (name, from)) in described.item.iter().enumerate() {
        lines.line(if at == 0 { "item" } else { "" }, &format!("{name} = {from}"));
    }
}

fn expressions(described: &Described, lines: &mut Lines<'_>) {
    for case in &described.key_conditions {
        let without = match case.without.as_slice() {
            [] => String::new(),
            without => format!("   without {}", without.join(" and ")),
        };
        lines.line("key condition", &format!("{}{without}", case.expression));
    }
    let expressions = [
        ("filter", &described.filter),
        ("update", &described.update),
        ("condition", &described.condition),
        ("after a read", &described.condition_after_read),
    ];
    for (label, expression) in expressions {
        if let Some(expression) = expression {
            lines.line(label, expression);
        }
    }
    if !described.left_out.is_empty() {
        let follows =
            if described.update.is_some() { ", and index keys of which nothing is set" } else { "" };
        lines.line("left out", &format!("what is absent of {}{follows}", described.left_out.join(", ")));
    }
    if described.removes {
        lines.line("removed", "what is given as null, and the index keys that are made of it");
    }
    for object in &described.merges {
        let told = format!(
            "where `{object}` is no map yet, a second write makes it of what is given, which must be all of it"
        );
        lines.line("merged", &told);
    }
    if !described.merges.is_empty() {
        lines.line("", "the condition on a map is left out where nothing of it is given");
    }
}

fn parameters(described: &Described, lines: &mut Lines<'_>) {
    if let Some(forward) = described.forward {
        lines.line("order", if forward { "ascending" } else { "descending" });
    }
    if let Some(consistent) = described.consistent {
        lines.line("consistent", if consistent { "yes" } else { "no" });
    }
    if let Some(projected) = &described.projection {
        lines.line("asks for", &format!("{}, always", projected.always.join(", ")));
        if !projected.where_selected.is_empty() {
            lines.line("", &format!("and what is selected of {}", projected.where_selected.join(", ")));
        }
    }
    if let Some(returns) = described.returns {
        lines.line("returns", returns);
    }
    if let Some(returns) = described.returns_on_failure {
        let label = if described.returns.is_some() { "" } else { "returns" };
        lines.line(label, &format!("{returns} where the condition fails"));
    }
}

fn verdict(granted: &Granted) -> String {
    let Granted { tenant, mode, allowed, by, note, .. } = granted;
    let (sign, verb) = match allowed {
        Some(true) => ("✔", "by "),
        Some(false) => ("✘", "denied by "),
        None => ("?", ""),
    };
    let by = if by.is_empty() { String::new() } else { format!("{verb}{}", by.join(" and ")) };
    let parts: Vec<_> = [Some(by), note.clone()].into_iter().flatten().filter(|it| !it.is_empty()).collect();
    format!("{sign} {tenant} ({mode}): {}", parts.join("; "))
}
