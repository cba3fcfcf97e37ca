//! Signing keys: `whsec_` and base64 of 24 to 64 bytes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use ringback_types::{Code, Coded, Secret};

const PREFIX: &str = "whsec_";
/// Reads keys with and without `=`, as the official libraries do.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A signing key; cheap to clone.
#[derive(Clone)]
pub struct SigningKey(Arc<hmac::Key>);

/// Why a text is not a signing key; never shows any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not base64 after `whsec_`.
    #[error("the signing key is not `whsec_` and base64")]
    Base64,
    /// Too short or too long.
    #[error("the signing key is not 24 to 64 bytes long")]
    Length,
}

impl Coded for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Base64 => Code::new("standard.key_base64"),
            Self::Length => Code::new("standard.key_length"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("make one with `openssl rand -base64 32` and put `whsec_` before it".into())
    }
}

impl SigningKey {
    /// Reads a key; `whsec_` may be left out, as the official libraries allow.
    pub fn parse(text: &Secret) -> Result<Self, KeyError> {
        let text = text.expose_str().ok_or(KeyError::Base64)?;
        let bytes = LENIENT
            .decode(text.strip_prefix(PREFIX).unwrap_or(text))
            .map(Secret::from)
            .map_err(|_| KeyError::Base64)?;
        Self::from_bytes(bytes.expose())
    }

    /// The key of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        if !KEY_BYTES.contains(&bytes.len()) {
            return Err(KeyError::Length);
        }
        Ok(Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))))
    }

    /// A new key's text, from random bytes: what [`SigningKey::parse`] reads.
    pub fn text_of(bytes: [u8; 32]) -> Secret {
        Secret::from(format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// One member of `webhook-signature`.
    pub(super) fn sign(&self, id: &[u8], timestamp: &[u8], body: &[u8]) -> String {
        let tag = self.tag(id, timestamp, body);
        format!("v1,{}", STANDARD.encode(tag.as_ref()))
    }

    pub(super) fn tag(&self, id: &[u8], timestamp: &[u8], body: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [id, b".", timestamp, b".", body] {
            context.update(part);
        }
        context.sign()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}
