//! The calls of a Desk flow that the doctor makes: one that is right, and the same changed in one way.

use http::header::CONTENT_TYPE;
use ringback_dialect::desk::body::InterfaceInvocation;
use ringback_dialect::desk::{Account, Command, Sender};
use ringback_dialect::{EncodeError, Outgoing, WireRequest};
use url::Url;

use super::Patient;
use super::instrument::Instrument;

/// Signed so long ago that no window should still take it.
const HOUR_MS: i64 = 60 * 60 * 1000;

/// In which way a call differs from the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In none.
    Right,
    /// Its variables are unset, which the platform writes as empty texts (sheet `tencent-desk`, 2.4).
    Unset,
    /// It has no `Content-Type`; the framework's sample has none (2.3).
    Untyped,
    /// The URL has a query of its own, behind which the parameters stand (2.2).
    Query,
    /// `Sign` is another one.
    Forged,
    /// There is no `Sign`.
    Unsigned,
    /// `Sign` and `RequestTime` are an hour old.
    Stale,
    /// It names another app.
    OtherApp,
}

/// The call in this way, and the URL that it goes to.
pub(super) fn made(
    instrument: &Instrument,
    patient: &Patient,
    account: &Account,
    url: &Url,
    way: Way,
) -> Result<(Url, WireRequest), EncodeError> {
    let mut account = account.clone();
    let mut url = url.clone();
    let mut now = instrument.clock.wire();
    match way {
        Way::Query => drop(url.query_pairs_mut().append_pair("from", "ringback")),
        Way::Unsigned => account.token = None,
        Way::Stale => now = now.plus_millis(-HOUR_MS),
        Way::OtherApp => account.sdk_app_id.push('0'),
        Way::Right | Way::Unset | Way::Untyped | Way::Forged => {}
    }
    let command = Command::InterfaceInvocation.as_str();
    let body = body(instrument, patient, way == Way::Unset);
    let outgoing = Outgoing {
        event_id: "",
        event_type: command,
        body: &body,
        raw: None,
    };
    let mut request = Sender::new(account).encode(&outgoing, now)?;
    match way {
        Way::Untyped => drop(request.headers.remove(CONTENT_TYPE)),
        Way::Forged => request.query = request.query.map(|query| with_another_sign(&query)),
        _ => {}
    }
    Ok((url, request))
}

/// The variables of the session that every flow has (2.5), and those that were given.
fn body(instrument: &Instrument, patient: &Patient, unset: bool) -> bytes::Bytes {
    let session = instrument.uuid();
    let mut values = vec![
        ("SystemClientUserID", "ringback-verify"),
        ("SystemSessionID", session.as_str()),
    ];
    let given = patient.inputs.iter();
    values.extend(given.map(|(name, value)| (name.as_str(), if unset { "" } else { value })));
    if unset && patient.inputs.is_empty() {
        values.push(("unset", ""));
    }
    let invocation = InterfaceInvocation {
        values: &values,
        event_time: instrument.clock.wire(),
    };
    invocation.to_bytes()
}

fn with_another_sign(query: &str) -> String {
    let changed = |pair: &str| match pair.split_once('=') {
        Some(("Sign", sign)) => format!("Sign={}", "0".repeat(sign.len())),
        _ => pair.to_owned(),
    };
    query.split('&').map(changed).collect::<Vec<_>>().join("&")
}
