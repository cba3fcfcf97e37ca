//! What can go wrong: [`LoadError`] at start, [`KeyError`] and [`EditionError`] when a corp is set up,
//! [`ImportError`] for a chunk. What an SDK API answers is an [`ApiError`](crate::ApiError). No error
//! shows what a message says.

use std::borrow::Cow;

use ringback_store::{ReadError, WriteError};
use ringback_types::{Code, Coded};

/// Why the archive cannot be read from the store.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row holds what this binary does not understand.
    #[error("the row of the corp `{corp}` in the archive is damaged: {member}")]
    Row {
        /// Whose row.
        corp: String,
        /// Which member.
        member: &'static str,
    },
}

impl Coded for LoadError {
    fn code(&self) -> Code {
        match self {
            Self::Read(error) => error.code(),
            Self::Row { .. } => Code::new("archive.damaged_corp"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Row { .. } => Some("restore a backup".into()),
        }
    }
}

/// Why a corp cannot be made or changed in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<ReadError> for StoreError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

impl Coded for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::Load(error) => error.code(),
            Self::Write(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Load(error) => error.hint(),
            Self::Write(error) => error.hint(),
        }
    }
}

/// Why a public key is not set (sheet wecom-zone-app, section 2.8).
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a public key in PEM.
    #[error("the public key is not PEM with `BEGIN PUBLIC KEY`")]
    NotPem,
    /// Another kind of key.
    #[error("the public key is not an RSA key")]
    NotRsa,
    /// Another size.
    #[error("the RSA key has {bits} bits, it must have 2048")]
    Size {
        /// How many it has.
        bits: usize,
    },
    /// Not a new version.
    #[error("version {given} of the public key is not greater than {current}")]
    Version {
        /// What was given.
        given: i64,
        /// What the corp has; 0 before the first.
        current: i64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WriteError> for KeyError {
    fn from(error: WriteError) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for KeyError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotPem => "archive.key_not_pem",
            Self::NotRsa => "archive.key_not_rsa",
            Self::Size { .. } => "archive.key_size",
            Self::Version { .. } => "archive.key_version",
            Self::Store(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotPem => {
                "give what `openssl rsa -in private.pem -pubout` prints, with its BEGIN and END lines"
            }
            Self::NotRsa | Self::Size { .. } => "make one with `openssl genrsa 2048`",
            Self::Version { .. } => "give the next version: every new key needs a greater one",
            Self::Store(error) => return error.hint(),
        }))
    }
}

/// Why editions are refused: a member out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{member}` of an edition must be {range}")]
pub struct EditionError {
    /// Which member.
    pub member: &'static str,
    /// What it may be.
    pub range: &'static str,
}

impl Coded for EditionError {
    fn code(&self) -> Code {
        Code::new("archive.bad_edition")
    }
}

/// Why editions are not set.
#[derive(Debug, thiserror::Error)]
pub enum SetEditionsError {
    /// They are not editions.
    #[error(transparent)]
    Refused(#[from] EditionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WriteError> for SetEditionsError {
    fn from(error: WriteError) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for SetEditionsError {
    fn code(&self) -> Code {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Refused(error) => error.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Why a chunk is not imported; nothing of it is then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing is archived before the corp has a public key (sheet wecom-zone-app, section 2.8).
    #[error("the corp `{corp}` has no public key, so no message of it can be archived")]
    NoPublicKey {
        /// Which corp.
        corp: String,
    },
    /// More than a chunk may hold.
    #[error("the chunk has {bytes} bytes, more than the {limit} that one may have")]
    ChunkTooLarge {
        /// How many it has.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More than a line may hold.
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// Which line, from 1.
        line: usize,
        /// The limit.
        limit: usize,
    },
    /// A line that is no JSON object.
    #[error("line {line} is no JSON object{}", at(*column))]
    NotJson {
        /// Which line, from 1.
        line: usize,
        /// Where in it, from 1; 0 for JSON that is no object.
        column: usize,
    },
    /// A member that is missing, too much or wrong.
    #[error("line {line}: `{member}` {problem}")]
    Member {
        /// Which line, from 1.
        line: usize,
        /// The path of the member, such as `receiver_list[2].id`.
        member: String,
        /// What is wrong with it.
        problem: Cow<'static, str>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// The same, counted from the beginning of a text of which `lines` came before the chunk.
    #[must_use]
    pub fn after_lines(mut self, lines: usize) -> Self {
        match &mut self {
            Self::LineTooLong { line, .. }
            | Self::NotJson { line, .. }
            | Self::Member { line, .. } => *line += lines,
            Self::NoPublicKey { .. } | Self::ChunkTooLarge { .. } | Self::Store(_) => {}
        }
        self
    }
}

fn at(column: usize) -> String {
    if column == 0 {
        String::new()
    } else {
        format!(" (column {column})")
    }
}

impl From<WriteError> for ImportError {
    fn from(error: WriteError) -> Self {
        Self::Store(error.into())
    }
}

impl From<ReadError> for ImportError {
    fn from(error: ReadError) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for ImportError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NoPublicKey { .. } => "archive.no_public_key",
            Self::ChunkTooLarge { .. } => "archive.chunk_too_large",
            Self::LineTooLong { .. } => "archive.line_too_long",
            Self::NotJson { .. } => "archive.line_not_json",
            Self::Member { .. } => "archive.bad_member",
            Self::Store(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoPublicKey { .. } => "set one first, with `set_public_key`",
            Self::ChunkTooLarge { .. } => "send fewer lines at a time",
            Self::LineTooLong { .. } => "leave out what is not needed, such as whole files",
            Self::NotJson { .. } => "every line is one JSON object with a `kind`",
            Self::Member { .. } => return None,
            Self::Store(error) => return error.hint(),
        }))
    }
}
