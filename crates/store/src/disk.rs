//! The data directory: its lock, its file names, its free space.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

const DATABASE: &str = "ringback.db";
const LOCK: &str = "ringback.lock";
/// Bodies are kept decrypted: nobody else may read what is in the directory.
const PRIVATE: u32 = 0o600;

/// The database file in this data directory.
pub(crate) fn database(directory: &Path) -> PathBuf {
    directory.join(DATABASE)
}

/// Its write-ahead log.
pub(crate) fn wal(directory: &Path) -> PathBuf {
    directory.join(format!("{DATABASE}-wal"))
}

/// Size of a file in bytes; 0 when it is not there.
pub(crate) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Bytes an ordinary user may still write to the file system of `directory`.
pub(crate) fn free_bytes(directory: &Path) -> Option<u64> {
    let status = rustix::fs::statvfs(directory).ok()?;
    Some(status.f_bavail.saturating_mul(status.f_frsize))
}

/// Makes the database file if it is not there, and keeps it from everybody else; the write-ahead log
/// takes its mode from it.
pub(crate) fn keep_private(path: &Path) -> std::io::Result<()> {
    match make_private_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE))
        }
        made => made,
    }
}

/// A new, empty file that only this user may read.
pub(crate) fn make_private_file(path: &Path) -> std::io::Result<()> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(path)
        .map(drop)
}

/// Makes the directory and takes its lock, which names the holder and is held until dropped.
pub(crate) fn lock(directory: &Path) -> Result<File, OpenError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| file_error("make", directory, source))?;
    let path = directory.join(LOCK);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .open(&path)
        .map_err(|source| file_error("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The text only helps a person; without it the refusal stands all the same.
            let _ = file.read_to_string(&mut holder);
            return Err(OpenError::Locked {
                path: directory.to_owned(),
                holder: format!("process {}", holder.trim()),
            });
        }
        Err(TryLockError::Error(source)) => return Err(file_error("lock", &path, source)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|source| file_error("write", &path, source))?;
    Ok(file)
}

fn file_error(action: &'static str, path: &Path, source: std::io::Error) -> OpenError {
    OpenError::File {
        action,
        path: path.to_owned(),
        source,
    }
}
