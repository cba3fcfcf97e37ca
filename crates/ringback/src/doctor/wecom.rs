//! The examination as WeCom (sheet `wecom-zone-app`, sections 5.1 and 5.2).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ringback_deliver::guard::check_url;
use ringback_deliver::{TransportFailure, probe};
use ringback_dialect::wecom::{ChallengeFailure, EncodingAesKey, Secrets, Sender, judge_challenge};
use ringback_dialect::{Outgoing, WireRequest};
use url::Url;

use super::echo::{Echo, Shape};
use super::finding::{Check, Diagnosis, Finding, Purpose, Report};
use super::instrument::{self, Instrument};
use super::reach::{self, Reach};
use super::{Patient, experiment, timing, tls};
use crate::failure::{Exit, Failure};

/// How long the doctor waits for the answer to a check, to say how late it is.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a callback is granted (section 5.2).
const CALLBACK_LIMIT: Duration = Duration::from_secs(5);
/// What the console shows, whatever is wrong with the URL.
const NOT_PASSED: &str = "openapi回调地址请求不通过";

/// Examines a callback URL.
pub(crate) async fn examine(instrument: &Instrument, patient: &Patient) -> Result<Report, Failure> {
    let secrets = secrets(patient)?;
    let findings = match check_url(&patient.url) {
        Ok(url) => findings(instrument, patient, &secrets, &url).await,
        Err(refusal) => vec![Finding::broken(Check::Url, "", Diagnosis::of(&refusal))],
    };
    let mut report = Report {
        findings,
        platform_message: None,
        purpose: Purpose::Save,
        signed_events: true,
    };
    report.platform_message = (!report.would_save()).then_some(NOT_PASSED);
    Ok(report)
}

fn secrets(patient: &Patient) -> Result<Secrets, Failure> {
    let given = &patient.secrets;
    let (Some(token), Some(key), Some(receive_id)) =
        (&given.token, &given.encoding_aes_key, &given.receive_id)
    else {
        return Err(Failure::usage(
            "verify.no_wecom_secrets",
            "WeCom signs and encrypts every check of a URL",
        )
        .with_hint(
            "pass `--token`, `--encoding-aes-key` and `--receive-id` as the app's callback page has them",
        ));
    };
    let key = EncodingAesKey::parse(key);
    Ok(Secrets {
        token: token.clone(),
        aes_key: key.map_err(|error| Failure::from(error).exiting(Exit::Usage))?,
        receive_id: receive_id.clone(),
    })
}

async fn findings(
    instrument: &Instrument,
    patient: &Patient,
    secrets: &Secrets,
    url: &Url,
) -> Vec<Finding> {
    let echo = Echo::new(instrument, secrets, Shape::Hardest);
    let looked = ask(instrument, url, &echo).await;
    let reach = reach::of(&looked, Check::Echo);
    let mut findings = reach::findings(patient, &reach);
    if failed_before(&reach) {
        return findings;
    }
    let took = instrument::took(&looked);
    match judged(&looked, &echo) {
        Ok(()) => {
            findings.push(Finding::held(Check::Echo, took));
            findings.push(timing::finding(looked.total));
            findings.extend(callbacks(instrument, patient, secrets, url).await);
        }
        Err(wrong) => {
            let found = why(instrument, patient, secrets, url, &wrong).await;
            let diagnosis = found.unwrap_or_else(|| wrong.diagnosis());
            findings.push(Finding::broken(Check::Echo, took, diagnosis));
        }
    }
    findings
}

fn failed_before(reach: &Reach) -> bool {
    let failure = reach.failure.as_ref();
    failure.is_some_and(|(check, _)| *check != Check::Echo)
}

async fn ask(instrument: &Instrument, url: &Url, echo: &Echo) -> probe::Report {
    let request = WireRequest {
        query: Some(echo.query.clone()),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    instrument.get(url, request, PATIENCE).await
}

/// Why a check did not pass.
enum Wrong {
    Transport(TransportFailure),
    Answer(ChallengeFailure),
}

impl Wrong {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Transport(failure) => tls::diagnosis(failure),
            Self::Answer(failure) => Diagnosis::of(failure),
        }
    }
}

fn judged(looked: &probe::Report, echo: &Echo) -> Result<(), Wrong> {
    match &looked.outcome {
        Ok(answer) => judge_challenge(&answer.as_dialect(), &echo.text).map_err(Wrong::Answer),
        Err(failure) => Err(Wrong::Transport(failure.clone())),
    }
}

/// A better diagnosis than the answer alone allows, by asking again in another way.
async fn why(
    instrument: &Instrument,
    patient: &Patient,
    secrets: &Secrets,
    url: &Url,
    wrong: &Wrong,
) -> Option<Diagnosis> {
    if may_be_tls(wrong)
        && let Some(spoken) = tls::is_spoken(instrument, &patient.url).await
    {
        return Some(spoken);
    }
    let Wrong::Answer(failure) = wrong else {
        return None;
    };
    if !may_be_misread(*failure) {
        return None;
    }
    for (shape, diagnosis) in [
        (Shape::NoPlus, decoded_too_often as fn() -> Diagnosis),
        (Shape::Bare, not_decoded),
    ] {
        let echo = Echo::new(instrument, secrets, shape);
        if judged(&ask(instrument, url, &echo).await, &echo).is_ok() {
            return Some(diagnosis());
        }
    }
    match failure {
        ChallengeFailure::Status(status) | ChallengeFailure::HtmlStatus(status) => {
            experiment::server_error(*status, failure.to_string())
        }
        _ => None,
    }
}

fn may_be_tls(wrong: &Wrong) -> bool {
    match wrong {
        Wrong::Transport(failure) => matches!(
            failure,
            TransportFailure::Protocol { .. } | TransportFailure::Reset { .. }
        ),
        Wrong::Answer(ChallengeFailure::Status(status) | ChallengeFailure::HtmlStatus(status)) => {
            *status == StatusCode::BAD_REQUEST
        }
        Wrong::Answer(_) => false,
    }
}

/// What a server answers that has read another `echostr` than was sent.
fn may_be_misread(failure: ChallengeFailure) -> bool {
    matches!(
        failure,
        ChallengeFailure::SignatureRefused(_)
            | ChallengeFailure::ReceiveIdRefused(_)
            | ChallengeFailure::NotDecrypted(_)
            | ChallengeFailure::Status(_)
            | ChallengeFailure::HtmlStatus(_)
            | ChallengeFailure::Empty
            | ChallengeFailure::Wrong
    )
}

fn not_decoded() -> Diagnosis {
    Diagnosis::new(
        "verify.echo_not_decoded",
        "a check passes whose `echostr` needs no URL-decoding: the server takes it as it stands in the query",
        "URL-decode the parameters once before you sign and decrypt: `%2B` is `+`, `%2F` is `/`, `%3D` is `=`",
    )
}

fn decoded_too_often() -> Diagnosis {
    Diagnosis::new(
        "verify.echo_decoded_twice",
        "a check passes whose `echostr` has no `+`: the server decodes it twice, which makes blanks of them",
        "URL-decode the parameters once; most frameworks have done it already",
    )
}

/// A callback as the platform sends it, and one that somebody else made.
async fn callbacks(
    instrument: &Instrument,
    patient: &Patient,
    secrets: &Secrets,
    url: &Url,
) -> [Finding; 2] {
    if !patient.events {
        return experiment::not_asked();
    }
    let right = callback(instrument, patient, secrets);
    let mut forged = callback(instrument, patient, secrets);
    forged.query = forged.query.map(|query| with_another_signature(&query));
    let refused = Diagnosis::new(
        "verify.callback_refused",
        "a right callback is not answered 200, so the platform would send it again",
        "answer every callback 200 within 5 s, also those that nobody handles",
    );
    [
        experiment::right_event(instrument, url, right, CALLBACK_LIMIT, refused).await,
        experiment::forged_event(instrument, url, forged, CALLBACK_LIMIT).await,
    ]
}

fn callback(instrument: &Instrument, patient: &Patient, secrets: &Secrets) -> WireRequest {
    let now = instrument.clock.wire();
    let body = xml(instrument, patient, secrets, now.as_seconds()).into();
    let outgoing = Outgoing {
        event_id: "",
        event_type: &patient.event_type,
        body: &body,
        raw: None,
    };
    Sender::new(secrets.clone(), Some(0)).encode(&outgoing, now, instrument.random.secret())
}

/// A text message that says what it is, or an event of the type that was asked for.
fn xml(instrument: &Instrument, patient: &Patient, secrets: &Secrets, seconds: i64) -> String {
    let (receive_id, kind) = (&secrets.receive_id, &patient.event_type);
    let content = if kind == "text" {
        let id = u64::from_be_bytes(instrument.random.secret()) >> 1;
        format!(
            "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[ringback verify]]></Content><MsgId>{id}</MsgId>"
        )
    } else {
        format!("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{kind}]]></Event>")
    };
    format!(
        "<xml><ToUserName><![CDATA[{receive_id}]]></ToUserName><FromUserName><![CDATA[verify]]></FromUserName>\
         <CreateTime>{seconds}</CreateTime>{content}<AgentID>0</AgentID></xml>"
    )
}

fn with_another_signature(query: &str) -> String {
    let (_, rest) = query.split_once('&').unwrap_or_default();
    format!("msg_signature={}&{rest}", "0".repeat(40))
}
