//! Answers of a business that knows nothing of the framework, put into its form.
//!
//! A call may go out as `standard` or raw. What comes back is the platform's answer already, or a plain
//! one from which that is made.

use bytes::Bytes;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::answer::{Members, as_text, members, success};
use super::{CallFailure, Command};

/// The platform's answer to `command`, from an answer that came back in another dialect, whole and
/// with a status that was found right before.
///
/// One that has `ActionStatus` or `ErrorCode` is the framework's own: judged, and passed on as it is.
/// Nothing at all means success. A plain object becomes the variables of an interface invocation, each
/// as text (2.4), or stands beside the framework's members where a person is asked for (3.3). Any plain
/// JSON is the `RspData` of a passthrough message, whose shape is not documented (3.4).
pub fn mapped_answer(command: Command, body: &[u8]) -> Result<Bytes, CallFailure> {
    if body.trim_ascii().is_empty() {
        return Ok(written(&Rest::Nothing));
    }
    let plain = match members(body) {
        Ok(framed) if is_framed(&framed) => {
            success(&framed)?;
            return Ok(Bytes::copy_from_slice(body));
        }
        Ok(plain) => plain,
        Err(CallFailure::NotObject) if command == Command::OnC2CSignalMessage => {
            return Ok(written(&Rest::Data(whole(body)?)));
        }
        Err(failure) => return Err(failure),
    };
    Ok(written(&match command {
        Command::OnC2CSignalMessage => Rest::Data(whole(body)?),
        Command::OnAssignHuman | Command::OnAssignAgent => Rest::Beside(&plain),
        Command::InterfaceInvocation
        | Command::TaskFlowEventNotify
        | Command::SessionEventNotify
        | Command::OnC2CMessage
        | Command::OnGroupMessage => Rest::Variables(&plain),
    }))
}

/// The framework's answer that says no: `FAIL` with this code and these words (4.1, 4.6).
pub fn failed_answer(code: u32, info: &str) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Failed<'a> {
        action_status: &'static str,
        error_info: &'a str,
        error_code: u32,
    }
    let failed = Failed {
        action_status: "FAIL",
        error_info: info,
        error_code: code,
    };
    let json = serde_json::to_vec(&failed);
    Bytes::from(json.expect("texts and numbers always are JSON"))
}

fn is_framed(answer: &Members<'_>) -> bool {
    answer.get("ActionStatus").is_some() || answer.get("ErrorCode").is_some()
}

fn whole(body: &[u8]) -> Result<&RawValue, CallFailure> {
    serde_json::from_slice(body).map_err(|_| CallFailure::NotJson)
}

/// What stands in an answer besides the framework's members.
enum Rest<'a> {
    Nothing,
    Variables(&'a Members<'a>),
    Beside(&'a Members<'a>),
    Data(&'a RawValue),
}

fn written(rest: &Rest<'_>) -> Bytes {
    let json = serde_json::to_vec(rest);
    Bytes::from(json.expect("texts, numbers and checked JSON always are JSON"))
}

impl Serialize for Rest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ActionStatus", "OK")?;
        // An `ErrorInfo` of the business's own stands beside: a name must not come twice.
        if !matches!(self, Self::Beside(members) if members.get("ErrorInfo").is_some()) {
            map.serialize_entry("ErrorInfo", "")?;
        }
        map.serialize_entry("ErrorCode", &0)?;
        match self {
            Self::Nothing => {}
            Self::Variables(members) => map.serialize_entry("Body", &Variables(members))?,
            Self::Beside(members) => {
                for (name, value) in &members.0 {
                    map.serialize_entry(name, value)?;
                }
            }
            Self::Data(value) => map.serialize_entry("RspData", value)?,
        }
        map.end()
    }
}

struct Variables<'a>(&'a Members<'a>);

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.0.iter().map(|(name, value)| (name, as_text(value))))
    }
}
