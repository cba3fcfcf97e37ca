//! The receiver: id, time, signature, and only then the body.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use ringback_types::WireTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ID_HEADER, SIGNATURE_HEADER, SigningKey, TIMESTAMP_HEADER};
use crate::json::{checked_identifier, identifier, members, too_deep};
use crate::{Dialect, Incoming, Message, Reason, Received, Refusal, unix_seconds};

/// How far a timestamp may be from now unless a setting says otherwise.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_mins(5);

/// The type of an event whose body names none.
const DEFAULT_EVENT_TYPE: &str = "standard.event";

/// The receive half with its live keys; cheap to clone.
#[derive(Debug, Clone)]
pub struct Receiver {
    keys: Arc<[SigningKey]>,
    tolerance: Option<Duration>,
}

/// The one member that is read; every other is the endpoint's business.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

impl Receiver {
    /// A receiver that accepts each of these keys, with the [`DEFAULT_TOLERANCE`].
    pub fn new(keys: impl Into<Arc<[SigningKey]>>) -> Self {
        Self {
            keys: keys.into(),
            tolerance: Some(DEFAULT_TOLERANCE),
        }
    }

    /// Refuses timestamps that are further from now than this; `None` accepts any.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Option<Duration>) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Verifies and reads a request.
    pub fn receive(&self, request: &Received<'_>, now: WireTime) -> Result<Incoming, Refusal> {
        let refuse = |reason, authenticated| Refusal::new(Dialect::Standard, reason, authenticated);
        let id = self
            .verify(request, now)
            .map_err(|reason| refuse(reason, false))?;
        read(request.body, id)
            .map(Incoming::Event)
            .map_err(|reason| refuse(reason, true))
    }

    /// Checks everything that stands in the headers; returns the id.
    fn verify<'a>(&self, request: &Received<'a>, now: WireTime) -> Result<&'a [u8], Reason> {
        if request.method != Method::POST {
            return Err(Reason::NotPost);
        }
        let headers = request.headers;
        let id = single(headers, &ID_HEADER, Reason::IdMissing)?;
        let timestamp = single(headers, &TIMESTAMP_HEADER, Reason::TimestampMissing)?;
        let signatures = single(headers, &SIGNATURE_HEADER, Reason::SignatureMissing)?;
        self.check_time(timestamp, now)?;
        let fits = self
            .keys
            .iter()
            .any(|key| fits(key.tag(id, timestamp, request.body).as_ref(), signatures));
        fits.then_some(id).ok_or(Reason::SignatureMismatch)
    }

    fn check_time(&self, timestamp: &[u8], now: WireTime) -> Result<(), Reason> {
        let seconds = unix_seconds::parse(timestamp).ok_or(Reason::TimestampFormat)?;
        match self.tolerance {
            Some(tolerance) if unix_seconds::skew(seconds, now) > tolerance => {
                Err(Reason::TimestampStale)
            }
            _ => Ok(()),
        }
    }
}

fn read(body: &Bytes, id: &[u8]) -> Result<Message, Reason> {
    let id = std::str::from_utf8(id).map_err(|_| Reason::IdentifierFormat)?;
    Ok(Message {
        event_type: event_type(body)?,
        dedupe_key: Some(checked_identifier(id)?.ok_or(Reason::IdMissing)?),
        order_key: None,
        app: None,
        body: body.clone(),
    })
}

/// `type` of the body, where it is an object that has one.
fn event_type(body: &[u8]) -> Result<String, Reason> {
    let text = std::str::from_utf8(body).map_err(|_| Reason::BodyNotJson)?;
    if too_deep(body) {
        return Err(Reason::Depth);
    }
    let kind = match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) if raw.get().starts_with('{') => {
            members::<Body<'_>>(raw.get(), Reason::BodyNotJson)?.kind
        }
        Ok(_) => None,
        Err(_) => return Err(Reason::BodyNotJson),
    };
    Ok(identifier(kind)?.unwrap_or_else(|| DEFAULT_EVENT_TYPE.to_owned()))
}

/// Whether one of the `v1` signatures is this tag; other versions are passed over.
fn fits(tag: &[u8], signatures: &[u8]) -> bool {
    signatures
        .split(|byte| *byte == b' ')
        .filter_map(|signature| signature.strip_prefix(b"v1,"))
        .filter_map(|text| STANDARD.decode(text).ok())
        .any(|signature| verify_slices_are_equal(tag, &signature).is_ok())
}

/// The value of a header that must come once.
fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    missing: Reason,
) -> Result<&'a [u8], Reason> {
    crate::headers::single(headers, name)?.ok_or(missing)
}
