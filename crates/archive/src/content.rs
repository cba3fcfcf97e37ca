//! Content at rest: each message under its own secret key, which only the corp can read.
//!
//! The secret key is a printable text. The store holds it only encrypted to the corp's public key, and
//! the content only encrypted under it, so that whoever has the store alone can read neither.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ringback_types::{Random, Secret};
use serde::{Deserialize, Serialize};

use crate::public_key::PublicKey;

const SALT: &[u8] = b"ringback-archive-1";
/// 192 bits, 32 printable characters.
const SECRET_KEY_BYTES: usize = 24;

/// What a message says.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The text of a text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// What was said in a voice message or call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transcript: Option<String>,
    /// Whatever else belongs to the type: file name, title, address.
    #[serde(rename = "content", skip_serializing_if = "Option::is_none")]
    pub(crate) other: Option<serde_json::Value>,
}

/// What messages say never prints.
impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Content(…)")
    }
}

/// A message's content and key as they are kept.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) encrypted_key: Vec<u8>,
    pub(crate) content: Bytes,
}

/// Seals the content under a new secret key; `None` when the public key cannot encrypt.
pub(crate) fn seal(
    random: &Random,
    key: &PublicKey,
    corp: &str,
    msgid: &str,
    content: &Content,
) -> Option<Sealed> {
    let secret_key = new_secret_key(random);
    let mut body = serde_json::to_vec(content).ok()?;
    cipher(&secret_key)
        .seal_in_place_append_tag(nonce(), associated(corp, msgid), &mut body)
        .ok()?;
    Some(Sealed {
        encrypted_key: key.encrypt(&secret_key)?,
        content: body.into(),
    })
}

/// Opens the content; `None` under another key.
pub(crate) fn open(secret_key: &Secret, corp: &str, msgid: &str, sealed: &[u8]) -> Option<Content> {
    let mut body = sealed.to_vec();
    let plain = cipher(secret_key)
        .open_in_place(nonce(), associated(corp, msgid), &mut body)
        .ok()?;
    serde_json::from_slice(plain).ok()
}

fn new_secret_key(random: &Random) -> Secret {
    URL_SAFE_NO_PAD
        .encode(random.secret::<SECRET_KEY_BYTES>())
        .into()
}

fn cipher(secret_key: &Secret) -> LessSafeKey {
    let extracted = Salt::new(HKDF_SHA256, SALT).extract(secret_key.expose());
    let expanded = extracted
        .expand(&[b"content"], &AES_256_GCM)
        .expect("an AES key is shorter than what HKDF can give");
    LessSafeKey::new(UnboundKey::from(expanded))
}

/// A secret key seals one message, so its nonce need not differ.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// Content cannot be moved to another message or corp.
fn associated(corp: &str, msgid: &str) -> Aad<Vec<u8>> {
    Aad::from([corp.as_bytes(), &[0], msgid.as_bytes()].concat())
}
