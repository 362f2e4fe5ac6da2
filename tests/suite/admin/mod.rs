//! Change while it runs: files that are read again, what an operator does over the socket, and a restart.

mod generations;
mod orders;
mod reloads;
mod restart;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::World;
use crate::harness::dev::{application, free_address};
use crate::harness::process::{Ended, Running, innkeeper, run};
use crate::harness::serving;

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;

/// `innkeeper serve` as a process, before the AWS of a world that goes by real time.
struct Serving<'w> {
    world: &'w World,
    folder: TempDir,
    listen: String,
    admin: String,
    running: Running,
}

/// The example, with a socket and the issuer of a world, in a folder of its own.
fn prepared(world: &World) -> TempDir {
    let folder = application();
    serving::trust(world, folder.path(), "\n[admin]\nsocket = \"admin.sock\"\n");
    folder
}

/// Writes a file anew.
#[track_caller]
fn edit(folder: &TempDir, name: &str, edit: impl FnOnce(String) -> String) {
    let path = folder.path().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = edit(text.clone());
    assert_ne!(text, edited, "the edit of {name} changes nothing");
    std::fs::write(path, edited).unwrap();
}

fn start(world: &World, folder: &TempDir, (listen, admin): (&str, &str), aws: &str) -> Running {
    let mut command = innkeeper(folder.path(), &["serve", "--listen", listen, "--admin", admin]);
    Running::start(serving::before(&mut command, world, aws))
}

impl<'w> Serving<'w> {
    fn start(world: &'w World) -> Self {
        Self::start_in(world, prepared(world))
    }

    fn start_in(world: &'w World, folder: TempDir) -> Self {
        let (listen, admin) = (free_address(), free_address());
        let mut running = start(world, &folder, (&listen, &admin), &world.aws.endpoint());
        running.wait_for("\"serving\"");
        Self { world, folder, listen, admin, running }
    }

    /// Status and answer of a document.
    async fn ask(&self, tenant: &str, query: &str) -> (u16, Value) {
        let request = self
            .world
            .http
            .post(format!("http://{}/graphql", self.listen))
            .header("authorization", format!("Bearer {}", self.world.token(tenant)))
            .header("accept", "application/graphql-response+json")
            .json(&json!({ "query": query }));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// `innkeeper admin …`, beside it.
    fn order(&self, arguments: &[&str]) -> Ended {
        run(&mut innkeeper(self.folder.path(), &[&["admin"], arguments].concat()))
    }

    async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.admin);
        self.world.http.get(url).send().await.unwrap().text().await.unwrap()
    }
}
