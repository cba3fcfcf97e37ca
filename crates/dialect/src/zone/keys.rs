//! What is derived from a secret: a signing and an encrypting key for each flow.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use ringback_types::Secret;

use super::Flow;
use super::message::length;

/// Salt of the derivation and first item of everything signed: what version 1 is called.
pub(super) const LABEL: &str = "ringback-zone-1";

const KEY_BYTES: usize = 32;
const GCM_NONCE_BYTES: usize = 12;

/// The keys of all flows under one version of a secret; cheap to clone, and never printed.
#[derive(Clone)]
pub struct Keys(Arc<[FlowKeys; Flow::ALL.len()]>);

struct FlowKeys {
    mac: hmac::Key,
    encryption: Prk,
}

impl Keys {
    /// The keys of a secret: 32 random bytes, or the whole text of a debug token.
    pub fn new(secret: &Secret) -> Self {
        let root = Salt::new(HKDF_SHA256, LABEL.as_bytes()).extract(secret.expose());
        Self(Arc::new(Flow::ALL.map(|flow| FlowKeys::new(&root, flow))))
    }

    /// The signature of a message, from its associated data on.
    pub(super) fn sign(
        &self,
        flow: Flow,
        associated_data: &[u8],
        outcome: &[u8],
        body: &[u8],
    ) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.of(flow).mac);
        context.update(associated_data);
        for item in [outcome, body] {
            context.update(&length(item));
            context.update(item);
        }
        context.sign()
    }

    /// The key and nonce that encrypt one message: derived from its own nonce, they are used once.
    pub(super) fn message_key(&self, flow: Flow, nonce: &[u8; 16]) -> (LessSafeKey, Nonce) {
        let derived: [u8; KEY_BYTES + GCM_NONCE_BYTES] =
            expand(&self.of(flow).encryption, &[nonce]);
        let (key, gcm_nonce) = derived.split_at(KEY_BYTES);
        let key = UnboundKey::new(&AES_256_GCM, key).expect("the key is 32 bytes long");
        let nonce = Nonce::try_assume_unique_for_key(gcm_nonce).expect("the rest is 12 bytes long");
        (LessSafeKey::new(key), nonce)
    }

    fn of(&self, flow: Flow) -> &FlowKeys {
        &self.0[flow as usize]
    }
}

impl FlowKeys {
    fn new(root: &Prk, flow: Flow) -> Self {
        let derive = |purpose: &str| -> [u8; KEY_BYTES] {
            expand(root, &[purpose.as_bytes(), &[0], flow.as_str().as_bytes()])
        };
        Self {
            mac: hmac::Key::new(hmac::HMAC_SHA256, &derive("mac")),
            encryption: Prk::new_less_safe(HKDF_SHA256, &derive("enc")),
        }
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(key: &Prk, info: &[&[u8]]) -> [u8; N] {
    let mut derived = [0; N];
    key.expand(info, Length(N))
        .and_then(|output| output.fill(&mut derived))
        .expect("HKDF-SHA-256 derives up to 8160 bytes");
    derived
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys(…)")
    }
}
