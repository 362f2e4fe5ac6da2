//! Reads the tenants again when their file changes: a suspended tenant is out within seconds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;

use crate::problem::Problems;
use crate::telemetry::Event;
use crate::tenant::{Registry, Tenants};

/// How often the file is looked at. Well under the 30 s within which a suspended tenant must be out.
const INTERVAL: Duration = Duration::from_secs(1);

/// What tells one state of a file from another.
type Seen = Option<(SystemTime, u64)>;

/// Watches the tenants' file until the handle is aborted. A file that cannot be read keeps the former tenants.
#[expect(clippy::disallowed_methods, reason = "it belongs to the server, not to a request, and ends with it")]
pub(super) fn tenants(
    tenants: Arc<Tenants>,
    path: PathBuf,
    mut read: impl FnMut() -> Result<Registry, Problems> + Send + 'static,
) -> JoinHandle<()> {
    let mut seen = look(&path);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(INTERVAL).await;
            let now = look(&path);
            if now == seen {
                continue;
            }
            seen = now;
            reload(&tenants, read());
        }
    })
}

/// Puts what was read in force, or says why not.
pub(super) fn reload(tenants: &Tenants, read: Result<Registry, Problems>) {
    match tenants.replace(read) {
        Ok(()) => Event::RegistryReplaced { tenants: tenants.registry().records().len() }.emit(),
        Err(problems) => Event::RegistryRejected { reason: &problems }.emit(),
    }
}

fn look(path: &Path) -> Seen {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
