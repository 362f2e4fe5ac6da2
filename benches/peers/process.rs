//! A peer as a process: on its core, on its port, and what it has cost.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The cores: the peers have one, load and stub the other; in one series all have both.
pub(crate) const PEERS: &str = "0";
pub(crate) const LOAD: &str = "1";
pub(crate) const BOTH: &str = "0,1";

/// How long a peer may take until it listens: one with 100,000 tenants proves them all first.
const START: Duration = Duration::from_mins(3);
/// How long a peer that listens is looked at again after.
const STEADY: Duration = Duration::from_millis(200);
/// The kernel counts the time of a process in these: `getconf CLK_TCK`, which is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTEN: &str = "0A";
/// Where user and system time stand in `/proc/PID/stat`, after the name.
const USER: usize = 11;
const SYSTEM: usize = 12;

/// A peer that runs. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// How long it took until it listened.
    pub(crate) started: Duration,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _it_may_have_ended = self.child.kill();
        let _its_end = self.child.wait();
    }
}

/// An address that nobody has.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A command that runs on some cores alone, with nothing of this environment's that it could trip over.
pub(crate) fn on_cores(cores: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", cores]).arg(program).stdin(Stdio::null()).stdout(Stdio::null());
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") || name.starts_with("INNKEEPER_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command
}

/// The same under valgrind, which counts instructions and writes them to a folder when it is asked to.
pub(crate) fn counted(cores: &str, program: &Path, folder: &Path) -> Command {
    let mut command = on_cores(cores, "valgrind");
    command.args(["--quiet", "--tool=callgrind"]);
    command.arg(format!("--callgrind-out-file={}", folder.join("counted").display())).arg(program);
    command
}

/// Binds this process, and every thread that it has or makes, to cores.
pub(crate) fn bind_to(cores: &str) {
    let pid = std::process::id().to_string();
    let bound = Command::new("taskset").args(["-a", "-p", "-c", cores, &pid]).stdout(Stdio::null()).status();
    assert!(bound.unwrap().success(), "taskset cannot bind to the cores {cores}");
}

impl Running {
    /// Starts a peer and waits until it, and nobody else, listens.
    pub(crate) async fn start(mut command: Command, address: SocketAddr) -> Self {
        let start = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut running = Self { child, address, started: Duration::ZERO };
        while !running.listens() {
            if let Some(status) = running.child.try_wait().unwrap() {
                panic!("{command:?} ended: {status}");
            }
            assert!(
                start.elapsed() < START,
                "{command:?} does not listen on {address}, or somebody else does"
            );
            // The stub is asked meanwhile, and runs on this thread.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        running.started = start.elapsed();
        // Some try the port first, and let it go again.
        while !running.listens_still().await {
            assert!(start.elapsed() < START, "{command:?} does not listen on {address} for long");
        }
        running
    }

    fn listens(&self) -> bool {
        TcpStream::connect(self.address).is_ok() && self.owns_its_port()
    }

    async fn listens_still(&self) -> bool {
        tokio::time::sleep(STEADY).await;
        self.listens()
    }

    /// Whether the socket that listens on the port is this process's. A peer that was left over has answered for
    /// others before.
    pub(crate) fn owns_its_port(&self) -> bool {
        let SocketAddr::V4(address) = self.address else { return false };
        let hex = format!("{:08X}:{:04X}", u32::from_le_bytes(address.ip().octets()), address.port());
        let any = format!("00000000:{:04X}", address.port());
        let tcp =
            fs::read_to_string("/proc/net/tcp").unwrap() + &fs::read_to_string("/proc/net/tcp6").unwrap();
        let inodes = tcp.lines().filter_map(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let local = *columns.get(1)?;
            let here = local == hex || local.ends_with(&any) || local.ends_with(&hex);
            (here && columns.get(3) == Some(&LISTEN)).then(|| format!("socket:[{}]", columns[9]))
        });
        let inodes: Vec<_> = inodes.collect();
        let owned = |inode: &String| {
            let links = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
            links.flatten().any(|it| fs::read_link(it.path()).is_ok_and(|to| to.to_string_lossy() == *inode))
        };
        !inodes.is_empty() && inodes.iter().all(owned)
    }

    /// The instructions since it was asked the last time. It runs under valgrind, which writes to a folder.
    pub(crate) async fn instructions(&self, folder: &Path) -> u64 {
        let parts = || {
            let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
            files.filter(|it| it.extension().is_some()).collect::<std::collections::BTreeSet<_>>()
        };
        let before = parts();
        let asked =
            Command::new("callgrind_control").arg("-d").arg(self.child.id().to_string()).output().unwrap();
        assert!(asked.status.success(), "valgrind does not hear: {}", String::from_utf8_lossy(&asked.stderr));
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < START, "valgrind writes nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
            let Some(part) = parts().difference(&before).next().cloned() else { continue };
            let said = fs::read_to_string(part).unwrap();
            let sum = said.lines().find_map(|line| line.strip_prefix("totals: "));
            // The last line may not be there yet.
            if let Some(sum) = sum {
                return sum.trim().parse().unwrap();
            }
        }
    }

    /// User and system time since it started.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name of the program stands in parentheses, and may hold blanks.
        let after = stat.rsplit(") ").next().unwrap();
        let column = |at: usize| after.split(' ').nth(at).unwrap().parse::<u32>().unwrap();
        TICK * (column(USER) + column(SYSTEM))
    }

    /// What of it is in memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

/// How long the peers' core has been busy since the machine started, with anything at all.
pub(crate) fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu0 ")).unwrap();
    let columns: Vec<u32> = line.split(' ').map(|it| it.parse().unwrap()).collect();
    // user, nice, system, irq, softirq; not idle, not the wait for a disk, not what the host stole.
    TICK * [0, 1, 2, 5, 6].iter().map(|&at: &usize| columns[at]).sum::<u32>()
}
