//! What a request through the gateway costs, beside the alternatives, in one run: `just bench`.
//!
//! The peers run on one core, interleaved; the stub of DynamoDB and the load share the other, in one thread of this
//! process. A window of load is short, and each peer has one in every round, so that whatever else the machine does
//! falls on all alike. What is said is the median over the rounds; ratios are more to be trusted than times.
//!
//! Nothing here is part of the gateway or of its tests. Everything is on loopback, and everything is bounded.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, prints, and looks at the real time"
)]

mod case;
mod cold;
mod instructions;
mod issuer;
mod items;
mod load;
mod plot;
mod process;
mod report;
mod rounds;
mod sdk;
mod series;
mod stub;
mod subject;
mod table;
mod tls;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The gateway's own allocator, for the bare SDK too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a request costs, beside the alternatives.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Kind>,
    /// The gateway's binary.
    #[arg(long, global = true, default_value = env!("CARGO_BIN_EXE_innkeeper"))]
    innkeeper: PathBuf,
    /// Another binary of the gateway, measured beside it: NAME=PATH, with arguments of `serve` after it.
    #[arg(long, global = true, value_name = "NAME=PATH [ARG]...")]
    also: Vec<String>,
    /// How many rounds there are: ten, or five if it is quick.
    #[arg(long, global = true)]
    rounds: Option<usize>,
    /// How long a window of load is, in milliseconds.
    #[arg(long, global = true, default_value_t = 1000)]
    window: u64,
    /// How many tenants the largest registry has; none is measured with 0.
    #[arg(long, global = true, default_value_t = 100_000)]
    tenants: usize,
    /// What cargo adds.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// All series; writes docs/benchmarks.md.
    Full,
    /// The gateway and the bare SDK, in four minutes; writes nothing.
    Quick,
    /// Counts the instructions of a warm request, with valgrind, and compares them with the committed figures.
    Instructions {
        /// Writes the figures instead.
        #[arg(long)]
        accept: bool,
    },
    /// Runs the bare SDK in axum.
    #[command(hide = true)]
    Sdk {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        endpoint: String,
        #[arg(long)]
        workers: usize,
    },
}

fn main() {
    let options = Options::parse();
    if let Some(Kind::Sdk { listen, endpoint, workers }) = options.command {
        return sdk::serve(listen, &endpoint, workers);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, series::run(&options));
}
