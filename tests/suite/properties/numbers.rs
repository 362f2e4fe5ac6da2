//! Laws of the canonical form: it is reached at once, equal values have equal forms, and others have others.

use innkeeper::schema::Scalar;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::cases;
use super::shapes::moment;

/// A number as a sign, its digits without needless zeros, and the power of ten that they are multiplied by.
type Number = (bool, String, i32);

/// A number of up to 38 digits. Zero has no digits.
fn number() -> impl Strategy<Value = Number> {
    let digits = prop_oneof![Just(String::new()), "[1-9]", "[1-9][0-9]{0,2}[1-9]", "[1-9][0-9]{0,36}[1-9]"];
    (any::<bool>(), digits, -60..60_i32).prop_map(|(negative, digits, scale)| {
        if digits.is_empty() { (false, digits, 0) } else { (negative, digits, scale) }
    })
}

/// One of the many ways to write a number: zeros in front, the point at any place, zeros behind, any exponent.
fn spelled((negative, digits, scale): Number) -> impl Strategy<Value = String> {
    (0..4_usize, 0..=digits.len(), 0..4_usize, any::<bool>(), any::<bool>()).prop_map(
        move |(leading, point, trailing, upper, signed)| {
            let (whole, fraction) = digits.split_at(point);
            let whole = format!("{}{whole}", "0".repeat(leading.max(usize::from(whole.is_empty()))));
            let fraction = format!("{fraction}{}", "0".repeat(trailing));
            let exponent = scale + i32::try_from(digits.len() - point).unwrap();
            let sign = if negative { "-" } else { "" };
            let point = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
            let letter = if upper { 'E' } else { 'e' };
            let plus = if signed && exponent >= 0 { "+" } else { "" };
            if exponent == 0 && signed {
                format!("{sign}{whole}{point}")
            } else {
                format!("{sign}{whole}{point}{letter}{plus}{exponent}")
            }
        },
    )
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_canonical_form_is_its_own(
        scalar in prop::sample::select(Scalar::ALL.to_vec()),
        text in prop_oneof![any::<String>(), "-?[0-9.]{0,45}([eE][+-]?[0-9]{0,5})?", moment(), "[0-9]{4}-[0-9]{2}-[0-9]{2}"],
    ) {
        if let Ok(form) = scalar.canonical(&text) {
            prop_assert_eq!(scalar.canonical(&form), Ok(form.clone()), "{} {}", scalar, text);
        }
    }

    #[test]
    fn equal_numbers_have_equal_forms(
        (number, one, other) in number().prop_flat_map(|it| (Just(it.clone()), spelled(it.clone()), spelled(it)))
    ) {
        let form = Scalar::Decimal.canonical(&one);
        prop_assert!(form.is_ok(), "{:?} as {}", number, one);
        prop_assert_eq!(&form, &Scalar::Decimal.canonical(&other), "{} and {}", one, other);
        // A whole number is the same number as a BigInt; another is none.
        let whole = number.2 >= 0;
        prop_assert_eq!(Scalar::BigInt.canonical(&one).ok(), form.ok().filter(|_| whole));
    }

    #[test]
    fn different_numbers_have_different_forms(
        (one, other) in (number(), number()).prop_flat_map(|(one, other)| {
            ((Just(one.clone()), spelled(one)), (Just(other.clone()), spelled(other)))
        })
    ) {
        let forms = (Scalar::Decimal.canonical(&one.1), Scalar::Decimal.canonical(&other.1));
        prop_assert_eq!(one.0 == other.0, forms.0 == forms.1, "{} and {}", one.1, other.1);
    }

    #[test]
    fn the_forms_of_moments_are_equal_and_ordered_as_the_moments_are(one in moment(), other in moment()) {
        let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).unwrap();
        let form = |text: &str| Scalar::DateTime.canonical(text).unwrap();
        prop_assert_eq!(parse(&one).cmp(&parse(&other)), form(&one).cmp(&form(&other)));
        prop_assert_eq!(parse(&form(&one)), parse(&one));
        prop_assert_eq!(form(&one).len(), 24);
    }
}
