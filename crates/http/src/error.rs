//! What can go wrong with tokens. What is wrong with a request is a [`Problem`] at once.

use std::borrow::Cow;

use ringback_store::{ReadError, WriteError};
use ringback_types::{CallerId, Code, Coded, Problem};

/// Why a token is not made or not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another token has the name.
    #[error("there is already a token `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The name is empty, too long or not printable.
    #[error("a token's name is 1 to 64 printable characters")]
    NameForm,
    /// There is no such token.
    #[error("no token `{id}`")]
    NotFound {
        /// The id that was asked for.
        id: CallerId,
    },
    /// Nobody could make a new one.
    #[error("`{name}` is the last token with the role `admin`")]
    LastAdmin {
        /// Its name.
        name: String,
    },
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Coded for TokenError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NameTaken { .. } => "token.name_taken",
            Self::NameForm => "token.name_form",
            Self::NotFound { .. } => "api.not_found",
            Self::LastAdmin { .. } => "token.last_admin",
            Self::Write(error) => return error.code(),
            Self::Read(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NameTaken { .. } => "choose another name, or revoke that token first",
            Self::NameForm => "name who or what holds the token",
            Self::NotFound { .. } => "`ringback token list` shows them all",
            Self::LastAdmin { .. } => "make another token with the role `admin` first",
            Self::Write(error) => return error.hint(),
            Self::Read(error) => return error.hint(),
        }))
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let status = match &error {
            TokenError::NameForm => 422,
            TokenError::NotFound { .. } => 404,
            TokenError::NameTaken { .. }
            | TokenError::LastAdmin { .. }
            | TokenError::Write(WriteError::Unexpected { .. }) => 409,
            TokenError::Write(_) | TokenError::Read(_) => 503,
        };
        Self::from_error(status, &error)
    }
}

/// A store that cannot be read, as its caller sees it.
pub(crate) fn unreadable(error: &ReadError) -> Problem {
    Problem::from_error(503, error)
}

/// A store that did not take a change, as its caller sees it.
pub(crate) fn unwritten(error: &WriteError) -> Problem {
    let status = match error {
        WriteError::Unexpected { .. } => 409,
        WriteError::Busy | WriteError::DiskLow | WriteError::Failed(_) | WriteError::Closed => 503,
    };
    Problem::from_error(status, error)
}
