//! The send half of every dialect behind one face, and the raw original.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ringback_types::WireTime;

use crate::{Answer, CallFailure, EncodeError, FailureKind, Outgoing, Verdict, WireRequest};

/// Headers that belong to a connection and not to a message, or that the transport sets itself.
/// `Accept-Encoding` is among them because the answer is judged here and not where it came from.
const NOT_PASSED_ON: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The send half of a dialect, with its live secrets; cheap to clone.
#[derive(Debug, Clone)]
pub enum Sender {
    /// As Tencent Desk asks and tells a business.
    #[cfg(feature = "desk")]
    Desk(crate::desk::Sender),
    /// As Feishu pushes events and callbacks.
    #[cfg(feature = "feishu")]
    Feishu(crate::feishu::Sender),
    /// Standard Webhooks.
    #[cfg(feature = "standard")]
    Standard(crate::standard::Sender),
    /// As WeCom calls an app back.
    #[cfg(feature = "wecom")]
    Wecom(crate::wecom::Sender),
    /// Calls and events of the zone's channel, to a program.
    #[cfg(feature = "zone")]
    Zone(crate::zone::Sender),
    /// The original wire bytes and headers where they were kept, else the body as JSON.
    Raw,
}

impl Sender {
    /// The request for one attempt, signed for `now`.
    ///
    /// `random` is for initialisation vectors and nonces: fresh from the system's generator for
    /// every attempt.
    #[cfg_attr(
        not(any(feature = "feishu", feature = "wecom", feature = "zone")),
        expect(
            unused_variables,
            reason = "only some dialects encrypt, and the raw original needs no time"
        )
    )]
    pub fn encode(
        &self,
        outgoing: &Outgoing<'_>,
        now: WireTime,
        random: [u8; 32],
    ) -> Result<WireRequest, EncodeError> {
        match self {
            #[cfg(feature = "desk")]
            Self::Desk(sender) => sender.encode(outgoing, now),
            #[cfg(feature = "feishu")]
            Self::Feishu(sender) => Ok(sender.encode(outgoing, now, random)),
            #[cfg(feature = "standard")]
            Self::Standard(sender) => sender.encode(outgoing, now),
            #[cfg(feature = "wecom")]
            Self::Wecom(sender) => Ok(sender.encode(outgoing, now, random)),
            #[cfg(feature = "zone")]
            Self::Zone(sender) => sender.encode(now, random),
            Self::Raw => encode_raw(outgoing),
        }
    }

    /// Whether the record may keep what an answer says: a program's replies belong to the zone's channel,
    /// and their keys lie beside the record.
    pub fn answer_is_kept(&self) -> bool {
        match self {
            #[cfg(feature = "zone")]
            Self::Zone(_) => false,
            _ => true,
        }
    }

    /// What the answer to an event means; `now` is for a `Retry-After` that names a date, and for
    /// answers that are signed themselves.
    #[cfg_attr(
        not(any(feature = "standard", feature = "zone")),
        expect(
            unused_variables,
            reason = "only `standard` honours `Retry-After`, and only `zone` has signed answers"
        )
    )]
    pub fn judge_event(&self, answer: &Answer<'_>, now: WireTime) -> Verdict {
        match self {
            #[cfg(feature = "desk")]
            Self::Desk(_) => crate::desk::judge_event(answer),
            #[cfg(feature = "feishu")]
            Self::Feishu(_) => crate::feishu::judge_event(answer),
            #[cfg(feature = "standard")]
            Self::Standard(_) => crate::standard::judge_event(answer, now),
            #[cfg(feature = "wecom")]
            Self::Wecom(_) => crate::wecom::judge_event(answer),
            #[cfg(feature = "zone")]
            Self::Zone(sender) => sender.judge_event(answer, now),
            Self::Raw => judge_success(answer),
        }
    }

    /// The body to hand back to whoever waits for the answer to a call.
    ///
    /// The call's type says what the answer must look like, whatever dialect it was sent in: a
    /// `card.action.trigger` that goes out as `standard` is still answered to a Feishu client, and an
    /// answer to one of Desk's commands is put into the platform's form where it is not in it. What
    /// a program may answer is in its exchange; `now` is for the signature of its reply.
    #[cfg_attr(
        not(all(any(feature = "desk", feature = "feishu"), feature = "zone")),
        expect(
            unused_variables,
            reason = "only some dialects have types of calls, and only `zone` has signed answers"
        )
    )]
    pub fn judge_call(
        &self,
        answer: &Answer<'_>,
        call_type: &str,
        now: WireTime,
    ) -> Result<Bytes, CallFailure> {
        let success = match self {
            #[cfg(feature = "desk")]
            Self::Desk(_) => {
                crate::desk::check_answer(answer)?;
                return Ok(Bytes::copy_from_slice(answer.body));
            }
            #[cfg(feature = "feishu")]
            Self::Feishu(_) => answer.status == http::StatusCode::OK,
            #[cfg(feature = "standard")]
            Self::Standard(_) => answer.status.is_success(),
            #[cfg(feature = "wecom")]
            Self::Wecom(_) => answer.status == http::StatusCode::OK,
            #[cfg(feature = "zone")]
            Self::Zone(sender) => return Ok(sender.judge_call(answer, now)?),
            Self::Raw => answer.status.is_success(),
        };
        if !success {
            return Err(CallFailure::Status(answer.status));
        }
        #[cfg(feature = "desk")]
        if let Some(command) = crate::desk::Command::parse(call_type).filter(|it| it.is_call()) {
            if answer.cut {
                return Err(crate::desk::CallFailure::Cut.into());
            }
            return Ok(crate::desk::mapped_answer(command, answer.body)?);
        }
        #[cfg(feature = "feishu")]
        crate::feishu::check_callback_answer(call_type, answer.body, None)?;
        Ok(Bytes::copy_from_slice(answer.body))
    }
}

/// Any 2xx is success.
pub(crate) fn judge_success(answer: &Answer<'_>) -> Verdict {
    if answer.status.is_success() {
        Verdict::Delivered
    } else {
        Verdict::Failed(FailureKind::of(answer.status))
    }
}

fn encode_raw(outgoing: &Outgoing<'_>) -> Result<WireRequest, EncodeError> {
    let mut headers = HeaderMap::new();
    let Some(raw) = outgoing.raw else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Ok(WireRequest {
            query: None,
            headers,
            body: outgoing.body.clone(),
        });
    };
    if let Some(content_type) = &raw.content_type {
        headers.insert(CONTENT_TYPE, header_value("content-type", content_type)?);
    }
    for (name, value) in &raw.headers {
        let header = HeaderName::try_from(name).map_err(|_| header_error(name))?;
        if header != CONTENT_TYPE && !NOT_PASSED_ON.contains(&header.as_str()) {
            headers.append(header, header_value(name, value)?);
        }
    }
    Ok(WireRequest {
        query: raw.query.clone(),
        headers,
        body: raw.body.clone(),
    })
}

pub(crate) fn header_value(name: &str, value: &str) -> Result<HeaderValue, EncodeError> {
    HeaderValue::try_from(value).map_err(|_| header_error(name))
}

fn header_error(name: &str) -> EncodeError {
    EncodeError::Header {
        name: name.to_owned(),
    }
}
