//! What the headers of a request prove wrong before its body is read (design, section 10, "limits
//! before work").
//!
//! Only what the dialect's receiver would refuse too, for the same reason and in the same order; that
//! one looks again, and at everything else.

use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use ringback_dialect::{Reason, Receiver, Refusal, wecom};
use ringback_types::WireTime;

use crate::live::Live;
use crate::source::Settings;

/// Refuses a request whose headers or query cannot be those of a genuine one.
pub(super) fn check(
    parts: &Parts,
    live: &Live,
    receiver: &Receiver,
    now: WireTime,
) -> Result<(), Refusal> {
    let settings = &live.source.settings;
    let (method, query) = (&parts.method, parts.uri.query());
    let checked = match receiver {
        // The whole proof stands in the query.
        Receiver::Desk(receiver) => receiver.precheck(method, query, now),
        Receiver::Feishu(_) => only_post(parts).and_then(|headers| feishu(headers, live, now)),
        Receiver::Standard(_) => {
            only_post(parts).and_then(|headers| standard(headers, settings, now))
        }
        Receiver::Wecom(_) => wecom::precheck(method, query, tolerance(settings), now),
    };
    checked.map_err(|reason| Refusal::new(receiver.dialect(), reason, false))
}

fn only_post(parts: &Parts) -> Result<&HeaderMap, Reason> {
    if parts.method == Method::POST {
        Ok(&parts.headers)
    } else {
        Err(Reason::NotPost)
    }
}

/// The three headers of the Feishu sheet, 3.1. A challenge comes without any of them, and without an
/// Encrypt Key none of them counts.
fn feishu(headers: &HeaderMap, live: &Live, now: WireTime) -> Result<(), Reason> {
    if !live.source.may_be_signed() {
        return Ok(());
    }
    let timestamp = single(headers, "x-lark-request-timestamp")?;
    let nonce = single(headers, "x-lark-request-nonce")?;
    let signature = single(headers, "x-lark-signature")?;
    if timestamp.or(nonce).or(signature).is_none() {
        return Ok(());
    }
    signature.ok_or(Reason::SignatureMissing)?;
    let timestamp = timestamp.ok_or(Reason::TimestampMissing)?;
    nonce.ok_or(Reason::NonceMissing)?;
    // Where any time will do, its form is not looked at.
    match tolerance(&live.source.settings) {
        Some(tolerance) => check_time(timestamp, tolerance, now),
        None => Ok(()),
    }
}

/// The three headers of Standard Webhooks.
fn standard(headers: &HeaderMap, settings: &Settings, now: WireTime) -> Result<(), Reason> {
    single(headers, "webhook-id")?.ok_or(Reason::IdMissing)?;
    let timestamp = single(headers, "webhook-timestamp")?.ok_or(Reason::TimestampMissing)?;
    single(headers, "webhook-signature")?.ok_or(Reason::SignatureMissing)?;
    let tolerance = tolerance(settings).unwrap_or(Duration::MAX);
    check_time(timestamp, tolerance, now)
}

fn tolerance(settings: &Settings) -> Option<Duration> {
    (settings.tolerance_seconds > 0).then(|| Duration::from_secs(settings.tolerance_seconds))
}

/// The value of a header that may come once.
fn single<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a HeaderValue>, Reason> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Reason::HeaderRepeated),
    }
}

fn check_time(value: &HeaderValue, tolerance: Duration, now: WireTime) -> Result<(), Reason> {
    let text = value.to_str().map_err(|_| Reason::TimestampFormat)?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::TimestampFormat);
    }
    let seconds: i64 = text.parse().map_err(|_| Reason::TimestampFormat)?;
    let skew = now.as_millis().abs_diff(seconds.saturating_mul(1000));
    if Duration::from_millis(skew) > tolerance {
        return Err(Reason::TimestampStale);
    }
    Ok(())
}
