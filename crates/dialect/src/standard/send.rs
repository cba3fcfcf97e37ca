//! The sender: one signature a live key, and what an answer means.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use ringback_types::WireTime;

use super::{ID_HEADER, SIGNATURE_HEADER, SigningKey, TIMESTAMP_HEADER};
use crate::sender::{header_value, judge_success};
use crate::{Answer, EncodeError, FailureKind, Outgoing, Verdict, WireRequest, unix_seconds};

/// The longest wait that an endpoint may ask for.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The send half with an endpoint's live keys; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    keys: Arc<[SigningKey]>,
}

impl Sender {
    /// A sender that signs with each of these keys, the current one first.
    pub fn new(keys: impl Into<Arc<[SigningKey]>>) -> Self {
        Self { keys: keys.into() }
    }

    /// The body as it is, with its id and signatures in the headers.
    pub fn encode(
        &self,
        outgoing: &Outgoing<'_>,
        now: WireTime,
    ) -> Result<WireRequest, EncodeError> {
        if self.keys.is_empty() {
            return Err(EncodeError::NoSigningKey);
        }
        let timestamp = now.as_seconds().to_string();
        let (id, body) = (outgoing.event_id, outgoing.body);
        let signatures: Vec<String> = self
            .keys
            .iter()
            .map(|key| key.sign(id.as_bytes(), timestamp.as_bytes(), body))
            .collect();
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            (ID_HEADER, id),
            (TIMESTAMP_HEADER, timestamp.as_str()),
            (SIGNATURE_HEADER, signatures.join(" ").as_str()),
        ] {
            let value = header_value(name.as_str(), value)?;
            headers.insert(name, value);
        }
        Ok(WireRequest {
            query: None,
            headers,
            body: body.clone(),
        })
    }
}

/// Any 2xx is success, 410 disables, and 429 and 503 may say when to come again.
pub fn judge_event(answer: &Answer<'_>, now: WireTime) -> Verdict {
    let kind = FailureKind::of(answer.status);
    match answer.status {
        StatusCode::GONE => Verdict::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            match retry_after(answer.headers, now) {
                Some(wait) => Verdict::RetryAfter(wait, kind),
                None => Verdict::Failed(kind),
            }
        }
        _ => judge_success(answer),
    }
}

/// `Retry-After`: seconds, or a date as HTTP writes it (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: WireTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.as_bytes().trim_ascii();
    let wait = match unix_seconds::parse(value) {
        Some(seconds) => Duration::from_secs(seconds.unsigned_abs()),
        None => http_date(value)?.since(now),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// A date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(value: &[u8]) -> Option<WireTime> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let date = parser.parse_timestamp(value).ok()?;
    Some(WireTime::from_millis(date.as_millisecond()))
}
