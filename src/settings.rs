//! Reads a TOML file key by key, and says all that is wrong with it at once.
//!
//! `innkeeper.toml` and `tenants.toml` are read through here. A deserializer would stop at the first mistake and
//! forget where the others stand; a [`Section`] notes each and goes on. A key that nobody asked for is a mistake
//! too. Where variables are given, `INNKEEPER_SERVER_LISTEN` takes the place of `listen` under `[server]`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Located, Place, Problem, Problems, Source, did_you_mean};

/// What every variable of ours begins with.
const PREFIX: &str = "INNKEEPER_";

/// The environment's variables that begin with `INNKEEPER_`.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Keeps those that are ours.
    pub fn new(all: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(all.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

/// One reading of one file.
#[derive(Debug)]
struct Reading<'a> {
    source: &'a Arc<Source>,
    variables: &'a Variables,
    /// Every variable that a key asked for, set or not: the names for a hint.
    asked: RefCell<BTreeSet<String>>,
    problems: RefCell<Problems>,
}

/// Reads a TOML text with `read`, and gives what it made, or every problem.
pub fn read<T>(
    source: &Arc<Source>,
    variables: &Variables,
    read: impl FnOnce(&Section<'_>) -> Option<T>,
) -> Result<T, Problems> {
    let table = DeTable::parse(source.text()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Problems::from(source.problem(span, format!("is no TOML: {}", error.message())))
    })?;
    let reading =
        Reading { source, variables, asked: RefCell::default(), problems: RefCell::new(Problems::default()) };
    let section = Section {
        reading: &reading,
        table: Some(table.get_ref()),
        place: source.place(0..0),
        path: String::new(),
        known: RefCell::default(),
    };
    let made = read(&section);
    section.finish();
    reading.refuse_unknown_variables();
    let problems = reading.problems.into_inner();
    match made {
        Some(value) => problems.or(value),
        // Nothing was made, so something was said; a silent `None` would be a fault of the caller's.
        None if problems.is_empty() => Err(source.problem(0..0, "is incomplete").into()),
        None => Err(problems),
    }
}

impl Reading<'_> {
    fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    fn refuse_unknown_variables(&self) {
        let asked = self.asked.borrow();
        for name in self.variables.0.keys().filter(|name| !asked.contains(*name)) {
            let hint = did_you_mean(name, asked.iter().map(String::as_str));
            self.report(Problem::of(name.as_str(), "is no variable of innkeeper's").hint(hint));
        }
    }
}

/// A table of the file.
#[derive(Debug)]
pub struct Section<'a> {
    reading: &'a Reading<'a>,
    table: Option<&'a DeTable<'a>>,
    place: Place,
    path: String,
    known: RefCell<BTreeSet<String>>,
}

/// What stands for a key, in the file or in a variable.
enum Written<'a> {
    Variable(&'a str),
    Toml(&'a DeValue<'a>),
}

impl<'a> Section<'a> {
    /// Where the table begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where a key of the table stands; where the table begins, if it does not.
    pub fn place_of(&self, key: &str) -> Place {
        self.written(key).map_or_else(|| self.place.clone(), |(_, place)| place)
    }

    /// Notes a problem.
    pub fn report(&self, problem: Problem) {
        self.reading.report(problem);
    }

    /// Says that a key may stand here, also where nobody has read it.
    pub fn expect(&self, key: &str) {
        self.known.borrow_mut().insert(key.to_owned());
    }

    /// Whether the file or a variable has the key.
    pub fn has(&self, key: &str) -> bool {
        self.written(key).is_some()
    }

    /// A table within the table; an empty one where it is missing.
    #[must_use]
    pub fn section(&self, key: &str) -> Section<'a> {
        let missing = || self.sub(key, None, self.place.clone());
        match self.in_file(key) {
            None => missing(),
            Some((_, value)) if value.get_ref().is_table() => {
                self.sub(key, value.get_ref().as_table(), self.reading.source.place(value.span()))
            }
            Some((_, value)) => {
                self.reading
                    .report(self.reading.source.problem(value.span(), format!("`{key}` must be a table")));
                missing()
            }
        }
    }

    /// The tables of an array of tables, `[[key]]`.
    pub fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let Some((_, value)) = self.in_file(key) else {
            return Vec::new();
        };
        let items = value.get_ref().as_array().map(|items| items.iter().collect::<Vec<_>>());
        let tables: Option<Vec<_>> = items.and_then(|items| {
            items
                .into_iter()
                .map(|item| item.get_ref().as_table().map(|table| (item.span(), table)))
                .collect()
        });
        let Some(tables) = tables else {
            let problem =
                self.reading.source.problem(value.span(), format!("`{key}` must be a list of tables"));
            self.reading.report(problem.hint(format!("write [[{key}]] before each")));
            return Vec::new();
        };
        tables
            .into_iter()
            .map(|(span, table)| self.sub(key, Some(table), self.reading.source.place(span)))
            .collect()
    }

    /// The tables within a table whose keys are names of the user's own, such as `[tenants.acme]`.
    pub fn named_sections(&self) -> Vec<(Located<String>, Section<'a>)> {
        let names: Vec<_> = self.names();
        names.into_iter().map(|name| (name.clone(), self.section(&name.value))).collect()
    }

    /// The keys of the table, each where it stands. All of them count as known.
    pub fn names(&self) -> Vec<Located<String>> {
        let Some(table) = self.table else {
            return Vec::new();
        };
        let names: Vec<_> = table
            .iter()
            .map(|(name, _)| Located {
                value: name.get_ref().to_string(),
                place: self.reading.source.place(name.span()),
            })
            .collect();
        self.known.borrow_mut().extend(names.iter().map(|name| name.value.clone()));
        names
    }

    /// Whether a key is written as a string.
    pub fn is_string(&self, key: &str) -> bool {
        match self.written(key) {
            Some((Written::Variable(text), _)) => !text.contains(','),
            Some((Written::Toml(value), _)) => value.as_str().is_some(),
            None => false,
        }
    }

    /// A string.
    pub fn string(&self, key: &str) -> Option<Located<String>> {
        self.read(key, "a string", |written| match written {
            Written::Variable(text) => Some((*text).to_owned()),
            Written::Toml(value) => value.as_str().map(str::to_owned),
        })
    }

    /// A string that has a form of its own.
    pub fn parse<T: FromStr<Err: Display>>(&self, key: &str) -> Option<Located<T>> {
        let text = self.string(key)?;
        match text.value.parse() {
            Ok(value) => Some(Located { value, place: text.place }),
            Err(error) => {
                self.report(text.place.problem(format!("`{key}`: {error}")));
                None
            }
        }
    }

    /// A string that has a form of its own and must be there.
    pub fn required<T: FromStr<Err: Display>>(&self, key: &str, hint: &str) -> Option<Located<T>> {
        if !self.has(key) {
            self.known.borrow_mut().insert(key.to_owned());
            self.report(self.place.problem(format!("`{}` is missing", self.dotted(key))).hint(hint));
            return None;
        }
        self.parse(key)
    }

    /// `true` or `false`.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        let found = self.read(key, "true or false", |written| match written {
            Written::Variable(text) => text.parse().ok(),
            Written::Toml(value) => value.as_bool(),
        });
        found.map(|found| found.value)
    }

    /// A whole number within a range.
    pub fn count(&self, key: &str, within: RangeInclusive<u64>) -> Option<u64> {
        let what = format!("a whole number from {} to {}", within.start(), within.end());
        let found = self.read(key, &what, |written| {
            let number = match written {
                Written::Variable(text) => text.parse().ok(),
                Written::Toml(value) => value.as_integer().and_then(|number| number.as_str().parse().ok()),
            };
            number.filter(|number| within.contains(number))
        });
        found.map(|found| found.value)
    }

    /// A share of something, from 0 to 1.
    pub fn share(&self, key: &str) -> Option<f64> {
        let found = self.read(key, "a number from 0 to 1", |written| {
            let number: Option<f64> = match written {
                Written::Variable(text) => text.parse().ok(),
                Written::Toml(value) => value
                    .as_float()
                    .map(toml::de::DeFloat::as_str)
                    .or_else(|| value.as_integer().map(toml::de::DeInteger::as_str))
                    .and_then(|number| number.parse().ok()),
            };
            number.filter(|number| (0.0..=1.0).contains(number))
        });
        found.map(|found| found.value)
    }

    /// A span of time, such as `500ms`, `30s`, `5m` or `1h`, within a range.
    pub fn duration(&self, key: &str, within: RangeInclusive<Duration>) -> Option<Duration> {
        let what = format!("a time such as 30s or 5m, from {:?} to {:?}", within.start(), within.end());
        let found = self.read(key, &what, |written| {
            let text = match written {
                Written::Variable(text) => Some(*text),
                Written::Toml(value) => value.as_str(),
            };
            text.and_then(parse_duration).filter(|duration| within.contains(duration))
        });
        found.map(|found| found.value)
    }

    /// A list of strings. In a variable they are parted by commas.
    pub fn strings(&self, key: &str) -> Option<Vec<Located<String>>> {
        let (written, place) = self.written(key)?;
        if let Written::Variable(text) = written {
            let parts =
                text.split(',').map(|part| Located { value: part.trim().to_owned(), place: place.clone() });
            return Some(parts.collect());
        }
        let Written::Toml(value) = written else {
            return None;
        };
        let strings: Option<Vec<_>> = value.as_array().and_then(|items| {
            let one = |item: &Spanned<DeValue<'_>>| {
                let place = self.reading.source.place(item.span());
                item.get_ref().as_str().map(|text| Located { value: text.to_owned(), place })
            };
            items.iter().map(one).collect()
        });
        if strings.is_none() {
            self.report(place.problem(format!("`{key}` must be a list of strings")));
        }
        strings
    }

    /// Says of every key that nobody asked for that it is unknown. Called when a table is read to the end.
    pub fn finish(&self) {
        let Some(table) = self.table else { return };
        let known = self.known.borrow();
        for (name, _) in table.iter().filter(|(name, _)| !known.contains(name.get_ref().as_ref())) {
            let hint = did_you_mean(name.get_ref(), known.iter().map(String::as_str));
            let message = format!("`{}` is no key of innkeeper's", self.dotted(name.get_ref()));
            self.report(self.reading.source.problem(name.span(), message).hint(hint));
        }
    }

    fn read<T>(
        &self,
        key: &str,
        what: &str,
        read: impl FnOnce(&Written<'a>) -> Option<T>,
    ) -> Option<Located<T>> {
        let (written, place) = self.written(key)?;
        if let Some(value) = read(&written) {
            return Some(Located { value, place });
        }
        self.report(place.problem(format!("`{key}` must be {what}")));
        None
    }

    fn written(&self, key: &str) -> Option<(Written<'a>, Place)> {
        let variable = format!("{PREFIX}{}", self.dotted(key).replace(['.', '-'], "_").to_uppercase());
        self.reading.asked.borrow_mut().insert(variable.clone());
        if let Some(text) = self.reading.variables.0.get(&variable) {
            self.known.borrow_mut().insert(key.to_owned());
            return Some((Written::Variable(text), Place::named(variable)));
        }
        self.in_file(key)
            .map(|(_, value)| (Written::Toml(value.get_ref()), self.reading.source.place(value.span())))
    }

    fn in_file(&self, key: &str) -> Option<(&'a str, &'a Spanned<DeValue<'a>>)> {
        self.known.borrow_mut().insert(key.to_owned());
        let (name, value) = self.table?.get_key_value(key)?;
        Some((name.get_ref().as_ref(), value))
    }

    fn sub(&self, key: &str, table: Option<&'a DeTable<'a>>, place: Place) -> Section<'a> {
        Section { reading: self.reading, table, place, path: self.dotted(key), known: RefCell::default() }
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// `500ms`, `30s`, `5m`, `1h`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match text.strip_prefix(digits)? {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn every_mistake_is_said_at_once() {
        let text = "[server]\nlisten = 3\nlissen = \"x\"\ngrace = \"2 weeks\"\n";
        let source = Source::new("innkeeper.toml", text);
        let result = read(&source, &variables(&[("INNKEEPER_SERVER_LISTN", "x")]), |file| {
            let server = file.section("server");
            server.string("listen");
            server.duration("grace", Duration::ZERO..=Duration::from_mins(1));
            server.required::<String>("admin", "write an address");
            server.finish();
            Some(())
        });
        insta::assert_snapshot!(result.unwrap_err());
    }

    #[test]
    fn a_variable_takes_the_place_of_a_key() {
        let source = Source::new("innkeeper.toml", "[server]\nlisten = \"a\"\n");
        let variables = variables(&[("INNKEEPER_SERVER_LISTEN", "b"), ("INNKEEPER_SERVER_ORIGINS", "x, y")]);
        let (listen, origins) = read(&source, &variables, |file| {
            let server = file.section("server");
            let origins = server.strings("origins").unwrap_or_default();
            let read = (
                server.string("listen")?.value,
                origins.into_iter().map(|origin| origin.value).collect::<Vec<_>>(),
            );
            server.finish();
            Some(read)
        })
        .unwrap();
        assert_eq!((listen.as_str(), origins), ("b", vec!["x".to_owned(), "y".to_owned()]));
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_mins(2)));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for bad in ["", "5", "m", "-1s", "1 s", "1d"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
