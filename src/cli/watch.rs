//! Reads the tenants again when their file changes: a suspended tenant is out within seconds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;

use crate::telemetry::Event;
use crate::tenant::{Registry, Rejected, Tenants};

/// How often the file is looked at. Well under the 30 s within which a suspended tenant must be out.
const INTERVAL: Duration = Duration::from_secs(1);

/// What tells one state of a file from another.
type Seen = Option<(SystemTime, u64)>;

/// A file, as it was when it was looked at. To be made before the file is read: a change while it is read, or while the
/// server starts, is then seen as one.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    seen: Seen,
}

impl Watched {
    pub(super) fn look_at(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: look(path) }
    }

    /// Whether the file has changed since it was last looked at.
    fn has_changed(&mut self) -> bool {
        let former = std::mem::replace(&mut self.seen, look(&self.path));
        former != self.seen
    }

    /// Reads the tenants again whenever the file changes, until the handle is aborted. A file that cannot be read keeps
    /// the former tenants, but for those whom it puts out.
    #[expect(
        clippy::disallowed_methods,
        reason = "it belongs to the server, not to a request, and ends with it"
    )]
    pub(super) fn reload(
        mut self,
        tenants: Arc<Tenants>,
        mut read: impl FnMut() -> Result<Registry, Rejected> + Send + 'static,
    ) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                if self.has_changed() {
                    reload(&tenants, read());
                }
                tokio::time::sleep(INTERVAL).await;
            }
        })
    }
}

/// Puts what was read in force, or says why not, and who is out all the same.
fn reload(tenants: &Tenants, read: Result<Registry, Rejected>) {
    let kept = match tenants.replace(read) {
        Ok(()) => {
            Event::RegistryReplaced { tenants: tenants.registry().records().len() }.emit();
            return;
        }
        Err(kept) => kept,
    };
    let (suspended, removed) = (kept.suspended.len(), kept.removed.len());
    Event::RegistryRejected { reason: &kept.problems, suspended, removed }.emit();
    for (tenants, how) in [(&kept.suspended, "suspended"), (&kept.removed, "removed")] {
        for tenant in tenants {
            Event::TenantWithdrawn { tenant, how }.emit();
        }
    }
}

fn look(path: &Path) -> Seen {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The look is taken before the file is read, so what is written in between is a change.
    #[test]
    fn a_change_after_the_first_look_is_seen_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut watched = Watched::look_at(file.path());
        assert!(!watched.has_changed());
        std::fs::write(file.path(), "[tenants.acme]").unwrap();
        assert!(watched.has_changed());
        assert!(!watched.has_changed());
    }
}
