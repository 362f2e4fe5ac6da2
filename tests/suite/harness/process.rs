//! The binary as a user runs it: a process, what it prints, how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take. A debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(25);

/// The binary, in a folder, with nothing of this environment's that it could trip over.
pub(crate) fn innkeeper(folder: &Path, arguments: &[&str]) -> Command {
    alone(Command::new(env!("CARGO_BIN_EXE_innkeeper")), folder, arguments)
}

/// The same, as a process that may have so many KiB of memory: whoever asks for more gets none, and aborts.
pub(crate) fn innkeeper_within(kib: u64, folder: &Path, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {kib} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_innkeeper")]);
    alone(shell, folder, arguments)
}

fn alone(mut command: Command, folder: &Path, arguments: &[&str]) -> Command {
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") || name.starts_with("INNKEEPER_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command
}

/// A command that ran to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end. One that does not end is killed, and fails the test.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ended {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let read = |mut pipe: Box<dyn std::io::Read + Send>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        })
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()));
    let stderr = read(Box::new(child.stderr.take().unwrap()));
    let status = wait(&mut child);
    Ended { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a process is waited for in real time")]
fn wait(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("the command does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server that was started as a process. It does not outlive its test.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Running {
    /// Starts a command and reads what it prints to either side.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let pipes: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for pipe in pipes {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _nobody_listens = sender.send(line);
                }
            });
        }
        Self { child, lines, seen: Vec::new() }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that holds a text, and gives all lines so far.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> Vec<String> {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let found = line.contains(text);
                    self.seen.push(line);
                    if found {
                        return self.seen.clone();
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("`{text}` is not printed:\n{}", self.seen.join("\n"));
                }
            }
        }
    }

    /// Sends it a signal, such as `HUP`.
    #[track_caller]
    pub(crate) fn signal(&self, signal: &str) {
        let arguments = [format!("-{signal}"), self.child.id().to_string()];
        assert!(Command::new("kill").args(arguments).status().unwrap().success());
    }

    /// Asks it to stop, as a supervisor does, and waits for its end.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> (Option<i32>, Vec<String>) {
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        let status = wait(&mut self.child);
        let mut seen = std::mem::take(&mut self.seen);
        seen.extend(self.lines.iter());
        (status.code(), seen)
    }
}
