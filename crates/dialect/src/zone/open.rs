//! Verifying and decrypting a message.

use std::borrow::Cow;

use aws_lc_rs::aead::Aad;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Flow, Head, Keys, Outcome, Reason};
use crate::json::Object;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
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
