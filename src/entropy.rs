//! Randomness, as an argument: nonces, generated ids, jitter.

use std::fmt;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use ulid::Ulid;

use crate::clock::Clock;

/// A source of random bytes that is fit for cryptography. Cheap to clone.
#[derive(Clone, Default)]
pub struct Entropy(SystemRandom);

impl Entropy {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self::default()
    }

    /// Random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; nothing secret may then be made.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes).expect("the operating system gives randomness");
        bytes
    }

    /// A number from zero up to, and not including, `end`; zero when `end` is zero.
    pub fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.bytes()).checked_rem(end).unwrap_or_default()
    }

    /// A ULID: 26 characters of Crockford's base 32 that sort by the time of their making.
    pub fn ulid(&self, clock: &Clock) -> String {
        Ulid::from_parts(clock.unix_millis(), u128::from_le_bytes(self.bytes())).to_string()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(system)")
    }
}
