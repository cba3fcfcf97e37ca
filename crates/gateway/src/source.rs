//! A source as a value: its dialect, secrets and settings, and how each is checked on saving.

mod secrets;

use std::time::Duration;

use axum::http::HeaderName;
use ringback_types::{EndpointId, ScheduleTime, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::SourceError;
use crate::headers;

pub use secrets::{SecretsInput, SourceSecrets, check_sdk_app_id};

/// Feishu retries for 7.1 hours and does not say whether it signs again (sheet `feishu-events`,
/// sections 3.1 and 5.1): a narrower window could refuse an honest retry, and inside this one the
/// dedupe key still catches a repeated event.
const FEISHU_TOLERANCE_SECONDS: u64 = 8 * 60 * 60;
/// What the Standard Webhooks specification recommends.
const STANDARD_TOLERANCE_SECONDS: u64 = 5 * 60;
/// WeCom tries again three times, when and whether signed afresh is not documented (sheet
/// `wecom-zone-app`, section 5.2); what comes again inside an hour is dropped by its dedupe key.
const WECOM_TOLERANCE_SECONDS: u64 = 60 * 60;
/// The framework does not say; a minute is what the platform's own plugin takes (sheet `tencent-desk`,
/// section 4.4).
const DESK_TOLERANCE_SECONDS: u64 = 60;
/// Sheet `feishu-events`, section 4.4: a callback is answered within 3 s.
const CALL_DEADLINE_MS: u64 = 3_000;
/// Kept back from the platform's deadline for the way of the answer.
const CALL_MARGIN_MS: u64 = 300;
/// Sheet `tencent-desk`, section 4.3: 2 s, not adjustable there.
const DESK_CALL_DEADLINE_MS: u64 = 2_000;
const DESK_CALL_MARGIN_MS: u64 = 200;
const LONGEST_NAME: usize = 64;

/// Which platform's callbacks a source receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceDialect {
    /// Tencent Desk, and the Chat webhooks under it.
    Desk,
    /// Feishu events and callbacks.
    Feishu,
    /// Standard Webhooks.
    Standard,
    /// WeCom callbacks.
    Wecom,
}

impl SourceDialect {
    /// The word in the store and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Feishu => "feishu",
            Self::Standard => "standard",
            Self::Wecom => "wecom",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Desk, Self::Feishu, Self::Standard, Self::Wecom]
            .into_iter()
            .find(|dialect| dialect.as_str() == text)
    }
}

/// What an accepted event is answered with, where the platform wants different things of different
/// callbacks (`wecom`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourceAcknowledgement)]
pub enum Acknowledgement {
    /// What the dialect usually wants; for `wecom` an empty body.
    #[default]
    Usual,
    /// The word `success`, as command callbacks of a WeCom provider want it.
    Success,
}

impl Acknowledgement {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "`skip_serializing_if` hands a reference"
    )]
    fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// A source to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// Its name: the path is `/in/{name}`. Lower-case letters, digits, `-` and `_`.
    #[schema(example = "feishu-prod")]
    pub name: String,
    /// Whose callbacks it receives.
    pub dialect: SourceDialect,
    /// The secrets of that dialect.
    pub secrets: SecretsInput,
    /// Settings that differ from the defaults.
    #[serde(default)]
    pub settings: SettingsChange,
}

/// Settings to be changed; what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourceSettingsChange)]
pub struct SettingsChange {
    /// The replay window: how far a signed timestamp may be from now, in seconds; 0 for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u64>,
    /// Name or id of the endpoint that calls are forwarded to; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_endpoint: Option<String>,
    /// The platform's deadline for the answer to a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_deadline_ms: Option<u64>,
    /// What is kept back from that deadline for the way of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_margin_ms: Option<u64>,
    /// The answer to a call whose endpoint is late or fails; any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Value>,
    /// More headers to keep with each event; never credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<String>>,
    /// How many requests may be under way at once; 0 for the process's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<usize>,
    /// The largest body that is read; 0 for the process's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<usize>,
    /// What an accepted event is answered with (`wecom`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
    /// Whether the command must be spelt as the platform spells it, stand in query and body alike, and be
    /// announced as JSON (`desk`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

impl SettingsChange {
    /// Refuses a setting that the dialect does not know.
    pub(crate) fn check(&self, dialect: SourceDialect) -> Result<(), SourceError> {
        let given = [
            (
                "acknowledgement",
                SourceDialect::Wecom,
                self.acknowledgement.is_some(),
            ),
            ("strict", SourceDialect::Desk, self.strict.is_some()),
        ];
        let foreign = given
            .into_iter()
            .find(|(_, of, is_given)| *is_given && *of != dialect);
        match foreign {
            Some((name, ..)) => Err(SourceError::SettingForeign { dialect, name }),
            None => Ok(()),
        }
    }
}

/// Settings of a source, complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SourceSettings)]
pub struct Settings {
    /// The replay window in seconds; 0 for any timestamp.
    pub tolerance_seconds: u64,
    /// The endpoint that calls are forwarded to.
    #[schema(value_type = Option<String>, example = "ep_0c2m9qk4vwx3e")]
    pub call_endpoint: Option<EndpointId>,
    /// The platform's deadline for the answer to a call.
    pub call_deadline_ms: u64,
    /// What is kept back from that deadline.
    pub call_margin_ms: u64,
    /// The answer to a call whose endpoint is late or fails.
    pub fallback: Value,
    /// More headers to keep with each event.
    pub headers: Vec<String>,
    /// How many requests may be under way at once; 0 for the process's setting.
    pub in_flight: usize,
    /// The largest body that is read; 0 for the process's setting.
    pub body_bytes: usize,
    /// What an accepted event is answered with, where that is not the usual.
    #[serde(default, skip_serializing_if = "Acknowledgement::is_usual")]
    pub acknowledgement: Acknowledgement,
    /// Whether requests must be as the platform makes them to the letter (`desk`).
    #[serde(default, skip_serializing_if = "is_off")]
    pub strict: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "`skip_serializing_if` hands a reference"
)]
fn is_off(setting: &bool) -> bool {
    !setting
}

impl Settings {
    /// The defaults of a dialect.
    pub fn of(dialect: SourceDialect) -> Self {
        Self {
            tolerance_seconds: match dialect {
                SourceDialect::Desk => DESK_TOLERANCE_SECONDS,
                SourceDialect::Feishu => FEISHU_TOLERANCE_SECONDS,
                SourceDialect::Standard => STANDARD_TOLERANCE_SECONDS,
                SourceDialect::Wecom => WECOM_TOLERANCE_SECONDS,
            },
            call_endpoint: None,
            call_deadline_ms: match dialect {
                SourceDialect::Desk => DESK_CALL_DEADLINE_MS,
                SourceDialect::Feishu | SourceDialect::Standard | SourceDialect::Wecom => {
                    CALL_DEADLINE_MS
                }
            },
            call_margin_ms: match dialect {
                SourceDialect::Desk => DESK_CALL_MARGIN_MS,
                SourceDialect::Feishu | SourceDialect::Standard | SourceDialect::Wecom => {
                    CALL_MARGIN_MS
                }
            },
            fallback: match dialect {
                SourceDialect::Desk => desk_fallback(),
                SourceDialect::Feishu | SourceDialect::Standard | SourceDialect::Wecom => json!({}),
            },
            headers: Vec::new(),
            in_flight: 0,
            body_bytes: 0,
            acknowledgement: Acknowledgement::Usual,
            strict: false,
        }
    }

    /// These settings with a change applied; `call_endpoint` has been looked up by the caller.
    pub(crate) fn changed(
        mut self,
        change: SettingsChange,
        call_endpoint: Option<EndpointId>,
    ) -> Result<Self, SourceError> {
        self.call_endpoint = call_endpoint;
        set(&mut self.tolerance_seconds, change.tolerance_seconds);
        set(&mut self.call_deadline_ms, change.call_deadline_ms);
        set(&mut self.call_margin_ms, change.call_margin_ms);
        set(&mut self.fallback, change.fallback);
        set(&mut self.headers, change.headers);
        set(&mut self.in_flight, change.in_flight);
        set(&mut self.body_bytes, change.body_bytes);
        set(&mut self.acknowledgement, change.acknowledgement);
        set(&mut self.strict, change.strict);
        if self.call_deadline_ms == 0 || self.call_margin_ms >= self.call_deadline_ms {
            return Err(SourceError::CallDeadline);
        }
        self.kept_headers()?;
        Ok(self)
    }

    /// The further headers to keep, checked.
    pub(crate) fn kept_headers(&self) -> Result<Vec<HeaderName>, SourceError> {
        let check = |name: &String| {
            let header = HeaderName::try_from(name)
                .map_err(|_| SourceError::HeaderName { name: name.clone() })?;
            if headers::is_credential(header.as_str()) {
                return Err(SourceError::HeaderCredential { name: name.clone() });
            }
            Ok(header)
        };
        self.headers.iter().map(check).collect()
    }

    /// How long a call may take here, from its arrival.
    pub(crate) fn call_time(&self) -> Duration {
        Duration::from_millis(self.call_deadline_ms.saturating_sub(self.call_margin_ms))
    }
}

/// A failure in the framework's own form: the flow takes the way for exceptions. 1 refuses, and drops what
/// would go back to a bot (sheet `tencent-desk`, sections 3.4 and 4.6).
fn desk_fallback() -> Value {
    json!({ "ActionStatus": "FAIL", "ErrorInfo": "no answer from the business", "ErrorCode": 1 })
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// Where events come into Ringback: a receiving path with a dialect and its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// Its name, the last part of its path.
    pub name: String,
    /// Whose callbacks it receives.
    pub dialect: SourceDialect,
    /// Its secrets.
    pub secrets: SourceSecrets,
    /// The secrets before the last rotation, accepted until the time beside them.
    pub previous: Option<(SourceSecrets, ScheduleTime)>,
    /// Its settings.
    pub settings: Settings,
    /// When it was made.
    pub created_at: ScheduleTime,
}

impl Source {
    /// Whether there is a secret that requests are signed with; without one, signatures are passed over.
    pub(crate) fn may_be_signed(&self) -> bool {
        let previous = self.previous.as_ref().map(|(secrets, _)| secrets);
        std::iter::once(&self.secrets)
            .chain(previous)
            .any(|secrets| match secrets {
                SourceSecrets::Desk { token, .. } => token.is_some(),
                SourceSecrets::Feishu { encrypt_key, .. } => encrypt_key.is_some(),
                SourceSecrets::Standard { .. } | SourceSecrets::Wecom { .. } => true,
            })
    }

    /// Refuses names that would need escaping in a path, a metric or a shell.
    pub(crate) fn check_name(name: &str) -> Result<(), SourceError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let starts = name.bytes().next().is_some_and(fits);
        let rest = name.bytes().all(|byte| fits(byte) || b"-_".contains(&byte));
        if starts && rest && name.len() <= LONGEST_NAME {
            Ok(())
        } else {
            Err(SourceError::NameForm {
                name: name.to_owned(),
            })
        }
    }
}
