//! What can go wrong in the platform half.
//!
//! [`LoadError`] when it starts, [`AppError`] when an app is changed, [`TriggerError`] when an event
//! is made, [`CallbackError`] when a callback is made. Why a URL is not saved is a
//! [`UrlRefusal`].

use std::borrow::Cow;

use ringback_deliver::EndpointError;
use ringback_store::{ReadError, VaultError, WriteError};
use ringback_types::{Code, Coded, Problem};

use crate::app::CALLBACKS;
use crate::request_url::UrlRefusal;

/// Why the apps cannot be read from the store.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A secret cannot be opened.
    #[error("a secret of the Feishu app `{app_id}`: {source}")]
    Secret {
        /// Whose secret.
        app_id: String,
        /// Why not.
        source: VaultError,
    },
    /// A row holds what this binary does not understand.
    #[error("the row of the Feishu app `{app_id}` is damaged: {member}")]
    Row {
        /// Whose row.
        app_id: String,
        /// Which member.
        member: &'static str,
    },
}

impl Coded for LoadError {
    fn code(&self) -> Code {
        match self {
            Self::Read(error) => error.code(),
            Self::Secret { source, .. } => source.code(),
            Self::Row { .. } => Code::new("feishu.damaged_app"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Secret { source, .. } => source.hint(),
            Self::Row { .. } => {
                Some("restore a backup, or delete the app and make it again".into())
            }
        }
    }
}

/// Why an app cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is none of this id.
    #[error("no Feishu app `{0}`")]
    NotFound(String),
    /// There is one of this id already.
    #[error("there is a Feishu app `{0}` already")]
    Exists(String),
    /// Not an app id.
    #[error("`{0}` is not an app id")]
    BadAppId(String),
    /// A text is empty, too long or holds control characters.
    #[error("`{member}` must be 1 to {limit} bytes without control characters")]
    BadText {
        /// Which one.
        member: &'static str,
        /// How long it may be.
        limit: usize,
    },
    /// Not an event type.
    #[error("`{0}` is not an event type")]
    BadEventType(String),
    /// A callback among the events.
    #[error("`{0}` is a callback, not an event")]
    CallbackAsEvent(String),
    /// A callback that the platform does not have.
    #[error("there is no callback `{0}`")]
    UnknownCallback(String),
    /// More event types than the platform has.
    #[error("more than {0} event types")]
    TooManySubscriptions(usize),
    /// A setting out of its range.
    #[error("the setting `{setting}` must be {range}")]
    BadSetting {
        /// Which one.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// The URL did not pass.
    #[error(transparent)]
    Url(#[from] Box<UrlRefusal>),
    /// The app's endpoints cannot be written.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It was written, but cannot be read back.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl AppError {
    fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Exists(_) | Self::Write(WriteError::Unexpected { .. }) => 409,
            Self::Write(_) => 503,
            Self::Load(_) => 500,
            Self::BadAppId(_)
            | Self::BadText { .. }
            | Self::BadEventType(_)
            | Self::CallbackAsEvent(_)
            | Self::UnknownCallback(_)
            | Self::TooManySubscriptions(_)
            | Self::BadSetting { .. }
            | Self::Url(_)
            | Self::Endpoint(_) => 422,
        }
    }
}

impl Coded for AppError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotFound(_) => "feishu.app_not_found",
            Self::Exists(_) => "feishu.app_exists",
            Self::BadAppId(_) => "feishu.bad_app_id",
            Self::BadText { .. } => "feishu.bad_text",
            Self::BadEventType(_) => "feishu.bad_event_type",
            Self::CallbackAsEvent(_) => "feishu.callback_as_event",
            Self::UnknownCallback(_) => "feishu.unknown_callback",
            Self::TooManySubscriptions(_) => "feishu.too_many_subscriptions",
            Self::BadSetting { .. } => "feishu.bad_setting",
            Self::Url(refusal) => return refusal.code(),
            Self::Endpoint(error) => return error.code(),
            Self::Write(error) => return error.code(),
            Self::Load(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::NotFound(_) => "`GET /api/v1/feishu/apps` lists them".into(),
            Self::Exists(_) => {
                "change that one, or leave `app_id` out to have one generated".into()
            }
            Self::BadAppId(_) => "an app id is `cli_` and 16 hexadecimal digits".into(),
            Self::BadEventType(_) => {
                "an event type looks like `im.message.receive_v1` or `approval_instance`".into()
            }
            Self::CallbackAsEvent(_) => "name it in `callbacks`".into(),
            Self::UnknownCallback(_) => format!("there are {}", CALLBACKS.join(" and ")).into(),
            Self::BadText { .. } | Self::TooManySubscriptions(_) | Self::BadSetting { .. } => {
                return None;
            }
            Self::Url(refusal) => return refusal.hint(),
            Self::Endpoint(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
            Self::Load(error) => return error.hint(),
        })
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        Self::from_error(error.status(), &error)
    }
}

/// Why no event is made.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// There is no such app.
    #[error(transparent)]
    App(#[from] AppError),
    /// The app has no URL to push to.
    #[error("the Feishu app `{0}` has no request URL")]
    NoRequestUrl(String),
    /// The app is not subscribed to this type.
    #[error("the Feishu app `{app_id}` is not subscribed to `{event_type}`")]
    NotSubscribed {
        /// Which app.
        app_id: String,
        /// Which type.
        event_type: String,
    },
    /// It is a callback, whose answer is awaited.
    #[error("`{0}` is a callback, not an event")]
    Callback(String),
    /// There is neither a fixture nor a body.
    #[error("there is no fixture for `{0}`")]
    NoFixture(String),
    /// The schema asked for is not the one that the type has.
    #[error("`{event_type}` is of schema {has}")]
    WrongSchema {
        /// Which type.
        event_type: String,
        /// Its schema.
        has: &'static str,
    },
    /// The body is not an object, or names another type.
    #[error("the body cannot be used: {0}")]
    BadBody(&'static str),
    /// A `set` path leads nowhere.
    #[error("`{path}` cannot be set: {reason}")]
    BadPath {
        /// Which path.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// Too many at once.
    #[error("`count` must be 1 to {0}")]
    BadCount(u32),
    /// The store did not take it; so many events were made before.
    #[error("after {made} events: {source}")]
    Write {
        /// How many events were made before.
        made: u32,
        /// Why no more.
        source: WriteError,
    },
}

impl TriggerError {
    fn status(&self) -> u16 {
        match self {
            Self::App(error) => error.status(),
            Self::NoRequestUrl(_) | Self::NotSubscribed { .. } => 409,
            Self::Callback(_)
            | Self::NoFixture(_)
            | Self::WrongSchema { .. }
            | Self::BadBody(_)
            | Self::BadPath { .. }
            | Self::BadCount(_) => 422,
            Self::Write { .. } => 503,
        }
    }
}

impl Coded for TriggerError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::App(error) => return error.code(),
            Self::NoRequestUrl(_) => "feishu.no_request_url",
            Self::NotSubscribed { .. } => "feishu.not_subscribed",
            Self::Callback(_) => "feishu.callback_as_event",
            Self::NoFixture(_) => "feishu.no_fixture",
            Self::WrongSchema { .. } => "feishu.wrong_schema",
            Self::BadBody(_) => "feishu.bad_body",
            Self::BadPath { .. } => "feishu.bad_path",
            Self::BadCount(_) => "feishu.bad_count",
            Self::Write { source, .. } => return source.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::App(error) => return error.hint(),
            Self::NoRequestUrl(app_id) => {
                format!("save one with `ringback app request-url {app_id} URL`").into()
            }
            Self::NotSubscribed { event_type, .. } => {
                format!("add `{event_type}` to the app's `events`, or trigger with `force`").into()
            }
            Self::Callback(_) => {
                "send it with `POST /api/v1/feishu/apps/{app_id}/callbacks`".into()
            }
            Self::NoFixture(_) => "send the event as `body`; `GET /api/v1/feishu/fixtures` lists what needs none".into(),
            Self::WrongSchema { .. } => "leave `schema` out".into(),
            Self::BadBody(_) => "send the `event` object alone, or a whole body with `schema` and `header` (2.0) or `uuid` and `event` (1.0)".into(),
            Self::BadPath { .. } => "a path names members and array positions below `event`, such as `message.mentions.0.name`".into(),
            Self::BadCount(_) => return None,
            Self::Write { source, .. } => return source.hint(),
        })
    }
}

impl From<TriggerError> for Problem {
    fn from(error: TriggerError) -> Self {
        Self::from_error(error.status(), &error)
    }
}

/// Why no callback is made.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// The body cannot be made.
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    /// There is no such callback.
    #[error("there is no callback `{0}`")]
    Unknown(String),
    /// The app is not subscribed to it.
    #[error("the Feishu app `{app_id}` is not subscribed to the callback `{callback}`")]
    NotSubscribed {
        /// Which app.
        app_id: String,
        /// Which callback.
        callback: String,
    },
}

impl Coded for CallbackError {
    fn code(&self) -> Code {
        match self {
            Self::Trigger(error) => error.code(),
            Self::Unknown(_) => Code::new("feishu.unknown_callback"),
            Self::NotSubscribed { .. } => Code::new("feishu.callback_not_subscribed"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Trigger(error) => error.hint(),
            Self::Unknown(_) => Some(format!("there are {}", CALLBACKS.join(" and ")).into()),
            Self::NotSubscribed { callback, .. } => {
                Some(format!("add `{callback}` to the app's `callbacks`").into())
            }
        }
    }
}

impl From<CallbackError> for Problem {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::Trigger(error) => error.into(),
            CallbackError::Unknown(_) => Self::from_error(422, &error),
            CallbackError::NotSubscribed { .. } => Self::from_error(409, &error),
        }
    }
}
