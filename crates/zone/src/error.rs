//! What can go wrong in the zone.
//!
//! [`LoadError`] when it starts, [`ZoneError`] when a person changes something. What an app or a program
//! is answered is a [`Refusal`](crate::errcode::Refusal); why a callback URL is not saved is a
//! [`UrlRefusal`].

use std::borrow::Cow;

use ringback_deliver::EndpointError;
use ringback_dialect::zone::ProtocolError;
use ringback_store::{ReadError, VaultError, WriteError};
use ringback_types::{Code, Coded, Problem};

use crate::callback_url::UrlRefusal;

/// Why the zone cannot be read from the store.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ringback_archive::LoadError),
    /// A secret cannot be opened.
    #[error("a secret of `{thing}`: {source}")]
    Secret {
        /// Whose secret.
        thing: String,
        /// Why not.
        source: VaultError,
    },
    /// A row holds what this binary does not understand.
    #[error("the row of `{thing}` is damaged: {member}")]
    Row {
        /// Whose row.
        thing: String,
        /// Which member.
        member: &'static str,
    },
}

impl Coded for LoadError {
    fn code(&self) -> Code {
        match self {
            Self::Read(error) => error.code(),
            Self::Archive(error) => error.code(),
            Self::Secret { source, .. } => source.code(),
            Self::Row { .. } => Code::new("zone.damaged_row"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Archive(error) => error.hint(),
            Self::Secret { source, .. } => source.hint(),
            Self::Row { .. } => {
                Some("restore a backup, or delete the thing and make it again".into())
            }
        }
    }
}

/// Why something of the zone cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// There is none of this name.
    #[error("no {kind} `{name}`")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// By which name.
        name: String,
    },
    /// There is one already.
    #[error("there is {kind} `{name}` already")]
    Exists {
        /// What, with its article.
        kind: &'static str,
        /// Of which name.
        name: String,
    },
    /// Others need it.
    #[error("`{name}` is still used by {by}")]
    InUse {
        /// What was to be deleted.
        name: String,
        /// By what.
        by: String,
    },
    /// A text that breaks its rule.
    #[error("`{member}` must be {rule}")]
    Text {
        /// Which one.
        member: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// A protocol that cannot be matched against.
    #[error("the {which} protocol of the ability `{ability}`: {source}")]
    Protocol {
        /// Which ability.
        ability: String,
        /// `input` or `output`.
        which: &'static str,
        /// What is wrong with it.
        source: ProtocolError,
    },
    /// A program has no abilities, too many, or two of one id.
    #[error("{0}")]
    Abilities(String),
    /// The program is not where it must be for this.
    #[error("the program `{program_id}` is {state}; {wanted}")]
    State {
        /// Which program.
        program_id: String,
        /// Where it stands.
        state: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// An app that is not for tests cannot use a program that is not online.
    #[error(
        "the program `{program_id}` is not online, and the app `{app}` is neither a test install nor in a test corp"
    )]
    NotOnline {
        /// Which program.
        program_id: String,
        /// Which app.
        app: String,
    },
    /// A model is called through tasks, so it cannot receive events.
    #[error("`{0}` is a model, which cannot receive events")]
    IsModel(String),
    /// The app may not use debug mode.
    #[error("the app `{0}` may not use debug mode: only test corps and test installs may")]
    DebugNotAllowed(String),
    /// Programs as processes are not isolated yet, and nobody has said that this is fine.
    #[error("the host `process` runs the program without isolation")]
    Unisolated,
    /// Where the program is to run is not usable.
    #[error("the host of the program: {0}")]
    Host(String),
    /// Two versions of an instance's secret are valid, and it is not known which of them it uses.
    #[error("`{0}` has two valid secrets, and has not said which one it uses since the start")]
    RotationUnsettled(String),
    /// Something must be confirmed.
    #[error("{0} needs a confirmation")]
    Unconfirmed(&'static str),
    /// The callback URL did not pass.
    #[error(transparent)]
    Url(#[from] UrlRefusal),
    /// The delivery endpoint is not as it should be.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// What is in the store is not.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<ReadError> for ZoneError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

impl Coded for ZoneError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotFound { .. } => "zone.not_found",
            Self::Exists { .. } => "zone.exists",
            Self::InUse { .. } => "zone.in_use",
            Self::Text { .. } => "zone.bad_text",
            Self::Protocol { .. } => "zone.bad_protocol",
            Self::Abilities(_) => "zone.bad_abilities",
            Self::State { .. } => "zone.program_state",
            Self::NotOnline { .. } => "zone.program_not_online",
            Self::IsModel(_) => "zone.is_model",
            Self::DebugNotAllowed(_) => "zone.debug_not_allowed",
            Self::Unisolated => "zone.unisolated",
            Self::Host(_) => "zone.bad_host",
            Self::RotationUnsettled(_) => "zone.rotation_unsettled",
            Self::Unconfirmed(_) => "zone.unconfirmed",
            Self::Url(error) => return error.code(),
            Self::Endpoint(error) => return error.code(),
            Self::Load(error) => return error.code(),
            Self::Write(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotFound { kind, .. } => match *kind {
                "corp" => "`ringback corp list` shows them all",
                "app" => "`ringback app list --platform wecom` shows them all",
                _ => "`ringback program list` shows them all",
            },
            Self::Exists { .. } => "choose another id, or change the one that is there",
            Self::InUse { .. } => "take it away there first",
            Self::Protocol { .. } => {
                "a protocol is a sample: one JSON value with every key that may come"
            }
            Self::State { .. } => {
                "a program goes draft, in review, approved, deployed: `ringback program submit|approve|deploy`"
            }
            Self::NotOnline { .. } => "deploy the program, or make the app a test install",
            Self::IsModel(_) => "name a program; models are called with `create_model_task`",
            Self::DebugNotAllowed(_) => {
                "make the app a test install (`third_party`), or its corp a test corp"
            }
            Self::Unisolated => {
                "isolation is not there yet: say that this is fine with `--unisolated` (`zone.allow_unisolated`), or use the host `url`"
            }
            Self::RotationUnsettled(_) => {
                "call the program until each instance has answered, or undeploy it first"
            }
            Self::Unconfirmed(_) => "send `\"confirm\": true`",
            Self::Text { .. } | Self::Abilities(_) | Self::Host(_) => return None,
            Self::Url(error) => return error.hint(),
            Self::Endpoint(error) => return error.hint(),
            Self::Load(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
        }))
    }
}

impl From<ZoneError> for Problem {
    fn from(error: ZoneError) -> Self {
        let status = match &error {
            ZoneError::NotFound { .. } => 404,
            ZoneError::Exists { .. }
            | ZoneError::InUse { .. }
            | ZoneError::State { .. }
            | ZoneError::RotationUnsettled(_) => 409,
            ZoneError::Load(_) => 500,
            ZoneError::Write(_) => 503,
            _ => 422,
        };
        Self::from_error(status, &error)
    }
}
