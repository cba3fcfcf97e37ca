//! A source as a value: its dialect, secrets and settings, and how each is checked on saving.

use std::time::Duration;

use axum::http::HeaderName;
use ringback_types::{EndpointId, ScheduleTime, Secret, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::SourceError;
use crate::headers;

/// Feishu retries for 7.1 hours and does not say whether it signs again (sheet `feishu-events`,
/// sections 3.1 and 5.1): a narrower window could refuse an honest retry, and inside this one the
/// dedupe key still catches a repeated event.
const FEISHU_TOLERANCE_SECONDS: u64 = 8 * 60 * 60;
/// What the Standard Webhooks specification recommends.
const STANDARD_TOLERANCE_SECONDS: u64 = 5 * 60;
/// WeCom tries again three times, when and whether signed afresh is not documented (sheet
/// `wecom-zone-app`, section 5.2); what comes again inside an hour is dropped by its dedupe key.
const WECOM_TOLERANCE_SECONDS: u64 = 60 * 60;
/// Sheet `feishu-events`, section 4.4: a callback is answered within 3 s.
const CALL_DEADLINE_MS: u64 = 3_000;
/// Kept back from the platform's deadline for the way of the answer.
const CALL_MARGIN_MS: u64 = 300;
const LONGEST_NAME: usize = 64;

/// Which platform's callbacks a source receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceDialect {
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
            Self::Feishu => "feishu",
            Self::Standard => "standard",
            Self::Wecom => "wecom",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Feishu, Self::Standard, Self::Wecom]
            .into_iter()
            .find(|dialect| dialect.as_str() == text)
    }
}

/// The secrets of a source, by dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSecrets {
    /// Sheet `feishu-events`, sections 2 and 3.
    Feishu {
        /// Comes back in every body.
        verification_token: Secret,
        /// Encrypts and signs, where it is set.
        encrypt_key: Option<Secret>,
    },
    /// Standard Webhooks.
    Standard {
        /// `whsec_…`.
        signing_key: Secret,
    },
    /// Sheet `wecom-zone-app`, sections 5.1 and 5.3.
    Wecom {
        /// Takes part in every signature.
        token: Secret,
        /// 43 characters; encrypts everything.
        encoding_aes_key: Secret,
        /// Stands in every message; no secret, but it belongs to the other two.
        receive_id: String,
    },
}

impl SourceSecrets {
    /// Which of them are set, by name; what may be shown.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Self::Feishu {
                encrypt_key: None, ..
            } => vec!["verification_token"],
            Self::Feishu { .. } => vec!["verification_token", "encrypt_key"],
            Self::Standard { .. } => vec!["signing_key"],
            Self::Wecom { .. } => vec!["token", "encoding_aes_key", "receive_id"],
        }
    }
}

/// Secrets as they are given: `verification_token` and perhaps `encrypt_key` for `feishu`,
/// `signing_key` for `standard`, `token`, `encoding_aes_key` and `receive_id` for `wecom`.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretsInput {
    /// The app's Verification Token (`feishu`).
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub verification_token: Option<Secret>,
    /// The app's Encrypt Key, where it has one (`feishu`).
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub encrypt_key: Option<Secret>,
    /// The sender's signing key, `whsec_…` (`standard`).
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub signing_key: Option<Secret>,
    /// The Token of the app's callback page (`wecom`).
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub token: Option<Secret>,
    /// The EncodingAESKey of the app's callback page, 43 characters (`wecom`).
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub encoding_aes_key: Option<Secret>,
    /// The corp id, the suite id for callbacks of a suite, empty for an individual owner (`wecom`).
    #[schema(write_only, example = "ww1234567890abcdef")]
    #[serde(default)]
    pub receive_id: Option<String>,
}

impl SecretsInput {
    /// The secrets of this dialect: all that it needs and none that it does not know.
    pub(crate) fn check(self, dialect: SourceDialect) -> Result<SourceSecrets, SourceError> {
        self.refuse_foreign(dialect)?;
        let present = |name, secret: Option<Secret>| {
            secret
                .filter(|secret| !secret.is_empty())
                .ok_or(SourceError::SecretMissing { dialect, name })
        };
        Ok(match dialect {
            SourceDialect::Feishu => SourceSecrets::Feishu {
                verification_token: present("verification_token", self.verification_token)?,
                encrypt_key: self.encrypt_key.filter(|key| !key.is_empty()),
            },
            SourceDialect::Standard => SourceSecrets::Standard {
                signing_key: present("signing_key", self.signing_key)?,
            },
            SourceDialect::Wecom => SourceSecrets::Wecom {
                token: present("token", self.token)?,
                encoding_aes_key: present("encoding_aes_key", self.encoding_aes_key)?,
                receive_id: self.receive_id.ok_or(SourceError::SecretMissing {
                    dialect,
                    name: "receive_id",
                })?,
            },
        })
    }

    fn refuse_foreign(&self, dialect: SourceDialect) -> Result<(), SourceError> {
        let given = [
            (
                "verification_token",
                SourceDialect::Feishu,
                self.verification_token.is_some(),
            ),
            (
                "encrypt_key",
                SourceDialect::Feishu,
                self.encrypt_key.is_some(),
            ),
            (
                "signing_key",
                SourceDialect::Standard,
                self.signing_key.is_some(),
            ),
            ("token", SourceDialect::Wecom, self.token.is_some()),
            (
                "encoding_aes_key",
                SourceDialect::Wecom,
                self.encoding_aes_key.is_some(),
            ),
            (
                "receive_id",
                SourceDialect::Wecom,
                self.receive_id.is_some(),
            ),
        ];
        let foreign =
            |(_, of, is_given): &(&'static str, SourceDialect, bool)| *is_given && *of != dialect;
        match given.into_iter().find(foreign) {
            Some((name, ..)) => Err(SourceError::SecretForeign { dialect, name }),
            None => Ok(()),
        }
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
}

impl SettingsChange {
    /// Refuses a setting that the dialect does not know.
    pub(crate) fn check(&self, dialect: SourceDialect) -> Result<(), SourceError> {
        match self.acknowledgement {
            Some(_) if dialect != SourceDialect::Wecom => Err(SourceError::SettingForeign {
                dialect,
                name: "acknowledgement",
            }),
            _ => Ok(()),
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
}

impl Settings {
    /// The defaults of a dialect.
    pub fn of(dialect: SourceDialect) -> Self {
        Self {
            tolerance_seconds: match dialect {
                SourceDialect::Feishu => FEISHU_TOLERANCE_SECONDS,
                SourceDialect::Standard => STANDARD_TOLERANCE_SECONDS,
                SourceDialect::Wecom => WECOM_TOLERANCE_SECONDS,
            },
            call_endpoint: None,
            call_deadline_ms: CALL_DEADLINE_MS,
            call_margin_ms: CALL_MARGIN_MS,
            fallback: Value::Object(serde_json::Map::new()),
            headers: Vec::new(),
            in_flight: 0,
            body_bytes: 0,
            acknowledgement: Acknowledgement::Usual,
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
