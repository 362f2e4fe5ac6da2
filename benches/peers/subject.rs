//! Who is measured: the gateway in its variants, and the peers beside it.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use tempfile::TempDir;

use crate::case::Case;
use crate::issuer::Issuer;
use crate::items;
use crate::load::Requests;
use crate::process::{self, Running, free_address};

/// The gateway, in the table.
pub(crate) const OURS: &str = "Innkeeper";

/// Two of the peers, in the table.
pub(crate) const MERCURIUS: &str = "Mercurius, JIT";
pub(crate) const TAILCALL: &str = "Tailcall";

/// A peer that runs and can be asked.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) running: Running,
    asks: Asks,
    /// What it was started with.
    _folder: Option<TempDir>,
}

/// How a peer is asked.
enum Asks {
    /// By the routes of the bare SDK.
    Plain,
    /// By GraphQL, with a header for each tenant.
    GraphQl { path: &'static str, headers: Vec<String> },
}

/// Where everything is that a peer needs.
pub(crate) struct Surroundings {
    pub(crate) issuer: Issuer,
    /// The stub, in plain HTTP.
    pub(crate) stub: SocketAddr,
    /// The stub over TLS, and the certificate to trust.
    pub(crate) tls: (SocketAddr, PathBuf),
    /// The cores of the peers.
    pub(crate) cores: &'static str,
    pub(crate) innkeeper: PathBuf,
}

/// A variant of the gateway.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) tenants: usize,
    pub(crate) tls: bool,
    /// The folder where valgrind writes how many instructions it has counted, if it counts them.
    pub(crate) counting: Option<PathBuf>,
}

impl Surroundings {
    /// The gateway as it is, for one tenant, over plain HTTP.
    pub(crate) fn ours(&self) -> Variant {
        Variant {
            name: OURS.to_owned(),
            program: self.innkeeper.clone(),
            arguments: Vec::new(),
            tenants: 1,
            tls: false,
            counting: None,
        }
    }

    fn endpoint(&self, tls: bool) -> String {
        if tls { format!("https://localhost:{}", self.tls.0.port()) } else { format!("http://{}", self.stub) }
    }
}

impl Subject {
    /// Starts a variant of the gateway, as it would run in production.
    pub(crate) async fn gateway(around: &Surroundings, variant: &Variant) -> Self {
        let tenants: Vec<_> = (0..variant.tenants).map(|at| format!("t{at:05}")).collect();
        let folder = application(around, &tenants);
        let (listen, admin) = (free_address(), free_address());
        let endpoint = around.endpoint(variant.tls);
        let mut command = match &variant.counting {
            None => process::on_cores(around.cores, &variant.program),
            Some(folder) => process::counted(around.cores, &variant.program, folder),
        };
        command
            .current_dir(folder.path())
            .args(["serve", "--listen", &listen.to_string(), "--admin", &admin.to_string()])
            .args(&variant.arguments)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", items::SECRET_KEY)
            .env("INNKEEPER_AWS_STS_ENDPOINT", &endpoint)
            .env("INNKEEPER_AWS_DYNAMODB_ENDPOINT", &endpoint)
            .env("INNKEEPER_CURSOR_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .env("SSL_CERT_FILE", &around.tls.1)
            // The log is written, as in production, and thrown away at the end.
            .stderr(fs::File::create(folder.path().join("log")).unwrap());
        let running = Running::start(command, listen).await;
        let header = |tenant: &String| format!("authorization: Bearer {}\r\n", around.issuer.token(tenant));
        let asks = Asks::GraphQl { path: "/graphql", headers: tenants.iter().map(header).collect() };
        Self { name: variant.name.clone(), running, asks, _folder: Some(folder) }
    }

    /// Starts the bare SDK in axum.
    pub(crate) async fn sdk(around: &Surroundings, name: &str, tls: bool, workers: usize) -> Self {
        let listen = free_address();
        let mut command = process::on_cores(around.cores, std::env::current_exe().unwrap());
        command.args(["sdk", "--listen", &listen.to_string(), "--endpoint", &around.endpoint(tls)]);
        command.args(["--workers", &workers.to_string()]).env("SSL_CERT_FILE", &around.tls.1);
        let running = Running::start(command, listen).await;
        Self { name: name.to_owned(), running, asks: Asks::Plain, _folder: None }
    }

    /// Starts Mercurius.
    pub(crate) async fn mercurius(around: &Surroundings) -> Self {
        Self::node(around, MERCURIUS, "mercurius", "").await
    }

    /// Starts the simulator of `AppSync`.
    pub(crate) async fn appsync(around: &Surroundings) -> Self {
        Self::node(around, "AppSync's simulator", "appsync", "x-api-key: da-bench\r\n").await
    }

    async fn node(around: &Surroundings, name: &str, folder: &str, headers: &str) -> Self {
        let listen = free_address();
        let mut command = process::on_cores(around.cores, "node");
        command
            .arg(peers().join("node").join(folder).join("serve.mjs"))
            .args([&listen.port().to_string(), &around.endpoint(false)]);
        command.env("NODE_ENV", "production").stderr(Stdio::null());
        let running = Running::start(command, listen).await;
        let asks = Asks::GraphQl { path: "/graphql", headers: vec![headers.to_owned()] };
        Self { name: name.to_owned(), running, asks, _folder: None }
    }

    /// Starts Tailcall, where its binary runs: by itself, or with the C library that was fetched for it.
    pub(crate) async fn tailcall(around: &Surroundings) -> Option<Self> {
        let program = peers().join("tailcall/node_modules/@tailcallhq/core-linux-x64-gnu/bin/tailcall");
        let glibc = target().join("bench/glibc");
        let runs =
            |command: &mut Command| command.arg("--version").output().is_ok_and(|it| it.status.success());
        let mut command = if runs(&mut Command::new(&program)) {
            process::on_cores(around.cores, &program)
        } else {
            let mut command = process::on_cores(around.cores, glibc.join("ld-linux-x86-64.so.2"));
            command.arg("--library-path").arg(&glibc).arg(&program);
            if !program.exists() || !glibc.exists() {
                return None;
            }
            command
        };
        let (listen, folder) = (free_address(), TempDir::new().unwrap());
        let schema = fs::read_to_string(peers().join("tailcall/orders.graphql")).unwrap();
        let schema = schema.replace("port: 1,", &format!("port: {},", listen.port()));
        let schema = schema.replace("http://127.0.0.1:2/", &format!("http://{}/", around.stub));
        let file = folder.path().join("orders.graphql");
        fs::write(&file, schema).unwrap();
        command.arg("start").arg(&file);
        // It asks nobody whether it is new, and does not write a line for each request.
        command.env("TAILCALL_TRACKER", "false").env("TAILCALL_LOG_LEVEL", "error").stderr(Stdio::null());
        let running = Running::start(command, listen).await;
        let asks = Asks::GraphQl { path: "/graphql", headers: vec![String::new()] };
        Some(Self { name: TAILCALL.to_owned(), running, asks, _folder: Some(folder) })
    }

    /// The requests of a case, of the first tenant, each with a token that was never seen.
    pub(crate) fn with_new_tokens(&self, around: &Surroundings, count: usize, case: Case) -> Requests {
        let address = self.running.address;
        // Each is signed anew, and ECDSA signs no text twice the same way.
        let header = || format!("authorization: Bearer {}\r\n", around.issuer.token(items::TENANT));
        let texts = (0..count).map(|_| case.graphql(address, "/graphql", &header())).collect();
        Requests { address, texts: Rc::new(texts) }
    }

    /// The requests of a case.
    pub(crate) fn requests(&self, case: Case) -> Requests {
        let address = self.running.address;
        let texts = match &self.asks {
            Asks::Plain => vec![case.plain(address)],
            Asks::GraphQl { path, headers } => {
                headers.iter().map(|headers| case.graphql(address, path, headers)).collect()
            }
        };
        Requests { address, texts: Rc::new(texts) }
    }
}

/// Where the peers' own files are.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    // target/release/deps/peers-…
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

/// The application that is measured, with its issuer and so many tenants.
fn application(around: &Surroundings, tenants: &[String]) -> TempDir {
    let from = peers().join("application");
    let folder = TempDir::new().unwrap();
    let to = folder.path();
    fs::create_dir_all(to.join("policies/roles")).unwrap();
    for file in
        ["schema.graphql", "policies/shop.json", "policies/roles/pool.json", "policies/roles/gateway.json"]
    {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let configuration = fs::read_to_string(from.join("innkeeper.toml")).unwrap();
    let jwks = format!("http://{}/", around.stub);
    fs::write(to.join("innkeeper.toml"), configuration.replace("http://127.0.0.1:1/", &jwks)).unwrap();
    let mut registry =
        "[defaults]\nregion = \"eu-central-1\"\nmode = \"session-policy\"\npolicy = \"shop\"\n\
                        role = \"arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool\"\n"
            .to_owned();
    for tenant in tenants {
        writeln!(registry, "\n[tenants.{tenant}]").unwrap();
    }
    fs::write(to.join("tenants.toml"), registry).unwrap();
    folder
}
