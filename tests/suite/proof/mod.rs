//! `innkeeper check`: what it shows of the example, what it finds in every way of breaking it, and that AWS lets through
//! just what it says.

mod aws;
mod catalogue;
mod mutants;
mod report;

use std::path::Path;

use innkeeper::cli::{Application, examine};
use innkeeper::config::Config;
use innkeeper::policy::isolation::Proof;
use innkeeper::problem::{Problems, Source};
use innkeeper::settings::Variables;
use tempfile::TempDir;

use crate::harness::copy_example;

/// The example in a folder of its own, in which files can be changed.
struct Example(TempDir);

impl Example {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        copy_example(folder.path());
        Self(folder)
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }

    fn application(&self) -> Result<Application, Problems> {
        let source = Source::new("innkeeper.toml", self.read("innkeeper.toml"));
        Application::load(Config::parse(&source, self.folder(), &Variables::default())?)
    }

    fn proof(&self) -> Result<Proof, Problems> {
        Ok(examine(&self.application()?))
    }

    /// A text without the folder's path.
    fn plain(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder().display()), "")
    }
}
