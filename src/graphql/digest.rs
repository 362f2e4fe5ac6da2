//! The SHA-256 of a document's text: what documents are kept by, and what clients send in their place.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// The SHA-256 of a document's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; SHA256_OUTPUT_LEN]);

impl Digest {
    /// The digest of a text.
    pub fn of(text: &str) -> Self {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(bytes)
    }
}

/// As 64 hexadecimal digits.
impl FromStr for Digest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        let (digits, rest) = text.as_bytes().as_chunks::<2>();
        if digits.len() != bytes.len() || !rest.is_empty() {
            return Err(());
        }
        for (byte, digits) in bytes.iter_mut().zip(digits) {
            let [high, low] =
                digits.map(|digit| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok()));
            *byte = high.zip(low).map(|(high, low)| 16 * high + low).ok_or(())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of("abc").to_string(), abc);
        assert_eq!(abc.parse(), Ok(Digest::of("abc")));
        assert_eq!(abc.to_uppercase().parse(), Ok(Digest::of("abc")));
        for bad in [
            "",
            "00",
            &abc.replacen('b', "", 1),
            &format!("{abc}0"),
            &format!("{abc}00"),
            &abc.replace('b', "g"),
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(()), "{bad}");
        }
    }
}
