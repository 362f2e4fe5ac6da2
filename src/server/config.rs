//! Where the gateway listens, and whom browsers let talk to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::tls::TlsFiles;
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
    /// How many connections there may be to a port. Others wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a client may take for a handshake and for the head of a request; an idle connection ends after it.
    pub header_timeout: Duration,
    /// How long requests that are under way may take to finish after the signal to stop.
    pub drain: Duration,
    /// How long an answer may lie without moving before its connection ends. It is no setting.
    pub unread: Duration,
    /// How many requests may be under way, with the answers that are not sent. The next one is turned away at once.
    pub max_requests: usize,
    /// The Unix socket that takes an operator's orders; none by default.
    pub socket: Option<PathBuf>,
    /// The certificate of the public port; none for plain HTTP.
    pub tls: Option<TlsFiles>,
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
            max_connections: 4_096,
            header_timeout: Duration::from_secs(15),
            drain: Duration::from_secs(20),
            unread: Duration::from_secs(30),
            max_requests: 512,
            socket: None,
            tls: None,
            origins: Origins::These(Vec::new()),
            #[cfg(feature = "dev")]
            console: None,
        }
    }
}

impl Config {
    /// Reads `[server]`, and of `[admission]` what is asked of all tenants together; `most` is what one tenant may have
    /// under way.
    pub fn read(file: &Section<'_>, folder: &Path, (admission, most): (&Section<'_>, usize)) -> Option<Self> {
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
        let (shortest, minutes) = (Duration::from_millis(100), Duration::from_mins(5));
        for (key, into) in [
            ("deadline", &mut config.deadline),
            ("header-timeout", &mut config.header_timeout),
            ("drain", &mut config.drain),
        ] {
            *into = server.duration(key, shortest..=minutes).unwrap_or(*into);
        }
        let number = |section: &Section<'_>, key, into: &mut usize| {
            let number = section.count(key, 1..=1_000_000).and_then(|number| usize::try_from(number).ok());
            *into = number.unwrap_or(*into);
        };
        number(&server, "max-connections", &mut config.max_connections);
        number(admission, "max-requests", &mut config.max_requests);
        if config.max_requests <= most {
            let message = format!(
                "one tenant may have {most} requests under way, and all of them together {}",
                config.max_requests
            );
            let problem = admission.place_of("max-requests").problem(message);
            admission.report(problem.hint("raise `max-requests`, or lower `concurrency` of the tiers"));
        }
        config.socket = socket(file, folder);
        let tls = server.section("tls");
        config.tls = tls_files(&tls, folder);
        complete &= config.tls.is_some() || !server.has("tls");
        tls.finish();
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

/// `[admin]`.
fn socket(file: &Section<'_>, folder: &Path) -> Option<PathBuf> {
    let admin = file.section("admin");
    let socket = admin.string("socket");
    admin.finish();
    let socket = socket?;
    if cfg!(unix) && !socket.value.is_empty() {
        return Some(folder.join(socket.value));
    }
    let problem = socket.place.problem("`socket` is no path of a Unix socket");
    admin.report(problem.hint("leave it out, or write such as \"/run/innkeeper/admin.sock\""));
    None
}

/// `[server.tls]`: both files, or none.
fn tls_files(tls: &Section<'_>, folder: &Path) -> Option<TlsFiles> {
    if !tls.has("certificate") && !tls.has("key") {
        return None;
    }
    let path = |key| {
        let path =
            tls.required::<String>(key, "write the path of a PEM file: `certificate` and `key` go together");
        Some(folder.join(path?.value))
    };
    let (certificate, key) = (path("certificate"), path("key"));
    Some(TlsFiles { certificate: certificate?, key: key? })
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
