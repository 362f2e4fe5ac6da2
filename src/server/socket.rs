//! A Unix socket that nobody but its owner can connect to, from the moment that it is there.
//!
//! A socket is made with the permissions that the process's mask leaves it, and a mask is the whole process's. So it is made
//! in a folder that nobody else can enter, is given its mode there, and is renamed into its place. That takes the place of
//! what a process left behind that was killed, and never of anything else.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// A socket with a name in the file system, which goes when this is dropped.
#[derive(Debug)]
pub(super) struct PrivateSocket {
    listener: UnixListener,
    path: PathBuf,
    /// The number of the file, by which it is told from one that has taken its place.
    number: u64,
    /// The user that this process runs as.
    owner: u32,
}

impl PrivateSocket {
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        make_room(path)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let closed = folder.join(format!(".{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&closed)?;
        let made = bind_in(&closed, path);
        // It is empty, or what it holds is of no use.
        let _removed = fs::remove_dir_all(&closed);
        made
    }

    /// The next connection, and the user who opened it.
    pub(super) async fn accept(&self) -> io::Result<(UnixStream, u32)> {
        let (stream, _address) = self.listener.accept().await?;
        let user = stream.peer_cred()?.uid();
        Ok((stream, user))
    }

    /// Whether a user may act here: the one that the gateway runs as, and root. The mode says the same; a socket that
    /// somebody has made wider does not.
    pub(super) fn admits(&self, user: u32) -> bool {
        user == self.owner || user == 0
    }
}

impl Drop for PrivateSocket {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|it| it.ino() == self.number);
        if is_ours {
            // Left behind, it is replaced at the next start.
            let _removed = fs::remove_file(&self.path);
        }
    }
}

/// Sees that nothing is at a path but what a process has left behind.
fn make_room(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "there is something else than a socket"));
    }
    match Blocking::connect(path) {
        Ok(_answers) => Err(io::Error::new(ErrorKind::AddrInUse, "another process listens there")),
        Err(_nobody) => Ok(()),
    }
}

fn bind_in(closed: &Path, path: &Path) -> io::Result<PrivateSocket> {
    let made = closed.join("s");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    let metadata = fs::symlink_metadata(&made)?;
    fs::rename(&made, path)?;
    Ok(PrivateSocket { listener, path: path.to_owned(), number: metadata.ino(), owner: metadata.uid() })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_is_its_owners_alone_and_goes_with_it() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("admin.sock");
        let socket = PrivateSocket::bind(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(socket.admits(socket.owner) && socket.admits(0) && !socket.admits(socket.owner + 1));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced_and_a_living_ones_is_not() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "it is left behind");
        let socket = PrivateSocket::bind(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(PrivateSocket::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
        assert!(Blocking::connect(&path).is_ok());
        // Its successor's socket stays when it goes.
        fs::remove_file(&path).unwrap();
        let successor = PrivateSocket::bind(&path).unwrap();
        drop(socket);
        assert!(Blocking::connect(&path).is_ok());
        drop(successor);
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_stays_as_it_is() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("admin.sock");
        fs::write(&path, "kept").unwrap();
        assert_eq!(PrivateSocket::bind(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
    }
}
