//! What the interface is told by its environment, and what a caller must know.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment and the clock"
)]

use std::fmt::{self, Write as _};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};

use crate::answer::Refusal;
use crate::callback::Query;

const LISTEN: &str = "DESK_LISTEN";
const SDK_APP_ID: &str = "DESK_SDKAPPID";
const TOKEN: &str = "DESK_TOKEN";

/// How far `RequestTime` may be from this server's clock. `Sign` covers that second and nothing else,
/// so whoever saw one request can send others until this is over.
const FRESH_SECONDS: u64 = 60;

/// Whose calls are taken.
#[derive(Clone)]
pub struct Settings {
    sdk_app_id: String,
    token: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token stays out of every log.
        formatter
            .debug_struct("Settings")
            .field("sdk_app_id", &self.sdk_app_id)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Calls of this Chat app; without a token `Sign` is not looked at.
    pub fn new(sdk_app_id: String, token: Option<String>) -> Self {
        Self { sdk_app_id, token }
    }

    /// `DESK_SDKAPPID`, and `DESK_TOKEN` where authentication is on.
    pub fn from_environment() -> io::Result<Self> {
        let missing = || {
            let message = format!("`{SDK_APP_ID}` is not set: give the app id of your Chat app");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        Ok(Self::new(
            value(SDK_APP_ID).ok_or_else(missing)?,
            value(TOKEN),
        ))
    }

    /// Refuses who is not the platform calling for this app.
    pub(crate) fn admit(&self, query: &Query) -> Result<(), Refusal> {
        if query.get("SdkAppid") != self.sdk_app_id {
            return Err(Refusal::foreign("SdkAppid is not this app's"));
        }
        match &self.token {
            Some(token) => check_sign(token, query.get("RequestTime"), query.get("Sign")),
            None => Ok(()),
        }
    }
}

/// `DESK_LISTEN`, by default a port of this machine alone.
pub fn listen_address() -> String {
    value(LISTEN).unwrap_or_else(|| "127.0.0.1:8090".to_owned())
}

/// `Sign` before the time, so that only who has the token learns something about this clock.
fn check_sign(token: &str, request_time: &str, given: &str) -> Result<(), Refusal> {
    let expected = sign(token, request_time);
    if verify_slices_are_equal(expected.as_bytes(), given.as_bytes()).is_err() {
        return Err(Refusal::foreign(
            "Sign is missing, or not made with this token",
        ));
    }
    let time = request_time.parse::<u64>().ok();
    if time.is_none_or(|time| time.abs_diff(now_seconds()) > FRESH_SECONDS) {
        return Err(Refusal::foreign("RequestTime is not within 60 s of now"));
    }
    Ok(())
}

/// Lower hex of SHA-256 over the token and the time, with nothing between them.
fn sign(token: &str, request_time: &str) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(token.as_bytes());
    hash.update(request_time.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in hash.finish().as_ref() {
        // A string takes whatever is written to it.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn now_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
