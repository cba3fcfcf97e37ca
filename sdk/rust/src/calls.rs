//! Typed requests and answers of SDK APIs, for [`Client::call`](crate::Client::call).
//!
//! Each request is a struct named after its API; members that are `None` or empty are left out, as
//! the platform wants it (an empty `cursor` was seen to be refused). Sections are those of the sheet
//! wecom-zone-sdk. What has no type here is called with [`Client::invoke`](crate::Client::invoke).

mod messages;
mod notify;
mod tasks;

pub use messages::{
    CallInfo, EncryptInfo, GetMsgListByPageId, MsgList, MsgMode, Party, Record, SyncMsg, Synced,
};
pub use notify::{Notified, ProgramAsyncJobCallBack, SpecNotifyApp};
pub use tasks::{
    CreateModelTask, CreateProgramTask, DebugInfo, FailedMsg, GetModelTaskResult,
    GetProgramTaskResult, KnowledgeBase, KnowledgeBaseList, KnowledgeBases, MsgKey, MsgRef,
    TagGroup, TaskCreated, TaskResult,
};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ReturnCode};

/// The errcode of a task whose result is still awaited (sheet wecom-zone-sdk, 8).
const PENDING: i64 = 710_642;

/// A request of an SDK API.
pub trait Call: Serialize {
    /// The API's name.
    const API: &'static str;
    /// What it answers, besides `errcode` and `errmsg`.
    type Answer: DeserializeOwned;
}

/// An answer that says no more than that it worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Done {}

/// Why a typed call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The exchange failed.
    #[error(transparent)]
    Exchange(#[from] Error),
    /// The API answered with an error.
    #[error("{api} answered errcode {errcode}: {errmsg}")]
    Api {
        /// Which API.
        api: &'static str,
        /// Its code; the meanings are in the sheet wecom-zone-sdk, 19.
        errcode: i64,
        /// A text for people, which may change.
        errmsg: String,
    },
}

impl CallError {
    /// Whether the result of a task is still awaited: ask again later.
    pub fn is_pending(&self) -> bool {
        matches!(
            self,
            Self::Api {
                errcode: PENDING,
                ..
            }
        )
    }

    /// Whether the zone may never have got the request, or its answer was lost on the way.
    pub fn is_network(&self) -> bool {
        matches!(self, Self::Exchange(error) if error.return_code() == ReturnCode::Network)
    }
}

/// What every answer has.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// Reads an answer, in which an `errcode` other than 0 is an error.
pub(crate) fn read<C: Call>(answer: &str) -> Result<C::Answer, CallError> {
    let Envelope { errcode, errmsg } = parse(answer)?;
    if errcode != 0 {
        return Err(CallError::Api {
            api: C::API,
            errcode,
            errmsg,
        });
    }
    Ok(parse(answer)?)
}

fn parse<T: DeserializeOwned>(answer: &str) -> Result<T, Error> {
    serde_json::from_str(answer).map_err(|error| Error::Json {
        what: "the answer",
        // The error's own text may quote what is in the answer.
        detail: format!("line {}, column {}", error.line(), error.column()),
    })
}
