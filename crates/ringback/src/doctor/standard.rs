//! The examination as a sender of Standard Webhooks (sheet `callback-dialects`): there is no
//! challenge, so what decides is whether an event with a right signature is taken.

use std::time::Duration;

use http::HeaderValue;
use ringback_deliver::guard::check_url;
use ringback_deliver::probe;
use ringback_dialect::standard::{Sender, SigningKey};
use ringback_dialect::{Outgoing, WireRequest};

use super::finding::{Check, Diagnosis, Finding, Purpose, Report};
use super::instrument::{self, Instrument};
use super::reach;
use super::{Patient, experiment, tls};
use crate::failure::{Exit, Failure};

/// What an endpoint is granted (design, section 5).
const LIMIT: Duration = Duration::from_secs(15);
const SIGNATURE: &str = "webhook-signature";

/// Examines an endpoint.
pub(crate) async fn examine(instrument: &Instrument, patient: &Patient) -> Result<Report, Failure> {
    let key = patient.secrets.signing_key.as_ref().ok_or_else(|| {
        Failure::usage(
            "verify.no_signing_key",
            "Standard Webhooks are always signed",
        )
        .with_hint("pass the endpoint's signing key with `--signing-key whsec_…`")
    })?;
    let key = SigningKey::parse(key).map_err(|error| Failure::from(error).exiting(Exit::Usage))?;
    let url = match check_url(&patient.url) {
        Ok(url) => url,
        Err(refusal) => {
            return Ok(report(vec![Finding::broken(
                Check::Url,
                "",
                Diagnosis::of(&refusal),
            )]));
        }
    };
    let right = request(instrument, &key, &patient.event_type)?;
    let looked = instrument.exchange(&url, right, LIMIT).await;
    let reach = reach::of(&looked, Check::RightEvent);
    let failed_before = reach
        .failure
        .as_ref()
        .is_some_and(|(check, _)| *check != Check::RightEvent);
    let mut findings = reach::findings(patient, &reach);
    if !failed_before {
        findings.push(right_event(instrument, patient, &looked).await);
    }
    // Where no answer came, a forged event would prove nothing.
    if looked.outcome.is_ok() {
        let mut forged = request(instrument, &key, &patient.event_type)?;
        forged.headers.insert(
            SIGNATURE,
            HeaderValue::from_static("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        );
        findings.push(experiment::forged_event(instrument, &url, forged, LIMIT).await);
    }
    Ok(report(findings))
}

fn report(findings: Vec<Finding>) -> Report {
    Report {
        findings,
        platform_message: None,
        purpose: Purpose::Events,
        signed_events: true,
    }
}

fn request(
    instrument: &Instrument,
    key: &SigningKey,
    event_type: &str,
) -> Result<WireRequest, Failure> {
    let id = format!("msg_{}", instrument.uuid().replace('-', ""));
    let now = instrument.clock.wire();
    let body = serde_json::json!({
        "type": event_type,
        "timestamp": now.to_rfc3339(),
        "data": { "from": "ringback verify" },
    });
    let body = body.to_string().into();
    let outgoing = Outgoing {
        event_id: &id,
        event_type,
        body: &body,
        raw: None,
    };
    Ok(Sender::new(vec![key.clone()]).encode(&outgoing, now)?)
}

async fn right_event(
    instrument: &Instrument,
    patient: &Patient,
    looked: &probe::Report,
) -> Finding {
    let took = instrument::took(looked);
    match &looked.outcome {
        Ok(answer) if answer.status.is_success() => Finding::held(
            Check::RightEvent,
            format!("{}, {took}", answer.status.as_u16()),
        ),
        Ok(answer) => Finding::broken(
            Check::RightEvent,
            format!("{}, {took}", answer.status.as_u16()),
            Diagnosis::new(
                "verify.standard_refused",
                "an event with a right signature is not answered 2xx",
                "check the signing key on both sides, and verify over the raw body before parsing it",
            ),
        ),
        Err(failure) => {
            let spoken = tls::is_spoken(instrument, &patient.url).await;
            let diagnosis = spoken.unwrap_or_else(|| tls::diagnosis(failure));
            Finding::broken(Check::RightEvent, took, diagnosis)
        }
    }
}
