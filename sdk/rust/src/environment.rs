//! Every environment variable that the SDK reads; nothing else in it reads the environment.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]

use std::path::PathBuf;

/// The credentials file that the host gives a deployed program.
pub const CREDENTIALS: &str = "RINGBACK_ZONE_CREDENTIALS";
/// Address of the zone, for opening debug mode.
pub const ZONE_URL: &str = "RINGBACK_ZONE_URL";
/// Address that [`serve`](crate::serve()) listens on.
pub const LISTEN: &str = "RINGBACK_ZONE_LISTEN";
/// `1` lets debug mode be opened over plain HTTP beyond loopback.
pub const ALLOW_HTTP: &str = "RINGBACK_ALLOW_HTTP";

/// Where [`ZONE_URL`] points when it is not set.
pub const DEFAULT_ZONE_URL: &str = "http://127.0.0.1:7300";
/// Where [`LISTEN`] points when it is not set: programs listen on port 8080 (sheet wecom-zone-sdk, 2).
pub const DEFAULT_LISTEN: &str = "0.0.0.0:8080";

fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(crate) fn credentials() -> Option<PathBuf> {
    value(CREDENTIALS).map(PathBuf::from)
}

pub(crate) fn zone_url() -> String {
    value(ZONE_URL).unwrap_or_else(|| DEFAULT_ZONE_URL.to_owned())
}

pub(crate) fn allow_http() -> bool {
    value(ALLOW_HTTP).is_some_and(|value| value == "1")
}

#[cfg(feature = "serve")]
pub(crate) fn listen() -> String {
    value(LISTEN).unwrap_or_else(|| DEFAULT_LISTEN.to_owned())
}
