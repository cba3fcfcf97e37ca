//! Why an endpoint cannot be made or changed.

use std::borrow::Cow;

use ringback_dialect::standard::KeyError;
use ringback_store::{ReadError, WriteError};
use ringback_types::{Code, Coded, EndpointId};

use crate::guard::UrlRefusal;

/// Why an endpoint cannot be made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// There is none of that id.
    #[error("no endpoint `{id}`")]
    Unknown {
        /// Which id.
        id: EndpointId,
    },
    /// The name has a form that is not taken.
    #[error("an endpoint's name is 1 to 64 letters, digits, `-`, `_` or `.`")]
    Name,
    /// Another endpoint has the name.
    #[error("there is an endpoint `{name}` already")]
    NameTaken {
        /// Which name.
        name: String,
    },
    /// It has no URL.
    #[error("the endpoint has no URL")]
    NoUrl,
    /// The URL's form is refused.
    #[error(transparent)]
    Url(#[from] UrlRefusal),
    /// Only a room's own endpoints speak this dialect.
    #[error("an endpoint of dialect `{dialect}` is made by the zone, not by hand")]
    DialectOfRoom {
        /// Which dialect.
        dialect: &'static str,
    },
    /// A `standard` endpoint needs a signing key.
    #[error("a `standard` endpoint needs a signing key")]
    NoKey,
    /// The signing key cannot be read.
    #[error(transparent)]
    Key(KeyError),
    /// A glob over types cannot be read.
    #[error("the type filter `{pattern}` is no glob: {detail}")]
    Filter {
        /// Which one.
        pattern: String,
        /// What is wrong.
        detail: String,
    },
    /// A setting of the policy is out of its range.
    #[error("the policy's `{setting}` must be {allowed}")]
    Policy {
        /// Which setting.
        setting: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// Its room manages it.
    #[error("this endpoint belongs to the room `{room}` and is changed there")]
    OfAnotherRoom {
        /// Which room.
        room: &'static str,
    },
    /// The store did not take the change.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl EndpointError {
    /// The HTTP status that says it to a management caller.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unknown { .. } => 404,
            Self::NameTaken { .. }
            | Self::OfAnotherRoom { .. }
            | Self::Write(WriteError::Unexpected { .. }) => 409,
            Self::Write(_) | Self::Read(_) => 503,
            Self::Name
            | Self::NoUrl
            | Self::Url(_)
            | Self::DialectOfRoom { .. }
            | Self::NoKey
            | Self::Key(_)
            | Self::Filter { .. }
            | Self::Policy { .. } => 422,
        }
    }
}

impl Coded for EndpointError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Unknown { .. } => "endpoint.unknown",
            Self::Name => "endpoint.name",
            Self::NameTaken { .. } => "endpoint.name_taken",
            Self::NoUrl => "endpoint.no_url",
            Self::Url(error) => return error.code(),
            Self::DialectOfRoom { .. } => "endpoint.dialect_of_room",
            Self::NoKey => "endpoint.no_key",
            Self::Key(error) => return error.code(),
            Self::Filter { .. } => "endpoint.filter",
            Self::Policy { .. } => "endpoint.policy",
            Self::OfAnotherRoom { .. } => "endpoint.of_another_room",
            Self::Write(error) => return error.code(),
            Self::Read(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Url(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
            Self::Read(error) => return error.hint(),
            Self::Unknown { .. } => "see `ringback endpoint list`",
            Self::Name | Self::NameTaken { .. } => "choose another name",
            Self::NoUrl => "give it one with `--url`",
            Self::DialectOfRoom { .. } => "choose `standard`, `feishu`, `desk` or `raw`",
            Self::NoKey => "give it one with `--key whsec_…`",
            Self::Filter { .. } => "write globs such as `im.message.*`",
            Self::Policy { .. } => "see the table of policies in the guide",
            Self::OfAnotherRoom { .. } => "change the app that it belongs to",
        }))
    }
}
