# The chores. `just` lists them; `just ci` is what CI runs.

[private]
default:
    @just --list --unsorted

# Run the example: the gateway before an embedded AWS that enforces IAM.
dev *options:
    cargo run --release -- dev {{options}}

# Run all tests, faster than `cargo test` does: one process each.
test *options:
    cargo nextest run {{options}}

# What must hold before a commit: layout, lints, documentation.
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --no-default-features --lib --bins -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# Lay the code out.
fmt:
    cargo fmt

# Look at changed snapshots, one by one.
review:
    cargo insta review

# What CI runs.
ci:
    bash .ci/run

# Licences, advisories and sources of the dependencies (needs cargo-deny).
deny:
    cargo deny check

# Fetch the console's scripts anew from npm, and fail if a file differs.
console-assets:
    bash assets/vendor/fetch

# The soak: 200 tenants, random faults, for ten minutes unless told otherwise (in seconds). Loopback only.
soak seconds="600":
    INNKEEPER_SOAK_SECONDS={{seconds}} cargo test --release --test suite -- --exact --nocapture soak::p10_nothing_is_lost_nothing_is_done_twice_and_no_tenant_meets_another

# What a request costs beside the alternatives: see benches/README.md.
bench *options="quick":
    cargo bench --bench peers -- {{options}}

# How many instructions a warm request takes, counted by valgrind, against the committed figures; `--accept` commits new ones.
instructions *options:
    cargo build --profile counted --no-default-features --bin innkeeper
    cargo bench --profile dev --bench peers -- --innkeeper target/counted/innkeeper instructions {{options}}

# P8 and P9 under load: a minute a phase unless told otherwise (in seconds). Loopback only.
load seconds="60":
    INNKEEPER_LOAD_SECONDS={{seconds}} cargo test --release --test suite -- --nocapture --test-threads 1 load::
