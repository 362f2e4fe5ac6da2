//! What `@constraint` asks of a value that a client sends, beyond its type.
//!
//! Lengths are counted in characters (Unicode scalar values). Numbers are compared as decimals, never as floats. A
//! pattern is sought anywhere in a text, and takes time linear in it.

use async_graphql::Value;
use regex::Regex;

use crate::schema::scalar::{Scalar, compare};

/// What is asked of a value.
#[derive(Debug, Clone, Default)]
pub struct Constraint {
    /// The least number of characters.
    pub min_length: Option<usize>,
    /// The greatest number of characters.
    pub max_length: Option<usize>,
    /// What a text must hold.
    pub pattern: Option<Regex>,
    /// The least number, in its canonical form as a `Decimal`.
    pub min: Option<String>,
    /// The greatest number, in its canonical form as a `Decimal`.
    pub max: Option<String>,
    /// The least number of items of a list.
    pub min_items: Option<usize>,
    /// The greatest number of items of a list.
    pub max_items: Option<usize>,
}

/// What is wrong with a value: which item of a list, and what it must be.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    /// The places in lists, from the outside.
    pub path: Vec<usize>,
    /// What the value must be.
    pub expected: String,
}

impl Constraint {
    /// Checks a value, which is one of its type. Null is no value. Of a list, the list is counted, and each of its items
    /// is held to the rest.
    pub fn check(&self, value: &Value) -> Result<(), Broken> {
        if let Value::List(items) = value {
            let count = Bounds { min: self.min_items, max: self.max_items, of: "item" };
            count.check(items.len())?;
        }
        self.check_each(value)
    }

    fn check_each(&self, value: &Value) -> Result<(), Broken> {
        match value {
            Value::List(items) => items.iter().enumerate().try_for_each(|(at, item)| {
                self.check_each(item).map_err(|mut broken| {
                    broken.path.insert(0, at);
                    broken
                })
            }),
            Value::String(text) => self.check_text(text).and_then(|()| self.check_number(text)),
            // An ID may be sent as a number, and is a text then.
            Value::Number(number) => {
                let text = number.to_string();
                self.check_text(&text).and_then(|()| self.check_number(&text))
            }
            Value::Null | Value::Boolean(_) | Value::Enum(_) | Value::Object(_) | Value::Binary(_) => Ok(()),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), Broken> {
        let length = Bounds { min: self.min_length, max: self.max_length, of: "character" };
        if !length.is_open() {
            length.check(text.chars().count())?;
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(text) => {
                Err(Broken::new(format!("a text that matches `{}`", pattern.as_str())))
            }
            _ => Ok(()),
        }
    }

    fn check_number(&self, text: &str) -> Result<(), Broken> {
        if self.min.is_none() && self.max.is_none() {
            return Ok(());
        }
        // What is no number has been refused for its type.
        let Ok(number) = Scalar::Decimal.canonical(text) else { return Ok(()) };
        let is_below = |bound: &String| compare(&number, bound).is_lt();
        let is_above = |bound: &String| compare(&number, bound).is_gt();
        if !self.min.as_ref().is_some_and(is_below) && !self.max.as_ref().is_some_and(is_above) {
            return Ok(());
        }
        Err(Broken::new(match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, max) => format!("at most {}", max.as_deref().unwrap_or_default()),
        }))
    }
}

impl Broken {
    fn new(expected: String) -> Self {
        Self { path: Vec::new(), expected }
    }
}

/// How many there may be of something.
struct Bounds {
    min: Option<usize>,
    max: Option<usize>,
    of: &'static str,
}

impl Bounds {
    fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    fn check(&self, count: usize) -> Result<(), Broken> {
        if self.min.is_none_or(|min| min <= count) && self.max.is_none_or(|max| count <= max) {
            return Ok(());
        }
        let many = |count: usize| format!("{count} {}{}", self.of, if count == 1 { "" } else { "s" });
        Err(Broken::new(match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => format!("of {}", many(min)),
            (Some(min), Some(max)) => format!("of {min} to {}", many(max)),
            (Some(min), None) => format!("of at least {}", many(min)),
            (None, max) => format!("of at most {}", many(max.unwrap_or_default())),
        }))
    }
}
