//! Sees when files change, by looking at them: a suspended tenant is out within seconds, wherever the files come from.
//!
//! Notifications of the kernel do not reach what is mounted from elsewhere, and files are often replaced by renaming a
//! folder, as Kubernetes does. What is looked at is the time, the length and the number of each file.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::config::Config;
use crate::server::TlsFiles;

/// How often the files are looked at. Well under the 30 s within which a suspended tenant must be out.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// How often files may go on changing before they are read all the same.
const PATIENCE: u32 = 3;

/// What tells one state of the files from another.
type Seen = BTreeMap<PathBuf, (SystemTime, u64, u64)>;

/// Files, as they were when they were looked at. To be made before they are read: a change while they are read, or while
/// the server starts, is then seen as one.
#[derive(Debug)]
pub(super) struct Watched {
    files: Vec<PathBuf>,
    /// Folders, of which every JSON file counts.
    folders: Vec<PathBuf>,
    seen: Seen,
    /// What the files were at the last look, where that was another state than the one that was read, and for how many
    /// looks they have been another.
    changing: Option<(Seen, u32)>,
}

impl Watched {
    /// Looks at the files of an application: tenants, schema, trusted documents, policies and declared roles.
    pub(super) fn application(config: &Config) -> Self {
        let files =
            [&config.tenants, &config.schema].into_iter().chain(&config.trusted_documents).cloned().collect();
        Self::look_at(files, vec![config.policies.clone(), config.policies.join("roles")])
    }

    /// Looks at the files of a certificate.
    pub(super) fn certificate(files: &TlsFiles) -> Self {
        Self::look_at(vec![files.certificate.clone(), files.key.clone()], Vec::new())
    }

    fn look_at(files: Vec<PathBuf>, folders: Vec<PathBuf>) -> Self {
        let mut watched = Self { files, folders, seen: Seen::new(), changing: None };
        watched.look_again();
        watched
    }

    /// Looks at the files, which are to be read now.
    pub(super) fn look_again(&mut self) {
        self.seen = self.look();
        self.changing = None;
    }

    /// Whether the files have changed since they were last read, and have come to rest: somebody who writes three of them
    /// is not asked what the first means without the others.
    pub(super) fn has_changed(&mut self) -> bool {
        let now = self.look();
        if now == self.seen {
            self.changing = None;
            return false;
        }
        let looks = match self.changing.take() {
            Some((former, _)) if former == now => PATIENCE,
            Some((_, looks)) => looks + 1,
            None => 1,
        };
        if looks < PATIENCE {
            self.changing = Some((now, looks));
            return false;
        }
        self.seen = now;
        true
    }

    fn look(&self) -> Seen {
        let in_folders = self.folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let in_folders = in_folders.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_json(path));
        let state = |path: PathBuf| {
            let metadata = std::fs::metadata(&path).ok()?;
            Some((path, (metadata.modified().ok()?, metadata.len(), number(&metadata))))
        };
        self.files.iter().cloned().chain(in_folders).filter_map(state).collect()
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// The number that a file system gives a file: another one where the file was renamed into its place.
#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_metadata: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(folder: &Path) -> Watched {
        Watched::look_at(vec![folder.join("tenants.toml")], vec![folder.join("policies")])
    }

    /// The look is taken before the files are read, so what is written in between is a change.
    #[test]
    fn a_change_after_the_first_look_is_seen_once_when_it_has_come_to_rest() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut watched = watched(folder.path());
        assert!(!watched.has_changed());
        std::fs::write(folder.path().join("tenants.toml"), "[tenants.acme]").unwrap();
        assert!(!watched.has_changed());
        assert!(watched.has_changed());
        assert!(!watched.has_changed());
    }

    #[test]
    fn files_that_never_come_to_rest_are_read_all_the_same() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut watched = watched(folder.path());
        let changed: Vec<_> = (1..=6)
            .map(|length| {
                std::fs::write(folder.path().join("tenants.toml"), "x".repeat(length)).unwrap();
                watched.has_changed()
            })
            .collect();
        assert_eq!(changed, [false, false, true, false, false, true]);
    }

    #[test]
    fn a_policy_that_comes_goes_or_is_renamed_into_its_place_is_a_change() {
        let folder = tempfile::TempDir::new().unwrap();
        let policies = folder.path().join("policies");
        std::fs::create_dir(&policies).unwrap();
        let mut watched = watched(folder.path());
        let mut changes = |what: &str| {
            watched.has_changed();
            assert!(watched.has_changed(), "{what}");
        };
        std::fs::write(policies.join("shop.json"), "{}").unwrap();
        changes("a new file");
        // The same length and the same time.
        let time = std::fs::metadata(policies.join("shop.json")).unwrap().modified().unwrap();
        let other = folder.path().join("other");
        std::fs::write(&other, "[]").unwrap();
        std::fs::File::options().write(true).open(&other).unwrap().set_modified(time).unwrap();
        std::fs::rename(&other, policies.join("shop.json")).unwrap();
        changes("another file");
        std::fs::remove_file(policies.join("shop.json")).unwrap();
        changes("no file");
        std::fs::write(policies.join("notes.txt"), "not a policy").unwrap();
        watched.has_changed();
        assert!(!watched.has_changed());
    }
}
