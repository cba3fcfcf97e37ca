//! What an instance has on the disk: a directory that nobody else may enter, with the credentials file
//! and the directory that it runs in.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::error::StartError;

/// Of one instance. Cheap to clone. Its functions block.
#[derive(Clone)]
pub(crate) struct Place(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    /// What the credentials file is to hold; nothing when it has been deleted for good. The lock is held
    /// while the file is written, so that the newest contents are what stays.
    credentials: Mutex<Option<Bytes>>,
}

impl Place {
    pub(crate) fn new(directory: PathBuf, credentials: Bytes) -> Self {
        Self(Arc::new(Inner {
            directory,
            credentials: Mutex::new(Some(credentials)),
        }))
    }

    pub(crate) fn credentials_file(&self) -> PathBuf {
        self.0.directory.join("credentials.json")
    }

    /// Where it runs.
    pub(crate) fn work(&self) -> PathBuf {
        self.0.directory.join("work")
    }

    /// Makes what is not there.
    pub(crate) fn prepare(&self) -> Result<(), StartError> {
        let work = self.work();
        make_private(&self.0.directory)
            .and_then(|()| make_private(&work))
            .map_err(|source| StartError::Directory { path: work, source })?;
        let credentials = self.lock();
        let written = credentials
            .as_ref()
            .map_or(Ok(()), |contents| self.write(contents));
        written.map_err(|source| StartError::Directory {
            path: self.credentials_file(),
            source,
        })
    }

    /// Replaces the credentials; after an error the older ones stand.
    pub(crate) fn replace_credentials(&self, contents: Bytes) -> io::Result<()> {
        let mut credentials = self.lock();
        if credentials.is_some() {
            make_private(&self.0.directory)?;
            self.write(&contents)?;
            *credentials = Some(contents);
        }
        Ok(())
    }

    /// For good: nothing writes them again.
    pub(crate) fn delete_credentials(&self) {
        let mut credentials = self.lock();
        *credentials = None;
        // It was never written, or somebody else deleted it.
        let _ = fs::remove_file(self.credentials_file());
    }

    /// A reader sees the older file or the newer one, whole.
    fn write(&self, contents: &[u8]) -> io::Result<()> {
        let new = self.0.directory.join("credentials.json.new");
        // Left by a crash.
        let _ = fs::remove_file(&new);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(&new)?;
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&new, self.credentials_file())?;
        File::open(&self.0.directory)?.sync_all()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Bytes>> {
        let credentials = self.0.credentials.lock();
        credentials.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a directory that only this user may enter, and makes one that is there such.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    fs::set_permissions(directory, Permissions::from_mode(0o700))
}
