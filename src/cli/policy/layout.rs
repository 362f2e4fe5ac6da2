//! How documents are laid out: what fits on a line stands on one, and members keep their order.

use serde_json::Value;

/// The most columns of a line.
const WIDTH: usize = 110;
const INDENT: usize = 2;

/// A document as text, ended by no newline.
pub(super) fn lay_out(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text
}

/// Writes a value that begins after `column` characters of a line that is indented by `indent`.
fn write(value: &Value, indent: usize, column: usize, text: &mut String) {
    let inline = inline(value);
    // One character more: a comma may follow. A whole document is never on one line.
    if indent + column > 0 && depth(value) <= 2 && indent + column + inline.chars().count() < WIDTH {
        text.push_str(&inline);
        return;
    }
    let within = indent + INDENT;
    let newline = |text: &mut String, indent: usize| {
        text.push('\n');
        text.push_str(&" ".repeat(indent));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                newline(text, within);
                write(item, within, 0, text);
            }
            newline(text, indent);
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            text.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                newline(text, within);
                let name = format!("{}: ", Value::from(name.as_str()));
                text.push_str(&name);
                write(value, within, name.chars().count(), text);
            }
            newline(text, indent);
            text.push('}');
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => text.push_str(&inline),
    }
}

/// How many brackets stand within each other.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn inline(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", join(items.iter().map(inline).collect())),
        Value::Object(members) if !members.is_empty() => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), inline(value))
            };
            format!("{{ {} }}", join(members.iter().map(member).collect()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
