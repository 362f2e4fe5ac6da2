//! How many instructions a warm request takes, counted by valgrind: a figure that does not depend on how busy the
//! machine is, and that is committed.
//!
//! The gateway's binary runs whole, with one connection that asks one request after the other. It is warm before valgrind
//! begins to count. The kernel's part is not in it, nor is anything of the stub's, which is another process. What the
//! gateway does in the background is, so the least of some runs is taken.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::case::{CASES, Case};
use crate::load;
use crate::subject::{Subject, Surroundings, Variant};

/// How often each case is asked before anything is counted.
const WARM: usize = 40;
/// How many requests are counted at a time, and how often.
const COUNTED: usize = 100;
const TIMES: usize = 3;
/// How much more than the committed figure is too much.
const TOLERANCE: f64 = 0.05;

/// Counts all cases, and compares them with the committed figures, or commits them.
pub(crate) async fn check(around: &Surroundings, accept: bool) {
    let valgrind = Command::new("valgrind").arg("--version").output();
    assert!(valgrind.is_ok_and(|it| it.status.success()), "valgrind is not installed");
    let counted = count(around).await;
    if accept {
        let mut text = String::new();
        for (case, each) in &counted {
            writeln!(text, "{each} {}", case.name()).unwrap();
        }
        return fs::write(file(), text).unwrap();
    }
    let committed = fs::read_to_string(file());
    let committed =
        committed.expect("there are no committed figures: `just instructions --accept` writes them");
    let mut worse = false;
    for (case, each) in counted {
        let figure =
            committed.lines().find_map(|line| line.strip_suffix(&case.name())?.trim().parse::<u64>().ok());
        let figure = figure.unwrap_or_else(|| panic!("{} has no committed figure", case.name()));
        #[expect(clippy::cast_precision_loss, reason = "a count of some hundred thousand")]
        let change = each as f64 / figure as f64 - 1.0;
        println!("{}: {:+.1} % against {figure}", case.name(), change * 100.0);
        worse |= change > TOLERANCE;
        if change < -TOLERANCE {
            println!("  it is cheaper now: write the new figure with `just instructions --accept`");
        }
    }
    assert!(!worse, "a request takes over 5 % more instructions than the committed figure");
}

/// The committed figures.
fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/instructions.txt")
}

/// The instructions of a request of each case.
async fn count(around: &Surroundings) -> Vec<(Case, u64)> {
    let folder = TempDir::new().unwrap();
    let variant = Variant { counting: Some(folder.path().to_owned()), ..around.ours() };
    let subject = Subject::gateway(around, &variant).await;
    for case in CASES {
        load::repeat(&subject.requests(case), WARM).await;
    }
    let mut counted = Vec::new();
    for case in CASES {
        let mut least = u64::MAX;
        for _ in 0..TIMES {
            let _before = subject.running.instructions(folder.path()).await;
            load::repeat(&subject.requests(case), COUNTED).await;
            least = least.min(subject.running.instructions(folder.path()).await);
        }
        let each = least / u64::try_from(COUNTED).unwrap();
        println!("{}: {each} instructions", case.name());
        counted.push((case, each));
    }
    counted
}
