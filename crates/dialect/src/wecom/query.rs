//! The parameters of the query that sign and are signed (5.1, 5.2).

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ringback_types::WireTime;

use super::{Secrets, sign};
use crate::Reason;

/// The parameters without which the body of a callback cannot be verified.
pub const SIGNED_PARAMETERS: [&str; 3] = ["msg_signature", "timestamp", "nonce"];

/// The parameters, decoded once.
#[derive(Debug, Default)]
pub(super) struct Query<'a> {
    pub(super) signature: Option<Cow<'a, str>>,
    pub(super) timestamp: Option<Cow<'a, str>>,
    pub(super) nonce: Option<Cow<'a, str>>,
    pub(super) echo: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Reads the query; each of the four may come once.
    ///
    /// A `+` stays a `+`: it is a character of base64, while none of the four has a blank in it, and
    /// senders do leave it unencoded.
    pub(super) fn read(query: &'a str) -> Result<Self, Reason> {
        let mut read = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let field = match name {
                "msg_signature" => &mut read.signature,
                "timestamp" => &mut read.timestamp,
                "nonce" => &mut read.nonce,
                "echostr" => &mut read.echo,
                _ => continue,
            };
            let value = percent_decode_str(value).decode_utf8_lossy();
            if field.replace(value).is_some() {
                return Err(Reason::ParameterRepeated);
            }
        }
        Ok(read)
    }
}

/// `msg_signature`, `timestamp` and `nonce` for this encrypted text.
pub(super) fn signed(secrets: &Secrets, encrypted: &str, now: WireTime, nonce: u32) -> String {
    let timestamp = now.as_seconds().to_string();
    let nonce = nonce.to_string();
    let signature = sign(&secrets.token, &timestamp, &nonce, encrypted);
    format!("msg_signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

/// The same with the encrypted text itself, as the check of a URL has it.
pub(super) fn signed_echo(secrets: &Secrets, encrypted: &str, now: WireTime, nonce: u32) -> String {
    let mut query = signed(secrets, encrypted, now, nonce);
    let echo = utf8_percent_encode(encrypted, NON_ALPHANUMERIC);
    write!(query, "&echostr={echo}").expect("writing to a string never fails");
    query
}
