//! Encryption (section 2) and signatures (section 3).

use std::fmt;
use std::sync::Arc;

use aes::cipher::array::Array;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use aes::{Aes256Dec, Aes256Enc};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ringback_types::Secret;

use crate::Reason;
use crate::hexadecimal::hexadecimal;

const BLOCK_BYTES: usize = 16;

/// An Encrypt Key with the AES key made from it; cheap to clone.
#[derive(Clone)]
pub struct EncryptKey(Arc<KeySchedule>);

struct KeySchedule {
    text: Secret,
    encrypt: Aes256Enc,
    decrypt: Aes256Dec,
}

impl EncryptKey {
    /// Makes the AES key: SHA-256 of the text as it was typed in.
    pub fn new(text: Secret) -> Self {
        let digest = digest::digest(&digest::SHA256, text.expose());
        let mut key = [0; 32];
        key.copy_from_slice(digest.as_ref());
        Self(Arc::new(KeySchedule {
            encrypt: Aes256Enc::new(&key.into()),
            decrypt: Aes256Dec::new(&key.into()),
            text,
        }))
    }
}

impl fmt::Debug for EncryptKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EncryptKey(…)")
    }
}

/// Base64 of the vector and the text encrypted under it.
pub fn encrypt(key: &EncryptKey, iv: [u8; 16], plaintext: &[u8]) -> String {
    let mut wire = String::new();
    encrypt_into(&mut wire, key, iv, plaintext);
    wire
}

/// The same, appended to `wire`.
pub(super) fn encrypt_into(wire: &mut String, key: &EncryptKey, iv: [u8; 16], plaintext: &[u8]) {
    let padding = BLOCK_BYTES - plaintext.len() % BLOCK_BYTES;
    let mut bytes = Vec::with_capacity(BLOCK_BYTES + plaintext.len() + padding);
    bytes.extend_from_slice(&iv);
    bytes.extend_from_slice(plaintext);
    bytes.resize(bytes.len() + padding, padding as u8);
    let (blocks, _) = bytes[BLOCK_BYTES..].as_chunks_mut::<BLOCK_BYTES>();
    cbc::Encryptor::inner_iv_init(&key.0.encrypt, &iv.into())
        .encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    STANDARD.encode_string(&bytes, wire);
}

/// The text that was encrypted; every edge case of section 2 has its own reason.
pub fn decrypt(key: &EncryptKey, wire: &str) -> Result<Vec<u8>, Reason> {
    let mut bytes = STANDARD.decode(wire).map_err(|_| Reason::Base64)?;
    if bytes.len() < 2 * BLOCK_BYTES || !bytes.len().is_multiple_of(BLOCK_BYTES) {
        return Err(Reason::CiphertextLength);
    }
    let mut iv = [0; BLOCK_BYTES];
    iv.copy_from_slice(&bytes[..BLOCK_BYTES]);
    bytes.drain(..BLOCK_BYTES);
    let (blocks, _) = bytes.as_chunks_mut::<BLOCK_BYTES>();
    cbc::Decryptor::inner_iv_init(&key.0.decrypt, &iv.into())
        .decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    bytes.truncate(unpadded_length(&bytes)?);
    Ok(bytes)
}

/// PKCS#7 to 16: 1 to 16 bytes, each of which says how many they are.
fn unpadded_length(bytes: &[u8]) -> Result<usize, Reason> {
    let last = *bytes.last().ok_or(Reason::CiphertextLength)?;
    let padding = usize::from(last);
    if padding == 0 || padding > BLOCK_BYTES {
        return Err(Reason::Padding);
    }
    let length = bytes.len().checked_sub(padding).ok_or(Reason::Padding)?;
    if bytes[length..].iter().any(|byte| *byte != last) {
        return Err(Reason::Padding);
    }
    Ok(length)
}

/// `X-Lark-Signature` of an event or callback: SHA-256 over timestamp, nonce, Encrypt Key and the
/// exact bytes of the body, in lower-case hexadecimal (3.1).
///
/// It is no HMAC, so whoever saw one signature can make another for the same body with bytes of
/// his choice behind it. Those begin with the hash's own padding, which no JSON text contains: a
/// receiver must read the body to its end, strictly.
pub fn sign(timestamp: &[u8], nonce: &[u8], key: &EncryptKey, body: &[u8]) -> String {
    hash(
        &digest::SHA256,
        [timestamp, nonce, key.0.text.expose(), body],
    )
}

/// `X-Lark-Signature` of the old card callback `card.action.trigger_v1`: SHA-1, and the
/// verification token in the key's place (3.3).
pub fn sign_card_v1(timestamp: &[u8], nonce: &[u8], token: &Secret, body: &[u8]) -> String {
    hash(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        [timestamp, nonce, token.expose(), body],
    )
}

fn hash(algorithm: &'static digest::Algorithm, parts: [&[u8]; 4]) -> String {
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    hexadecimal(context.finish().as_ref())
}
