//! What is wrong with a program's reply: [`ReplyFailure`] with the reply itself, [`CallFailure`]
//! with it as the answer to a call.

use std::borrow::Cow;

use http::StatusCode;
use ringback_types::{Code, Coded};

use super::{Mismatch, Reason};

/// Why a reply with status 200 is not the program's answer to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFailure {
    /// It is longer than what is read of an answer.
    #[error("the reply is longer than the endpoint's answer cap")]
    Cut,
    /// The program had no key for the request; this is not signed, so it may have been anybody.
    #[error("the program has no key for the request and refused it with {0}")]
    Refused(i32),
    /// It is not verified, or it answers another request.
    #[error("{0}")]
    Unverified(#[from] Reason),
    /// The program could not verify or handle the request and says so.
    #[error("the program answered with an error reply")]
    ErrorReply,
}

impl Coded for ReplyFailure {
    fn code(&self) -> Code {
        match self {
            Self::Cut => Code::new("zone.reply_cut"),
            Self::Refused(_) => Code::new("zone.reply_refused"),
            Self::Unverified(reason) => Coded::code(reason),
            Self::ErrorReply => Code::new("zone.error_reply"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Cut => Some("answer less at a time, or raise the policy's answer cap".into()),
            Self::Refused(_) => Some(
                "let the program read its credentials file again; in debug mode open again".into(),
            ),
            Self::Unverified(reason) => reason.hint(),
            Self::ErrorReply => Some(
                "the program's log says why its SDK refused the request: keys, clock or a proxy"
                    .into(),
            ),
        }
    }
}

/// Why what a program answered to a call cannot be handed to the app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// A status other than 200.
    #[error("the program answered with status {}", .0.as_u16())]
    Status(StatusCode),
    /// A reply that is not the program's answer, or says that it failed.
    #[error(transparent)]
    Reply(#[from] ReplyFailure),
    /// The answer is not JSON.
    #[error("the program's answer is not JSON: {detail}")]
    NotJson {
        /// What the parser says, with line and column.
        detail: String,
    },
    /// The answer is not a subset of the ability's output protocol.
    #[error("the program's answer does not fit the output protocol: {0}")]
    Output(Mismatch),
}

impl CallFailure {
    /// The code that the app gets (sheet `wecom-zone-sdk`, section 19).
    pub const fn client_code(&self) -> u32 {
        match self {
            Self::Status(_) => 710_676,
            Self::Reply(_) => 710_677,
            Self::NotJson { .. } => 790_013,
            Self::Output(_) => 790_014,
        }
    }
}

impl From<Mismatch> for CallFailure {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::NotJson { detail } => Self::NotJson { detail },
            mismatch => Self::Output(mismatch),
        }
    }
}

impl Coded for CallFailure {
    fn code(&self) -> Code {
        match self {
            Self::Status(_) => Code::new("zone.reply_status"),
            Self::Reply(failure) => failure.code(),
            Self::NotJson { .. } => Code::new("zone.output_not_json"),
            Self::Output(_) => Code::new("zone.output_mismatch"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Status(_) => Some("send every reply with status 200, error replies too".into()),
            Self::Reply(failure) => failure.hint(),
            Self::NotJson { .. } => Some("answer JSON, also where something went wrong".into()),
            Self::Output(mismatch) => mismatch.hint(),
        }
    }
}
