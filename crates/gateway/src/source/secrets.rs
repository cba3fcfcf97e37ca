//! The secrets of a source: as they are given, and as they are held.

use ringback_types::Secret;
use serde::Deserialize;

use super::SourceDialect;
use crate::error::SourceError;

const LONGEST_APP_ID: usize = 20;

/// The secrets of a source, by dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSecrets {
    /// Sheet `tencent-desk`, sections 2.1 and 4.4.
    Desk {
        /// The app's number; no secret, but a request for another app is not ours.
        sdk_app_id: String,
        /// Signs every request, where authentication is on.
        token: Option<Secret>,
    },
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
            Self::Desk { token: None, .. } => vec!["sdk_app_id"],
            Self::Desk { .. } => vec!["sdk_app_id", "token"],
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
/// `signing_key` for `standard`, `token`, `encoding_aes_key` and `receive_id` for `wecom`, `sdk_app_id` and
/// perhaps `token` for `desk`.
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
    /// The Token of the app's callback page (`wecom`), or of the app's callback authentication, where that
    /// is on (`desk`).
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
    /// The app's number, `SdkAppid` (`desk`).
    #[schema(write_only, example = "1400000000")]
    #[serde(default)]
    pub sdk_app_id: Option<String>,
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
            SourceDialect::Desk => SourceSecrets::Desk {
                sdk_app_id: checked_app_id(self.sdk_app_id)?,
                token: self.token.filter(|token| !token.is_empty()),
            },
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
        use SourceDialect::{Desk, Feishu, Standard, Wecom};
        let given: [(_, &[_], _); 7] = [
            (
                "verification_token",
                &[Feishu],
                self.verification_token.is_some(),
            ),
            ("encrypt_key", &[Feishu], self.encrypt_key.is_some()),
            ("signing_key", &[Standard], self.signing_key.is_some()),
            ("token", &[Desk, Wecom], self.token.is_some()),
            (
                "encoding_aes_key",
                &[Wecom],
                self.encoding_aes_key.is_some(),
            ),
            ("receive_id", &[Wecom], self.receive_id.is_some()),
            ("sdk_app_id", &[Desk], self.sdk_app_id.is_some()),
        ];
        let foreign =
            |(_, of, is_given): &(_, &[SourceDialect], bool)| *is_given && !of.contains(&dialect);
        match given.into_iter().find(foreign) {
            Some((name, ..)) => Err(SourceError::SecretForeign { dialect, name }),
            None => Ok(()),
        }
    }
}

fn checked_app_id(given: Option<String>) -> Result<String, SourceError> {
    let app_id = given.ok_or(SourceError::SecretMissing {
        dialect: SourceDialect::Desk,
        name: "sdk_app_id",
    })?;
    check_sdk_app_id(&app_id)?;
    Ok(app_id)
}

/// Refuses what is no `SdkAppid`: digits and nothing else (sheet `tencent-desk`, section 2.2).
pub fn check_sdk_app_id(app_id: &str) -> Result<(), SourceError> {
    let digits = app_id.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=LONGEST_APP_ID).contains(&app_id.len()) && digits;
    fits.then_some(()).ok_or(SourceError::SdkAppId)
}
