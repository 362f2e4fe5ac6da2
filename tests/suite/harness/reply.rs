//! What came back over HTTP, and what a test says of it.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer of the gateway.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// `data`, of an answer without errors.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        let body = self.json();
        assert!(body.get("errors").is_none(), "there are errors: {}", self.text);
        body["data"].clone()
    }

    /// The first error's code.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no error: {}", self.text))
            .to_owned()
    }

    /// The codes of all errors.
    #[track_caller]
    pub(crate) fn codes(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap().to_owned()).collect()
    }

    /// It is not known whether the write took place.
    #[track_caller]
    pub(crate) fn assert_unknown(&self) {
        let error = &self.json()["errors"][0]["extensions"];
        let said = (error["code"].as_str(), error["applied"].as_str());
        assert_eq!(said, (Some("UNAVAILABLE"), Some("unknown")), "{}", self.text);
    }
}
