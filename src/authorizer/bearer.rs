//! The token of a request, before anything is known of it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The largest token that is looked at. Anything longer is refused before a byte of it is decoded.
const MAX_BYTES: usize = 8 * 1024;

/// A bearer token. It never shows itself in a log.
#[derive(Clone)]
pub struct Bearer(SecretString);

impl Bearer {
    /// Reads the value of an `Authorization` header: `Bearer TOKEN` (RFC 6750, section 2.1). None if it is no such
    /// value, or the token is over 8 KiB or no ASCII.
    pub fn from_header(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let (scheme, token) = text.split_once(' ')?;
        let token = token.trim_matches(' ');
        let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > MAX_BYTES || !plain {
            return None;
        }
        Some(Self(token.into()))
    }

    /// The token's text, for this module alone.
    pub(super) fn text(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}
