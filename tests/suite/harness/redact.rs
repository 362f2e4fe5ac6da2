//! Takes out of a text what differs from run to run: ids that were made, cursors, request ids.

/// Replaces ULIDs that are not in `known` by numbers in the order in which they appear, and cursors by a word.
pub(crate) fn redact(text: &str, known: &str) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut redacted = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        redacted.push_str(&rest[..start]);
        rest = &rest[start..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = &rest[end..];
        if is_cursor(&redacted, word) {
            redacted.push_str("<cursor>");
        } else if is_ulid(word) && !known.contains(word) {
            let at = seen.iter().position(|it| it == word).unwrap_or_else(|| {
                seen.push(word.to_owned());
                seen.len() - 1
            });
            redacted.push_str(&format!("<ulid {at}>"));
        } else {
            redacted.push_str(word);
        }
    }
    redacted.push_str(rest);
    redacted
}

fn is_ulid(word: &str) -> bool {
    word.len() == 26 && word.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
}

fn is_cursor(before: &str, word: &str) -> bool {
    const NAMES: [&str; 4] = ["cursor", "startCursor", "endCursor", "nextToken"];
    let is_answered = NAMES.iter().any(|name| before.ends_with(&format!("\"{name}\": \"")));
    let is_sent = ["after: \"", "before: \""].iter().any(|argument| before.ends_with(argument));
    word.len() > 40 && (is_answered || is_sent)
}
