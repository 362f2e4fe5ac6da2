//! The command line, as processes: what a user types, reads and gets.

mod dev;
mod explain;
mod input;
mod policy;
mod serve;

use std::path::Path;

use tempfile::TempDir;

use crate::harness::copy_example;

/// The example application in a folder of its own, on ports of its own.
fn application() -> TempDir {
    let folder = TempDir::new().unwrap();
    copy_example(folder.path());
    folder
}

/// Writes a file of an application anew.
fn edit(folder: &Path, name: &str, edit: impl FnOnce(String) -> String) {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, edit(text)).unwrap();
}

/// Addresses that are free at the moment.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
