//! Making the headers and the body of a message.

use aws_lc_rs::aead::Aad;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use ringback_types::WireTime;

use super::head::CHANNEL;
use super::message::Items;
use super::{Keys, Message, Outcome, Reason, header};

/// A message as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The headers of the channel, and the `Content-Type` where there is a body.
    pub headers: HeaderMap,
    /// `{"encrypt":"…"}`, exactly as it is signed.
    pub body: Bytes,
}

impl Sealed {
    /// The same with `ww-refusal`, for error replies of the flows invoke and open.
    #[must_use]
    pub fn with_refusal(mut self, reason: Reason) -> Self {
        self.headers
            .insert(header::REFUSAL, HeaderValue::from(reason.code()));
        self
    }
}

/// Encrypts and signs a message; `nonce` is fresh from the system's generator.
///
/// A key id or request id that HTTP does not allow in a header is sent as an empty one, which every
/// peer refuses.
pub fn seal(keys: &Keys, message: &Message<'_>, now: WireTime, nonce: [u8; 16]) -> Sealed {
    let version = message.version.to_string();
    let timestamp = now.as_millis().to_string();
    let nonce_text = URL_SAFE_NO_PAD.encode(nonce);
    let items = Items {
        flow: message.flow,
        target: message.target,
        key_id: message.key_id,
        version: &version,
        timestamp: &timestamp,
        nonce: &nonce_text,
        request_id: message.request_id,
    };
    let associated_data = items.associated_data();
    let body = encrypt(keys, message, &associated_data, &nonce);
    let outcome = message.outcome.map_or("", Outcome::as_str);
    let signature = keys.sign(
        message.flow,
        &associated_data,
        outcome.as_bytes(),
        body.as_bytes(),
    );
    Sealed {
        headers: headers(&items, message.outcome, signature.as_ref()),
        body: body.into(),
    }
}

/// The answer to a message that there is no key for: nothing is signed, and there is no body. Its
/// status is 200.
pub fn unsigned_refusal() -> Sealed {
    Sealed {
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
    .with_refusal(Reason::VersionUnknown)
}

/// The code in `ww-refusal`. It is not signed: it says no more than where to look.
pub fn refusal_code(headers: &HeaderMap) -> Option<i32> {
    headers.get(header::REFUSAL)?.to_str().ok()?.parse().ok()
}

fn encrypt(keys: &Keys, message: &Message<'_>, associated_data: &[u8], nonce: &[u8; 16]) -> String {
    const BEFORE: &str = r#"{"encrypt":""#;
    const AFTER: &str = r#""}"#;
    let (key, gcm_nonce) = keys.message_key(message.flow, nonce);
    let mut text = Vec::with_capacity(message.plaintext.len() + key.algorithm().tag_len());
    text.extend_from_slice(message.plaintext);
    key.seal_in_place_append_tag(gcm_nonce, Aad::from(associated_data), &mut text)
        .expect("AES-GCM takes texts of up to 64 GiB");
    let encoded = base64::encoded_len(text.len(), true).unwrap_or_default();
    let mut body = String::with_capacity(BEFORE.len() + encoded + AFTER.len());
    body.push_str(BEFORE);
    STANDARD.encode_string(&text, &mut body);
    body.push_str(AFTER);
    body
}

fn headers(items: &Items<'_>, outcome: Option<Outcome>, signature: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CHANNEL, HeaderValue::from_static(CHANNEL));
    let mut set = |name: HeaderName, text: &str| {
        let value = HeaderValue::from_str(text);
        headers.insert(name, value.unwrap_or(HeaderValue::from_static("")));
    };
    set(header::KEY_ID, items.key_id);
    set(header::VERSION, items.version);
    set(header::TIMESTAMP, items.timestamp);
    set(header::NONCE, items.nonce);
    set(header::REQUEST_ID, items.request_id);
    if let Some(outcome) = outcome {
        set(header::OUTCOME, outcome.as_str());
    }
    set(header::SIGNATURE, &STANDARD.encode(signature));
    headers
}
