//! Descriptions, strings and values as GraphQL writes them.
//!
//! What is read back is what was meant, to the last character: a description becomes a block string only where the rules
//! of block strings (section 2.9.4, `BlockStringValue`) give the same text again.

use async_graphql::Value;

/// A description before what it describes, each line indented; nothing where there is none.
pub(super) fn description(text: Option<&str>, indent: &str) -> String {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return String::new() };
    if !text.contains('\n') || !is_block(text) {
        return format!("{indent}{}\n", quoted(text));
    }
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
    let lines: String = text.split('\n').map(line).collect();
    format!("{indent}\"\"\"\n{lines}{indent}\"\"\"\n")
}

/// Whether a block string around a text is that text: nothing of it is taken for indentation, and no line at its ends
/// for none of it. Three quotes within could be escaped; async-graphql's parser (7.2) does not read that.
fn is_block(text: &str) -> bool {
    if text.contains("\"\"\"") {
        return false;
    }
    let lines: Vec<_> = text.split('\n').collect();
    let is_blank = |line: &str| line.trim_matches([' ', '\t']).is_empty();
    let is_plain = |line: &&str| !line.chars().any(|c| c.is_control() && c != '\t');
    let is_even = |line: &&str| line.is_empty() || !is_blank(line);
    let begins_at_once = |line: &&str| !line.is_empty() && !line.starts_with([' ', '\t']);
    let ends = [lines.first(), lines.last()];
    lines.iter().all(|line| is_plain(line) && is_even(line))
        && lines.iter().any(begins_at_once)
        && ends.into_iter().flatten().all(|line| !is_blank(line))
}

/// A string in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A value.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member =
                |(name, value): (&async_graphql::Name, &Value)| format!("{name}: {}", literal(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Enum(_) | Value::Binary(_) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::TypeSystemDefinition;
    use proptest::prelude::*;

    use super::*;

    /// The description of a type, printed and read again.
    fn read_again(text: &str, indent: &str) -> Option<String> {
        let source = format!("{}scalar X", description(Some(text), indent));
        let document = parse_schema(&source).unwrap_or_else(|error| panic!("{source:?}: {error}"));
        match document.definitions.into_iter().next() {
            Some(TypeSystemDefinition::Type(definition)) => definition.node.description.map(|it| it.node),
            _ => None,
        }
    }

    #[test]
    fn a_text_of_several_lines_is_a_block_where_that_means_the_same() {
        let block = "  \"\"\"\n  One.\n\n    Two, \"so\" \\ so.\n  \"\"\"\n";
        assert_eq!(description(Some("One.\n\n  Two, \"so\" \\ so."), "  "), block);
        assert_eq!(description(Some("a\n\"\"\""), ""), "\"a\\n\\\"\\\"\\\"\"\n");
        assert_eq!(description(Some(" One.\n Two."), ""), "\" One.\\n Two.\"\n");
        assert_eq!(description(Some("a \"b\" \\"), ""), "\"a \\\"b\\\" \\\\\"\n");
        assert_eq!(description(Some(""), ""), "");
    }

    proptest! {
        #[test]
        fn a_description_is_read_as_it_was_meant(text in "[ \ta\"\\\\\u{e9}\n]{1,24}", indent in "( {0,4})") {
            prop_assert_eq!(read_again(&text, &indent), Some(text));
        }
    }
}
