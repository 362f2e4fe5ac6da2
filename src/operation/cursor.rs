//! Cursors: a place in a query, sealed.
//!
//! A cursor holds the keys of an item. It is encrypted and authenticated, and bound to everything that makes the
//! query what it is: another tenant's, another field's or another parent's cursor does not open. AES-256-GCM-SIV
//! (RFC 8452), because a cursor is made for every edge, and a nonce that came twice by chance must not matter.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::config::CursorKey;
use crate::entropy::Entropy;
use crate::item::Attributes;

/// The first byte of a cursor: how it is made.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
/// The longest cursor that is looked at: keys of a table and an index, in JSON, in base 64.
const MAX_CHARS: usize = 16 * 1024;
/// The longest text that a cursor is bound to as it is, in bytes.
const MAX_BOUND: usize = 512;

/// Seals and opens cursors.
#[derive(Debug)]
pub struct Cursors {
    keys: Vec<LessSafeKey>,
    entropy: Entropy,
}

/// What a cursor is bound to, as bytes: fields with their lengths before them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Binding(Vec<u8>);

impl Binding {
    /// Adds something that the cursor is bound to. What is long stands here as its digest: a page has many cursors, and
    /// each is sealed with the whole binding.
    pub(super) fn bind(&mut self, field: &str) {
        self.0.extend_from_slice(&field.len().to_le_bytes());
        if field.len() > MAX_BOUND {
            self.0.extend_from_slice(digest::digest(&digest::SHA256, field.as_bytes()).as_ref());
        } else {
            self.0.extend_from_slice(field.as_bytes());
        }
    }
}

impl Cursors {
    /// The first key seals, all open.
    pub(super) fn new(keys: &[CursorKey], entropy: Entropy) -> Self {
        let key = |key: &CursorKey| UnboundKey::new(&AES_256_GCM_SIV, &key.0).ok().map(LessSafeKey::new);
        Self { keys: keys.iter().filter_map(key).collect(), entropy }
    }

    /// Seals a place. None if there is no key to seal it with.
    pub(super) fn seal(&self, place: &Attributes, binding: &Binding) -> Option<String> {
        let key = self.keys.first()?;
        let nonce: [u8; NONCE_BYTES] = self.entropy.bytes();
        let mut sealed = encode(place).to_string().into_bytes();
        let aad = Aad::from(&binding.0);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        let mut cursor = vec![VERSION];
        cursor.extend_from_slice(&nonce);
        cursor.extend_from_slice(&sealed);
        Some(URL_SAFE_NO_PAD.encode(cursor))
    }

    /// Opens a cursor. None if it is none of ours, or bound to something else.
    pub(super) fn open(&self, cursor: &str, binding: &Binding) -> Option<Attributes> {
        if cursor.len() > MAX_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if *version != VERSION {
            return None;
        }
        self.keys.iter().find_map(|key| {
            let mut sealed = sealed.to_vec();
            let aad = Aad::from(&binding.0);
            let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut sealed).ok()?;
            decode(&serde_json::from_slice(opened).ok()?)
        })
    }
}

/// Key attributes as DynamoDB's JSON.
fn encode(place: &Attributes) -> Value {
    let one = |value: &AttributeValue| match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": URL_SAFE_NO_PAD.encode(bytes) }),
        _ => Value::Null,
    };
    let members: Map<String, Value> = place.iter().map(|(name, value)| (name.clone(), one(value))).collect();
    Value::Object(members)
}

fn decode(value: &Value) -> Option<Attributes> {
    let one = |value: &Value| {
        let (kind, text) = value.as_object()?.iter().next()?;
        let text = text.as_str()?.to_owned();
        match kind.as_str() {
            "S" => Some(AttributeValue::S(text)),
            "N" => Some(AttributeValue::N(text)),
            "B" => Some(AttributeValue::B(URL_SAFE_NO_PAD.decode(text).ok()?.into())),
            _ => None,
        }
    };
    value.as_object()?.iter().map(|(name, value)| Some((name.clone(), one(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors(keys: &[u8]) -> Cursors {
        let keys: Vec<_> = keys.iter().map(|byte| CursorKey::new([*byte; 32])).collect();
        Cursors::new(&keys, Entropy::system())
    }

    fn binding(parts: &[&str]) -> Binding {
        let mut binding = Binding::default();
        for part in parts {
            binding.bind(part);
        }
        binding
    }

    fn place() -> Attributes {
        Attributes::from([
            ("pk".to_owned(), AttributeValue::S("TENANT#acme#ORDER#1".to_owned())),
            ("sk".to_owned(), AttributeValue::N("1.5".to_owned())),
            ("b".to_owned(), AttributeValue::B(vec![0, 255].into())),
        ])
    }

    #[test]
    fn a_cursor_opens_where_it_was_sealed_and_nowhere_else() {
        let (cursors, bound) = (cursors(&[1]), binding(&["acme", "Query.orders"]));
        let cursor = cursors.seal(&place(), &bound).unwrap();
        assert!(
            !cursor.contains("acme")
                && !URL_SAFE_NO_PAD.decode(&cursor).unwrap().windows(4).any(|it| it == b"acme")
        );
        assert_eq!(cursors.open(&cursor, &bound), Some(place()));
        for other in [
            binding(&["acme2", "Query.orders"]),
            binding(&["acme", "Query.order"]),
            binding(&["acmeQuery.orders"]),
            binding(&["acme", "Query.orders", &"x".repeat(MAX_BOUND + 1)]),
            binding(&["acme", "Query.orders", &"y".repeat(MAX_BOUND + 1)]),
        ] {
            assert_eq!(cursors.open(&cursor, &other), None);
        }
        for bad in ["", "x", "!", cursor.split_at(1).1, &format!("{cursor}A"), &"A".repeat(MAX_CHARS + 1)] {
            assert_eq!(cursors.open(bad, &bound), None);
        }
    }

    /// A fuzz target: `cargo bolero test` runs it under a fuzzer.
    #[test]
    fn whatever_a_cursor_is_it_opens_only_if_it_was_sealed_so() {
        let (cursors, bound) = (cursors(&[1]), binding(&["acme", "Query.orders"]));
        let sealed = URL_SAFE_NO_PAD.decode(cursors.seal(&place(), &bound).unwrap()).unwrap();
        bolero::check!().with_type::<(Vec<u8>, u16, u8, u8)>().for_each(|(bytes, at, flip, kind)| {
            let text = match kind % 4 {
                0 => String::from_utf8_lossy(bytes).into_owned(),
                1 => URL_SAFE_NO_PAD.encode(bytes),
                // The version and a nonce, and what nobody has sealed.
                2 => URL_SAFE_NO_PAD.encode([&[VERSION], bytes.as_slice()].concat()),
                _ => {
                    let mut bent = sealed.clone();
                    let at = usize::from(*at) % bent.len();
                    bent[at] ^= flip.max(&1);
                    URL_SAFE_NO_PAD.encode(bent)
                }
            };
            assert_eq!(cursors.open(&text, &bound), None, "{text}");
        });
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, bound) = (cursors(&[1]), binding(&["acme"]));
        let cursor = old.seal(&place(), &bound).unwrap();
        assert_eq!(cursors(&[2, 1]).open(&cursor, &bound), Some(place()));
        assert_eq!(cursors(&[2]).open(&cursor, &bound), None);
        let newer = cursors(&[2, 1]).seal(&place(), &bound).unwrap();
        assert_eq!(old.open(&newer, &bound), None);
    }
}
