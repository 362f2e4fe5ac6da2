//! The page that `dev` serves at `/`: GraphiQL, from this binary, without internet.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::json;

use crate::id::TenantId;

/// What the page knows: tokens of the dev issuer, and a first query.
#[derive(Debug, Clone)]
pub struct Console {
    /// The tenants, each with a token.
    pub tenants: Vec<(TenantId, String)>,
    /// The query that stands in the editor.
    pub query: String,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub(super) fn router(console: &Console) -> Router {
    let tenants: Vec<_> =
        console.tenants.iter().map(|(id, token)| json!({ "id": id.as_str(), "token": token })).collect();
    let known = json!({ "tenants": tenants, "query": console.query }).to_string();
    let known = move || {
        std::future::ready(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], known))
    };
    Router::new()
        .route("/", file(HTML, include_bytes!("../../assets/console.html")))
        .route("/console/console.js", file(SCRIPT, include_bytes!("../../assets/console.js")))
        .route("/console/console.css", file(STYLE, include_bytes!("../../assets/console.css")))
        .route(
            "/console/graphiql.min.js",
            file(SCRIPT, include_bytes!("../../assets/vendor/graphiql/graphiql.min.js")),
        )
        .route(
            "/console/graphiql.min.css",
            file(STYLE, include_bytes!("../../assets/vendor/graphiql/graphiql.min.css")),
        )
        .route(
            "/console/react.js",
            file(SCRIPT, include_bytes!("../../assets/vendor/graphiql/react.production.min.js")),
        )
        .route(
            "/console/react-dom.js",
            file(SCRIPT, include_bytes!("../../assets/vendor/graphiql/react-dom.production.min.js")),
        )
        .route("/console/tenants.json", get(known))
}

/// A file of the page. The page may load nothing from anywhere else.
fn file(content_type: &'static str, bytes: &'static [u8]) -> axum::routing::MethodRouter {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:",
    );
    get(move || {
        std::future::ready(
            (
                [(CONTENT_TYPE, HeaderValue::from_static(content_type)), (CONTENT_SECURITY_POLICY, POLICY)],
                bytes,
            )
                .into_response(),
        )
    })
}
