//! The data directory: its lock, its file names, its free space.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

const DATABASE: &str = "ringback.db";
const LOCK: &str = "ringback.lock";

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

/// Makes the directory and takes its lock, which names the holder and is held until dropped.
pub(crate) fn lock(directory: &Path) -> Result<File, OpenError> {
    fs::create_dir_all(directory).map_err(|source| file_error("make", directory, source))?;
    let path = directory.join(LOCK);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
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
