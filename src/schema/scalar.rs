//! The scalars that exist: GraphQL's five, and those that DynamoDB's values need.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A scalar type. How each is stored and written is the affair of `item`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// A whole number of 32 bits.
    Int,
    /// A number that may be rounded to 64 binary digits.
    Float,
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// Text that names something.
    Id,
    /// A decimal number of up to 38 digits, as a JSON string both ways.
    Decimal,
    /// A whole number of up to 38 digits, as a JSON string both ways.
    BigInt,
    /// A moment, as RFC 3339 in UTC with milliseconds.
    DateTime,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// Any JSON value.
    Json,
    /// Bytes, in base 64.
    Base64,
}

impl Scalar {
    /// All scalars.
    pub const ALL: [Self; 11] = [
        Self::Int,
        Self::Float,
        Self::String,
        Self::Boolean,
        Self::Id,
        Self::Decimal,
        Self::BigInt,
        Self::DateTime,
        Self::Date,
        Self::Json,
        Self::Base64,
    ];

    /// The scalar's name in GraphQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "Int",
            Self::Float => "Float",
            Self::String => "String",
            Self::Boolean => "Boolean",
            Self::Id => "ID",
            Self::Decimal => "Decimal",
            Self::BigInt => "BigInt",
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Json => "JSON",
            Self::Base64 => "Base64",
        }
    }

    /// Whether every GraphQL service has the scalar.
    pub const fn is_standard(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::String | Self::Boolean | Self::Id)
    }

    /// Where its form is written down, if it is.
    pub const fn specified_by(self) -> Option<&'static str> {
        match self {
            Self::DateTime | Self::Date => Some("https://www.rfc-editor.org/rfc/rfc3339"),
            Self::Json => Some("https://www.rfc-editor.org/rfc/rfc8259"),
            Self::Base64 => Some("https://www.rfc-editor.org/rfc/rfc4648#section-4"),
            Self::Int
            | Self::Float
            | Self::String
            | Self::Boolean
            | Self::Id
            | Self::Decimal
            | Self::BigInt => None,
        }
    }

    /// What the scalar is, for the introspected schema.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Int => "A whole number of 32 bits.",
            Self::Float => "A number of 64 bits.",
            Self::String => "Text.",
            Self::Boolean => "true or false.",
            Self::Id => "Text that names something.",
            Self::Decimal => {
                "A decimal number of up to 38 digits, written as a string, such as \"19.90\". \
                 A whole number within ±2^53 may be sent as a number."
            }
            Self::BigInt => {
                "A whole number of up to 38 digits, written as a string, such as \"9007199254740993\". \
                 A whole number within ±2^53 may be sent as a number."
            }
            Self::DateTime => {
                "A moment in UTC, such as \"2026-11-23T17:45:00.000Z\". Other offsets may be sent."
            }
            Self::Date => "A day, such as \"2026-11-23\".",
            Self::Json => "Any JSON value.",
            Self::Base64 => "Bytes, in base 64.",
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scalar {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scalar| scalar.name() == name).ok_or(())
    }
}

/// Why a text is no value of a scalar: what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotA(pub &'static str);

/// The most digits of a number (*Data types*, DynamoDB).
const MAX_DIGITS: usize = 38;
/// The exponents of the largest and the smallest number, as `9.9…E+125` and `1E-130`.
const EXPONENTS: std::ops::RangeInclusive<i64> = -130..=125;

impl Scalar {
    /// Whether a text is in its canonical form, as a look at its bytes shows it: nearly all that is stored is. Where this says
    /// no, [`Self::canonical`] knows.
    pub fn is_plainly_canonical(self, text: &str) -> bool {
        match self {
            Self::Decimal => is_plain_decimal(text.as_bytes()),
            Self::BigInt => !text.contains('.') && is_plain_decimal(text.as_bytes()),
            Self::DateTime => is_plain_moment(text.as_bytes()),
            Self::String | Self::Id => true,
            Self::Int | Self::Float | Self::Boolean | Self::Date | Self::Json | Self::Base64 => false,
        }
    }

    /// The one form that a text has as a value of this scalar: equal values have equal forms.
    ///
    /// For `Decimal` and `BigInt` that is the plain decimal notation without needless zeros, for `DateTime` UTC with
    /// milliseconds (24 characters), for `Date` ten characters, for `Base64` the padded form. Other scalars' texts
    /// are what they are.
    pub fn canonical(self, text: &str) -> Result<String, NotA> {
        match self {
            Self::Decimal => decimal(text),
            Self::BigInt => decimal(text)
                .ok()
                .filter(|text| !text.contains('.'))
                .ok_or(NotA("a whole number of up to 38 digits")),
            Self::DateTime => moment(text),
            Self::Date => {
                let format =
                    time::macros::format_description!("[year repr:full range:standard]-[month]-[day]");
                let date =
                    time::Date::parse(text, format).ok().filter(|date| text.len() == 10 && date.year() >= 0);
                date.map(|_| text.to_owned()).ok_or(NotA("a day, such as 2026-11-23"))
            }
            Self::Base64 => {
                use base64::Engine as _;
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                bytes.map(|_| text.to_owned()).or(Err(NotA("bytes in padded base 64")))
            }
            Self::Int | Self::Float | Self::String | Self::Boolean | Self::Id | Self::Json => {
                Ok(text.to_owned())
            }
        }
    }
}

/// Digits without needless zeros, as few as any number may have.
fn is_plain_decimal(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = digits.split_at(point.unwrap_or(digits.len()));
    let all_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    let is_whole = match whole {
        [] => false,
        // Also without a fraction: zero has no sign.
        [b'0'] => point.is_some() || text.len() == 1,
        [first, ..] => *first != b'0' && all_digits(whole),
    };
    let is_fraction = match fraction {
        [] => true,
        [_point, digits @ ..] => digits.last().is_some_and(|last| *last != b'0') && all_digits(digits),
    };
    is_whole && is_fraction && digits.len() <= MAX_DIGITS
}

/// `2026-11-23T17:45:00.000Z`, on a day that every month has.
fn is_plain_moment(text: &[u8]) -> bool {
    const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
    let has_form = text.len() == FORM.len()
        && text
            .iter()
            .zip(FORM)
            .all(|(byte, form)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form });
    let two = |at: usize| text.get(at..at + 2).unwrap_or_default();
    has_form
        && (&b"01"[..]..=b"12").contains(&two(5))
        && (&b"01"[..]..=b"28").contains(&two(8))
        && two(11) < &b"24"[..]
        && two(14) < &b"60"[..]
        && two(17) < &b"60"[..]
}

fn moment(text: &str) -> Result<String, NotA> {
    const EXPECTED: NotA =
        NotA("a moment with its offset and at most milliseconds, such as 2026-11-23T17:45:00.000Z");
    let moment = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .or(Err(EXPECTED))?;
    let utc = moment
        .checked_to_offset(time::UtcOffset::UTC)
        .filter(|utc| (0..=9999).contains(&utc.year()))
        .ok_or(EXPECTED)?;
    // Finer times are refused rather than cut off: what is acknowledged is what is stored.
    if utc.nanosecond() % 1_000_000 != 0 {
        return Err(EXPECTED);
    }
    let format = time::macros::format_description!(
        "[year repr:full range:standard]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    utc.format(format).or(Err(EXPECTED))
}

fn decimal(text: &str) -> Result<String, NotA> {
    const EXPECTED: NotA = NotA("a decimal number of up to 38 digits, such as 19.90");
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        None => (rest, 0),
        Some((mantissa, exponent)) if exponent.len() <= 5 => {
            (mantissa, exponent.parse::<i64>().or(Err(EXPECTED))?)
        }
        Some(_) => return Err(EXPECTED),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(EXPECTED);
    }
    let all = format!("{whole}{fraction}");
    // The number is `significant` × 10^`scale`.
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Ok("0".to_owned());
    }
    let count = |length: usize| i64::try_from(length).or(Err(EXPECTED));
    let trailing = all.len() - all.trim_end_matches('0').len();
    let scale = exponent - count(fraction.len())? + count(trailing)?;
    let leading_exponent = scale + count(significant.len())? - 1;
    if significant.len() > MAX_DIGITS || !EXPONENTS.contains(&leading_exponent) {
        return Err(EXPECTED);
    }
    let sign = if negative { "-" } else { "" };
    Ok(format!("{sign}{}", plain(significant, scale)))
}

/// Which of two numbers is the greater, both in their canonical form.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    match (one.strip_prefix('-'), other.strip_prefix('-')) {
        (Some(one), Some(other)) => compare_sizes(other, one),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => compare_sizes(one, other),
    }
}

/// The canonical form has no needless zeros: a longer whole part is a greater number, and digits sort as text.
fn compare_sizes(one: &str, other: &str) -> Ordering {
    let parts = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (whole.len(), whole.to_owned(), fraction.to_owned())
    };
    parts(one).cmp(&parts(other))
}

/// `digits` × 10^`scale`, written without an exponent.
fn plain(digits: &str, scale: i64) -> String {
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    if scale >= 0 {
        return format!("{digits}{}", zeros(scale));
    }
    let point = i64::try_from(digits.len()).unwrap_or(i64::MAX) + scale;
    match usize::try_from(point)
        .ok()
        .filter(|point| *point > 0)
        .and_then(|point| digits.split_at_checked(point))
    {
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("0.{}{digits}", zeros(-point)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_plainly_canonical_is_canonical(
            text in "-?[0-9]{0,3}\\.?[0-9]{0,3}|-?[0-9]{30,40}|[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z"
        ) {
            for scalar in [Scalar::Decimal, Scalar::BigInt, Scalar::DateTime] {
                if scalar.is_plainly_canonical(&text) {
                    prop_assert_eq!(scalar.canonical(&text), Ok(text.clone()));
                }
            }
        }
    }

    #[test]
    fn what_is_stored_most_is_plainly_canonical() {
        for (scalar, text) in [
            (Scalar::Decimal, "149.95"),
            (Scalar::Decimal, "0"),
            (Scalar::Decimal, "-0.5"),
            (Scalar::BigInt, "-9007199254740993"),
            (Scalar::DateTime, "2026-11-25T09:30:00.000Z"),
        ] {
            assert!(scalar.is_plainly_canonical(text), "{scalar} {text}");
        }
    }

    #[track_caller]
    fn check(scalar: Scalar, text: &str, expected: Option<&str>) {
        assert_eq!(scalar.canonical(text).ok().as_deref(), expected, "{scalar} {text}");
    }

    #[test]
    fn equal_numbers_have_equal_forms() {
        for (text, form) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("0019.90", "19.9"),
            ("-1.5e2", "-150"),
            ("1E-3", "0.001"),
            ("123.456e1", "1234.56"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"),
            ("100e-2", "1"),
        ] {
            check(Scalar::Decimal, text, Some(form));
        }
        for bad in [
            "",
            "-",
            ".5",
            "5.",
            "1e",
            "1e999999",
            "1e126",
            "1e-131",
            "+1",
            "1_0",
            "NaN",
            "123456789012345678901234567890123456789",
        ] {
            check(Scalar::Decimal, bad, None);
        }
        check(Scalar::BigInt, "9007199254740993", Some("9007199254740993"));
        check(Scalar::BigInt, "1.5", None);
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let ascending =
            ["-100", "-99.5", "-99", "-0.001", "0", "0.001", "0.01", "1", "1.5", "9", "10", "10.01"];
        for (at, one) in ascending.iter().enumerate() {
            for (index, other) in ascending.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&index), "{one} and {other}");
            }
        }
    }

    #[test]
    fn moments_are_utc_with_milliseconds() {
        check(Scalar::DateTime, "2026-11-23T17:45:00Z", Some("2026-11-23T17:45:00.000Z"));
        check(Scalar::DateTime, "2026-11-23T17:45:00.5+02:00", Some("2026-11-23T15:45:00.500Z"));
        for bad in [
            "2026-11-23",
            "2026-11-23T17:45:00",
            "2026-11-23T17:45:00.0001Z",
            "0000-01-01T00:00:00+02:00",
            "x",
        ] {
            check(Scalar::DateTime, bad, None);
        }
        check(Scalar::Date, "2026-02-28", Some("2026-02-28"));
        check(Scalar::Date, "2026-02-30", None);
        check(Scalar::Date, "2026-2-3", None);
        check(Scalar::Base64, "AAE=", Some("AAE="));
        check(Scalar::Base64, "AAE", None);
    }
}
