//! The text of a schema as characters and lines: what must be so before the parser may see it, and where its lines
//! and columns are.
//!
//! The parser descends once for each bracket that it meets, so brackets that stand too deep are refused before it can
//! run out of stack. It also counts a carriage return as the beginning of a line without counting the line, so that
//! no place after one that stands alone could be found again.

use std::sync::Arc;

use async_graphql::parser::Pos;

use crate::problem::{Problem, Source};

/// How deep brackets may stand in each other. A bound for the stack: no schema comes near it.
const MAX_DEPTH: usize = 64;

/// Refuses what the parser could not read, or not read safely.
pub(super) fn check_layout(source: &Arc<Source>) -> Result<(), Problem> {
    let text = source.text();
    let mut depth: usize = 0;
    let mut within = Within::Code;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\r' && chars.peek().is_none_or(|(_, next)| *next != '\n') {
            let problem = source.problem(at..at + 1, "a carriage return stands alone");
            return Err(problem.hint("end lines with a line feed, or with both"));
        }
        let rest = text.get(at..).unwrap_or_default();
        within = match (within, c) {
            (Within::Code, '#') => Within::Comment,
            (Within::Code, '"') if rest.starts_with("\"\"\"") => {
                chars.nth(1);
                Within::Block
            }
            (Within::Code, '"') => Within::String,
            (Within::Code, '(' | '[' | '{') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let problem = source.problem(at..at + 1, "brackets stand too deep in each other");
                    return Err(problem.hint(format!("at most {MAX_DEPTH} may stand in each other")));
                }
                Within::Code
            }
            (Within::Code, ')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                Within::Code
            }
            (Within::Block, '\\') if rest.starts_with("\\\"\"\"") => {
                chars.nth(2);
                Within::Block
            }
            (Within::Block, '"') if rest.starts_with("\"\"\"") => {
                chars.nth(1);
                Within::Code
            }
            (Within::String, '\\') => {
                chars.next();
                Within::String
            }
            (Within::String, '"' | '\n') | (Within::Comment, '\n') => Within::Code,
            (within, _) => within,
        };
    }
    Ok(())
}

/// What a character belongs to.
#[derive(Debug, Clone, Copy)]
enum Within {
    Code,
    Comment,
    String,
    Block,
}

/// Finds the byte of a line and a column.
#[derive(Debug)]
pub(super) struct Positions {
    /// Where each character begins; one more, for the end.
    chars: Vec<usize>,
    /// Which character each line begins with.
    lines: Vec<usize>,
}

impl Positions {
    pub(super) fn new(text: &str) -> Self {
        let chars = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let breaks = text.chars().enumerate().filter(|(_, c)| *c == '\n').map(|(at, _)| at + 1);
        Self { chars, lines: std::iter::once(0).chain(breaks).collect() }
    }

    /// Lines count from 1, and so do columns, in characters. What lies outside the text means its end.
    pub(super) fn offset(&self, pos: Pos) -> usize {
        let line = self.lines.get(pos.line.saturating_sub(1));
        let at = line.and_then(|start| self.chars.get(start + pos.column.saturating_sub(1)));
        at.or(self.chars.last()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, refused: Option<&str>) {
        let problem = check_layout(&Source::new("schema.graphql", text)).err();
        assert_eq!(problem.as_ref().map(Problem::message), refused, "{text:?}");
    }

    #[test]
    fn brackets_are_counted_where_they_are_brackets() {
        let deep = "[".repeat(MAX_DEPTH + 1);
        let refused = Some("brackets stand too deep in each other");
        check(&deep, refused);
        check(&"[".repeat(MAX_DEPTH), None);
        check(&"[]".repeat(MAX_DEPTH + 1), None);
        for quiet in
            [format!("# {deep}\n"), format!("\"{deep}\""), format!("\"\"\" \" {deep} \\\"\"\" {deep} \"\"\"")]
        {
            check(&quiet, None);
        }
        for loud in [
            format!("# \n{deep}"),
            format!("\"\\\"\" {deep}"),
            format!("\"\"\"\"\"\" {deep}"),
            format!("\"\n{deep}"),
        ] {
            check(&loud, refused);
        }
    }

    #[test]
    fn a_carriage_return_needs_a_line_feed() {
        check("type A\r\n", None);
        check("type A\r", Some("a carriage return stands alone"));
        check("# a\rtype A", Some("a carriage return stands alone"));
    }

    #[test]
    fn places_count_characters() {
        let text = "é a\r\nüb";
        let positions = Positions::new(text);
        let at = |line, column| text.get(positions.offset(Pos { line, column })..);
        assert_eq!(
            (at(1, 3), at(2, 2), at(2, 9), at(7, 1)),
            (Some("a\r\nüb"), Some("b"), Some(""), Some(""))
        );
    }
}
