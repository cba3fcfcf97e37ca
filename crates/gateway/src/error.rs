//! What can go wrong with sources: [`SourceError`] when one is changed, [`LoadError`] when they are
//! read. What is wrong with a *request* is a reason in [`crate::refusals`] and never leaves the log.

use std::borrow::Cow;

use ringback_dialect::wecom;
use ringback_store::{ReadError, VaultError, WriteError};
use ringback_types::{Code, Coded, Problem};

use crate::source::SourceDialect;

/// Why the sources cannot be read from the store.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The sealed secrets of a source cannot be opened.
    #[error("the secrets of source `{name}`: {source}")]
    Vault {
        /// Which source.
        name: String,
        /// What the vault said.
        source: VaultError,
    },
    /// A row does not hold what this binary writes.
    #[error("source `{name}` cannot be read: {cause}")]
    Row {
        /// Which source.
        name: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl Coded for LoadError {
    fn code(&self) -> Code {
        match self {
            Self::Read(error) => error.code(),
            Self::Vault { source, .. } => source.code(),
            Self::Row { .. } => Code::new("gateway.source_row"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Vault { source, .. } => source.hint(),
            Self::Row { .. } => {
                Some("restore a backup, or delete this source and make it again".into())
            }
        }
    }
}

/// Why a change of a source is refused.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such source.
    #[error("no source `{name}`")]
    NotFound {
        /// The name that was asked for.
        name: String,
    },
    /// Another source has the name.
    #[error("there is already a source `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The name cannot stand in a path.
    #[error("`{name}` is no name for a source")]
    NameForm {
        /// The name.
        name: String,
    },
    /// The dialect needs this secret.
    #[error("a `{}` source needs `{name}`", dialect.as_str())]
    SecretMissing {
        /// The dialect.
        dialect: SourceDialect,
        /// The secret.
        name: &'static str,
    },
    /// The dialect does not know this secret.
    #[error("a `{}` source has no `{name}`", dialect.as_str())]
    SecretForeign {
        /// The dialect.
        dialect: SourceDialect,
        /// The secret.
        name: &'static str,
    },
    /// The signing key is not of the form `whsec_…`.
    #[error("the signing key cannot be used: {cause}")]
    SigningKey {
        /// What is wrong with its form, without the key.
        cause: String,
    },
    /// The EncodingAESKey cannot be read.
    #[error(transparent)]
    EncodingAesKey(#[from] wecom::KeyError),
    /// The app's number is none.
    #[error("`sdk_app_id` is not 1 to 20 digits")]
    SdkAppId,
    /// The dialect does not know this setting.
    #[error("a `{}` source has no setting `{name}`", dialect.as_str())]
    SettingForeign {
        /// The dialect.
        dialect: SourceDialect,
        /// The setting.
        name: &'static str,
    },
    /// There is no endpoint of that name or id.
    #[error("no endpoint `{name}` to forward calls to")]
    CallEndpoint {
        /// What was given.
        name: String,
    },
    /// The margin leaves no time for a call.
    #[error("`call_margin_ms` must be below `call_deadline_ms`")]
    CallDeadline,
    /// Not the name of a header.
    #[error("`{name}` is not the name of a header")]
    HeaderName {
        /// What was given.
        name: String,
    },
    /// Credentials are never kept.
    #[error("the header `{name}` may carry a credential and is never kept")]
    HeaderCredential {
        /// The header.
        name: String,
    },
    /// Secrets cannot be sealed or opened.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store refused the change.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Coded for SourceError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotFound { .. } => "api.not_found",
            Self::NameTaken { .. } => "source.name_taken",
            Self::NameForm { .. } => "source.name_form",
            Self::SecretMissing { .. } => "source.secret_missing",
            Self::SecretForeign { .. } => "source.secret_foreign",
            Self::SigningKey { .. } => "source.signing_key",
            Self::EncodingAesKey(error) => return error.code(),
            Self::SdkAppId => "source.sdk_app_id",
            Self::SettingForeign { .. } => "source.setting_foreign",
            Self::CallEndpoint { .. } => "source.call_endpoint",
            Self::CallDeadline => "source.call_deadline",
            Self::HeaderName { .. } => "source.header_name",
            Self::HeaderCredential { .. } => "source.header_credential",
            Self::Load(error) => return error.code(),
            Self::Write(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotFound { .. } => "`ringback source list` shows them all",
            Self::NameTaken { .. } => "choose another name, or change that source",
            Self::NameForm { .. } => {
                "use lower-case letters, digits, `-` and `_`, at most 64, a letter or digit first"
            }
            Self::SdkAppId
            | Self::SecretMissing {
                dialect: SourceDialect::Desk,
                ..
            } => "copy the SDKAppID from the app's page in the Chat console",
            Self::SecretMissing {
                dialect: SourceDialect::Feishu,
                ..
            } => {
                "copy it from the app's page for events and callbacks, under the encryption policy"
            }
            Self::SecretMissing {
                dialect: SourceDialect::Standard,
                ..
            } => "copy the `whsec_…` key from the sender",
            Self::SecretMissing {
                dialect: SourceDialect::Wecom,
                ..
            } => {
                "copy Token and EncodingAESKey from the app's callback page; the receive id is the corp id"
            }
            Self::SecretForeign { .. } | Self::SettingForeign { .. } => {
                "leave it out, or choose the other dialect"
            }
            Self::SigningKey { .. } => "give `whsec_` and the base64 of 24 to 64 bytes",
            Self::EncodingAesKey(error) => return error.hint(),
            Self::CallEndpoint { .. } => "`ringback endpoint list` shows them all",
            Self::CallDeadline => {
                "lower the margin, or raise the deadline to what the platform allows"
            }
            Self::HeaderName { .. } | Self::HeaderCredential { .. } => "leave it out",
            Self::Load(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
        }))
    }
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        let status = match &error {
            SourceError::NotFound { .. } => 404,
            SourceError::NameTaken { .. } | SourceError::Write(WriteError::Unexpected { .. }) => {
                409
            }
            SourceError::NameForm { .. }
            | SourceError::SecretMissing { .. }
            | SourceError::SecretForeign { .. }
            | SourceError::SigningKey { .. }
            | SourceError::EncodingAesKey(_)
            | SourceError::SdkAppId
            | SourceError::SettingForeign { .. }
            | SourceError::CallEndpoint { .. }
            | SourceError::CallDeadline
            | SourceError::HeaderName { .. }
            | SourceError::HeaderCredential { .. } => 422,
            SourceError::Load(_) => 500,
            SourceError::Write(_) => 503,
        };
        Self::from_error(status, &error)
    }
}
