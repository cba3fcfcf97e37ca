//! How an answer is judged.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use ringback_types::{Code, Coded};

/// What the answer to an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint has it.
    Delivered,
    /// The endpoint does not have it; the ladder goes on.
    Failed(FailureKind),
    /// The endpoint does not have it and asks not to be tried before this long from now.
    RetryAfter(Duration, FailureKind),
    /// The endpoint wants nothing any more and is to be disabled (Standard Webhooks, 410).
    Gone,
}

/// What is wrong with an answer to an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailureKind {
    /// A status that is not the dialect's success.
    #[error("the endpoint answered {}", .0.as_u16())]
    Status(StatusCode),
    /// A redirect; none is followed.
    #[error("the endpoint answered {}, a redirect, which is not followed", .0.as_u16())]
    Redirect(StatusCode),
    /// An answer that Desk does not take for success.
    #[cfg(feature = "desk")]
    #[error(transparent)]
    Desk(crate::desk::CallFailure),
    /// A program's reply that is not its answer to the request, or says that it failed.
    #[cfg(feature = "zone")]
    #[error(transparent)]
    Zone(crate::zone::ReplyFailure),
}

impl FailureKind {
    /// What an unsuccessful status is.
    pub fn of(status: StatusCode) -> Self {
        if status.is_redirection() {
            Self::Redirect(status)
        } else {
            Self::Status(status)
        }
    }
}

impl Coded for FailureKind {
    fn code(&self) -> Code {
        match self {
            Self::Status(_) => Code::new("answer.status"),
            Self::Redirect(_) => Code::new("answer.redirect"),
            #[cfg(feature = "desk")]
            Self::Desk(failure) => failure.code(),
            #[cfg(feature = "zone")]
            Self::Zone(failure) => failure.code(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Status(_) => None,
            Self::Redirect(_) => Some("name the address that it redirects to as the URL".into()),
            #[cfg(feature = "desk")]
            Self::Desk(failure) => failure.hint(),
            #[cfg(feature = "zone")]
            Self::Zone(failure) => failure.hint(),
        }
    }
}

/// Why the answer to a call cannot be used.
///
/// [`CallFailure::client_code`] is what the Feishu client shows its user (sheet `feishu-events`,
/// section 4.4), what WeCom answers the app that called a program (sheet `wecom-zone-app`,
/// section 1.4), or the `ErrorCode` that Desk is answered with (sheet `tencent-desk`, section 4.6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// A status that is not success.
    #[error("the answer to the call has status {}", .0.as_u16())]
    Status(StatusCode),
    /// The body is not what the call's type asks for.
    #[error("the answer to the call is malformed: {0}")]
    Malformed(&'static str),
    /// The `card` in the answer is not a card.
    #[error("the `card` in the answer is invalid: {0}")]
    CardInvalid(&'static str),
    /// A card of schema 2.0 was answered with one of schema 1.0, or the other way round.
    #[error("the `card` in the answer is of another schema generation than the card it replaces")]
    CardGeneration,
    /// An answer that Desk cannot use.
    #[cfg(feature = "desk")]
    #[error(transparent)]
    Desk(#[from] crate::desk::CallFailure),
    /// A program's answer that cannot be used.
    #[cfg(feature = "zone")]
    #[error(transparent)]
    Zone(#[from] crate::zone::CallFailure),
}

impl CallFailure {
    /// The code that the platform's client or API shows.
    pub fn client_code(&self) -> u32 {
        match self {
            Self::Status(_) => 200_671,
            Self::Malformed(_) => 200_672,
            Self::CardInvalid(_) => 200_673,
            Self::CardGeneration => 200_830,
            #[cfg(feature = "desk")]
            Self::Desk(failure) => failure.client_code(),
            #[cfg(feature = "zone")]
            Self::Zone(failure) => failure.client_code(),
        }
    }
}

impl Coded for CallFailure {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Status(_) => "call.status",
            Self::Malformed(_) => "call.malformed",
            Self::CardInvalid(_) => "call.card_invalid",
            Self::CardGeneration => "call.card_generation",
            #[cfg(feature = "desk")]
            Self::Desk(failure) => return failure.code(),
            #[cfg(feature = "zone")]
            Self::Zone(failure) => return failure.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Status(_) => "answer a callback with status 200, never with a redirect",
            Self::Malformed(_) => {
                "answer `{}` for no change, or an object with `toast` and `card` as documented"
            }
            Self::CardInvalid(_) => {
                "`card` is `{\"type\":\"raw\",\"data\":{…}}` or `{\"type\":\"template\",\"data\":{\"template_id\":…}}`"
            }
            Self::CardGeneration => {
                "answer a card of schema 2.0 with one that says `\"schema\":\"2.0\"`"
            }
            #[cfg(feature = "desk")]
            Self::Desk(failure) => return failure.hint(),
            #[cfg(feature = "zone")]
            Self::Zone(failure) => return failure.hint(),
        }))
    }
}
