//! The parameters of the query (2.2, 4.2): written in the platform's capitals, read in any.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ringback_types::WireTime;

use super::{Account, sign};
use crate::Reason;

/// The parameters of the framework.
const PARAMETERS: [&str; 8] = [
    "SdkAppid",
    "CallbackCommand",
    "contenttype",
    "ClientIP",
    "OptPlatform",
    "RequestID",
    "Sign",
    "RequestTime",
];

/// Whether the framework gives a parameter of this name a meaning, in whatever capitals: without them
/// a request can be neither verified nor told from another.
pub fn is_framework_parameter(name: &str) -> bool {
    PARAMETERS.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// Everything but what RFC 3986 calls unreserved: command words keep their full stop.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The parameters that are read, decoded once.
#[derive(Debug, Default)]
pub(super) struct Query<'a> {
    pub(super) app_id: Option<Cow<'a, str>>,
    pub(super) command: Option<Cow<'a, str>>,
    pub(super) content_type: Option<Cow<'a, str>>,
    pub(super) signature: Option<Cow<'a, str>>,
    pub(super) time: Option<Cow<'a, str>>,
    pub(super) request_id: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Reads the query; each of the six may come once, in any capitals: real receivers fold them (8).
    ///
    /// A `+` stays a `+`: none of the six has a blank in it, and an opaque id may well be base64.
    pub(super) fn read(query: &'a str) -> Result<Self, Reason> {
        let mut read = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(field) = read.field(name) else {
                continue;
            };
            let value = percent_decode_str(value).decode_utf8_lossy();
            if field.replace(value).is_some() {
                return Err(Reason::ParameterRepeated);
            }
        }
        Ok(read)
    }

    fn field(&mut self, name: &str) -> Option<&mut Option<Cow<'a, str>>> {
        [
            ("SdkAppid", &mut self.app_id),
            ("CallbackCommand", &mut self.command),
            ("contenttype", &mut self.content_type),
            ("Sign", &mut self.signature),
            ("RequestTime", &mut self.time),
            ("RequestID", &mut self.request_id),
        ]
        .into_iter()
        .find(|(wanted, _)| wanted.eq_ignore_ascii_case(name))
        .map(|(_, field)| field)
    }
}

/// The whole query for this command, signed where the account has a token.
pub(super) fn written(
    account: &Account,
    command: &str,
    request_id: Option<&str>,
    now: WireTime,
) -> String {
    let signed = account.token.as_ref().map(|token| {
        let time = now.as_seconds().to_string();
        (sign(token, &time), time)
    });
    let parameters = [
        ("SdkAppid", Some(account.sdk_app_id.as_str())),
        ("CallbackCommand", Some(command)),
        ("contenttype", Some("json")),
        ("ClientIP", Some(account.client_ip.as_str())),
        ("OptPlatform", Some(account.opt_platform.as_str())),
        ("RequestID", request_id),
        ("Sign", signed.as_ref().map(|(sign, _)| sign.as_str())),
        (
            "RequestTime",
            signed.as_ref().map(|(_, time)| time.as_str()),
        ),
    ];
    let pairs: Vec<String> = parameters
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)))
        .collect();
    pairs.join("&")
}
