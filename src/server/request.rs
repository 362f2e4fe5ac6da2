//! What a client asks, out of a query string or a JSON body: GraphQL over HTTP, "Request Parameters".
//!
//! async-graphql has readers for both. They are not used: its query strings know no `operationName` (7.2 reads
//! `operation_name`), and its bodies keep the last of two equal members, so that a firewall in front and the gateway
//! may read two documents out of one text. Parameters that nobody knows are passed over.

use serde_json::{Map, Value};

use Unread::Malformed;

use super::numbers::rounded;
use crate::graphql::{Digest, Media, Named, Request};
use crate::json::{self, Step};

/// Why there is no request in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// The request has no `query`, or a parameter is not of its type.
    Malformed,
    /// The digest beside `query` is that of another document.
    OtherDocument,
    /// A number is greater than any float.
    OutOfRange,
    /// A variable holds a number that would be another one after it was read.
    Rounded {
        /// The variable.
        variable: String,
    },
}

/// The parameters of a GraphQL request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    document: Named,
    operation_name: Option<String>,
    variables: Map<String, Value>,
}

impl Parameters {
    /// Reads a body: one JSON object, never a batch of them.
    pub(super) fn from_body(body: &[u8]) -> Result<Self, Unread> {
        let Value::Object(members) = json::strict(body).map_err(|error| unread(&error))? else {
            return Err(Malformed);
        };
        let parameters = Self::from_members(members)?;
        let text = std::str::from_utf8(body).map_err(|_not_utf8| Malformed)?;
        parameters.refuse_rounded(text, &[Step::Member("variables")])
    }

    /// Reads a query string, in which `variables` and `extensions` are JSON.
    pub(super) fn from_query(text: &str) -> Result<Self, Unread> {
        let mut members = Map::new();
        let mut variables = None;
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let value = match name.as_str() {
                "variables" | "extensions" => {
                    let read = json::strict(value.as_bytes()).map_err(|error| unread(&error))?;
                    variables = (name == "variables").then_some(value).or(variables);
                    read
                }
                _ => Value::String(value),
            };
            if members.insert(name, value).is_some() {
                return Err(Malformed);
            }
        }
        let parameters = Self::from_members(members)?;
        match variables {
            Some(text) => parameters.refuse_rounded(&text, &[]),
            None => Ok(parameters),
        }
    }

    /// `path` leads to the variables in the text.
    fn refuse_rounded(self, text: &str, path: &[Step<'_>]) -> Result<Self, Unread> {
        match rounded(text, path) {
            Some(variable) => Err(Unread::Rounded { variable }),
            None => Ok(self),
        }
    }

    fn from_members(mut members: Map<String, Value>) -> Result<Self, Unread> {
        let extensions = object(members.remove("extensions"))?;
        let digest = digest(&extensions)?;
        let document = match members.remove("query") {
            Some(Value::String(text)) if !text.is_empty() => Named::Text(text),
            // Clients that ask by GET leave it out or leave it empty.
            Some(Value::String(_)) | None => match members.get("documentId") {
                None | Some(Value::Null) => Named::Digest(digest.ok_or(Malformed)?),
                Some(Value::String(id)) => by_id(id)?,
                Some(_) => return Err(Malformed),
            },
            Some(_) => return Err(Malformed),
        };
        if let (Named::Text(text), Some(digest)) = (&document, digest)
            && Digest::of(text) != digest
        {
            return Err(Unread::OtherDocument);
        }
        let operation_name = match members.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return Err(Malformed),
        };
        let variables = object(members.remove("variables"))?;
        Ok(Self { document, operation_name, variables })
    }

    /// The request that they make up.
    pub(super) fn into_request(self, may_mutate: bool, media: Media) -> Request {
        let Self { document, operation_name, variables } = self;
        Request { document, operation_name, variables, may_mutate, media }
    }
}

/// The document of an id: `sha256:…`, or a name of its own (GraphQL over HTTP, appendix "Persisted Documents").
fn by_id(id: &str) -> Result<Named, Unread> {
    match id.strip_prefix("sha256:") {
        Some(digest) => digest.parse().map(Named::Digest).map_err(|()| Malformed),
        None => Ok(Named::Id(id.to_owned())),
    }
}

/// The digest of the document, by version 1 of Apollo's protocol of automatic persisted queries, if there is one.
fn digest(extensions: &Map<String, Value>) -> Result<Option<Digest>, Unread> {
    let Some(persisted) = extensions.get("persistedQuery").filter(|it| !it.is_null()) else {
        return Ok(None);
    };
    let is_known = persisted.get("version").and_then(Value::as_u64) == Some(1);
    let digest = persisted.get("sha256Hash").and_then(Value::as_str).filter(|_| is_known);
    digest.and_then(|digest| digest.parse().ok()).map(Some).ok_or(Malformed)
}

/// What a text that is no JSON is answered with. Of a number that is out of range the reader keeps no kind, only words.
fn unread(error: &serde_json::Error) -> Unread {
    if error.to_string().starts_with("number out of range") { Unread::OutOfRange } else { Malformed }
}

fn object(member: Option<Value>) -> Result<Map<String, Value>, Unread> {
    match member {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(Malformed),
    }
}

/// A name or a value of a query string as text (URL standard, "application/x-www-form-urlencoded parsing"). An escape
/// that is none is refused, not passed on.
fn decoded(text: &str) -> Result<String, Unread> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => 16 * digit(rest.next())? + digit(rest.next())?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_not_utf8| Malformed)
}

/// A hexadecimal digit.
fn digit(byte: Option<u8>) -> Result<u8, Unread> {
    let digit = byte.and_then(|byte| char::from(byte).to_digit(16));
    digit.and_then(|digit| u8::try_from(digit).ok()).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Stopwatch;

    fn parameters(query: &str, operation_name: Option<&str>, variables: &Value) -> Parameters {
        Parameters {
            document: Named::Text(query.to_owned()),
            operation_name: operation_name.map(str::to_owned),
            variables: variables.as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn a_body_is_one_object_whose_members_have_their_types() {
        let read = |body: &str| Parameters::from_body(body.as_bytes());
        let full =
            r#"{"query": "{a}", "operationName": "N", "variables": {"v": [1]}, "extensions": {}, "more": 1}"#;
        assert_eq!(read(full), Ok(parameters("{a}", Some("N"), &json!({ "v": [1] }))));
        let nulls = r#"{"query": "{a}", "operationName": null, "variables": null, "extensions": null}"#;
        assert_eq!(read(nulls), Ok(parameters("{a}", None, &json!({}))));
        for bad in [
            "",
            "{",
            "null",
            "[]",
            r#"[{"query": "{a}"}]"#,
            r#"{"query": ""}"#,
            r#"{"query": 1}"#,
            r#"{"query": "{a}", "query": "{b}"}"#,
            r#"{"query": "{a}", "operationName": 1}"#,
            r#"{"query": "{a}", "variables": []}"#,
            r#"{"query": "{a}", "variables": "{}"}"#,
            r#"{"query": "{a}", "extensions": 0}"#,
            r#"{"query": "{a}"} {}"#,
        ] {
            assert_eq!(read(bad), Err(Malformed), "{bad}");
        }
        let out_of_range = r#"{"query": "{a}", "variables": {"v": 1e999}}"#;
        assert_eq!(read(out_of_range), Err(Unread::OutOfRange));
        assert_eq!(Parameters::from_body(b"{\"query\": \"\xff\"}"), Err(Malformed));
    }

    #[test]
    fn the_time_for_a_number_that_is_not_kept_grows_with_the_body_and_not_with_its_square() {
        let body = |variables: u32| {
            let small: Vec<_> = (0..variables).map(|it| format!("\"v{it}\":0,")).collect();
            let small = small.concat();
            format!(r#"{{"query": "{{a}}", "variables": {{{small}"last": 1.23456789012345678901}}}}"#)
        };
        let time = |body: &str| {
            let once = || {
                let begun = Stopwatch::begin();
                let rounded = Unread::Rounded { variable: "last".to_owned() };
                assert_eq!(Parameters::from_body(body.as_bytes()), Err(rounded));
                begun.elapsed()
            };
            // The least of a few: others use the machine too.
            (0..5).map(|_| once()).min().unwrap()
        };
        let (small, large) = (time(&body(2_000)), time(&body(16_000)));
        // Eight times the size, where a square would be 64 times the work.
        assert!(large < small * 24, "{small:?}, and {large:?} for eight times as many");
    }

    #[test]
    fn a_digest_may_stand_in_the_place_of_a_document_and_beside_its_own() {
        let persisted = |digest: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": digest } });
        let own = persisted(&Digest::of("{a}").to_string());
        let body = |query: &str, extensions: &Value| format!("{{{query}\"extensions\": {extensions}}}");
        let read = |body: String| Parameters::from_body(body.as_bytes());
        let named = |digest: &str| Parameters {
            document: Named::Digest(Digest::of(digest)),
            ..parameters("", None, &json!({}))
        };
        assert_eq!(read(body("", &own)), Ok(named("{a}")));
        assert_eq!(read(body("\"query\": \"\", ", &own)), Ok(named("{a}")));
        assert_eq!(read(body("\"query\": \"{a}\", ", &own)), Ok(parameters("{a}", None, &json!({}))));
        assert_eq!(read(body("\"query\": \"{b}\", ", &own)), Err(Unread::OtherDocument));
        assert_eq!(read(body("\"query\": 1, ", &own)), Err(Malformed));
        assert_eq!(Parameters::from_query(&format!("extensions={own}")), Ok(named("{a}")));
        for bad in [
            persisted("00"),
            json!({ "persistedQuery": 1 }),
            json!({ "persistedQuery": {} }),
            json!({ "persistedQuery": { "version": 2, "sha256Hash": Digest::of("{a}").to_string() } }),
        ] {
            assert_eq!(read(body("", &bad)), Err(Malformed), "{bad}");
            assert_eq!(read(body("\"query\": \"{a}\", ", &bad)), Err(Malformed), "{bad}");
        }
        assert_eq!(read(body("", &json!({ "persistedQuery": null }))), Err(Malformed));
    }

    #[test]
    fn a_query_string_is_decoded() {
        let read = Parameters::from_query;
        let full = "query=query+N($v:%20Int){%C3%A9}&variables=%7B%22v%22:1%7D&operationName=N&&more";
        assert_eq!(read(full), Ok(parameters("query N($v: Int){é}", Some("N"), &json!({ "v": 1 }))));
        assert_eq!(read("query={a}&operationName=&variables=null"), Ok(parameters("{a}", None, &json!({}))));
        for bad in [
            "",
            "query",
            "query=",
            "query={a}&query={b}",
            "query=%",
            "query=%2",
            "query=%zz",
            "query=%FF",
            "query={a}&variables=",
            "query={a}&variables=[]",
            "query={a}&extensions=1",
        ] {
            assert_eq!(read(bad), Err(Malformed), "{bad}");
        }
    }
}
