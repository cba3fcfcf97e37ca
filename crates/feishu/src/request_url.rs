//! Saving a request URL: the challenge, and what exactly is wrong when it fails (sections 1.2, 1.3).
//!
//! Checked in the order syntax, DNS with an IPv4 address, public address, connect, TLS, status, JSON,
//! `challenge`, all inside one deadline. The platform itself shows one of three messages; a
//! [`UrlRefusal`] has that message *and* the cause. The doctor uses the same [`check`].

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use ringback_deliver::guard::{UrlRefusal as FormRefusal, check_url};
use ringback_deliver::probe::{Certificate, Probe, Report, Timing as StageTiming};
use ringback_deliver::{Limits, Stage, TransportFailure};
use ringback_dialect::feishu::{self, ChallengeFailure, Secrets};
use ringback_types::{Code, Coded, Deadline, Random};
use serde::Serialize;
use url::{Host, Url};

use crate::generate;

/// The platform's message for what it cannot reach (section 1.3).
const NOT_REACHED: &str = "请填写有效的 HTTP/HTTPS URL";
/// The platform's message for an answer without the challenge (section 1.3).
const NOT_RETURNED: &str = "Challenge code 没有返回";
/// More than any right answer has.
const ANSWER_CAP_BYTES: usize = 64 * 1024;

/// Which of an app's two URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlUse {
    /// Where events are pushed.
    Events,
    /// Where callbacks are sent.
    Callbacks,
}

impl UrlUse {
    /// The word in endpoint names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Callbacks => "callbacks",
        }
    }
}

/// A URL that passed.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The URL as it is kept.
    pub url: Url,
    /// What the exchange showed.
    pub timing: Timing,
}

/// How long a challenge took, stage by stage, as far as it came.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Timing {
    /// How long it took in all, in microseconds.
    pub total_us: u64,
    /// Each stage that was finished.
    pub stages: Vec<StageTiming>,
    /// The address that was connected to.
    pub address: Option<IpAddr>,
    /// What the TLS handshake showed.
    pub certificate: Option<Certificate>,
}

impl From<&Report> for Timing {
    fn from(report: &Report) -> Self {
        Self {
            total_us: u64::try_from(report.total.as_micros()).unwrap_or(u64::MAX),
            stages: report.stages.clone(),
            address: report.connected,
            certificate: report.certificate.clone(),
        }
    }
}

/// Why the platform would not save a URL.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct UrlRefusal {
    /// The precise cause.
    pub cause: Cause,
    /// How far it came; empty when nothing was sent.
    pub timing: Timing,
}

/// The precise cause of a [`UrlRefusal`].
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The URL's own form.
    #[error(transparent)]
    Form(#[from] FormRefusal),
    /// The host has IPv6 addresses only; the platform uses IPv4.
    #[error("`{host}` has no IPv4 address")]
    NoIpv4 {
        /// Which host.
        host: String,
    },
    /// No answer inside the deadline.
    #[error("no whole answer within {limit_ms} ms: the time ran out while {stage}")]
    Late {
        /// The deadline.
        limit_ms: u64,
        /// What was under way.
        stage: Stage,
    },
    /// No answer at all.
    #[error(transparent)]
    Transport(TransportFailure),
    /// The answer is wrong.
    #[error(transparent)]
    Challenge(#[from] ChallengeFailure),
}

impl UrlRefusal {
    /// What the platform's console shows (section 1.3).
    pub fn platform_message(&self) -> &'static str {
        match &self.cause {
            Cause::Late {
                stage: Stage::Head | Stage::Body,
                ..
            } => NOT_RETURNED,
            Cause::Form(_) | Cause::NoIpv4 { .. } | Cause::Late { .. } | Cause::Transport(_) => {
                NOT_REACHED
            }
            Cause::Challenge(failure) => failure.platform_message(),
        }
    }
}

impl Coded for UrlRefusal {
    fn code(&self) -> Code {
        match &self.cause {
            Cause::Form(error) => error.code(),
            Cause::NoIpv4 { .. } => Code::new("feishu.url_no_ipv4"),
            Cause::Late { .. } => Code::new("feishu.challenge_late"),
            Cause::Transport(error) => error.code(),
            Cause::Challenge(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match &self.cause {
            Cause::Form(error) => error.hint(),
            Cause::NoIpv4 { .. } => Some("give the host an A record".into()),
            Cause::Late {
                stage: Stage::Head | Stage::Body,
                ..
            } => {
                Some("answer the challenge before any other work, and keep the server warm".into())
            }
            Cause::Late { .. } => {
                Some("check firewalls and routes between this host and the server".into())
            }
            Cause::Transport(error) => error.hint(),
            Cause::Challenge(error) => error.hint(),
        }
    }
}

/// Does what the platform does when a URL is saved: one challenge, encrypted where there is an Encrypt
/// Key, never signed, inside `deadline` in all.
pub async fn check(
    probe: &Probe,
    url: &str,
    secrets: &Secrets,
    random: &Random,
    deadline: Duration,
) -> Result<Passed, Box<UrlRefusal>> {
    let refuse = |cause: Cause, timing| Box::new(UrlRefusal { cause, timing });
    let url = check_form(url).map_err(|cause| refuse(cause, Timing::default()))?;
    let challenge = generate::uuid(random);
    let request = feishu::challenge(secrets, &challenge, random.secret());
    let limits = Limits {
        deadline: Deadline::after(deadline),
        connect: deadline,
        answer_cap_bytes: ANSWER_CAP_BYTES,
    };
    let report = probe.exchange(&url, request, &limits).await;
    let timing = Timing::from(&report);
    match judge(&report, &url, &challenge, deadline) {
        Ok(()) => Ok(Passed { url, timing }),
        Err(cause) => Err(refuse(cause, timing)),
    }
}

/// The URL's form, without asking anybody.
fn check_form(text: &str) -> Result<Url, Cause> {
    let url = check_url(text)?;
    match url.host() {
        Some(Host::Ipv6(address)) if IpAddr::V6(address).to_canonical().is_ipv6() => {
            Err(Cause::NoIpv4 {
                host: address.to_string(),
            })
        }
        _ => Ok(url),
    }
}

fn judge(report: &Report, url: &Url, challenge: &str, deadline: Duration) -> Result<(), Cause> {
    reachable(report, url)?;
    let answer = match &report.outcome {
        Ok(answer) => answer,
        Err(failure) => return Err(failed(failure, deadline)),
    };
    feishu::judge_challenge(&answer.as_dialect(), challenge)?;
    Ok(())
}

/// The platform uses IPv4 alone, so what is reached here over IPv6 proves nothing.
fn reachable(report: &Report, url: &Url) -> Result<(), Cause> {
    let mut ipv4 = report
        .addresses
        .iter()
        .filter(|address| address.ip.to_canonical().is_ipv4());
    let Some(first) = ipv4.next() else {
        if report.addresses.is_empty() {
            return Ok(());
        }
        return Err(Cause::NoIpv4 {
            host: url.host_str().unwrap_or_default().to_owned(),
        });
    };
    match first.refused_by {
        Some(rule) if ipv4.all(|address| address.refused_by.is_some()) => {
            Err(Cause::Transport(TransportFailure::RefusedByGuard {
                address: first.ip,
                rule,
            }))
        }
        _ => Ok(()),
    }
}

fn failed(failure: &TransportFailure, deadline: Duration) -> Cause {
    let limit_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    match failure {
        TransportFailure::Late { stage } => Cause::Late {
            limit_ms,
            stage: *stage,
        },
        TransportFailure::ConnectTimeout { .. } => Cause::Late {
            limit_ms,
            stage: Stage::Connect,
        },
        other => Cause::Transport(other.clone()),
    }
}
