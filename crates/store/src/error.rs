//! What can go wrong with the store: [`OpenError`] at start, [`WriteError`] and [`ReadError`] after.

use std::borrow::Cow;
use std::path::PathBuf;

use ringback_types::{Code, Coded};

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data directory {} is in use by {holder}", path.display())]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// What the lock file says of its holder.
        holder: String,
    },
    /// A newer binary has written it.
    #[error("the store is at schema {found} of `{room}`, newer than this binary knows ({known})")]
    Newer {
        /// Whose schema.
        room: &'static str,
        /// What the store has.
        found: i64,
        /// What this binary knows.
        known: i64,
    },
    /// The master key does not fit the data.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// The file system refused something.
    #[error("{action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The database refused something.
    #[error("the database cannot be opened: {0}")]
    Database(String),
}

impl Coded for OpenError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Locked { .. } => "store.locked",
            Self::Newer { .. } => "store.newer_schema",
            Self::Vault(error) => return error.code(),
            Self::File { .. } => "store.file",
            Self::Database(_) => "store.database",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Locked { .. } => {
                "stop that process, or choose another data directory with `--data`"
            }
            Self::Newer { .. } => "use the newer binary, or restore a backup made by this one",
            Self::Vault(error) => return error.hint(),
            Self::File { .. } => "check that the directory exists and is writable by this user",
            Self::Database(_) => "if the file is damaged, restore a backup with `ringback restore`",
        }))
    }
}

/// Why a write did not happen. Nothing of a refused write is in the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The queue to the disk is full.
    #[error("the write queue is full")]
    Busy,
    /// The disk has less room than the limit.
    #[error("the disk is low on space")]
    DiskLow,
    /// The engine under the store failed; it recovers by itself where it can.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A statement touched another number of rows than it must.
    #[error("statement {statement} of a write touched {found} rows, expected {expected}")]
    Unexpected {
        /// Which statement of the write, from 0.
        statement: usize,
        /// How many rows it must touch.
        expected: u64,
        /// How many it did.
        found: u64,
    },
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl Coded for WriteError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Busy => "store.busy",
            Self::DiskLow => "store.disk_low",
            Self::Failed(_) => "store.failed",
            Self::Unexpected { .. } => "store.conflict",
            Self::Closed => "store.closed",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Busy => "try again in a moment; the load is above what the disk takes",
            Self::DiskLow => "free some space, or lower `store.minimum_free_bytes`",
            Self::Failed(_) => "see the log for the cause; `/readyz` shows when it is well again",
            Self::Unexpected { .. } => "somebody else changed it meanwhile: read it again",
            Self::Closed => "the process is stopping",
        }))
    }
}

/// Why a read gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It took longer than a reader may be held.
    #[error("the query took longer than {limit_ms} ms")]
    TooSlow {
        /// The limit.
        limit_ms: u64,
    },
    /// A column does not hold what the code expects: a mistake of ours.
    #[error("column {column} does not hold {wanted}")]
    Shape {
        /// Which column, from 0.
        column: usize,
        /// What was expected.
        wanted: &'static str,
    },
    /// The engine under the store failed.
    #[error("the store cannot be read: {0}")]
    Failed(String),
}

impl Coded for ReadError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::TooSlow { .. } => "store.too_slow",
            Self::Shape { .. } => "store.shape",
            Self::Failed(_) => "store.unreadable",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::TooSlow { .. } => {
                Some(Cow::Borrowed("narrow it with a time range or more filters"))
            }
            Self::Shape { .. } | Self::Failed(_) => None,
        }
    }
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
