//! The promises P1 to P7 and P12 to P14 of `docs/security.md`, each by the fault proxy: not only what is answered, but how
//! many calls it took. P8, P9 and P11 are in `admission`, P12 is in `tokens`, where key sets are.
//!
//! The clock is the harness's and moves when a test says so. What really takes time (a timeout, a pause) is made short by
//! the configuration.

mod batches;
mod deadlines;
mod leases;
mod retries;
mod timeouts;
mod writes;

const PRODUCT: &str = r#"{ product(sku: "COF-001") { name } }"#;
