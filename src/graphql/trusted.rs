//! Trusted documents: those that an operator names, as an allow-list.
//!
//! The frontend's build writes them down; whoever has a token can then run what the frontend asks, and nothing else. The
//! file is a JSON object of documents by their ids, as `graphql-codegen` (`persistedDocuments`) and Relay write it. They are
//! read against the schema before the gateway serves.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use serde_json::{Map, Value};

use super::Named;
use super::config::Config;
use super::digest::Digest;
use super::document::{Document, Reader};
use crate::json;
use crate::problem::{Problem, Problems, Source};
use crate::schema::Plan;

/// How long an id may be, in bytes.
const MAX_ID: usize = 256;

/// The documents that are trusted.
pub struct Trusted {
    by_id: HashMap<String, Arc<Document>>,
    by_digest: HashMap<Digest, Arc<Document>>,
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trusted({} documents)", self.by_id.len())
    }
}

impl Trusted {
    /// Reads a file of documents, and each of them.
    ///
    /// # Errors
    /// Everything that is wrong with the file and with each document, by its id.
    pub fn read(source: &Arc<Source>, plan: &Plan, config: &Config) -> Result<Self, Problems> {
        let wrong = |message: String| {
            let hint = "it is an object of documents by their ids: {\"5f0c…\": \"query Orders { … }\"}";
            Problem::of(source.name(), message).hint(hint)
        };
        let members = match json::strict(source.text().as_bytes()) {
            Ok(Value::Object(members)) => members,
            Ok(_) => return Err(wrong("the trusted documents are no JSON object".to_owned()).into()),
            Err(error) => return Err(wrong(format!("the trusted documents are no JSON: {error}")).into()),
        };
        let reader = Reader::new(plan, config.clone())?;
        let (mut problems, mut trusted) =
            (Problems::default(), Self { by_id: HashMap::new(), by_digest: HashMap::new() });
        for (id, text) in members {
            match document(&reader, &id, &text) {
                Ok((digest, document)) => {
                    trusted.by_digest.insert(digest, Arc::clone(&document));
                    trusted.by_id.insert(id, document);
                }
                Err(why) => {
                    let hint = "write the file anew with the frontend's build, against this schema";
                    problems
                        .push(Problem::of(source.name(), format!("the document `{id}`: {why}")).hint(hint));
                }
            }
        }
        problems.or(trusted)
    }

    /// The document that a request names, if it is trusted.
    pub(super) fn find(&self, document: &Named) -> Option<Arc<Document>> {
        let found = match document {
            Named::Text(text) => self.by_digest.get(&Digest::of(text)),
            Named::Digest(digest) => self.by_digest.get(digest),
            Named::Id(id) => self.by_id.get(id),
        };
        found.cloned()
    }
}

fn document(reader: &Reader, id: &str, text: &Value) -> Result<(Digest, Arc<Document>), String> {
    if id.is_empty() || id.len() > MAX_ID {
        return Err(format!("an id has 1 to {MAX_ID} bytes"));
    }
    let text = text.as_str().ok_or("it is no string")?;
    // Nothing is waited for: what is read is at hand.
    let read = reader.read(text, &Map::new()).now_or_never().ok_or("it cannot be read at once")?;
    Ok((Digest::of(text), Arc::new(read.map_err(|refused| refused.told())?)))
}
