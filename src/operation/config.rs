//! How much one request may read, and the keys that cursors are sealed with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::settings::Section;

/// How operations are bounded.
#[derive(Debug, Clone)]
pub struct Config {
    /// The most items that one request reads, filtered ones among them.
    pub read_budget: u32,
    /// The most items of a page.
    pub max_page: i32,
    /// The keys that cursors are sealed with: the first seals, all open.
    pub cursor_keys: Vec<CursorKey>,
}

/// A key of 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorKey(pub(super) [u8; 32]);

impl CursorKey {
    /// A key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key from its base 64; none if it is not 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text.trim()).ok()?.try_into().ok().map(Self)
    }

    /// The key's base 64, for the file that `dev` keeps it in.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

impl Config {
    /// Reads `[cursor]` and the part of `[limits]` that is about reading.
    pub fn read(file: &Section<'_>, limits: &Section<'_>) -> Option<Self> {
        let read_budget = limits.count("read-budget", 1..=1_000_000).unwrap_or(1_000);
        let max_page = limits.count("max-page", 1..=10_000).unwrap_or(500);
        let cursor = file.section("cursor");
        let mut keys = Vec::new();
        let mut complete = true;
        for text in cursor.strings("keys").unwrap_or_default() {
            if let Some(key) = CursorKey::parse(&text.value) {
                keys.push(key);
                continue;
            }
            complete = false;
            let problem = text.place.problem("a cursor key must be 32 bytes in base 64");
            cursor.report(problem.hint("make one with: openssl rand -base64 32"));
        }
        cursor.finish();
        complete.then_some(Self {
            read_budget: u32::try_from(read_budget).unwrap_or(u32::MAX),
            max_page: i32::try_from(max_page).unwrap_or(i32::MAX),
            cursor_keys: keys,
        })
    }
}
