//! Where the gateway listens, and whom browsers let talk to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::settings::Section;

/// How long a browser may remember what it was allowed.
const CORS_MAX_AGE: Duration = Duration::from_hours(1);

/// How the server is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address for clients.
    pub listen: SocketAddr,
    /// The address for health checks.
    pub admin: SocketAddr,
    /// The largest body of a request, in bytes.
    pub max_body: usize,
    /// How long a request may take.
    pub deadline: Duration,
    /// The origins whose pages may call.
    pub origins: Origins,
    /// A GraphiQL page at `/`. Only `dev` has one.
    #[cfg(feature = "dev")]
    pub console: Option<super::Console>,
}

/// The origins whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All of them: a token is needed all the same.
    Any,
    /// These, perhaps none.
    These(Vec<HeaderValue>),
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            listen: loopback(8080),
            admin: loopback(9090),
            max_body: 256 * 1024,
            deadline: Duration::from_secs(10),
            origins: Origins::These(Vec::new()),
            #[cfg(feature = "dev")]
            console: None,
        }
    }
}

impl Config {
    /// Reads `[server]`.
    pub fn read(file: &Section<'_>) -> Option<Self> {
        let server = file.section("server");
        let mut config = Self::default();
        let mut complete = true;
        for (key, into) in [("listen", &mut config.listen), ("admin", &mut config.admin)] {
            match server.parse::<SocketAddr>(key) {
                Some(address) => *into = address.value,
                None => complete &= !server.has(key),
            }
        }
        if let Some(bytes) = server.count("max-body", 1_024..=16 * 1024 * 1024) {
            config.max_body = usize::try_from(bytes).unwrap_or(config.max_body);
        }
        if let Some(deadline) =
            server.duration("deadline", Duration::from_millis(100)..=Duration::from_mins(5))
        {
            config.deadline = deadline;
        }
        let cors = server.section("cors");
        config.origins = origins(&cors);
        cors.finish();
        server.finish();
        complete.then_some(config)
    }

    /// The layer that answers browsers; none where no page may call.
    pub(super) fn cors(&self) -> Option<CorsLayer> {
        let origins = match &self.origins {
            Origins::Any => AllowOrigin::any(),
            Origins::These(origins) if origins.is_empty() => return None,
            Origins::These(origins) => AllowOrigin::list(origins.clone()),
        };
        let request_id = HeaderName::from_static("x-request-id");
        Some(
            CorsLayer::new()
                .allow_origin(origins)
                .allow_methods([Method::GET, Method::POST])
                // Whatever it asks for: clients have headers of their own, such as Apollo's and Amplify's, and none
                // of them acts here. What does, the token, no browser sends by itself.
                .allow_headers(AllowHeaders::mirror_request())
                .expose_headers([request_id, header::RETRY_AFTER])
                .max_age(CORS_MAX_AGE),
        )
    }
}

/// `origins = "*"`, or a list such as `["https://app.example.com"]`.
fn origins(cors: &Section<'_>) -> Origins {
    if cors.is_string("origins") {
        let Some(text) = cors.string("origins") else { return Origins::These(Vec::new()) };
        if text.value == "*" {
            return Origins::Any;
        }
        let problem = text.place.problem("`origins` must be \"*\" or a list");
        cors.report(problem.hint("write `origins = [\"https://app.example.com\"]`"));
        return Origins::These(Vec::new());
    }
    let mut origins = Vec::new();
    for text in cors.strings("origins").unwrap_or_default() {
        let is_origin = text.value.parse::<http::Uri>().is_ok_and(|uri| {
            uri.scheme().is_some() && uri.host().is_some() && !text.value.ends_with('/') && uri.path() == "/"
        });
        if let Some(origin) = HeaderValue::from_str(&text.value).ok().filter(|_| is_origin) {
            origins.push(origin);
            continue;
        }
        let problem = text.place.problem(format!("`{}` is no origin", text.value));
        cors.report(problem.hint("write scheme and host, such as https://app.example.com, and no path"));
    }
    Origins::These(origins)
}
