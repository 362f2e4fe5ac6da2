//! A string of a policy, taken apart with its variables in place: those of templates and those of IAM.

/// A piece of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text that stands for itself; also the escapes `${*}`, `${?}` and `${$}`.
    Text(&'a str),
    /// `{{name}}`, which is filled in before IAM sees it.
    Template(&'a str),
    /// `${key}`, which IAM resolves; the key without its default.
    Variable(&'a str),
    /// `*` or `?`.
    Wildcard(char),
}

impl Piece<'_> {
    /// Whether it stands for somebody: the tenant, or whatever else IAM knows of the caller.
    pub(super) fn is_tenant(self) -> bool {
        match self {
            Self::Template(name) => name == "tenant",
            Self::Variable(_) => true,
            Self::Text(_) | Self::Wildcard(_) => false,
        }
    }
}

/// Takes a string apart. Without `variables`, `${…}` is plain text, as it is before version 2012-10-17.
pub(super) fn pieces(text: &str, variables: bool) -> Vec<(Piece<'_>, usize)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (piece, length) = first(rest, variables);
        at += length;
        pieces.push((piece, at));
    }
    pieces
}

/// The first piece of a text that is not empty, and its length in bytes.
fn first(text: &str, variables: bool) -> (Piece<'_>, usize) {
    if let Some((name, _)) = text.strip_prefix("{{").and_then(|rest| rest.split_once("}}")) {
        return (Piece::Template(name), name.len() + "{{}}".len());
    }
    if variables && let Some((inner, _)) = text.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        let piece = match inner {
            "*" | "?" | "$" => Piece::Text(inner),
            _ => Piece::Variable(inner.split(',').next().unwrap_or_default().trim()),
        };
        return (piece, inner.len() + "${}".len());
    }
    if let Some(wildcard) = text.chars().next().filter(|c| matches!(c, '*' | '?')) {
        return (Piece::Wildcard(wildcard), 1);
    }
    let starts = |(at, c): (usize, char)| {
        let rest = text.get(at..).unwrap_or_default();
        let starts = matches!(c, '*' | '?') || rest.starts_with("{{") || variables && rest.starts_with("${");
        starts.then_some(at)
    };
    let end = text.char_indices().skip(1).find_map(starts).unwrap_or(text.len());
    (Piece::Text(text.get(..end).unwrap_or_default()), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_taken_apart_where_its_variables_are() {
        use Piece::{Template, Text, Variable, Wildcard};
        let of =
            |text, variables| pieces(text, variables).into_iter().map(|(piece, _)| piece).collect::<Vec<_>>();
        assert_eq!(of("T#{{tenant}}#*", true), [Text("T#"), Template("tenant"), Text("#"), Wildcard('*')]);
        assert_eq!(of("${a:b, 'x'}?${*}", true), [Variable("a:b"), Wildcard('?'), Text("*")]);
        assert_eq!(of("ä${a}", false), [Text("ä${a}")]);
        assert_eq!(of("a{{b", true), [Text("a"), Text("{{b")]);
        assert_eq!(of("${a", true), [Text("${a")]);
        assert_eq!(of("", true), []);
        assert_eq!(
            pieces("T#{{tenant}}#*", true).iter().map(|(_, end)| *end).collect::<Vec<_>>(),
            [2, 12, 13, 14]
        );
    }
}
