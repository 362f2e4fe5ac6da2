//! `innkeeper dev` as a process of its own, with an application in a folder of its own.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::copy_example;
use super::process::{Running, innkeeper};

/// The example application in a folder of its own, on ports of its own.
pub(crate) fn application() -> TempDir {
    let folder = TempDir::new().unwrap();
    copy_example(folder.path());
    folder
}

/// Addresses that are free at the moment.
pub(crate) fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A running `dev`, started from a folder that is not the application's.
pub(crate) struct Dev {
    pub(crate) running: Running,
    pub(crate) printed: String,
    pub(crate) url: String,
    pub(crate) admin: String,
}

impl Dev {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let (listen, admin) = (free_address(), free_address());
        let elsewhere = TempDir::new().unwrap();
        let config = folder.join("innkeeper.toml");
        let mut all =
            vec!["dev", "--listen", &listen, "--admin", &admin, "--config", config.to_str().unwrap()];
        all.extend(arguments);
        let mut running = Running::start(&mut innkeeper(elsewhere.path(), &all));
        let mut printed = running.wait_for("1. `");
        // The second command follows where there is a seed.
        if !arguments.contains(&"--no-seed") {
            printed = running.wait_for("-d '{\"TableName\"");
        }
        Self {
            running,
            printed: printed.join("\n"),
            url: format!("http://{listen}"),
            admin: format!("http://{admin}"),
        }
    }

    pub(crate) async fn query(&self, token: &str, query: &str) -> (u16, Value) {
        let request = reqwest::Client::new()
            .post(format!("{}/graphql", self.url))
            .header("authorization", format!("Bearer {token}"))
            .json(&json!({ "query": query }));
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }
}
