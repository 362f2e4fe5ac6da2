//! The page that `dev` serves at `/`: GraphiQL, from this binary, without internet.
//!
//! It carries a token for each tenant, so no other page may come by it. Pages of other origins are kept off by the
//! browser: there is no CORS here, no frame, and no use as another page's resource. A page whose name is made to
//! point here would be of the same origin (DNS rebinding); so a request has to name an address or `localhost`, which
//! no stranger's DNS can be asked for.

use std::fmt;
use std::future::ready;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde_json::json;

use crate::id::TenantId;

/// What the page knows: the tenants, each with a token, and a first query.
#[derive(Clone)]
pub struct Console {
    tenants: Arc<dyn Fn() -> Vec<(TenantId, String)> + Send + Sync>,
    query: Arc<str>,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("query", &self.query).finish_non_exhaustive()
    }
}

impl Console {
    /// A page. Its tenants and tokens are asked for each time it is opened: tenants come and go, and tokens expire.
    pub fn new(tenants: impl Fn() -> Vec<(TenantId, String)> + Send + Sync + 'static, query: &str) -> Self {
        Self { tenants: Arc::new(tenants), query: query.into() }
    }

    /// What the page's script reads.
    fn known(&self) -> String {
        let tenant = |(id, token): (TenantId, String)| json!({ "id": id.as_str(), "token": token });
        let tenants: Vec<_> = (self.tenants)().into_iter().map(tenant).collect();
        json!({ "tenants": tenants, "query": &*self.query }).to_string()
    }
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub(super) fn router(console: &Console) -> Router {
    let console = console.clone();
    let known =
        move || ready(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], console.known()));
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
        .route_layer(from_fn(guard))
}

/// A file of the page.
fn file(content_type: &'static str, bytes: &'static [u8]) -> MethodRouter {
    get(move || ready(([(CONTENT_TYPE, HeaderValue::from_static(content_type))], bytes).into_response()))
}

/// What every answer of the page says to the browser. The page loads nothing from elsewhere and stands in no frame.
const PROTECTION: [(HeaderName, HeaderValue); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        // GraphiQL sets styles on its elements, and has fonts and pictures in its style sheet.
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Refuses a request that names another host, and protects every answer.
async fn guard(request: Request<Body>, next: Next) -> Response<Body> {
    let mut response = if is_to_own_host(&request) { next.run(request).await } else { misdirected() };
    response.headers_mut().extend(PROTECTION.map(|(name, value)| (Some(name), value)));
    response
}

/// RFC 9110, section 15.5.20.
fn misdirected() -> Response<Body> {
    let message = "This page carries tokens, so it is served to an address or to localhost alone, such as \
                   http://127.0.0.1:4000/ or http://localhost:4000/.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

/// Whether a request names an address or `localhost`, and nothing else beside it.
fn is_to_own_host<B>(request: &Request<B>) -> bool {
    let in_target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let in_headers = request.headers().get_all(HOST).iter().map(HeaderValue::as_bytes);
    let mut named = in_target.into_iter().chain(in_headers).peekable();
    named.peek().is_some() && named.all(is_own_host)
}

fn is_own_host(authority: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(authority) else { return false };
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    address.parse::<IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, hosts: &[&str], expected: bool) {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        assert_eq!(is_to_own_host(&request.body(()).unwrap()), expected, "{target} {hosts:?}");
    }

    #[test]
    fn only_an_address_or_localhost_is_served() {
        for own in
            ["127.0.0.1:4000", "127.0.0.1", "[::1]:4000", "192.168.1.5:80", "localhost:4000", "LocalHost"]
        {
            check("/", &[own], true);
            check(&format!("http://{own}/"), &[], true);
        }
        for other in [
            "evil.example.com",
            "evil.example.com:4000",
            "localhost.evil.example.com",
            "127.0.0.1.evil.example.com:4000",
            "notlocalhost",
            "localhost.",
            "",
            ":4000",
            "a b",
        ] {
            check("/", &[other], false);
            check("/", &["localhost", other], false);
        }
        check("http://evil.example.com/", &["localhost"], false);
        check("/", &[], false);
    }
}
