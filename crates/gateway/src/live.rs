//! A source in force: what a request needs, made ready once per change instead of once per request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::HeaderName;
use bytes::Bytes;
use metrics::Counter;
use ringback_dialect::{Receiver, desk, feishu, standard, wecom};
use ringback_types::{ScheduleTime, Secret};
use serde::Serialize;

use crate::error::SourceError;
use crate::limit::InFlight;
use crate::refusals::Refusals;
use crate::source::{Acknowledgement, Settings, Source, SourceDialect, SourceSecrets};
use crate::traffic::Traffic;

/// A source with its receivers.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) source: Source,
    /// Knows the current secrets alone.
    current: Receiver,
    /// Knows the ones before the last rotation too, until that time.
    overlapping: Option<(Receiver, ScheduleTime)>,
    /// Further headers to keep with each event.
    pub(crate) headers: Vec<HeaderName>,
    /// The answer to a call that comes to nothing.
    pub(crate) fallback: Bytes,
    pub(crate) state: Arc<State>,
}

impl Live {
    pub(crate) fn new(source: Source, state: Arc<State>) -> Result<Self, SourceError> {
        let (current, overlapping) = receivers(&source)?;
        Ok(Self {
            current,
            overlapping,
            headers: source.settings.kept_headers()?,
            fallback: Bytes::from(source.settings.fallback.to_string()),
            state,
            source,
        })
    }

    /// The receiver that holds at this time.
    pub(crate) fn receiver(&self, now: impl FnOnce() -> ScheduleTime) -> &Receiver {
        match &self.overlapping {
            Some((receiver, until)) if now() < *until => receiver,
            _ => &self.current,
        }
    }
}

/// The receiver with the current secrets, and the one that knows the ones before too, until a time.
pub(crate) fn receivers(
    source: &Source,
) -> Result<(Receiver, Option<(Receiver, ScheduleTime)>), SourceError> {
    let receiver = |previous| receiver(&source.secrets, previous, &source.settings);
    let overlapping = match &source.previous {
        Some((previous, until)) => Some((receiver(Some(previous))?, *until)),
        None => None,
    };
    Ok((receiver(None)?, overlapping))
}

fn receiver(
    secrets: &SourceSecrets,
    previous: Option<&SourceSecrets>,
    settings: &Settings,
) -> Result<Receiver, SourceError> {
    let seconds = settings.tolerance_seconds;
    let tolerance = (seconds > 0).then(|| Duration::from_secs(seconds));
    match secrets {
        SourceSecrets::Desk { sdk_app_id, token } => {
            let current = desk_secrets(sdk_app_id, token.as_ref());
            let mut receiver = desk::Receiver::new(current)
                .with_tolerance(tolerance)
                .with_strict(settings.strict);
            if let Some(SourceSecrets::Desk { sdk_app_id, token }) = previous {
                receiver = receiver.with_previous(desk_secrets(sdk_app_id, token.as_ref()));
            }
            Ok(Receiver::Desk(receiver))
        }
        SourceSecrets::Feishu { .. } => {
            let mut receiver =
                feishu::Receiver::new(feishu_secrets(secrets)).with_tolerance(tolerance);
            if let Some(previous) = previous {
                receiver = receiver.with_previous(feishu_secrets(previous));
            }
            Ok(Receiver::Feishu(receiver))
        }
        SourceSecrets::Standard { .. } => {
            let keys = std::iter::once(secrets).chain(previous).map(signing_key);
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            let receiver = standard::Receiver::new(keys).with_tolerance(tolerance);
            Ok(Receiver::Standard(receiver))
        }
        SourceSecrets::Wecom { .. } => {
            let mut receiver = wecom::Receiver::new(wecom_secrets(secrets)?)
                .with_tolerance(tolerance)
                .with_acknowledgement(match settings.acknowledgement {
                    Acknowledgement::Usual => wecom::Acknowledgement::Empty,
                    Acknowledgement::Success => wecom::Acknowledgement::Success,
                });
            if let Some(previous) = previous {
                receiver = receiver.with_previous(wecom_secrets(previous)?);
            }
            Ok(Receiver::Wecom(receiver))
        }
    }
}

fn desk_secrets(sdk_app_id: &str, token: Option<&Secret>) -> desk::Secrets {
    desk::Secrets {
        sdk_app_id: sdk_app_id.to_owned(),
        token: token.cloned(),
    }
}

fn feishu_secrets(secrets: &SourceSecrets) -> feishu::Secrets {
    match secrets {
        SourceSecrets::Feishu {
            verification_token,
            encrypt_key,
        } => feishu::Secrets::new(encrypt_key.as_ref(), verification_token.clone()),
        // A source never changes its dialect; an empty token is never matched.
        SourceSecrets::Desk { .. }
        | SourceSecrets::Standard { .. }
        | SourceSecrets::Wecom { .. } => feishu::Secrets::new(None, Secret::from("")),
    }
}

fn wecom_secrets(secrets: &SourceSecrets) -> Result<wecom::Secrets, SourceError> {
    match secrets {
        SourceSecrets::Wecom {
            token,
            encoding_aes_key,
            receive_id,
        } => Ok(wecom::Secrets {
            token: token.clone(),
            aes_key: wecom::EncodingAesKey::parse(encoding_aes_key)?,
            receive_id: receive_id.clone(),
        }),
        // A source never changes its dialect.
        SourceSecrets::Desk { .. }
        | SourceSecrets::Feishu { .. }
        | SourceSecrets::Standard { .. } => Err(SourceError::SecretMissing {
            dialect: SourceDialect::Wecom,
            name: "token",
        }),
    }
}

fn signing_key(secrets: &SourceSecrets) -> Result<standard::SigningKey, SourceError> {
    let SourceSecrets::Standard { signing_key: text } = secrets else {
        // A source never changes its dialect.
        return Err(SourceError::SecretMissing {
            dialect: SourceDialect::Standard,
            name: "signing_key",
        });
    };
    standard::SigningKey::parse(text).map_err(|error| SourceError::SigningKey {
        cause: error.to_string(),
    })
}

/// What is remembered of a source across changes of it, since the process began.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) in_flight: InFlight,
    pub(crate) refusals: Refusals,
    pub(crate) traffic: Traffic,
    pub(crate) tally: Tally,
}

impl State {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            in_flight: InFlight::default(),
            refusals: Refusals::new(name),
            traffic: Traffic::default(),
            tally: Tally::new(name),
        }
    }
}

/// One number that is shown in the API and in the metrics.
#[derive(Debug)]
pub(crate) struct Count {
    since_start: AtomicU64,
    metric: Counter,
}

impl Count {
    fn new(source: &str, outcome: &'static str) -> Self {
        Self {
            since_start: AtomicU64::new(0),
            metric: metrics::counter!("ringback_received_total", "source" => source.to_owned(), "outcome" => outcome),
        }
    }

    pub(crate) fn add(&self) {
        self.since_start.fetch_add(1, Ordering::Relaxed);
        self.metric.increment(1);
    }

    fn get(&self) -> u64 {
        self.since_start.load(Ordering::Relaxed)
    }
}

/// What became of the requests at one source.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) accepted: Count,
    pub(crate) duplicates: Count,
    pub(crate) challenges: Count,
    pub(crate) calls: Count,
    pub(crate) fallbacks: Count,
    pub(crate) refused: Count,
    pub(crate) busy: Count,
}

impl Tally {
    fn new(source: &str) -> Self {
        let count = |outcome| Count::new(source, outcome);
        Self {
            accepted: count("accepted"),
            duplicates: count("duplicate"),
            challenges: count("challenge"),
            calls: count("call"),
            fallbacks: count("fallback"),
            refused: count("refused"),
            busy: count("busy"),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            accepted: self.accepted.get(),
            duplicates: self.duplicates.get(),
            challenges: self.challenges.get(),
            calls: self.calls.get(),
            fallbacks: self.fallbacks.get(),
            refused: self.refused.get(),
            busy: self.busy.get(),
        }
    }
}

/// What became of the requests at one source since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Events on the disk.
    pub accepted: u64,
    /// Events that were there already: acknowledged, not delivered again.
    pub duplicates: u64,
    /// URL checks that were answered.
    pub challenges: u64,
    /// Calls, whatever their answer was.
    pub calls: u64,
    /// Calls that got the fallback answer.
    pub fallbacks: u64,
    /// Requests that were refused; `…/refusals` says why.
    pub refused: u64,
    /// Requests that got 503.
    pub busy: u64,
}
