//! Notifying the app and reporting an async result (11.1, 11.2).

use serde::{Deserialize, Serialize};

use super::{Call, Done};

/// `spec_notify_app`: the app gets a `program_notify` callback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SpecNotifyApp {
    /// At most 64 bytes; made by the zone when absent. Store what the app will ask for under it
    /// *before* this call: the app may ask at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_id: Option<String>,
    /// 0 to 255, handed on to the app; any other is passed over in silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_scene: Option<i64>,
}

impl Call for SpecNotifyApp {
    const API: &'static str = "spec_notify_app";
    type Answer = Notified;
}

/// The answer of [`SpecNotifyApp`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Notified {
    /// The id that the app gets; good for ten minutes.
    pub notify_id: String,
}

/// `program_async_job_call_back`: reports the result of an async call. Only a client with the
/// request's `job_info` may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProgramAsyncJobCallBack {
    /// 0: it worked.
    pub errcode: i64,
    /// JSON text that satisfies the ability's output protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

impl Call for ProgramAsyncJobCallBack {
    const API: &'static str = "program_async_job_call_back";
    type Answer = Done;
}
