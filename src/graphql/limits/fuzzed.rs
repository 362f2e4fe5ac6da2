//! Fuzz targets of the guard. `cargo test` runs each for a second on random bytes; `cargo bolero test` runs the same
//! under a fuzzer that looks for more.
//!
//! Two laws: whatever the text, what [`check_text`] lets through can be parsed and measured without harm; and what
//! measuring finds with every fragment looked at once is what there is when every spread is walked.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use serde_json::Map;

use super::size::{Measuring, Size};
use super::{check_document, check_text};
use crate::graphql::config::Config;

/// What documents are made of.
const WORDS: [&str; 32] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "=",
    "@",
    "$",
    "...",
    "on ",
    "query ",
    "mutation ",
    "fragment ",
    "F ",
    "G ",
    "a ",
    "b ",
    "__schema ",
    "fields ",
    "skip",
    "if",
    "\"x\"",
    "\"\"\"x\"\"\"",
    "-1.5e3 ",
    "true ",
    "Query ",
    "#\n",
    ",",
    "\u{e9}",
];

/// How many selections the walk that knows no fragment twice looks at before it gives up.
const FUEL: usize = 20_000;

#[test]
fn whatever_the_text_is_it_is_measured_without_harm() {
    bolero::check!().with_type::<(Vec<u8>, bool)>().for_each(|(bytes, raw)| {
        let text = if *raw {
            String::from_utf8_lossy(bytes).into_owned()
        } else {
            bytes.iter().filter_map(|byte| WORDS.get(usize::from(*byte) % WORDS.len())).copied().collect()
        };
        let config = Config { introspection: true, ..Config::default() };
        if check_text(&text, &config).is_ok()
            && let Ok(document) = parse_query(&text)
        {
            drop(check_document(&document, &Map::new(), &config));
        }
    });
}

/// The selections of one of five fragments, out of bytes: fields, aliases, directives, inline fragments, spreads.
fn selections(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut open = 0;
    for byte in bytes {
        match byte % 9 {
            0 => text.push_str("a "),
            1 => text.push_str("b: a "),
            2 => text.push_str("a @skip(if: true) @skip(if: true) "),
            3 => {
                text.push_str("a { ");
                open += 1;
            }
            4 => {
                text.push_str("... { ");
                open += 1;
            }
            5 if open > 0 => {
                text.push_str("__typename } ");
                open -= 1;
            }
            _ => text.extend(["...F", ["0", "1", "2", "3", "4"][usize::from(byte / 9 % 5)], " "]),
        }
    }
    text + "__typename " + &"} ".repeat(open)
}

#[test]
fn what_is_measured_once_a_fragment_is_what_every_spread_comes_to() {
    bolero::check!().with_type::<[Vec<u8>; 5]>().for_each(|bytes| {
        let mut text = "{ ...F0 }".to_owned();
        for (at, bytes) in bytes.iter().enumerate() {
            text = format!("{text} fragment F{at} on T {{ {} }}", selections(bytes));
        }
        let Ok(document) = parse_query(&text) else { return };
        let config = Config::default();
        let measured = document
            .operations
            .iter()
            .map(|(_, it)| {
                let mut measuring = Measuring::new(&document, &config, HashMap::new());
                measuring.definition(&it.node.directives, &it.node.selection_set)
            })
            .next();
        let mut walk = Walk { document: &document, fuel: FUEL, open: Vec::new(), cycles: false };
        let walked = document.operations.iter().map(|(_, it)| walk.set(&it.node.selection_set.node)).next();
        let (Some(measured), Some(walked)) = (measured, walked) else { return };
        if walk.cycles {
            assert!(measured.is_err(), "{text}");
        } else if let Ok(size) = measured
            && walk.fuel > 0
        {
            let found = [size.selections, size.aliases, size.directives, size.depth, size.fields];
            let expected =
                [walked.selections, walked.aliases, walked.directives, walked.depth, walked.fields];
            assert_eq!(found, expected, "{text}");
        }
    });
}

/// Walks every spread anew, as validation does.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    fuel: usize,
    open: Vec<&'a Name>,
    cycles: bool,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Size {
        let mut sum = Size::default();
        for selection in &set.items {
            if self.fuel == 0 {
                return sum;
            }
            self.fuel -= 1;
            sum.selections += 1;
            sum.directives += selection.node.directives().len();
            let inner = match &selection.node {
                Selection::Field(field) => {
                    let mut inner = self.set(&field.node.selection_set.node);
                    sum.aliases += usize::from(field.node.alias.is_some());
                    (inner.depth, inner.fields) = (inner.depth + 1, 1);
                    inner
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.spread(&spread.node.fragment_name.node),
            };
            sum.selections += inner.selections;
            sum.aliases += inner.aliases;
            sum.directives += inner.directives;
            sum.fields += inner.fields;
            sum.depth = sum.depth.max(inner.depth);
        }
        sum
    }

    fn spread(&mut self, name: &'a Name) -> Size {
        if self.open.contains(&name) {
            self.cycles = true;
            return Size::default();
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Size::default() };
        self.open.push(name);
        let size = self.set(&fragment.node.selection_set.node);
        self.open.pop();
        size
    }
}
