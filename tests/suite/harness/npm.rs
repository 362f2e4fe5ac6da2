//! Packages of npm that the suite meets the gateway with, and node, which runs our scripts of `tests/clients` with
//! them. A script gets its options as JSON in its first argument and prints JSON.
//!
//! Without node, npm or a network the tests that need them are skipped with a line that says so, unless
//! `INNKEEPER_REQUIRE_NODE=1`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long npm may take to fetch packages.
const FETCH: Duration = Duration::from_mins(4);
/// How long a script may take. Its own waits are shorter, so that it says what it waits for.
const SCRIPT: Duration = Duration::from_mins(3);

/// The folder that holds the packages, each written `name@version`; or why there is none.
pub(crate) async fn packages(wanted: &[&str]) -> Result<PathBuf, String> {
    let wanted: Vec<_> = wanted.iter().map(|&package| package.to_owned()).collect();
    tokio::task::spawn_blocking(move || install(&wanted)).await.unwrap()
}

/// What a script prints.
pub(crate) async fn script(name: &'static str, packages: &Path, mut options: Value) -> Result<Value, String> {
    options["packages"] = json!(packages);
    let script = super::root().join("tests").join("clients").join(name);
    let printed = tokio::task::spawn_blocking(move || {
        run(Command::new("node").arg(script).arg(options.to_string()), SCRIPT)
    });
    let printed = printed.await.unwrap()?;
    serde_json::from_str(&printed).map_err(|error| format!("{name} printed {printed:?}: {error}"))
}

/// Fetches packages once; several processes may do so at a time.
fn install(wanted: &[String]) -> Result<PathBuf, String> {
    run(Command::new("node").arg("--version"), SCRIPT)?;
    let cache = super::cache("npm");
    let folder = cache.join(wanted.join("+").replace('/', "-"));
    if folder.exists() {
        return Ok(folder);
    }
    let fetch = tempfile::TempDir::new_in(&cache).map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    run(npm.arg(fetch.path()).args(wanted), FETCH)?;
    // Whoever is first puts it in its place; the others find it there.
    match std::fs::rename(fetch.path(), &folder) {
        Ok(()) => Ok(folder),
        Err(_) if folder.exists() => Ok(folder),
        Err(error) => Err(format!("{}: {error}", folder.display())),
    }
}

/// What a command prints; or why it failed. One that does not end is killed.
fn run(command: &mut Command, patience: Duration) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("{name} cannot be run: {error}"))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let ended = wait(&mut child, patience);
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    match ended {
        Some(true) => Ok(stdout),
        Some(false) => Err(format!("{name} failed: {stderr}{stdout}")),
        None => Err(format!("{name} did not end: {stderr}{stdout}")),
    }
}

/// Reads a pipe beside whatever else goes on.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _rest_is_lost = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether a child ended well; nothing, if it had to be ended.
#[expect(clippy::disallowed_methods, reason = "a process is waited for in real time")]
fn wait(child: &mut Child, patience: Duration) -> Option<bool> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.success());
        }
        sleep(Duration::from_millis(20));
    }
    let _ended = child.kill();
    let _reaped = child.wait();
    None
}
