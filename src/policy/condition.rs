//! Condition operators: what they compare, and what an absent key means to them.
//!
//! Sources: *IAM JSON policy elements: Condition operators*, *Multivalued context keys*, *Evaluation logic for
//! multiple context keys or values*. Where AWS's pages are silent (a single-valued operator over several values) the
//! answer is [`Holds::Unclear`]: no such condition carries an Allow, and none stops a Deny.

use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;

use super::pattern::{Match, Pattern, Unresolved};
use super::{Condition, Context};

/// An operator as a policy names it, such as `ForAllValues:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`, if it is there.
    pub quantifier: Option<Quantifier>,
    /// What is compared.
    pub comparison: Comparison,
    /// `Not…`: true where nothing matches.
    pub negated: bool,
    /// `…IfExists`: true where the key is absent.
    pub if_exists: bool,
}

/// Over which of the request's values a condition must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// Every value of the request matches; **true when there is none**.
    All,
    /// At least one does.
    Any,
}

/// How a value of the request is compared with a value of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are IAM's own")]
pub enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    NumericEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    Arn,
    Null,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// AWS does not say. An Allow needs `Yes`, a Deny is stopped only by `No`.
    Unclear,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl FromStr for Operator {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (quantifier, rest) = match text.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Quantifier::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::Any), rest),
            Some(_) => return Err(()),
            None => (None, text),
        };
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (comparison, negated) = comparison(name).ok_or(())?;
        // "You can add IfExists to the end of any condition operator name except the Null condition".
        if comparison == Comparison::Null && (if_exists || quantifier.is_some()) {
            return Err(());
        }
        Ok(Self { quantifier, comparison, negated, if_exists })
    }
}

fn comparison(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "StringEquals" => (Comparison::StringEquals, false),
        "StringNotEquals" => (Comparison::StringEquals, true),
        "StringEqualsIgnoreCase" => (Comparison::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Comparison::StringEqualsIgnoreCase, true),
        "StringLike" => (Comparison::StringLike, false),
        "StringNotLike" => (Comparison::StringLike, true),
        "NumericEquals" => (Comparison::NumericEquals, false),
        "NumericNotEquals" => (Comparison::NumericEquals, true),
        "NumericLessThan" => (Comparison::NumericLessThan, false),
        "NumericLessThanEquals" => (Comparison::NumericLessThanEquals, false),
        "NumericGreaterThan" => (Comparison::NumericGreaterThan, false),
        "NumericGreaterThanEquals" => (Comparison::NumericGreaterThanEquals, false),
        "DateEquals" => (Comparison::DateEquals, false),
        "DateNotEquals" => (Comparison::DateEquals, true),
        "DateLessThan" => (Comparison::DateLessThan, false),
        "DateLessThanEquals" => (Comparison::DateLessThanEquals, false),
        "DateGreaterThan" => (Comparison::DateGreaterThan, false),
        "DateGreaterThanEquals" => (Comparison::DateGreaterThanEquals, false),
        "Bool" => (Comparison::Bool, false),
        "BinaryEquals" => (Comparison::BinaryEquals, false),
        "IpAddress" => (Comparison::IpAddress, false),
        "NotIpAddress" => (Comparison::IpAddress, true),
        // "ArnEquals and ArnLike behave identically."
        "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
        "Null" => (Comparison::Null, false),
        _ => return None,
    })
}

impl Condition {
    /// Whether it fails wherever its key has no value, so that no statement with it lets such a request through.
    pub fn needs_its_key(&self) -> bool {
        let Operator { quantifier, comparison, negated, if_exists } = self.operator;
        if comparison == Comparison::Null {
            return !self.values.is_empty()
                && self.values.iter().all(|value| value.eq_ignore_ascii_case("false"));
        }
        match quantifier {
            Some(Quantifier::All) => false,
            Some(Quantifier::Any) => !if_exists,
            None => !if_exists && !negated,
        }
    }
}

/// Whether a condition of a statement holds for a request.
pub(super) fn holds(condition: &Condition, variables: bool, context: &Context) -> Holds {
    let Operator { quantifier, comparison, negated, if_exists } = condition.operator;
    let found = context.values(&condition.key);
    if comparison == Comparison::Null {
        let absent = found.iter().all(String::is_empty);
        return condition.values.iter().any(|value| value.eq_ignore_ascii_case("true") == absent).into();
    }
    if found.is_empty() {
        // An absent key: a negated operator and ForAllValues hold, IfExists holds, everything else does not.
        return match quantifier {
            Some(Quantifier::All) => Holds::Yes,
            Some(Quantifier::Any) => if_exists.into(),
            None => (if_exists || negated).into(),
        };
    }
    let one = |value: &String| matches_any(condition, value, variables, context);
    match (quantifier, found) {
        (None, [value]) => one(value),
        (None, _) => Holds::Unclear,
        (Some(Quantifier::All), values) => all(values.iter().map(one)),
        (Some(Quantifier::Any), values) => any(values.iter().map(one)),
    }
}

/// Whether one value of the request meets the policy's list: one of them, or none of them where negated.
fn matches_any(condition: &Condition, found: &str, variables: bool, context: &Context) -> Holds {
    let negated = condition.operator.negated;
    let matched = condition.values.iter().any(|wanted| {
        // A variable without a value is "effectively null": nothing equals it, so an inverted operator holds.
        compare(condition.operator.comparison, wanted, found, variables, context).unwrap_or(false)
    });
    (matched != negated).into()
}

fn any(each: impl Iterator<Item = Holds>) -> Holds {
    each.fold(Holds::No, |so_far, one| match (so_far, one) {
        (Holds::Yes, _) | (_, Holds::Yes) => Holds::Yes,
        (Holds::Unclear, _) | (_, Holds::Unclear) => Holds::Unclear,
        (Holds::No, Holds::No) => Holds::No,
    })
}

fn all(each: impl Iterator<Item = Holds>) -> Holds {
    each.fold(Holds::Yes, |so_far, one| match (so_far, one) {
        (Holds::No, _) | (_, Holds::No) => Holds::No,
        (Holds::Unclear, _) | (_, Holds::Unclear) => Holds::Unclear,
        (Holds::Yes, Holds::Yes) => Holds::Yes,
    })
}

fn compare(
    comparison: Comparison,
    wanted: &str,
    found: &str,
    variables: bool,
    context: &Context,
) -> Result<bool, Unresolved> {
    let pattern = |text: &str| Pattern::new(text, variables);
    let numbers =
        |test: fn(f64, f64) -> bool| number(found).zip(number(wanted)).is_some_and(|(f, w)| test(f, w));
    let dates = |test: fn(i128, i128) -> bool| date(found).zip(date(wanted)).is_some_and(|(f, w)| test(f, w));
    Ok(match comparison {
        Comparison::StringEquals => pattern(wanted).matches(found, Match::Exact, context)?,
        Comparison::StringEqualsIgnoreCase => {
            let lower = |text: &str| text.to_lowercase();
            // The variable's value is compared without case too, so it is put in before the case is dropped.
            pattern(wanted).matches(found, Match::Exact, context)?
                || pattern(&lower(wanted)).matches(
                    &lower(found),
                    Match::Exact,
                    &context.lower_case_values(),
                )?
        }
        Comparison::StringLike => pattern(wanted).matches(found, Match::Like, context)?,
        Comparison::Arn => pattern(wanted).matches(found, Match::ArnParts, context)?,
        #[expect(clippy::float_cmp, reason = "IAM compares numbers for equality as they are written")]
        Comparison::NumericEquals => numbers(|found, wanted| found == wanted),
        Comparison::NumericLessThan => numbers(|found, wanted| found < wanted),
        Comparison::NumericLessThanEquals => numbers(|found, wanted| found <= wanted),
        Comparison::NumericGreaterThan => numbers(|found, wanted| found > wanted),
        Comparison::NumericGreaterThanEquals => numbers(|found, wanted| found >= wanted),
        Comparison::DateEquals => dates(|found, wanted| found == wanted),
        Comparison::DateLessThan => dates(|found, wanted| found < wanted),
        Comparison::DateLessThanEquals => dates(|found, wanted| found <= wanted),
        Comparison::DateGreaterThan => dates(|found, wanted| found > wanted),
        Comparison::DateGreaterThanEquals => dates(|found, wanted| found >= wanted),
        Comparison::Bool => found.eq_ignore_ascii_case(wanted),
        Comparison::BinaryEquals => {
            let bytes = |text: &str| STANDARD.decode(text).ok();
            bytes(found).zip(bytes(wanted)).is_some_and(|(found, wanted)| found == wanted)
        }
        Comparison::IpAddress => within(found, wanted),
        // Decided before any value is compared: see `holds`.
        Comparison::Null => false,
    })
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Nanoseconds since the epoch, of an ISO 8601 time or date, or of epoch seconds.
fn date(text: &str) -> Option<i128> {
    const NANOS: i128 = 1_000_000_000;
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(i128::from(seconds) * NANOS);
    }
    if let Ok(moment) = OffsetDateTime::parse(text, &Iso8601::PARSING) {
        return Some(moment.unix_timestamp_nanos());
    }
    let day = time::Date::parse(text, &Iso8601::PARSING).ok()?;
    Some(day.midnight().assume_utc().unix_timestamp_nanos())
}

/// Whether an address lies in a network, such as `203.0.113.0/24` or `2001:db8::/32`.
fn within(address: &str, network: &str) -> bool {
    let (base, length) =
        network.split_once('/').map_or((network, None), |(base, length)| (base, Some(length)));
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let Ok(base) = base.parse::<IpAddr>() else {
        return false;
    };
    let (address, base, width) = match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => {
            (u128::from(address.to_bits()), u128::from(base.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(base)) => (address.to_bits(), base.to_bits(), 128),
        _ => return false,
    };
    let length: u32 = match length.map(str::parse) {
        None => width,
        Some(Ok(length)) if length <= width => length,
        Some(_) => return false,
    };
    let host_bits = width - length;
    address.checked_shr(host_bits).unwrap_or_default() == base.checked_shr(host_bits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_needs_its_key_if_it_fails_without() {
        let comparisons =
            ["StringEquals", "StringNotLike", "NumericLessThan", "Bool", "ArnLike", "NotIpAddress"];
        let mut operators: Vec<String> = Vec::new();
        for comparison in comparisons {
            for quantifier in ["", "ForAllValues:", "ForAnyValue:"] {
                operators.extend(["", "IfExists"].map(|suffix| format!("{quantifier}{comparison}{suffix}")));
            }
        }
        operators.push("Null".to_owned());
        for operator in operators {
            for values in [&["true"][..], &["FALSE"], &["false", "true"], &["false", "false"]] {
                let values = values.iter().map(ToString::to_string).collect();
                let condition =
                    Condition { operator: operator.parse().unwrap(), key: "a:b".to_owned(), values };
                let fails = holds(&condition, true, &Context::default()) == Holds::No;
                assert_eq!(condition.needs_its_key(), fails, "{operator} {:?}", condition.values);
            }
        }
    }
}
