//! The examination as the Feishu platform (sheet `feishu-events`, sections 1.2, 1.3, 3 and 5.1).

use std::time::Duration;

use ringback_deliver::TransportFailure;
use ringback_dialect::feishu::Secrets;
use ringback_feishu::request_url::{self, Cause, Passed, Timing, UrlRefusal};
use ringback_types::Secret;

use super::finding::{Check, Diagnosis, Finding, Purpose, Report, micros};
use super::instrument::Instrument;
use super::reach::{self, Reach, check_of};
use super::{Patient, experiment, timing, tls};

/// How long the doctor waits, to say how late an answer is.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the console shows for an answer that comes too late (section 1.3).
const NOT_RETURNED: &str = "Challenge code 没有返回";
/// What the console shows for what it cannot reach (section 1.3).
const NOT_REACHED: &str = "请填写有效的 HTTP/HTTPS URL";

type Checked = Result<Passed, Box<UrlRefusal>>;

/// Examines a request URL.
pub(crate) async fn examine(instrument: &Instrument, patient: &Patient) -> Report {
    let secrets = secrets(patient);
    let encrypted = secrets.encrypt_key.is_some();
    let deciding = if encrypted {
        Check::EncryptedChallenge
    } else {
        Check::PlainChallenge
    };
    let checked = check(instrument, patient, &secrets).await;
    let mut reach = reach(&checked, deciding);
    if reach.address.is_none() {
        reach.address = instrument.address_of(&patient.url).await;
    }
    let mut findings = reach::findings(patient, &reach);
    let mut report = Report {
        platform_message: checked
            .as_ref()
            .err()
            .map(|refusal| refusal.platform_message()),
        findings: Vec::new(),
        purpose: Purpose::Save,
        signed_events: encrypted,
    };
    if !on_the_way(&reach) {
        let plain = plain_secrets(patient);
        let other = if encrypted {
            Some(check(instrument, patient, &plain).await)
        } else {
            None
        };
        findings.extend(other.as_ref().map(plain_challenge));
        findings.push(
            deciding_challenge(instrument, patient, &checked, other.as_ref(), deciding).await,
        );
        // A wrong answer needs no second complaint.
        if let Ok(passed) = &checked {
            findings.push(timing::finding(Duration::from_micros(
                passed.timing.total_us,
            )));
            findings.extend(experiment::events(instrument, patient, &secrets, &passed.url).await);
        }
    }
    report.findings = findings;
    settle_message(&mut report);
    report
}

async fn check(instrument: &Instrument, patient: &Patient, secrets: &Secrets) -> Checked {
    request_url::check(
        &instrument.probe,
        &patient.url,
        secrets,
        &instrument.random,
        PATIENCE,
    )
    .await
}

/// The secrets as given; a server that checks the token refuses a missing one, and is told so.
fn secrets(patient: &Patient) -> Secrets {
    let token = patient
        .secrets
        .token
        .clone()
        .unwrap_or_else(|| Secret::from(""));
    Secrets::new(patient.secrets.encrypt_key.as_ref(), token)
}

fn plain_secrets(patient: &Patient) -> Secrets {
    Secrets {
        encrypt_key: None,
        ..secrets(patient)
    }
}

fn reach(checked: &Checked, challenge: Check) -> Reach {
    let from = |timing: &Timing, failure| Reach {
        stages: timing.stages.clone(),
        address: timing.address,
        failure,
    };
    match checked {
        Ok(passed) => from(&passed.timing, None),
        Err(refusal) => {
            let mut reach = from(
                &refusal.timing,
                Some((check_where(&refusal.cause, challenge), diagnosis(refusal))),
            );
            if let Cause::Transport(TransportFailure::RefusedByGuard { address, .. }) =
                &refusal.cause
            {
                reach.address = Some(*address);
            }
            reach
        }
    }
}

fn diagnosis(refusal: &UrlRefusal) -> Diagnosis {
    match &refusal.cause {
        Cause::Transport(failure) => tls::diagnosis(failure),
        _ => Diagnosis::of(refusal),
    }
}

/// The check that a refusal belongs to.
fn check_where(cause: &Cause, challenge: Check) -> Check {
    match cause {
        Cause::Form(_) => Check::Url,
        Cause::NoIpv4 { .. } => Check::Address,
        Cause::Late { stage, .. } => check_of(*stage, challenge),
        Cause::Challenge(_) => challenge,
        Cause::Transport(failure) => reach::check_where(failure, challenge),
    }
}

/// Whether it failed before a request was sent.
fn on_the_way(reach: &Reach) -> bool {
    let challenges = [Check::PlainChallenge, Check::EncryptedChallenge];
    reach
        .failure
        .as_ref()
        .is_some_and(|(check, _)| !challenges.contains(check))
}

/// The challenge in clear beside an encrypted one: it does not decide, because the platform sends
/// only the form that fits the app.
fn plain_challenge(checked: &Checked) -> Finding {
    match checked {
        Ok(passed) => Finding::held(Check::PlainChallenge, micros(passed.timing.total_us)),
        Err(_) => Finding::skipped(
            Check::PlainChallenge,
            "verify.plain_not_sent",
            "refused; the platform does not send it to an app with an Encrypt Key",
        ),
    }
}

async fn deciding_challenge(
    instrument: &Instrument,
    patient: &Patient,
    checked: &Checked,
    plain: Option<&Checked>,
    check: Check,
) -> Finding {
    let refusal = match checked {
        Ok(passed) => return Finding::held(check, micros(passed.timing.total_us)),
        Err(refusal) => refusal,
    };
    let measured = micros(refusal.timing.total_us);
    let plain_passed = plain.is_some_and(Result::is_ok);
    let found = experiment::why(instrument, patient, refusal, plain_passed).await;
    Finding::broken(check, measured, found.unwrap_or_else(|| diagnosis(refusal)))
}

/// What the console would show for what only the doctor knows: a late answer, a private address.
fn settle_message(report: &mut Report) {
    if report.platform_message.is_some() || report.would_save() {
        return;
    }
    let late = report
        .findings
        .iter()
        .any(|finding| finding.check == Check::Timing && finding.outcome == super::Outcome::Broken);
    report.platform_message = Some(if late { NOT_RETURNED } else { NOT_REACHED });
}
