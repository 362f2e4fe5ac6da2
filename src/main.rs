//! The binary: everything is in the library.

use std::process::ExitCode;

/// Faster than the system's by some 20 µs a request, measured on the gateway's own path.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    innkeeper::cli::main()
}
