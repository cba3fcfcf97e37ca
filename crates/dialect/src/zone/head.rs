//! The headers of a message, read and checked before its body is.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use ringback_types::WireTime;

use super::message::Items;
use super::{Flow, Outcome, Reason, header};

/// How far a timestamp may be from now.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// The only value of `ww-channel`.
pub(super) const CHANNEL: &str = "1";

/// The longest key id that is taken; they become keys of maps and log lines.
const MAX_KEY_ID_BYTES: usize = 256;

/// Whose keys a message wants to be opened with.
///
/// This is read first, since where there are no such keys even an error reply cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Whose keys: not empty, at most 256 visible ASCII characters.
    pub key_id: &'a str,
    /// Which version of them.
    pub version: u32,
}

impl<'a> Address<'a> {
    /// Checks channel, key id and version, in this order.
    pub fn read(headers: &'a HeaderMap) -> Result<Self, Reason> {
        if once(headers, &header::CHANNEL) != Some(CHANNEL) {
            return Err(Reason::Channel);
        }
        let key_id = once(headers, &header::KEY_ID)
            .filter(|id| (1..=MAX_KEY_ID_BYTES).contains(&id.len()))
            .ok_or(Reason::KeyIdFormat)?;
        let version = once(headers, &header::VERSION)
            .and_then(decimal)
            .ok_or(Reason::VersionFormat)?;
        Ok(Self { key_id, version })
    }
}

/// The headers of a message: well formed and of this time, but not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose keys sealed it.
    pub key_id: String,
    /// Which version of them.
    pub version: u32,
    /// When it was sealed.
    pub timestamp: WireTime,
    /// What counts once, and what its key is derived from.
    pub nonce: [u8; 16],
    /// The request, or the one that is answered; empty in an unbound reply.
    pub request_id: String,
    /// How the request ended; there in replies and only there.
    pub outcome: Option<Outcome>,
    nonce_text: String,
    signature: [u8; 32],
}

impl Head {
    /// Checks channel, key id and version, then the form of the other headers, then that the
    /// timestamp is within [`TOLERANCE`].
    pub fn read(headers: &HeaderMap, flow: Flow, now: WireTime) -> Result<Self, Reason> {
        let address = Address::read(headers)?;
        let text = |name: &HeaderName| text(headers, name);
        let timestamp = decimal(text(&header::TIMESTAMP)?).ok_or(Reason::TimestampFormat)?;
        let nonce_text = text(&header::NONCE)?;
        let head = Self {
            key_id: address.key_id.to_owned(),
            version: address.version,
            timestamp: WireTime::from_millis(timestamp),
            nonce: sixteen_bytes(nonce_text).ok_or(Reason::NonceFormat)?,
            request_id: request_id(text(&header::REQUEST_ID)?, flow)?.to_owned(),
            outcome: outcome(text(&header::OUTCOME)?, flow)?,
            nonce_text: nonce_text.to_owned(),
            signature: signature(text(&header::SIGNATURE)?).ok_or(Reason::SignatureFormat)?,
        };
        if now.as_millis().abs_diff(timestamp) > TOLERANCE.as_millis() as u64 {
            return Err(Reason::TimestampStale);
        }
        Ok(head)
    }

    pub(super) fn associated_data(&self, flow: Flow, target: &str) -> Vec<u8> {
        // Only the shortest form of a number is taken, so these are the texts of the headers.
        let (version, timestamp) = (
            self.version.to_string(),
            self.timestamp.as_millis().to_string(),
        );
        let items = Items {
            flow,
            target,
            key_id: &self.key_id,
            version: &version,
            timestamp: &timestamp,
            nonce: &self.nonce_text,
            request_id: &self.request_id,
        };
        items.associated_data()
    }

    pub(super) fn signature(&self) -> &[u8; 32] {
        &self.signature
    }
}

/// The value of a header that comes exactly once, in visible ASCII characters.
fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| visible(first))?
}

/// The same of a header that may be missing, which is as good as an empty one: some HTTP libraries
/// drop empty headers, and what is signed is the same.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Reason> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Reason::HeaderRepeated);
    }
    // What is not visible ASCII has no right form in any header; `?` has none either.
    Ok(first.map_or("", |value| visible(value).unwrap_or("?")))
}

fn visible(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then_some(text)
}

/// A number in its shortest decimal form.
fn decimal<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let shortest = text == "0" || !text.starts_with('0');
    (digits && shortest).then(|| text.parse().ok())?
}

fn sixteen_bytes(text: &str) -> Option<[u8; 16]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn request_id(text: &str, flow: Flow) -> Result<&str, Reason> {
    let unbound = flow.is_reply() && text.is_empty();
    if unbound || sixteen_bytes(text).is_some() {
        Ok(text)
    } else {
        Err(Reason::RequestIdFormat)
    }
}

fn outcome(text: &str, flow: Flow) -> Result<Option<Outcome>, Reason> {
    match (text, flow.is_reply()) {
        ("", false) => Ok(None),
        ("ok", true) => Ok(Some(Outcome::Ok)),
        ("error", true) => Ok(Some(Outcome::Error)),
        _ => Err(Reason::OutcomeFormat),
    }
}

fn signature(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
