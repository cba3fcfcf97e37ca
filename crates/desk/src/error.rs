//! What can go wrong, one type per kind of request.
//!
//! [`AppError`]: making and changing apps. [`FlowError`]: saving and publishing flows.
//! [`ConversationError`]: talking. [`LoadError`]: what lies in the store cannot be read. Each becomes a
//! [`Problem`] at the management API.

use std::borrow::Cow;

use ringback_deliver::{EndpointError, guard};
use ringback_flow::Fault;
use ringback_store::{ReadError, VaultError, WriteError};
use ringback_types::{Code, Coded, ConversationId, Problem, RunId};

use crate::app::UrlUse;

/// What lies in the store cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A secret cannot be opened.
    #[error("a secret of the Desk app `{sdk_app_id}` cannot be opened")]
    Secret {
        /// The app.
        sdk_app_id: String,
        /// Why.
        source: VaultError,
    },
    /// The store did not take something.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A row is damaged.
    #[error("{what} is damaged in the store: its {member}")]
    Row {
        /// What it is of.
        what: String,
        /// Which member.
        member: &'static str,
    },
}

impl Coded for LoadError {
    fn code(&self) -> Code {
        match self {
            Self::Read(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Secret { source, .. } => source.code(),
            Self::Row { .. } => Code::new("desk.row"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Secret { source, .. } => source.hint(),
            Self::Row { .. } => Some("restore a backup, or delete it and make it again".into()),
        }
    }
}

/// Why an app is not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is none of that id.
    #[error("no Desk app `{0}`")]
    NotFound(String),
    /// There is one already.
    #[error("there is already a Desk app `{0}`")]
    Exists(String),
    /// Not an id of the platform.
    #[error("`{0}` is no SDKAppID")]
    BadSdkAppId(String),
    /// A text is empty, too long or holds control characters.
    #[error("`{member}` is empty, longer than {limit}, or holds control characters")]
    BadText {
        /// Which.
        member: &'static str,
        /// How long it may be.
        limit: usize,
    },
    /// A setting is outside its range.
    #[error("`{setting}` is outside {range}")]
    BadSetting {
        /// Which.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// A URL cannot be used.
    #[error("the URL for `{}` cannot be used: {cause}", which.as_str())]
    Url {
        /// What it is for.
        which: UrlUse,
        /// Why.
        cause: guard::UrlRefusal,
    },
    /// The model's URL cannot be used.
    #[error("the model's URL cannot be used: {0}")]
    ModelUrl(guard::UrlRefusal),
    /// A policy cannot work.
    #[error(transparent)]
    Policy(#[from] EndpointError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It is stored but cannot be read again.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl Coded for AppError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotFound(_) => "api.not_found",
            Self::Exists(_) => "desk.app_exists",
            Self::BadSdkAppId(_) => "desk.sdk_app_id",
            Self::BadText { .. } => "desk.text",
            Self::BadSetting { .. } => "desk.setting",
            Self::Url { cause, .. } | Self::ModelUrl(cause) => return cause.code(),
            Self::Policy(error) => return error.code(),
            Self::Write(error) => return error.code(),
            Self::Load(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotFound(_) => "`ringback app list --platform desk` shows them all",
            Self::Exists(_) => "choose another id, or change that app",
            Self::BadSdkAppId(_) => "it is 1 to 20 digits, such as 1400000000",
            Self::BadText { .. } | Self::BadSetting { .. } => return None,
            Self::Url { cause, .. } | Self::ModelUrl(cause) => return cause.hint(),
            Self::Policy(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
            Self::Load(error) => return error.hint(),
        }))
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let status = match &error {
            AppError::NotFound(_) => 404,
            AppError::Exists(_) => 409,
            AppError::BadSdkAppId(_)
            | AppError::BadText { .. }
            | AppError::BadSetting { .. }
            | AppError::Url { .. }
            | AppError::ModelUrl(_)
            | AppError::Policy(_) => 422,
            AppError::Load(_) => 500,
            AppError::Write(_) => 503,
        };
        Self::from_error(status, &error)
    }
}

/// How many faults a message lists; the check lists all.
const LISTED_FAULTS: usize = 5;

/// Why a flow is not saved, published or read.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// Its app is not there.
    #[error(transparent)]
    App(#[from] AppError),
    /// There is none of that name.
    #[error("the Desk app `{sdk_app_id}` has no flow `{name}`")]
    NotFound {
        /// The app.
        sdk_app_id: String,
        /// The name.
        name: String,
    },
    /// There is no such version.
    #[error("the flow `{name}` has no version {version}")]
    NoVersion {
        /// The flow.
        name: String,
        /// The version.
        version: i64,
    },
    /// It has no published version.
    #[error("the flow `{0}` is not published")]
    NotPublished(String),
    /// The document does not pass.
    #[error("{}", listed(.0))]
    Invalid(Vec<Fault>),
    /// The node is not there or calls nothing.
    #[error("the flow has no API-call node `{0}`")]
    NoCallNode(String),
    /// The store cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

fn listed(faults: &[Fault]) -> String {
    let shown: Vec<String> = faults
        .iter()
        .take(LISTED_FAULTS)
        .map(Fault::to_string)
        .collect();
    let more = faults.len().saturating_sub(LISTED_FAULTS);
    let rest = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!("the flow is not saved: {}{rest}", shown.join("; "))
}

impl Coded for FlowError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::App(error) => return error.code(),
            Self::NotFound { .. } => "api.not_found",
            Self::NoVersion { .. } => "flow.no_version",
            Self::NotPublished(_) => "flow.not_published",
            Self::Invalid(_) => "flow.invalid",
            Self::NoCallNode(_) => "flow.no_call_node",
            Self::Load(error) => return error.code(),
            Self::Write(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::App(error) => return error.hint(),
            Self::NotFound { .. } => "`ringback flow list` shows them all",
            Self::NoVersion { .. } => "`ringback flow versions` shows them all",
            Self::NotPublished(_) => "publish it with `ringback flow publish`",
            Self::Invalid(_) => {
                "`ringback flow check FILE` lists every fault; `ringback flow schema` prints the JSON Schema"
            }
            Self::NoCallNode(_) => "`ringback flow draw` shows the nodes with their ids",
            Self::Load(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
        }))
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        let status = match error {
            FlowError::App(error) => return error.into(),
            FlowError::NotFound { .. } | FlowError::NoVersion { .. } => 404,
            FlowError::NotPublished(_) => 409,
            FlowError::Invalid(_) | FlowError::NoCallNode(_) => 422,
            FlowError::Load(_) => 500,
            FlowError::Write(_) => 503,
        };
        Self::from_error(status, &error)
    }
}

/// Why nothing is said in a conversation.
#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    /// Its app is not there.
    #[error(transparent)]
    App(#[from] AppError),
    /// The flow that it is to begin with.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// There is no conversation of that id.
    #[error("no conversation `{0}`")]
    NotFound(ConversationId),
    /// There is no run of that id.
    #[error("no run `{0}`")]
    NoRun(RunId),
    /// No person has it, so none can speak.
    #[error("no person has the conversation")]
    NoAgent,
    /// It is closed.
    #[error("the conversation is closed")]
    Closed,
    /// A text is empty, too long or holds control characters.
    #[error("`{member}` is empty, longer than {limit} characters, or holds control characters")]
    Text {
        /// Which.
        member: &'static str,
        /// How long it may be.
        limit: usize,
    },
    /// The variables that it is to begin with.
    #[error("the variables are above {limit} bytes together, or one has no name of a variable")]
    Variables {
        /// How many bytes they may take.
        limit: usize,
    },
    /// As many messages as may be are worked on.
    #[error("too many messages are being worked on")]
    Busy,
    /// The process ended the work, or it broke.
    #[error("the message was not worked on to its end; the log of the process says why")]
    Broken,
    /// The store cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Coded for ConversationError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::App(error) => return error.code(),
            Self::Flow(error) => return error.code(),
            Self::NotFound(_) | Self::NoRun(_) => "api.not_found",
            Self::NoAgent => "desk.no_agent",
            Self::Closed => "desk.conversation_closed",
            Self::Text { .. } => "desk.text",
            Self::Variables { .. } => "desk.variables",
            Self::Busy => "desk.busy",
            Self::Broken => "desk.broken",
            Self::Load(error) => return error.code(),
            Self::Write(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::App(error) => return error.hint(),
            Self::Flow(error) => return error.hint(),
            Self::NotFound(_) => "`ringback desk list` shows them",
            Self::NoRun(_) => "`ringback flow runs` shows them",
            Self::NoAgent => "a flow hands it to one by a `transfer` node",
            Self::Closed => "start another",
            Self::Text { .. } | Self::Broken => return None,
            Self::Variables { .. } => "a name is letters, digits and `_`, at most 64",
            Self::Busy => "come again in a moment",
            Self::Load(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
        }))
    }
}

impl From<ConversationError> for Problem {
    fn from(error: ConversationError) -> Self {
        let status = match error {
            ConversationError::App(error) => return error.into(),
            ConversationError::Flow(error) => return error.into(),
            ConversationError::NotFound(_) | ConversationError::NoRun(_) => 404,
            ConversationError::Closed | ConversationError::NoAgent => 409,
            ConversationError::Text { .. } | ConversationError::Variables { .. } => 422,
            ConversationError::Broken | ConversationError::Load(_) => 500,
            ConversationError::Busy | ConversationError::Write(_) => 503,
        };
        Self::from_error(status, &error)
    }
}

impl From<ReadError> for ConversationError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

impl From<ReadError> for FlowError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

impl From<ReadError> for AppError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

/// Why a callback of the Chat framework is not sent on purpose.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// Its app is not there.
    #[error(transparent)]
    App(#[from] AppError),
    /// Not a command that can be made on purpose.
    #[error("`{0}` cannot be triggered")]
    Unknown(String),
    /// The app has no URL for it.
    #[error("the Desk app `{sdk_app_id}` has no URL for `{}`", which.as_str())]
    NoUrl {
        /// The app.
        sdk_app_id: String,
        /// What the URL is for.
        which: UrlUse,
    },
    /// A member cannot be replaced.
    #[error("`{path}` cannot be set: {reason}")]
    Path {
        /// Which.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// The body is not an object.
    #[error("the body is not an object")]
    NotAnObject,
    /// Too many at once, or none.
    #[error("1 to {0} can be made at once")]
    Count(u32),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Coded for TriggerError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::App(error) => return error.code(),
            Self::Unknown(_) => "desk.unknown_command",
            Self::NoUrl { .. } => "desk.no_url",
            Self::Path { .. } => "desk.path",
            Self::NotAnObject => "desk.body",
            Self::Count(_) => "desk.count",
            Self::Write(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::App(error) => return error.hint(),
            Self::Unknown(_) => "`ringback trigger desk --list` shows what can",
            Self::NoUrl { .. } => "set one with `ringback app set-url`",
            Self::Path { .. } => "name a member of the body, such as `MsgBody.0.MsgContent.Text`",
            Self::NotAnObject | Self::Count(_) => return None,
            Self::Write(error) => return error.hint(),
        }))
    }
}

impl From<TriggerError> for Problem {
    fn from(error: TriggerError) -> Self {
        let status = match error {
            TriggerError::App(error) => return error.into(),
            TriggerError::Unknown(_)
            | TriggerError::Path { .. }
            | TriggerError::NotAnObject
            | TriggerError::Count(_) => 422,
            TriggerError::NoUrl { .. } => 409,
            TriggerError::Write(_) => 503,
        };
        Self::from_error(status, &error)
    }
}
