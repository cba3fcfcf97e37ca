//! What the platform answers an app or a program: a number from the global table and a free text.
//!
//! Numbers: sheet `wecom-zone-app`, 1.3 and 1.4; sheet `wecom-zone-sdk`, section 19. Only the number is
//! contractual; the text says what happened without naming anything that its reader must not know.

use std::borrow::Cow;

use ringback_store::{ReadError, WriteError};
use serde::Serialize;

macro_rules! errcodes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal;)*) => {
        $($(#[$doc])* pub const $name: Errcode = Errcode { number: $number, message: $message };)*

        /// Every code this platform half can answer by itself.
        pub const ALL: &[Errcode] = &[$($name,)*];
    };
}

/// A number of the platform's global table with our text for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Errcode {
    /// What clients branch on.
    pub number: i32,
    /// What it means.
    pub message: &'static str,
}

errcodes! {
    /// Busy; the only answer that asks to try again.
    BUSY = -1, "system busy";
    /// The secret is nobody's.
    BAD_SECRET = 40001, "invalid secret";
    /// No such corp.
    BAD_CORPID = 40013, "invalid corpid";
    /// The token was never given out, or is another kind of text.
    BAD_TOKEN = 40014, "invalid access_token";
    /// A file that is none, or of another kind.
    BAD_MEDIA_TYPE = 40005, "invalid type parameter";
    /// A file that is too small.
    BAD_MEDIA_SIZE = 40006, "invalid file size";
    /// A parameter that breaks its rule.
    BAD_PARAMETER = 40058, "invalid parameter";
    /// A parameter that is not there, or a body that is none.
    MISSING_PARAMETER = 40063, "some parameters are empty";
    /// No such job, or one of somebody else.
    NO_JOB = 40088, "jobid does not exist";
    /// The job is over and its result is kept no longer.
    JOB_CLEANED = 40089, "the result of the job has been cleaned up";
    /// A secret, but of an app of another corp.
    FOREIGN_SECRET = 40091, "secret is invalid";
    /// No token.
    TOKEN_MISSING = 41001, "access_token missing";
    /// No corp id.
    CORPID_MISSING = 41002, "corpid missing";
    /// No secret.
    SECRET_MISSING = 41004, "corpsecret missing";
    /// No file in the form.
    MEDIA_MISSING = 41005, "media data missing";
    /// The token's time is over.
    TOKEN_EXPIRED = 42001, "access_token expired";
    /// A file without content.
    MEDIA_EMPTY = 44001, "empty media data";
    /// A file that is too large.
    MEDIA_TOO_LARGE = 45001, "media size out of limit";
    /// More calls than the window allows.
    RATE = 45009, "reach max api daily quota limit";
    /// The answer is larger than the channel carries.
    TOO_LARGE = 45029, "response data is too large";
    /// More calls at once than there are places.
    CONCURRENCY = 45033, "too many concurrent calls";
    /// Not for this kind of app.
    NOT_PERMITTED = 48002, "api forbidden";
    /// The app is switched off.
    APP_DISABLED = 50003, "app is disabled";
    /// No such member.
    BAD_USERID = 60111, "userid not found";
    /// The program says that the job failed before it began, or never took it.
    PROGRAM_FAILED = 710_638, "the program call failed";
    /// The app lacks the zone permission.
    NO_PERMISSION = 710_641, "the app has no permission for the data and intelligence zone";
    /// The result is not there yet.
    WAITING = 710_642, "waiting for the result";
    /// The notify id is unknown, expired or somebody else's.
    BAD_NOTIFY_ID = 710_646, "invalid notify_id";
    /// More messages than a task takes.
    TOO_MANY_MESSAGES = 710_623, "too many messages";
    /// What the placeholders stand for is longer than a task takes.
    INPUT_TOO_LONG = 790_040, "the input is too long";
    /// Not one message of the task can be used.
    NO_USABLE_MESSAGE = 790_041, "the contents of all messages are unavailable";
    /// The debug credential's three days are over, or it is another one.
    DEBUG_TOKEN = 710_671, "debug_token is invalid or expired";
    /// Neither a test corp nor a test install.
    DEBUG_NOT_ALLOWED = 710_672, "debug mode is not allowed for this app";
    /// One of the two halves is missing, or over.
    NOT_IN_DEBUG = 710_673, "not in debug mode";
    /// Nobody listens where the program should be.
    NOT_CONNECTED = 710_674, "cannot connect to the program";
    /// The program took longer than it may.
    LATE = 710_675, "the program did not answer in time";
    /// The program answered another status than 200, or no HTTP.
    BAD_STATUS = 710_676, "the program answered another http status than 200";
    /// The reply is not the program's, is an error reply, or cannot be decrypted.
    BAD_REPLY = 710_677, "the program's reply cannot be verified";
    /// The job is over already, or was never begun.
    JOB_NOT_RUNNING = 790_010, "the task is not in progress";
    /// What stands in the template is no JSON once it is filled.
    BAD_TEMPLATE = 790_012, "the json template is invalid";
    /// The program's answer is not JSON.
    OUTPUT_NOT_JSON = 790_013, "the result is not valid json";
    /// The program's answer is not a subset of the output protocol.
    OUTPUT_MISMATCH = 790_014, "the result does not match the output protocol";
    /// `request_data` is not JSON.
    INPUT_NOT_JSON = 790_015, "request_data is not valid json";
    /// `request_data` is not a subset of the input protocol.
    INPUT_MISMATCH = 790_016, "request_data does not match the input protocol";
    /// `job_info` was not given out for this app, program and job.
    BAD_JOB_INFO = 790_017, "invalid job_info";
    /// The program is not associated with the app, or is not there.
    NOT_ASSOCIATED = 790_020, "the program or model is not associated with the app";
    /// The program is neither deployed nor in debug mode.
    NOT_DEPLOYED = 790_021, "the program or model is not deployed";
    /// The program has no such ability.
    BAD_ABILITY = 800_003, "ability_id does not exist";
}

/// A refused request of the app-facing or the program-facing API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What clients branch on.
    pub errcode: i32,
    /// What they read.
    pub errmsg: Cow<'static, str>,
    /// What our log says besides; never a secret, never content.
    pub cause: Option<String>,
}

impl Errcode {
    /// The refusal with the precise cause for our log.
    pub fn because(self, cause: impl Into<String>) -> Refusal {
        Refusal {
            cause: Some(cause.into()),
            ..self.into()
        }
    }

    /// The refusal whose text names what is wrong with which parameter.
    pub fn saying(self, detail: impl std::fmt::Display) -> Refusal {
        Refusal {
            errmsg: format!("{}: {detail}", self.message).into(),
            ..self.into()
        }
    }
}

impl From<Errcode> for Refusal {
    fn from(code: Errcode) -> Self {
        Self {
            errcode: code.number,
            errmsg: code.message.into(),
            cause: None,
        }
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        BUSY.because(error.to_string())
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        BUSY.because(error.to_string())
    }
}

impl From<crate::ZoneError> for Refusal {
    fn from(error: crate::ZoneError) -> Self {
        BUSY.because(error.to_string())
    }
}

impl From<ringback_archive::ApiError> for Refusal {
    fn from(error: ringback_archive::ApiError) -> Self {
        Self {
            errcode: error.errcode,
            errmsg: error.errmsg.into(),
            cause: None,
        }
    }
}

/// The refusal as JSON: `errcode` and `errmsg`, no extra member.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<'a> {
    errcode: i32,
    errmsg: &'a str,
}

impl Refusal {
    pub(crate) fn envelope(&self) -> Envelope<'_> {
        Envelope {
            errcode: self.errcode,
            errmsg: &self.errmsg,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_means_one_thing() {
        let numbers: BTreeSet<_> = ALL.iter().map(|code| code.number).collect();
        assert_eq!(numbers.len(), ALL.len());
    }
}
