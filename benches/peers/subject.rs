//! Who is measured: the gateway in its variants, and the peers beside it.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::TempDir;

use crate::case::Case;
use crate::issuer::Issuer;
use crate::items;
use crate::load::Requests;
use crate::process::{self, Running, free_address};

/// The gateway, in the table.
pub(crate) const OURS: &str = "Innkeeper";

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
    pub(crate) cores: String,
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
        let mut command = process::on_cores(&around.cores, &variant.program);
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
        let mut command = process::on_cores(&around.cores, std::env::current_exe().unwrap());
        command.args(["sdk", "--listen", &listen.to_string(), "--endpoint", &around.endpoint(tls)]);
        command.args(["--workers", &workers.to_string()]).env("SSL_CERT_FILE", &around.tls.1);
        let running = Running::start(command, listen).await;
        Self { name: name.to_owned(), running, asks: Asks::Plain, _folder: None }
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

/// The application that is measured, with its issuer and so many tenants.
fn application(around: &Surroundings, tenants: &[String]) -> TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/application");
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
