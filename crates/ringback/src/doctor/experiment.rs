//! Questions that the platform does not ask: why a challenge is refused, and whether events get
//! through that should, and do not that should not.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ringback_deliver::TransportFailure;
use ringback_dialect::feishu::{self, ChallengeFailure, HeaderV2, Secrets, Sender, crypto};
use ringback_dialect::{Outgoing, WireRequest};
use ringback_feishu::request_url::{Cause, UrlRefusal};
use ringback_types::Secret;
use serde_json::value::RawValue;
use url::Url;

use super::finding::{Check, Diagnosis, Finding};
use super::instrument::{self, Instrument};
use super::{Patient, tls};

/// What an event is granted (sheet `feishu-events`, section 5.1).
const EVENT_LIMIT: Duration = Duration::from_secs(3);

const TIMESTAMP: HeaderName = HeaderName::from_static("x-lark-request-timestamp");
const NONCE: HeaderName = HeaderName::from_static("x-lark-request-nonce");
const SIGNATURE: HeaderName = HeaderName::from_static("x-lark-signature");

/// A better diagnosis than the answer alone allows, by asking again in another way.
pub(super) async fn why(
    instrument: &Instrument,
    patient: &Patient,
    refusal: &UrlRefusal,
    plain_passed: bool,
) -> Option<Diagnosis> {
    if may_be_tls(&refusal.cause)
        && let Some(spoken) = tls::is_spoken(instrument, &patient.url).await
    {
        return Some(spoken);
    }
    let Cause::Challenge(failure) = &refusal.cause else {
        return None;
    };
    if may_be_cut(*failure) && is_cut(instrument, patient).await {
        return Some(Diagnosis::new(
            "verify.answer_too_large",
            "the answer is larger than 64 KiB, of which the rest is not read",
            "answer `{\"challenge\":\"…\"}` and nothing else",
        ));
    }
    if passes_when_signed(instrument, patient).await {
        return Some(Diagnosis::new(
            "verify.signature_demanded",
            "the same challenge passes once it is signed, but the platform never signs a challenge",
            "check signatures on events only: decrypt first, and answer `url_verification` by its token",
        ));
    }
    if plain_passed {
        return Some(Diagnosis::new(
            "verify.wrong_key",
            "it answers a plain challenge but not the encrypted one: its Encrypt Key is another one, or it does not decrypt",
            "give the server the Encrypt Key that the app has, and answer the `challenge` inside the decrypted text",
        ));
    }
    if wants_token(*failure) && patient.secrets.token.is_none() {
        return Some(Diagnosis::new(
            "verify.token_not_given",
            "the server asks for the Verification Token, and none was given to this command",
            "pass the app's token with `--token`",
        ));
    }
    match failure {
        ChallengeFailure::Status(status) | ChallengeFailure::HtmlStatus(status) => {
            server_error(*status, failure.to_string())
        }
        _ => None,
    }
}

/// A server that fails has been reached: its path is not what is wrong.
pub(super) fn server_error(status: StatusCode, cause: String) -> Option<Diagnosis> {
    let from_proxy = matches!(status.as_u16(), 502..=504);
    let (code, fix) = if from_proxy {
        (
            "verify.nothing_behind_proxy",
            "a proxy or tunnel answers for a program that does not: start it, and check the port that the proxy passes on to",
        )
    } else {
        (
            "verify.server_error",
            "the server got the challenge and failed over it: see its log for the error",
        )
    };
    let failed = status.is_server_error();
    failed.then(|| Diagnosis::new(code, cause, fix))
}

/// TLS answers plain HTTP by bytes that are none, by hanging up, or by a polite 400.
fn may_be_tls(cause: &Cause) -> bool {
    match cause {
        Cause::Transport(failure) => matches!(
            failure,
            TransportFailure::Protocol { .. } | TransportFailure::Reset { .. }
        ),
        Cause::Challenge(
            ChallengeFailure::Status(status) | ChallengeFailure::HtmlStatus(status),
        ) => *status == StatusCode::BAD_REQUEST,
        _ => false,
    }
}

/// What an answer looks like of which only the beginning was read, or nothing.
fn may_be_cut(failure: ChallengeFailure) -> bool {
    matches!(
        failure,
        ChallengeFailure::Empty | ChallengeFailure::NotJson | ChallengeFailure::Missing
    )
}

/// Whether the answer to one more challenge goes over the cap.
async fn is_cut(instrument: &Instrument, patient: &Patient) -> bool {
    let Ok(url) = Url::parse(&patient.url) else {
        return false;
    };
    let request = challenge(instrument, patient, &instrument.uuid());
    let report = instrument.exchange(&url, request, EVENT_LIMIT).await;
    report.outcome.is_ok_and(|answer| answer.cut)
}

/// A challenge as the platform sends it to an app with these secrets.
fn challenge(instrument: &Instrument, patient: &Patient, challenge: &str) -> WireRequest {
    let secrets = given_secrets(patient);
    feishu::challenge(&secrets, challenge, instrument.random.secret())
}

fn given_secrets(patient: &Patient) -> Secrets {
    let token = patient.secrets.token.clone();
    let token = token.unwrap_or_else(|| Secret::from(""));
    Secrets::new(patient.secrets.encrypt_key.as_ref(), token)
}

fn wants_token(failure: ChallengeFailure) -> bool {
    matches!(failure, ChallengeFailure::TokenRefused(_))
}

/// The same challenge with the headers that only events carry.
async fn passes_when_signed(instrument: &Instrument, patient: &Patient) -> bool {
    let Ok(url) = Url::parse(&patient.url) else {
        return false;
    };
    let secrets = given_secrets(patient);
    let Some(key) = &secrets.encrypt_key else {
        return false;
    };
    let challenge = instrument.uuid();
    let mut request = self::challenge(instrument, patient, &challenge);
    let timestamp = instrument.clock.wire().as_seconds().to_string();
    let nonce = instrument.uuid();
    let signature = crypto::sign(timestamp.as_bytes(), nonce.as_bytes(), key, &request.body);
    set(&mut request.headers, TIMESTAMP, &timestamp);
    set(&mut request.headers, NONCE, &nonce);
    set(&mut request.headers, SIGNATURE, &signature);
    let report = instrument.exchange(&url, request, EVENT_LIMIT).await;
    let answer = report.outcome.ok();
    answer.is_some_and(|answer| feishu::judge_challenge(&answer.as_dialect(), &challenge).is_ok())
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// An event as the platform sends it, and one that somebody else made.
pub(super) async fn events(
    instrument: &Instrument,
    patient: &Patient,
    secrets: &Secrets,
    url: &Url,
) -> [Finding; 2] {
    if !patient.events {
        return not_asked();
    }
    let right = event(instrument, patient, secrets);
    let forged = forge(instrument, patient, secrets);
    let refused = Diagnosis::new(
        "verify.event_refused",
        "a right event is not answered 200, so the platform would push it four more times",
        "answer every event 200 within 3 s, also of types that nobody handles",
    );
    [
        right_event(instrument, url, right, EVENT_LIMIT, refused).await,
        forged_event(instrument, url, forged, EVENT_LIMIT).await,
    ]
}

/// The two events, left out.
pub(super) fn not_asked() -> [Finding; 2] {
    [Check::RightEvent, Check::ForgedEvent]
        .map(|check| Finding::skipped(check, "verify.not_asked", "left out by `--no-events`"))
}

fn event(instrument: &Instrument, patient: &Patient, secrets: &Secrets) -> WireRequest {
    let event_id = instrument.uuid().replace('-', "");
    let now = instrument.clock.wire();
    let header = HeaderV2 {
        event_id: &event_id,
        created_at: now,
        event_type: &patient.event_type,
        tenant_key: "ringbackverify",
        app_id: "cli_0000000000000000",
    };
    let body = feishu::body_v2(&header, &content(&event_id));
    let outgoing = Outgoing {
        event_id: &event_id,
        event_type: &patient.event_type,
        body: &body,
        raw: None,
    };
    Sender::new(secrets.clone()).encode(&outgoing, now, instrument.random.secret())
}

/// A message that says what it is, in the shape of `im.message.receive_v1` (section 4.3).
fn content(event_id: &str) -> Box<RawValue> {
    let message = serde_json::json!({
        "sender": {
            "sender_id": { "union_id": "on_verify", "user_id": "verify", "open_id": "ou_verify" },
            "sender_type": "user",
            "tenant_key": "ringbackverify",
        },
        "message": {
            "message_id": format!("om_{event_id}"),
            "create_time": "0",
            "chat_id": "oc_verify",
            "chat_type": "p2p",
            "message_type": "text",
            "content": "{\"text\":\"ringback verify\"}",
        },
    });
    serde_json::value::to_raw_value(&message).expect("a value always serialises")
}

/// With an Encrypt Key the signature is spoiled, without one the token is another.
fn forge(instrument: &Instrument, patient: &Patient, secrets: &Secrets) -> WireRequest {
    let mut secrets = secrets.clone();
    if secrets.encrypt_key.is_none() {
        secrets.verification_token = Secret::from(instrument.uuid());
    }
    let mut request = event(instrument, patient, &secrets);
    if request.headers.contains_key(&SIGNATURE) {
        set(&mut request.headers, SIGNATURE, &"0".repeat(64));
    }
    request
}

/// An event that is right must be answered 200; `refused` says what is wrong otherwise.
pub(super) async fn right_event(
    instrument: &Instrument,
    url: &Url,
    request: WireRequest,
    within: Duration,
    refused: Diagnosis,
) -> Finding {
    let report = instrument.exchange(url, request, within).await;
    let took = instrument::took(&report);
    match report.outcome {
        Ok(answer) if answer.status == StatusCode::OK => {
            Finding::held(Check::RightEvent, format!("200, {took}"))
        }
        Ok(answer) => Finding::doubtful(
            Check::RightEvent,
            format!("{}, {took}", answer.status.as_u16()),
            refused,
        ),
        Err(failure) => Finding::doubtful(Check::RightEvent, took, Diagnosis::of(&failure)),
    }
}

/// A forged event must not be answered like a real one.
pub(super) async fn forged_event(
    instrument: &Instrument,
    url: &Url,
    request: WireRequest,
    within: Duration,
) -> Finding {
    let report = instrument.exchange(url, request, within).await;
    let took = instrument::took(&report);
    match report.outcome {
        Ok(answer) if answer.status.is_success() => Finding::doubtful(
            Check::ForgedEvent,
            format!("{}, {took}", answer.status.as_u16()),
            Diagnosis::new(
                "verify.forged_event_answered",
                "a forged event is answered as if it were real: it is taken, or dropped without a word",
                "make sure that its handler was not called; better, refuse it with 401",
            ),
        ),
        Ok(answer) => Finding::held(
            Check::ForgedEvent,
            format!("{}, {took}", answer.status.as_u16()),
        ),
        // Closing the connection is a refusal too.
        Err(_) => Finding::held(Check::ForgedEvent, took),
    }
}
