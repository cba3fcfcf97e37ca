//! Opening the key of a message with the corp's private key (sheet wecom-zone-sdk, 16).

use anyhow::Context as _;
use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ringback_types::Secret;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

/// The corp's RSA private key.
#[derive(Debug)]
pub(crate) struct PrivateKey(Pkcs1PrivateDecryptingKey);

impl PrivateKey {
    /// Reads a PEM with `BEGIN PRIVATE KEY`.
    pub(crate) fn parse(pem: &Secret) -> anyhow::Result<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose())
            .ok()
            .context("the private key is not PKCS#8 in PEM (`openssl pkcs8 -topk8 -nocrypt` makes it so)")?;
        let key = PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der());
        let key = key.ok().context("the private key is not an RSA key")?;
        let key = Pkcs1PrivateDecryptingKey::new(key);
        Ok(Self(key.ok().context("the private key cannot decrypt")?))
    }

    /// The key of a message: base64, RSA with PKCS#1 v1.5, a text.
    pub(crate) fn open(&self, encrypted: &str) -> anyhow::Result<Secret> {
        let encrypted = STANDARD
            .decode(encrypted)
            .context("the encrypted key is not base64")?;
        let mut room = vec![0; self.0.min_output_size()];
        let opened = self.0.decrypt(&encrypted, &mut room);
        let opened = opened
            .ok()
            .context("the key was encrypted for another private key")?;
        Ok(Secret::from(opened.to_vec()))
    }
}
