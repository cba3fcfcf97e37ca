//! The corp's private key, and what it opens.

use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_types::Secret;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::super::check::broken;
use crate::failure::Failure;

/// A message as an app knows it: which one, and its key.
pub(super) struct Pulled {
    pub(super) msgid: String,
    pub(super) secret_key: Secret,
}

/// Opens the keys of messages: RSA with PKCS#1 v1.5 (sheet wecom-zone-sdk, section 16).
pub(super) struct PrivateKey(Pkcs1PrivateDecryptingKey);

impl PrivateKey {
    /// Reads a PKCS#8 PEM.
    pub(super) fn parse(pem: &str) -> Result<Self, Failure> {
        let unusable = || Failure::internal("the seeded private key cannot be used");
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unusable())?;
        let key = PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der());
        let key = Pkcs1PrivateDecryptingKey::new(key.map_err(|_| unusable())?);
        key.map(Self).map_err(|_| unusable())
    }

    /// What an `encrypted_secret_key` holds.
    pub(super) fn open(&self, encrypted: &str) -> Result<Secret, Failure> {
        let encrypted = STANDARD.decode(encrypted).map_err(Failure::internal)?;
        let mut room = vec![0; self.0.min_output_size()];
        let opened = self.0.decrypt(&encrypted, &mut room);
        let opened = opened.map_err(|_| broken("a key is encrypted to another public key"))?;
        Ok(Secret::from(opened.to_vec()))
    }
}
