//! The command line, as processes: what a user types, reads and gets.

mod dev;
mod explain;
mod input;
mod policy;
mod serve;

use std::path::Path;

use crate::harness::dev::{application, free_address};

/// Writes a file of an application anew.
fn edit(folder: &Path, name: &str, edit: impl FnOnce(String) -> String) {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, edit(text)).unwrap();
}
