//! Encryption and signatures (5.3).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use aes::cipher::array::Array;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use aes::{Aes256Dec, Aes256Enc};
use aws_lc_rs::digest;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use ringback_types::{Code, Coded, Secret};

use crate::Reason;
use crate::hexadecimal::hexadecimal;

const BLOCK_BYTES: usize = 16;
/// Twice the cipher's block: what the platform pads to.
const PADDED_BYTES: usize = 32;
/// Random bytes and the length that stand before the message.
const HEAD_BYTES: usize = 20;
const KEY_CHARACTERS: usize = 43;

/// 43 characters are 258 bits: the last two are passed over, whatever they are. The platform's own test
/// key has them set.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// An EncodingAESKey with the AES key inside it; cheap to clone.
#[derive(Clone)]
pub struct EncodingAesKey(Arc<KeySchedule>);

struct KeySchedule {
    key: Secret,
    encrypt: Aes256Enc,
    decrypt: Aes256Dec,
}

/// Why a text is no EncodingAESKey; never shows any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too short or too long.
    #[error("the EncodingAESKey is not 43 characters long")]
    Length,
    /// Other characters than letters and digits, or rather than those of base64.
    #[error("the EncodingAESKey has other characters in it than letters and digits")]
    Base64,
}

impl Coded for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Length => Code::new("wecom.key_length"),
            Self::Base64 => Code::new("wecom.key_base64"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("copy it from the app's callback page: 43 letters and digits, without `=`".into())
    }
}

impl EncodingAesKey {
    /// Reads the 43 characters that stand on the app's callback page.
    pub fn parse(text: &Secret) -> Result<Self, KeyError> {
        if text.expose().len() != KEY_CHARACTERS {
            return Err(KeyError::Length);
        }
        let key = LENIENT
            .decode(text.expose())
            .map(Secret::from)
            .map_err(|_| KeyError::Base64)?;
        let bytes = <&[u8; 32]>::try_from(key.expose()).map_err(|_| KeyError::Base64)?;
        Ok(Self(Arc::new(KeySchedule {
            encrypt: Aes256Enc::new(bytes.into()),
            decrypt: Aes256Dec::new(bytes.into()),
            key,
        })))
    }

    /// The vector: the beginning of the key.
    fn iv(&self) -> [u8; BLOCK_BYTES] {
        let mut iv = [0; BLOCK_BYTES];
        iv.copy_from_slice(&self.0.key.expose()[..BLOCK_BYTES]);
        iv
    }
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EncodingAesKey(…)")
    }
}

/// `msg_signature`: SHA-1 over token, timestamp, nonce and encrypted text, sorted byte by byte and put
/// together without anything between them, in lower-case hexadecimal.
///
/// As nothing stands between them, who saw one signature can move digits between a timestamp and a
/// nonce that stand side by side; the encrypted text stays what it was.
pub fn sign(token: &Secret, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    let mut parts = [
        token.expose(),
        timestamp.as_bytes(),
        nonce.as_bytes(),
        encrypted.as_bytes(),
    ];
    parts.sort_unstable();
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    hexadecimal(context.finish().as_ref())
}

/// `Encrypt` or `echostr`: base64 of random bytes, length, message and receive id, encrypted.
///
/// `random` does what a vector should: take it fresh for every message.
pub fn encrypt(key: &EncodingAesKey, random: [u8; 16], message: &[u8], receive_id: &str) -> String {
    let length = HEAD_BYTES + message.len() + receive_id.len();
    let padding = PADDED_BYTES - length % PADDED_BYTES;
    let mut bytes = Vec::with_capacity(length + padding);
    bytes.extend_from_slice(&random);
    bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(receive_id.as_bytes());
    bytes.resize(length + padding, padding as u8);
    let (blocks, _) = bytes.as_chunks_mut::<BLOCK_BYTES>();
    cbc::Encryptor::inner_iv_init(&key.0.encrypt, &key.iv().into())
        .encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    STANDARD.encode(&bytes)
}

/// The message that was encrypted for this receive id; every edge case has its own reason.
pub fn decrypt(key: &EncodingAesKey, encrypted: &str, receive_id: &str) -> Result<Vec<u8>, Reason> {
    let mut bytes = STANDARD.decode(encrypted).map_err(|_| Reason::Base64)?;
    if bytes.len() < 2 * BLOCK_BYTES || !bytes.len().is_multiple_of(BLOCK_BYTES) {
        return Err(Reason::CiphertextLength);
    }
    let (blocks, _) = bytes.as_chunks_mut::<BLOCK_BYTES>();
    cbc::Decryptor::inner_iv_init(&key.0.decrypt, &key.iv().into())
        .decrypt_blocks(Array::cast_slice_from_core_mut(blocks));
    bytes.truncate(unpadded_length(&bytes)?);
    let end = message_end(&bytes)?;
    if &bytes[end..] != receive_id.as_bytes() {
        return Err(Reason::ReceiveIdMismatch);
    }
    bytes.truncate(end);
    bytes.drain(..HEAD_BYTES);
    Ok(bytes)
}

/// PKCS#7 to 32: 1 to 32 bytes, each of which says how many they are. Senders that pad to 16 fit too.
fn unpadded_length(bytes: &[u8]) -> Result<usize, Reason> {
    let last = *bytes.last().ok_or(Reason::CiphertextLength)?;
    let padding = usize::from(last);
    if padding == 0 || padding > PADDED_BYTES {
        return Err(Reason::Padding);
    }
    let length = bytes.len().checked_sub(padding).ok_or(Reason::Padding)?;
    if bytes[length..].iter().any(|byte| *byte != last) {
        return Err(Reason::Padding);
    }
    Ok(length)
}

/// Where the message ends and the receive id begins, by the length before the message.
fn message_end(bytes: &[u8]) -> Result<usize, Reason> {
    let head = bytes.first_chunk::<HEAD_BYTES>();
    let [.., a, b, c, d] = head.ok_or(Reason::MessageLength)?;
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    HEAD_BYTES
        .checked_add(length)
        .filter(|end| *end <= bytes.len())
        .ok_or(Reason::MessageLength)
}
