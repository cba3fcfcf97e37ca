//! The findings on the way to the server: URL, DNS, address, connection, TLS.

use std::net::IpAddr;

use ringback_deliver::guard::Rule;
use ringback_deliver::probe::{self, Timing};
use ringback_deliver::{Guard, Stage, TransportFailure};

use super::finding::{Check, Diagnosis, Finding, micros};
use super::{Patient, tls};

/// How far an exchange came.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The stages that were finished.
    pub(super) stages: Vec<Timing>,
    /// The address that was connected to, or refused.
    pub(super) address: Option<IpAddr>,
    /// What failed, and at which check; nothing where an answer came.
    pub(super) failure: Option<(Check, Diagnosis)>,
}

/// The checks before the first byte of a request, in order.
const WAY: [Check; 5] = [
    Check::Url,
    Check::Dns,
    Check::Address,
    Check::Connect,
    Check::Tls,
];

/// A line for each of them, up to the one that failed; the rest was not reached.
pub(super) fn findings(patient: &Patient, reach: &Reach) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in WAY {
        if let Some((_, diagnosis)) = reach.failure.as_ref().filter(|(at, _)| *at == check) {
            findings.push(Finding::broken(check, "", diagnosis.clone()));
            return findings;
        }
        findings.push(held(patient, reach, check));
    }
    findings
}

fn held(patient: &Patient, reach: &Reach, check: Check) -> Finding {
    let took = |stage| {
        let timing = reach.stages.iter().find(|timing| timing.stage == stage);
        timing.map_or_else(String::new, |timing| micros(timing.duration_us))
    };
    match check {
        Check::Address => address(patient, reach.address),
        Check::Dns => Finding::held(check, took(Stage::Dns)),
        Check::Connect => Finding::held(check, took(Stage::Connect)),
        Check::Tls if !is_https(patient) => Finding::skipped(
            check,
            "verify.plain_http",
            "plain http, which the platform allows",
        ),
        Check::Tls => Finding::held(check, took(Stage::Tls)),
        _ => Finding::held(check, ""),
    }
}

fn is_https(patient: &Patient) -> bool {
    patient
        .url
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("https:"))
}

/// The platform reaches public addresses only; `--local` waives that for a rehearsal.
fn address(patient: &Patient, address: Option<IpAddr>) -> Finding {
    let Some(address) = address else {
        return Finding::held(Check::Address, "");
    };
    let measured = address.to_string();
    match Guard::public().check_ip(address) {
        Err(rule) if !patient.local => Finding::broken(Check::Address, measured, not_public(rule)),
        _ => Finding::held(Check::Address, measured),
    }
}

fn not_public(rule: Rule) -> Diagnosis {
    Diagnosis::new(
        "verify.address_not_public",
        format!("the platform cannot reach this address ({rule})"),
        "give a public address or a tunnel's; for a rehearsal on this machine, pass `--local`",
    )
}

/// How far one exchange came; what fails once the server is reached belongs to `check`.
pub(super) fn of(looked: &probe::Report, check: Check) -> Reach {
    let failure = looked.outcome.as_ref().err();
    let mut found: Vec<IpAddr> = looked.addresses.iter().map(|it| it.ip).collect();
    found.sort_by_key(IpAddr::is_ipv6);
    Reach {
        stages: looked.stages.clone(),
        address: looked.connected.or_else(|| found.first().copied()),
        failure: failure.map(|failure| (check_where(failure, check), tls::diagnosis(failure))),
    }
}

/// The check that a failure belongs to.
pub(super) fn check_where(failure: &TransportFailure, check: Check) -> Check {
    match failure {
        TransportFailure::Dns { .. } => Check::Dns,
        TransportFailure::RefusedByGuard { .. } => Check::Address,
        TransportFailure::ConnectRefused
        | TransportFailure::ConnectTimeout { .. }
        | TransportFailure::Connect { .. } => Check::Connect,
        TransportFailure::Tls { .. } => Check::Tls,
        TransportFailure::Reset { stage } | TransportFailure::Late { stage } => {
            check_of(*stage, check)
        }
        TransportFailure::Protocol { .. }
        | TransportFailure::Target { .. }
        | TransportFailure::Other { .. } => check,
    }
}

/// The check that a failure at this stage belongs to.
pub(super) fn check_of(stage: Stage, challenge: Check) -> Check {
    match stage {
        Stage::Dns => Check::Dns,
        Stage::Connect => Check::Connect,
        Stage::Tls => Check::Tls,
        Stage::Head | Stage::Body => challenge,
    }
}
