//! The credentials file of a deployed program (design, section 6).
//!
//! The host replaces the file atomically when a secret is rotated; it is read again when it has
//! changed.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ringback_dialect::zone::Credentials;
use ringback_types::{Code, Coded};

/// The file holds two versions of one secret; nothing near this size is one.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a credentials file cannot be used. The text never holds what is in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// It cannot be read.
    #[error("the credentials file `{}` cannot be read: {detail}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        detail: String,
    },
    /// Others than its owner may read or write it.
    #[error("the credentials file `{}` has mode {mode:04o}: others than its owner may use it", path.display())]
    Mode {
        /// Which file.
        path: PathBuf,
        /// Its mode, the last nine bits.
        mode: u32,
    },
    /// It does not hold what it must.
    #[error("the credentials file `{}` is malformed at line {line}, column {column}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

impl Coded for CredentialsError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Unreadable { .. } => "zone_sdk.credentials_unreadable",
            Self::Mode { .. } => "zone_sdk.credentials_mode",
            Self::Malformed { .. } => "zone_sdk.credentials_malformed",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Unreadable { .. } => "RINGBACK_ZONE_CREDENTIALS names the file; it must belong to the user that the program runs as".into(),
            Self::Mode { path, .. } => format!("`chmod 0400 {}`", path.display()).into(),
            Self::Malformed { .. } => {
                "the zone's host writes this file; let it write it again".into()
            }
        })
    }
}

/// What tells one writing of the file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
    bytes: u64,
}

impl Stamp {
    /// The stamp of what stands there now; `None` when nothing readable does.
    pub(crate) fn now(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|found| Self::of(&found))
    }

    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            bytes: metadata.len(),
        }
    }
}

/// Reads and checks the file; the mode is that of the very file that is read.
pub(crate) fn read(path: &Path) -> Result<(Credentials, Stamp), CredentialsError> {
    let unreadable = |error: std::io::Error| CredentialsError::Unreadable {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.to_owned();
        return Err(CredentialsError::Mode { path, mode });
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    Ok((parse(path, &text)?, Stamp::of(&metadata)))
}

fn parse(path: &Path, text: &[u8]) -> Result<Credentials, CredentialsError> {
    serde_json::from_slice(text).map_err(|error| CredentialsError::Malformed {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}
