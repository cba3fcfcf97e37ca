//! A corp's public key: what its messages' secret keys are encrypted to (sheet wecom-zone-sdk,
//! section 16).

use std::sync::Arc;

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use ringback_store::{Change, Statement, Value, WriteError};
use ringback_types::Secret;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use crate::archive::{Archive, to_its_end};
use crate::error::KeyError;
use crate::records;

const KEY_BITS: usize = 2048;
/// An RSA-2048 key in PEM takes 451 bytes.
const LONGEST_PEM: usize = 4096;

/// A public key and its version.
pub(crate) struct PublicKey {
    pub(crate) version: i64,
    key: Pkcs1PublicEncryptingKey,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PublicKey(version {})", self.version)
    }
}

impl PublicKey {
    /// An RSA-2048 key as `openssl rsa -pubout` writes it.
    pub(crate) fn parse(pem: &str, version: i64) -> Result<Self, KeyError> {
        if pem.len() > LONGEST_PEM {
            return Err(KeyError::NotPem);
        }
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| KeyError::NotPem)?;
        let key = PublicEncryptingKey::from_der(der.as_ref()).map_err(|_| KeyError::NotRsa)?;
        match key.key_size_bits() {
            KEY_BITS => {}
            bits => return Err(KeyError::Size { bits }),
        }
        let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| KeyError::NotRsa)?;
        Ok(Self { version, key })
    }

    pub(crate) fn encrypt(&self, secret_key: &Secret) -> Option<Vec<u8>> {
        let mut encrypted = vec![0; self.key.ciphertext_size()];
        self.key.encrypt(secret_key.expose(), &mut encrypted).ok()?;
        Some(encrypted)
    }
}

impl Archive {
    /// Sets the corp's public key (`pem`: SPKI, RSA-2048) for the messages imported from now on; older
    /// ones keep the version they name. `version` is at least 1 and greater than the one before. Leaves
    /// an audit row that names `caller`.
    pub async fn set_public_key(
        &self,
        caller: &str,
        corp: &str,
        pem: &str,
        version: i64,
    ) -> Result<(), KeyError> {
        let key = PublicKey::parse(pem, version)?;
        if version < 1 {
            return Err(KeyError::Version {
                given: version,
                current: 0,
            });
        }
        let change = Change {
            caller: caller.into(),
            action: "archive.set_public_key",
            target: corp.to_owned(),
            detail: serde_json::json!({ "public_key_ver": version }),
        };
        let values = [Value::from(pem), Value::Int(version), Value::from(corp)];
        let update = Statement::new(records::UPDATE_PUBLIC_KEY, values).expecting(1);
        let (archive, corp) = (self.clone(), corp.to_owned());
        to_its_end(async move {
            let corp = archive.corp_or_new(&corp).await?;
            match archive.store().change(change, vec![update]).await {
                Ok(_) => {
                    corp.set_key(&Arc::new(key));
                    Ok(())
                }
                Err(WriteError::Unexpected { .. }) => Err(KeyError::Version {
                    given: version,
                    current: corp.key().map_or(0, |key| key.version),
                }),
                Err(error) => Err(error.into()),
            }
        })
        .await?
    }

    /// The version of the corp's public key; `None` before one was set, and nothing is archived then.
    pub fn public_key_version(&self, corp: &str) -> Option<i64> {
        Some(self.corp(corp)?.key()?.version)
    }
}
