//! What the doctor found: a line per check.

use std::borrow::Cow;
use std::time::Duration;

use ringback_types::Coded;
use serde::Serialize;

use crate::duration;

/// The checks, in the order in which they are made and printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// The URL's form.
    Url,
    /// The name is resolved.
    Dns,
    /// The address is one that the platform reaches.
    Address,
    /// A TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The challenge in clear.
    PlainChallenge,
    /// The encrypted challenge.
    EncryptedChallenge,
    /// The GET whose `echostr` comes back decrypted.
    Echo,
    /// A call as a flow makes it.
    Invocation,
    /// How long the deciding challenge or call took.
    Timing,
    /// The variables that came back.
    Variables,
    /// A call whose variables are unset.
    UnsetInvocation,
    /// A call that does not announce its content.
    UntypedInvocation,
    /// A call to the URL with a query of its own.
    QueryInvocation,
    /// A call that somebody else signed.
    ForgedInvocation,
    /// A call that nobody signed.
    UnsignedInvocation,
    /// A call that was signed an hour ago.
    StaleInvocation,
    /// A call for another app.
    OtherAppInvocation,
    /// An event as the platform sends it.
    RightEvent,
    /// An event that somebody else made.
    ForgedEvent,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// As it must be.
    Held,
    /// Not so; the platform would not save the URL.
    Broken,
    /// Not so, but it does not keep the URL from being saved.
    Doubtful,
    /// Not made.
    Skipped,
}

/// What is wrong and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Diagnosis {
    /// The stable code.
    pub(crate) code: Cow<'static, str>,
    /// What is wrong.
    pub(crate) cause: String,
    /// The sentence that fixes it.
    pub(crate) fix: Option<Cow<'static, str>>,
}

impl Diagnosis {
    /// What an error of a room says of itself.
    pub(crate) fn of(error: &impl Coded) -> Self {
        Self {
            code: error.code().as_str().into(),
            cause: error.to_string(),
            fix: error.hint(),
        }
    }

    /// A diagnosis of the doctor's own.
    pub(crate) fn new(code: &'static str, cause: impl Into<String>, fix: &'static str) -> Self {
        Self {
            code: code.into(),
            cause: cause.into(),
            fix: Some(fix.into()),
        }
    }
}

/// One check and how it ended.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// Which check.
    pub(crate) check: Check,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What was measured: an address, a status, a time; no words, so that it needs no translation.
    pub(crate) measured: String,
    /// What is wrong.
    #[serde(flatten)]
    pub(crate) diagnosis: Option<Diagnosis>,
}

impl Finding {
    /// A check that held.
    pub(crate) fn held(check: Check, measured: impl Into<String>) -> Self {
        Self {
            check,
            outcome: Outcome::Held,
            measured: measured.into(),
            diagnosis: None,
        }
    }

    /// A check that did not, so that the platform would not save the URL.
    pub(crate) fn broken(check: Check, measured: impl Into<String>, diagnosis: Diagnosis) -> Self {
        let diagnosis = Some(diagnosis);
        Self {
            check,
            outcome: Outcome::Broken,
            measured: measured.into(),
            diagnosis,
        }
    }

    /// A check that did not hold, but does not decide.
    pub(crate) fn doubtful(
        check: Check,
        measured: impl Into<String>,
        diagnosis: Diagnosis,
    ) -> Self {
        Self {
            outcome: Outcome::Doubtful,
            ..Self::broken(check, measured, diagnosis)
        }
    }

    /// A check that was not made, and why.
    pub(crate) fn skipped(check: Check, code: &'static str, cause: &'static str) -> Self {
        let diagnosis = Diagnosis {
            code: code.into(),
            cause: cause.into(),
            fix: None,
        };
        Self {
            outcome: Outcome::Skipped,
            ..Self::broken(check, "", diagnosis)
        }
    }
}

/// What an examination decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whether the platform saves the URL after a challenge.
    Save,
    /// Whether events get through; nothing is saved (Standard Webhooks).
    Events,
    /// Whether a flow gets its answer (Desk).
    Calls,
}

/// All findings.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// In the order of [`Check`].
    pub(crate) findings: Vec<Finding>,
    /// What the platform's console would show, where it would not save the URL.
    pub(crate) platform_message: Option<&'static str>,
    /// What they decide.
    pub(crate) purpose: Purpose,
    /// Whether events or calls carry a signature; else the token is all that proves them, if anything.
    pub(crate) signed_events: bool,
}

impl Report {
    /// Whether the platform would save the URL.
    pub(crate) fn would_save(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.outcome != Outcome::Broken)
    }
}

/// A time in microseconds as a person reads it.
pub(super) fn micros(micros: u64) -> String {
    duration::readable(Duration::from_micros(micros))
}
