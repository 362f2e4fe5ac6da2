//! How a world is made: the example application before an embedded AWS, in this process, on ports of its own, with
//! a clock that stands still until a test moves it. Tests speak HTTP to it, and ask the embedded AWS what it saw.

mod collector;
mod numbers;
pub(crate) mod dev;
pub(crate) mod dynamodb_local;
pub(crate) mod fault;
mod isolation;
pub(crate) mod issuers;
pub(crate) mod lab;
mod log;
pub(crate) mod npm;
pub(crate) mod process;
pub(crate) mod raw;
mod redact;
mod reply;
mod script;
pub(crate) mod serving;
pub(crate) mod stand_in;
mod worlds;

pub(crate) use collector::{Collector, Span};
pub(crate) use log::Log;
pub(crate) use numbers::Numbers;
pub(crate) use redact::redact;
pub(crate) use reply::Reply;
pub(crate) use script::{Scene, Script};
pub(crate) use worlds::{Builder, Engine, Tenant, World, copy_example};

use std::path::{Path, PathBuf};

/// The root of the repository, where the example application is.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where tests keep what they fetch: below `target`, so that `cargo clean` takes it along.
pub(crate) fn cache(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = target.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Whether a part of the suite must not be skipped: `INNKEEPER_REQUIRE_…=1`.
pub(crate) fn is_required(what: &str) -> bool {
    std::env::vars().any(|(name, value)| name == format!("INNKEEPER_REQUIRE_{what}") && value == "1")
}

/// Says that a test is skipped, and why; panics where it must not be.
#[expect(clippy::print_stdout, reason = "the one way to say so")]
#[track_caller]
pub(crate) fn skip(what: &str, why: &str) {
    assert!(!is_required(what), "INNKEEPER_REQUIRE_{what}=1, and {why}");
    println!("SKIPPED: {why}");
}
