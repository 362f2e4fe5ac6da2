//! What is wrong with a file, a flag or a variable that somebody wrote, said so that they can mend it.
//!
//! Everything that reads input of the operator's (schema, policies, tenants, configuration) collects [`Problem`]s
//! and hands them up together: all mistakes at once, each with its place, the line quoted and a hint. A problem is
//! no error of the gateway's; it never crosses to a client.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

/// What some editors begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text with the name that it is called by in messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text under a name. A byte order mark before it is left out: no editor counts it as a character.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let mut text = text.into();
        if text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len_utf8());
        }
        Arc::new(Self { name: name.into(), text })
    }

    /// Reads a file. It is called by its path as given.
    pub fn read(path: &Path) -> Result<Arc<Self>, Problem> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| Problem::of(name.as_str(), format!("cannot be read: {error}")))?;
        String::from_utf8(bytes).map(|text| Self::new(name.as_str(), text)).map_err(|error| {
            let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            let line = 1 + valid.filter(|byte| **byte == b'\n').count();
            let problem = Problem::of(format!("{name}:{line}"), "this line is not in UTF-8");
            problem.hint("save the file as UTF-8")
        })
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the text is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A place of this text, given in bytes. A range outside the text means its end.
    pub fn place(self: &Arc<Self>, span: Range<usize>) -> Place {
        let end = self.text.len();
        Place(Where::Text(Arc::clone(self), span.start.min(end)..span.end.min(end)))
    }

    /// A problem at a place of this text.
    pub fn problem(self: &Arc<Self>, span: Range<usize>, message: impl Into<String>) -> Problem {
        self.place(span).problem(message)
    }

    /// The number of the line that a byte stands in, from 1.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One mistake: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    place: Place,
    message: String,
    hint: Option<String>,
}

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Where);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Where {
    Text(Arc<Source>, Range<usize>),
    /// A flag, an environment variable, or a file without a text to quote.
    Named(String),
}

impl Place {
    /// Something that has a name but no text: a flag, a variable, a missing file.
    pub fn named(name: impl Into<String>) -> Self {
        Self(Where::Named(name.into()))
    }

    /// The name of the file, or of what it is otherwise.
    pub fn name(&self) -> &str {
        match &self.0 {
            Where::Text(source, _) => source.name(),
            Where::Named(name) => name,
        }
    }

    /// The number of the line, from 1; none where there is no text.
    pub fn line(&self) -> Option<usize> {
        match &self.0 {
            Where::Text(source, span) => Some(source.line(span.start)),
            Where::Named(_) => None,
        }
    }

    /// A problem at this place.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { place: self.clone(), message: message.into(), hint: None }
    }
}

/// A value, and where it was written.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl Problem {
    /// A problem with something that has a name but no text: a flag, a variable, a missing file.
    pub fn of(name: impl Into<String>, message: impl Into<String>) -> Self {
        Place::named(name).problem(message)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong, without place and hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What to do about it, if that was said.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// It as text for a terminal, as something that may be meant and does not stand in the way.
    pub fn render_warning(&self, colours: bool) -> String {
        self.render(&renderer(colours), Level::WARNING)
    }

    /// It as text for a terminal.
    pub fn render_error(&self, colours: bool) -> String {
        self.render(&renderer(colours), Level::ERROR)
    }

    fn render(&self, renderer: &Renderer, level: Level<'_>) -> String {
        let title = level.primary_title(self.message.as_str());
        let place: Element<'_> = match &self.place.0 {
            Where::Text(source, span) => Snippet::source(source.text.as_str())
                .path(source.name.as_str())
                .annotation(AnnotationKind::Primary.span(span.clone()))
                .into(),
            Where::Named(name) => Origin::path(name.as_str()).into(),
        };
        let hint = self.hint.as_deref().map(|hint| Level::HELP.with_name("hint").message(hint));
        let group = title.element(place).elements(hint);
        renderer.render(&[group])
    }
}

/// All mistakes of one reading. Never empty where it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds those of another reading.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Keeps the value, or the problems instead of it.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.extend(problems);
                None
            }
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each problem, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `value` if nothing was wrong.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// All of them as text for a terminal, with colours or without.
    pub fn render(&self, colours: bool) -> String {
        let texts: Vec<_> = self.0.iter().map(|problem| problem.render_error(colours)).collect();
        texts.join("\n\n")
    }
}

fn renderer(colours: bool) -> Renderer {
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii)
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<T: IntoIterator<Item = Problem>>(problems: T) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// The candidate that somebody probably meant, for a hint: the nearest one, if it is near.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: f64 = 0.75;
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::jaro_winkler(&written.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// A hint that names the nearest candidate, or lists them all.
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(written, candidates.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<_> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
    if all.is_empty() { "there is none".to_owned() } else { format!("there is {}", all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_quotes_the_line_and_puts_the_caret_under_the_word() {
        let source = Source::new("a.toml", "one = 1\ntwo = \"x\"\n");
        let problems = Problems::from(source.problem(14..17, "must be a number").hint("write 2"));
        insta::assert_snapshot!(problems, @r#"
        error: must be a number
         --> a.toml:2:7
          |
        2 | two = "x"
          |       ^^^
          |
          = hint: write 2
        "#);
    }

    #[test]
    fn a_hint_names_the_nearest_or_lists_all() {
        assert_eq!(did_you_mean("lissten", ["listen", "admin"]), "did you mean `listen`?");
        assert_eq!(did_you_mean("zzz", ["listen", "admin"]), "there is `listen`, `admin`");
    }
}
