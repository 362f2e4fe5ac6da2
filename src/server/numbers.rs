//! Numbers of variables that no reader would keep.
//!
//! A JSON number is a text of any length; what reads it keeps 64 bits. A number that is neither a whole number of 64
//! bits nor the shortest text of a float would be another one after it was read, in silence. So the texts are looked at
//! before. A client that means more digits sends a `Decimal` or a `BigInt`, which are strings.

use serde_json::Number;

use crate::json::{Step, locate, member_around};

/// So many significant digits every float keeps (`f64::DIGITS`).
const KEPT_DIGITS: usize = 15;

/// The name of the variable that holds a number which would not be kept; none if there is no such variable.
///
/// `path` leads to the variables in a JSON text. They are passed over once; where a number is found, once more to name the
/// variable around it.
pub(super) fn rounded(text: &str, path: &[Step<'_>]) -> Option<String> {
    let variables = locate(text, path)?;
    let at = variables.start + find(text.get(variables)?)?;
    member_around(text, path, at)
}

/// Where the first number stands that would not be kept.
fn find(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let rest = text.get(at..)?;
                let length = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
                let number = rest.get(..length.unwrap_or(rest.len()))?;
                if !is_kept(number) {
                    return Some(at);
                }
                at += number.len();
            }
            _ => at += 1,
        }
    }
    None
}

/// Behind the string that begins here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at + 1,
            Some(_) => at += 1,
        }
    }
}

/// Whether a number is the same after it was read.
fn is_kept(number: &str) -> bool {
    let is_whole = !number.contains(['.', 'e', 'E']);
    if is_whole && (number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok()) {
        return true;
    }
    let Ok(float) = number.parse::<f64>() else { return false };
    let written = scientific(number);
    // What is smaller than the least float is read as zero.
    let is_short = written.0.len() <= KEPT_DIGITS && float.is_normal();
    // Where two texts are equally short and equally near, printers differ: each of them is the number.
    let texts = [format!("{float:e}"), Number::from_f64(float).map_or_else(String::new, |it| it.to_string())];
    float.is_finite() && (is_short || texts.iter().any(|text| written == scientific(text)))
}

/// A number as its significant digits and the power of ten of the last of them. The sign is left out.
fn scientific(number: &str) -> (String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return (String::new(), 0);
    }
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    // No float has an exponent that is anywhere near these bounds.
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX);
    let zeros = length(&digits).saturating_sub(length(kept));
    let last = exponent.saturating_sub(length(fraction)).saturating_add(zeros);
    (kept.trim_start_matches('0').to_owned(), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_that_is_the_same_when_it_is_written_again() {
        for kept in [
            "0",
            "-0",
            "0.0",
            "1",
            "-1",
            "1.50",
            "1e2",
            "1E+2",
            "0.1",
            "0.30000000000000004",
            "9223372036854775807",
            "18446744073709551615",
            "-9223372036854775808",
            "100000000000000000000000",
            "1.7976931348623157e308",
            "5e-324",
            "2.2250738585072014e-308",
            "123456789012345.6",
        ] {
            assert!(is_kept(kept), "{kept}");
        }
        for lost in [
            "12345678901234567890123",
            "18446744073709551616",
            "0.1234567890123456789",
            "1e999",
            "-1e999",
            "1e-999",
            "9007199254740993.0",
            "3.14159265358979323846",
            "6e-324",
            // The least exponent and the greatest that 64 bits hold, and one beyond each.
            "1.5e-9223372036854775808",
            "1.5e-9223372036854775809",
            "100e9223372036854775807",
            "100e9223372036854775808",
        ] {
            // 2^64 is a float: the next is 4,096 away, and its shortest text is another.
            assert!(!is_kept(lost), "{lost}");
        }
    }

    #[test]
    fn the_variable_is_named_that_holds_it() {
        let text = r#"{"query": "{a(b: 1.23456789012345678901)}", "variables": {"a": "1e999 \\\" 1e999", "b": [{"c": 1e999}]}}"#;
        assert_eq!(rounded(text, &[Step::Member("variables")]).as_deref(), Some("b"));
        assert_eq!(rounded(r#"{"a": [1, 2.5]}"#, &[]), None);
    }
}
