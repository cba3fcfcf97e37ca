//! Verifying and decrypting a message.
//!
//! [`KeyRing::admit`] and [`Admitted::open`] make all checks of the channel in their order; the
//! functions beside them are its steps, for whoever keeps nonces elsewhere.

use std::borrow::Cow;

use aws_lc_rs::aead::Aad;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use ringback_types::WireTime;
use serde::Deserialize;

use super::{Address, Flow, Head, KeyRing, Keys, Nonces, Outcome, Reason};
use crate::json::Object;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
}

/// A message whose headers have been checked, and whose body may now be read.
#[derive(Debug)]
pub struct Admitted<'r> {
    /// The headers, not yet verified.
    pub head: Head,
    flow: Flow,
    ring: &'r KeyRing,
    keys: &'r Keys,
}

impl KeyRing {
    /// Checks channel, key id and version, then form and time of the other headers.
    ///
    /// Where there are several rings, [`Address::read`](super::Address::read) says whose to take.
    pub fn admit(
        &self,
        headers: &HeaderMap,
        flow: Flow,
        now: WireTime,
    ) -> Result<Admitted<'_>, Reason> {
        let address = Address::read(headers)?;
        if address.key_id != self.key_id() {
            return Err(Reason::KeyIdUnknown);
        }
        let keys = self.of(address.version).ok_or(Reason::VersionUnknown)?;
        Ok(Admitted {
            head: Head::read(headers, flow, now)?,
            flow,
            ring: self,
            keys,
        })
    }
}

impl Admitted<'_> {
    /// Checks the signature, then that the nonce is new, and decrypts: the plaintext.
    ///
    /// The version counts as used once the signature held.
    pub fn open(
        &self,
        target: &str,
        body: &[u8],
        seen: &Nonces,
        now: WireTime,
    ) -> Result<Vec<u8>, Reason> {
        verify(self.keys, self.flow, target, &self.head, body)?;
        self.ring.note_used(self.head.version);
        seen.remember(self.head.nonce, now)?;
        decrypt(self.keys, self.flow, target, &self.head, body)
    }
}

/// [`verify`], then [`decrypt`]: the plaintext.
///
/// The nonce is not looked up: whoever remembers nonces does so between the two, or after both.
pub fn open(
    keys: &Keys,
    flow: Flow,
    target: &str,
    head: &Head,
    body: &[u8],
) -> Result<Vec<u8>, Reason> {
    verify(keys, flow, target, head, body)?;
    decrypt(keys, flow, target, head, body)
}

/// Whether the signature fits headers, flow, target and body.
pub fn verify(
    keys: &Keys,
    flow: Flow,
    target: &str,
    head: &Head,
    body: &[u8],
) -> Result<(), Reason> {
    let outcome = head.outcome.map_or("", Outcome::as_str);
    let associated_data = head.associated_data(flow, target);
    let tag = keys.sign(flow, &associated_data, outcome.as_bytes(), body);
    verify_slices_are_equal(tag.as_ref(), head.signature()).map_err(|_| Reason::SignatureMismatch)
}

/// The plaintext of a message that has been verified.
pub fn decrypt(
    keys: &Keys,
    flow: Flow,
    target: &str,
    head: &Head,
    body: &[u8],
) -> Result<Vec<u8>, Reason> {
    let Object(Body { encrypt }) = serde_json::from_slice(body).map_err(|_| Reason::BodyShape)?;
    let mut text = STANDARD
        .decode(encrypt.as_bytes())
        .map_err(|_| Reason::Base64)?;
    let associated_data = head.associated_data(flow, target);
    let (key, gcm_nonce) = keys.message_key(flow, &head.nonce);
    let length = key
        .open_in_place(gcm_nonce, Aad::from(associated_data), &mut text)
        .map_err(|_| Reason::Decryption)?
        .len();
    text.truncate(length);
    Ok(text)
}
