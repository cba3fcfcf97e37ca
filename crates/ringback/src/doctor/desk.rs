//! The examination as a Desk flow whose API-call node has this URL (sheet `tencent-desk`, section 2).
//!
//! Nothing is saved and there is no challenge: what decides is whether a call is answered as the platform
//! wants it, in time. The further calls ask what flows do too, and what nobody else should get away with.

use std::time::Duration;

use http::StatusCode;
use ringback_deliver::guard::check_url;
use ringback_deliver::{Answer, TransportFailure, probe};
use ringback_dialect::desk::{
    self, Account, CallFailure, InvocationAnswer, check_answer, read_invocation_answer,
};
use url::Url;

use super::finding::{Check, Diagnosis, Finding, Purpose, Report};
use super::instrument::{self, Instrument};
use super::invocation::{self, Way};
use super::reach;
use super::{Patient, experiment, timing, tls};
use crate::failure::Failure;

/// How long the doctor waits for an answer, to say how late it is.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the framework grants (section 4.3).
const LIMIT: Duration = Duration::from_secs(2);

/// Everything that one call needs.
struct Case<'a> {
    instrument: &'a Instrument,
    patient: &'a Patient,
    account: Account,
    url: Url,
}

/// Examines the URL of an API-call node.
pub(crate) async fn examine(instrument: &Instrument, patient: &Patient) -> Result<Report, Failure> {
    let account = account(patient)?;
    let signed = account.token.is_some();
    let findings = match check_url(&patient.url) {
        Ok(url) => {
            let case = Case {
                instrument,
                patient,
                account,
                url,
            };
            case.findings().await?
        }
        Err(refusal) => vec![Finding::broken(Check::Url, "", Diagnosis::of(&refusal))],
    };
    Ok(Report {
        findings,
        platform_message: None,
        purpose: Purpose::Calls,
        signed_events: signed,
    })
}

fn account(patient: &Patient) -> Result<Account, Failure> {
    let given = &patient.secrets;
    let app_id = given.sdk_app_id.as_ref().ok_or_else(|| {
        Failure::usage(
            "verify.no_sdk_app_id",
            "every call of Desk names the app, and an interface checks that it is its own",
        )
        .with_hint("pass the app's SDKAppID with `--sdk-app-id 1400000000`")
    })?;
    Ok(Account::new(app_id.as_str(), given.token.clone()))
}

impl Case<'_> {
    async fn findings(&self) -> Result<Vec<Finding>, Failure> {
        let looked = self.call(Way::Right, PATIENCE).await?;
        let reach = reach::of(&looked, Check::Invocation);
        let mut findings = reach::findings(self.patient, &reach);
        let failure = reach.failure.as_ref();
        if failure.is_some_and(|(check, _)| *check != Check::Invocation) {
            return Ok(findings);
        }
        match judged(&looked) {
            Ok(answer) => {
                findings.push(Finding::held(Check::Invocation, measured(&looked)));
                findings.push(timing::of_call(looked.total));
                findings.push(variables(&answer));
                findings.extend(self.further().await?);
            }
            Err(wrong) => {
                let diagnosis = self.why(&wrong).await;
                let measured = measured(&looked);
                findings.push(Finding::broken(Check::Invocation, measured, diagnosis));
            }
        }
        Ok(findings)
    }

    async fn call(&self, way: Way, within: Duration) -> Result<probe::Report, Failure> {
        let (instrument, patient) = (self.instrument, self.patient);
        let (url, request) = invocation::made(instrument, patient, &self.account, &self.url, way)?;
        Ok(instrument.exchange(&url, request, within).await)
    }

    /// The diagnosis of a call that came to nothing, better where more can be known.
    async fn why(&self, wrong: &Wrong) -> Diagnosis {
        if may_be_tls(wrong)
            && let Some(spoken) = tls::is_spoken(self.instrument, &self.patient.url).await
        {
            return spoken;
        }
        match wrong {
            Wrong::Transport(failure) => tls::diagnosis(failure),
            Wrong::Answer(CallFailure::Status(status)) => of_status(*status),
            Wrong::Answer(failure @ CallFailure::ErrorCode { .. })
                if self.patient.inputs.is_empty() =>
            {
                Diagnosis::new(
                    "verify.desk_inputs",
                    format!("{failure}; the call had no variables of the node"),
                    "pass the node's inputs with `--set NAME=VALUE`, as often as there are",
                )
            }
            Wrong::Answer(failure) => Diagnosis::of(failure),
        }
    }

    async fn further(&self) -> Result<Vec<Finding>, Failure> {
        if !self.patient.events {
            let left_out = "left out by `--no-events`";
            let checks = [Check::UnsetInvocation, Check::ForgedInvocation];
            let skipped = checks.map(|it| Finding::skipped(it, "verify.not_asked", left_out));
            return Ok(skipped.into());
        }
        let mut findings = Vec::new();
        for (check, way, misread) in [
            (
                Check::UnsetInvocation,
                Way::Unset,
                unset as fn() -> Diagnosis,
            ),
            (Check::UntypedInvocation, Way::Untyped, untyped),
            (Check::QueryInvocation, Way::Query, query_misread),
        ] {
            let looked = self.call(way, LIMIT).await?;
            findings.push(must_work(check, &looked, misread()));
        }
        findings.extend(self.of_strangers().await?);
        let looked = self.call(Way::OtherApp, LIMIT).await?;
        findings.push(must_fail(Check::OtherAppInvocation, &looked, other_app()));
        Ok(findings)
    }

    /// Calls of who does not know the token, or only saw it used.
    async fn of_strangers(&self) -> Result<Vec<Finding>, Failure> {
        if self.account.token.is_none() {
            let cause = "no token was given, so nothing is signed";
            let skipped = Finding::skipped(Check::ForgedInvocation, "verify.no_token", cause);
            return Ok(vec![skipped]);
        }
        let mut findings = Vec::new();
        for (check, way, taken) in [
            (
                Check::ForgedInvocation,
                Way::Forged,
                forged as fn() -> Diagnosis,
            ),
            (Check::UnsignedInvocation, Way::Unsigned, unsigned),
            (Check::StaleInvocation, Way::Stale, stale),
        ] {
            findings.push(must_fail(check, &self.call(way, LIMIT).await?, taken()));
        }
        Ok(findings)
    }
}

/// Why a call did not pass.
enum Wrong {
    Transport(TransportFailure),
    Answer(CallFailure),
}

fn judged(looked: &probe::Report) -> Result<InvocationAnswer, Wrong> {
    let answer: &Answer = match &looked.outcome {
        Ok(answer) => answer,
        Err(failure) => return Err(Wrong::Transport(failure.clone())),
    };
    check_answer(&answer.as_dialect())
        .and_then(|()| read_invocation_answer(&answer.body))
        .map_err(Wrong::Answer)
}

fn measured(looked: &probe::Report) -> String {
    let took = instrument::took(looked);
    match &looked.outcome {
        Ok(answer) => format!("{}, {took}", answer.status.as_u16()),
        Err(_) => took,
    }
}

fn may_be_tls(wrong: &Wrong) -> bool {
    match wrong {
        Wrong::Transport(failure) => matches!(
            failure,
            TransportFailure::Protocol { .. } | TransportFailure::Reset { .. }
        ),
        Wrong::Answer(failure) => *failure == CallFailure::Status(StatusCode::BAD_REQUEST),
    }
}

/// What a status other than 200 says of the server behind it.
fn of_status(status: StatusCode) -> Diagnosis {
    let failure = CallFailure::Status(status);
    let (code, fix) = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (
            "verify.desk_refused",
            "give it this SdkAppid and this token, and let it compare `Sign` with the lower-case hex of SHA-256 over token and `RequestTime`, nothing between them",
        ),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => (
            "verify.desk_no_interface",
            "serve POST on this very path, whatever its query",
        ),
        _ => {
            let behind = experiment::server_error(status, failure.to_string());
            let of_proxy = behind.filter(|it| it.code == "verify.nothing_behind_proxy");
            return of_proxy.unwrap_or_else(|| Diagnosis::of(&failure));
        }
    };
    Diagnosis::new(code, failure.to_string(), fix)
}

/// The names of what came back; what the platform makes of other values than texts is not documented.
fn variables(answer: &InvocationAnswer) -> Finding {
    let names: Vec<&str> = answer
        .values
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let names = names.join(", ");
    if answer.unlike_text {
        let diagnosis = Diagnosis::new(
            "verify.desk_not_text",
            "a variable is not a text; what the platform makes of it is not documented",
            "write every value as a text: `\"10\"` instead of `10`",
        );
        Finding::doubtful(Check::Variables, names, diagnosis)
    } else {
        Finding::held(Check::Variables, names)
    }
}

/// A call that flows make too must be answered in the right form; to say no is the business's right.
fn must_work(check: Check, looked: &probe::Report, misread: Diagnosis) -> Finding {
    match judged(looked) {
        Ok(_) => Finding::held(check, measured(looked)),
        Err(Wrong::Answer(CallFailure::ErrorCode { code, .. })) => {
            Finding::held(check, format!("{}, ErrorCode {code}", measured(looked)))
        }
        Err(_) => Finding::doubtful(check, measured(looked), misread),
    }
}

/// A call that is not the platform's must not be answered like one that is.
fn must_fail(check: Check, looked: &probe::Report, taken: Diagnosis) -> Finding {
    match &looked.outcome {
        Ok(answer) if desk::check_answer(&answer.as_dialect()).is_ok() => {
            Finding::doubtful(check, measured(looked), taken)
        }
        // Closing the connection is a refusal too.
        _ => Finding::held(check, measured(looked)),
    }
}

fn unset() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_unset",
        "the same call fails when its variables are unset, which the platform writes as empty texts",
        "take an empty text for a missing value, and answer with an `ErrorCode` where one is needed",
    )
}

fn untyped() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_untyped",
        "the same call fails without a `Content-Type`; the platform's own sample has none",
        "read the body as JSON whatever the headers say",
    )
}

fn query_misread() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_query",
        "the same call fails when the URL has a query of its own",
        "read the parameters by their names, in any order, and pass over those that you do not know",
    )
}

fn forged() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_forged_answered",
        "a call with a wrong signature is answered as if it were real",
        "compare `Sign` with the lower-case hex of SHA-256 over token and `RequestTime`, in constant time, before anything else",
    )
}

fn unsigned() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_unsigned_answered",
        "a call without a signature is answered as if it were real",
        "refuse a call that has no `Sign` or no `RequestTime`",
    )
}

fn stale() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_stale_answered",
        "a call that was signed an hour ago is answered: who has seen one signature can use it for ever",
        "refuse a `RequestTime` that is more than a minute from now",
    )
}

fn other_app() -> Diagnosis {
    Diagnosis::new(
        "verify.desk_other_app_answered",
        "a call for another app is answered as if it were for this one",
        "compare `SdkAppid` of the query with the app's own",
    )
}
