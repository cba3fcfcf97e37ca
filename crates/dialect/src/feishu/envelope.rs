//! What stands round an event: the members of sections 1.2, 4.1 and 4.2, read in one pass and
//! without copying.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use ringback_types::Secret;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Reason;
use crate::json::{Object, checked_identifier, identifier, members, text, too_deep};

/// Every member that any of the forms has at its top; unknown ones are passed over, and a known one
/// that comes twice is refused, so that what is checked is what is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) encrypt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) challenge: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    header: Option<Object<Header<'a>>>,
    #[serde(borrow)]
    uuid: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
}

/// `header` of schema 2.0 (4.1).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Header<'a> {
    #[serde(borrow)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    event_type: Option<&'a RawValue>,
    #[serde(borrow)]
    app_id: Option<&'a RawValue>,
}

/// What is needed of the `event` of schema 1.0 (4.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EventV1<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    app_id: Option<&'a RawValue>,
}

/// What makes an approval event part of a sequence (5.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ApprovalEvent<'a> {
    #[serde(borrow)]
    instance_code: Option<&'a RawValue>,
}

/// What is needed of the `event` of `im.message.receive_v1` (4.3).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageEvent<'a> {
    #[serde(borrow)]
    message: Object<MessageId<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageId<'a> {
    #[serde(borrow)]
    message_id: Option<&'a RawValue>,
}

/// Who an event or callback says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `header.event_type`, or `event.type` of schema 1.0.
    pub event_type: String,
    /// `message_id` for `im.message.receive_v1`, else `header.event_id`, else `uuid`; `None` for a
    /// callback.
    pub dedupe_key: Option<String>,
    /// The sequence of an ordered type (5.2).
    pub order_key: Option<String>,
    /// The platform's id of the app.
    pub app: Option<String>,
    /// Whether somebody waits for the answer (4.4).
    pub is_call: bool,
}

/// Whether events of this type are callbacks, answered on the spot (4.4).
pub fn is_callback(event_type: &str) -> bool {
    matches!(event_type, "card.action.trigger" | "url.preview.get")
}

/// Reads who a decrypted body says that it is; checks neither its token nor anything else.
pub fn identify(body: &[u8]) -> Result<Identity, Reason> {
    Envelope::parse(body, Reason::BodyNotJson)?.identity()
}

/// `body` with the value of its verification token blanked to `""`, everything else byte for byte.
///
/// What is not a body of section 4 comes back as it is.
pub fn blank_token(body: &Bytes) -> Bytes {
    write_token(body, br#""""#)
}

/// `body` with this verification token where section 4 has one; the reverse of [`blank_token`].
pub fn set_token(body: &Bytes, token: &Secret) -> Bytes {
    let text = token.expose_str().unwrap_or_default();
    write_token(body, json_string(text).as_bytes())
}

fn write_token(body: &Bytes, value: &[u8]) -> Bytes {
    match Envelope::parse(body, Reason::BodyNotJson) {
        Ok(envelope) => envelope.with_token(body, value),
        Err(_) => body.clone(),
    }
}

/// `text` as a JSON string, quoted and escaped.
pub(super) fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'a> Envelope<'a> {
    /// Reads the members; `not_json` is the reason where it is no JSON text at all.
    pub(super) fn parse(body: &'a [u8], not_json: Reason) -> Result<Self, Reason> {
        let text = std::str::from_utf8(body).map_err(|_| not_json)?;
        if too_deep(body) {
            return Err(Reason::Depth);
        }
        members(text, not_json)
    }

    /// Whether this checks the URL (1.2).
    pub(super) fn is_challenge(&self) -> bool {
        text(self.kind).as_deref() == Some("url_verification")
    }

    /// The verification token, wherever this form has it.
    pub(super) fn token(&self) -> Option<Cow<'a, str>> {
        text(self.header_token().or(self.token))
    }

    fn header_token(&self) -> Option<&'a RawValue> {
        self.header.as_ref().and_then(|header| header.0.token)
    }

    /// `body`, which this was read from, with `value` in place of each verification token.
    pub(super) fn with_token(&self, body: &Bytes, value: &[u8]) -> Bytes {
        let mut spans: Vec<Range<usize>> = [self.token, self.header_token()]
            .into_iter()
            .flatten()
            .map(|token| span(body, token.get()))
            .collect();
        spans.sort_unstable_by_key(|span| span.start);
        if spans.iter().all(|span| body[span.clone()] == *value) {
            return body.clone();
        }
        replace(body, &spans, value)
    }

    /// Who it says that it is; `schema` tells version 2.0 from 1.0.
    pub(super) fn identity(&self) -> Result<Identity, Reason> {
        if self.schema.is_some() {
            self.identity_v2()
        } else {
            self.identity_v1()
        }
    }

    fn identity_v2(&self) -> Result<Identity, Reason> {
        let Object(header) = self.header.as_ref().ok_or(Reason::NoEventType)?;
        let event_type = identifier(header.event_type)?.ok_or(Reason::NoEventType)?;
        let event_id = identifier(header.event_id)?;
        let is_call = is_callback(&event_type);
        let dedupe_key = if is_call {
            None
        } else {
            let message_id = self.message_id(&event_type)?;
            Some(message_id.or(event_id).ok_or(Reason::NoEventId)?)
        };
        Ok(Identity {
            dedupe_key,
            order_key: self.order_key(&event_type)?,
            app: identifier(header.app_id)?,
            event_type,
            is_call,
        })
    }

    fn identity_v1(&self) -> Result<Identity, Reason> {
        let event: EventV1<'_> = self.event_part();
        let event_type = identifier(event.kind)?.ok_or(Reason::NoEventType)?;
        Ok(Identity {
            dedupe_key: Some(identifier(self.uuid)?.ok_or(Reason::NoEventId)?),
            order_key: self.order_key(&event_type)?,
            app: identifier(event.app_id)?,
            event_type,
            is_call: false,
        })
    }

    /// The key that the event page of this one type asks for instead of the event id (4.3).
    fn message_id(&self, event_type: &str) -> Result<Option<String>, Reason> {
        if event_type != "im.message.receive_v1" {
            return Ok(None);
        }
        let event: MessageEvent<'_> = self.event_part();
        identifier(event.message.0.message_id)
    }

    /// Changes of one approval instance and of its tasks are one sequence. The platform does not
    /// document its key; its approval pages imply the instance (5.2).
    fn order_key(&self, event_type: &str) -> Result<Option<String>, Reason> {
        if !matches!(event_type, "approval_instance" | "approval_task") {
            return Ok(None);
        }
        let event: ApprovalEvent<'_> = self.event_part();
        match text(event.instance_code) {
            Some(instance) if !instance.is_empty() => {
                checked_identifier(&format!("approval:{instance}"))
            }
            _ => Ok(None),
        }
    }

    /// Members of `event`; none of them where it is missing or of another shape.
    fn event_part<T: Deserialize<'a> + Default>(&self) -> T {
        self.event
            .and_then(|event| members(event.get(), Reason::BodyNotJson).ok())
            .unwrap_or_default()
    }
}

/// Where `part`, a slice of `whole`, stands in it.
fn span(whole: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// `json` with each of the spans, which stand in ascending order, replaced by `value`.
fn replace(json: &[u8], spans: &[Range<usize>], value: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(json.len() + spans.len() * value.len());
    let mut done = 0;
    for span in spans {
        out.extend_from_slice(&json[done..span.start]);
        out.extend_from_slice(value);
        done = span.end;
    }
    out.extend_from_slice(&json[done..]);
    Bytes::from(out)
}
