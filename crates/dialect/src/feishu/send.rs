//! The platform's side of a push: token, encryption, signature, success rule.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use ringback_types::WireTime;

use super::crypto::{EncryptKey, encrypt_into, sign};
use super::envelope::set_token;
use super::{NONCE_HEADER, SIGNATURE_HEADER, Secrets, TIMESTAMP_HEADER};
use crate::hexadecimal::hexadecimal;
use crate::{Answer, FailureKind, Outgoing, Verdict, WireRequest};

/// The send half with an app's secrets; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    secrets: Arc<Secrets>,
}

impl Sender {
    /// A sender with these secrets.
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets: Arc::new(secrets),
        }
    }

    /// The push of an event or callback: the token set, encrypted and signed where there is an
    /// Encrypt Key. Without one the signature headers are left out (3.1).
    pub fn encode(&self, outgoing: &Outgoing<'_>, now: WireTime, random: [u8; 32]) -> WireRequest {
        let [iv, nonce] = halves(random);
        let plaintext = set_token(outgoing.body, &self.secrets.verification_token);
        let Some(key) = &self.secrets.encrypt_key else {
            return unsigned(plaintext);
        };
        let mut request = unsigned(seal(key, iv, &plaintext));
        let timestamp = now.as_seconds().to_string();
        let nonce = hexadecimal(&nonce);
        let signature = sign(timestamp.as_bytes(), nonce.as_bytes(), key, &request.body);
        for (name, value) in [
            (TIMESTAMP_HEADER, timestamp),
            (NONCE_HEADER, nonce),
            (SIGNATURE_HEADER, signature),
        ] {
            let value = HeaderValue::try_from(value).expect("digits are header text");
            request.headers.insert(name, value);
        }
        request
    }
}

/// Only 200 counts (5.1); the body is ignored.
pub fn judge_event(answer: &Answer<'_>) -> Verdict {
    if answer.status == StatusCode::OK {
        Verdict::Delivered
    } else {
        Verdict::Failed(FailureKind::of(answer.status))
    }
}

/// Exactly `{"encrypt":"…"}`: the official Node SDK signs the body as it would write it, so that one
/// space more makes it drop the event (section 2).
pub(super) fn seal(key: &EncryptKey, iv: [u8; 16], plaintext: &[u8]) -> Bytes {
    // Base64 makes four bytes of three; vector and padding are at most 32 bytes, the frame 14.
    let mut wire = String::with_capacity((plaintext.len() + 32).div_ceil(3) * 4 + 14);
    wire.push_str(r#"{"encrypt":""#);
    encrypt_into(&mut wire, key, iv, plaintext);
    wire.push_str(r#""}"#);
    Bytes::from(wire)
}

/// A request of this body and nothing but its content type (section 9).
pub(super) fn unsigned(body: Bytes) -> WireRequest {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json;charset=utf-8"),
    );
    WireRequest {
        query: None,
        headers,
        body,
    }
}

/// The vector and the nonce of one attempt.
pub(super) fn halves(random: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    for (half, bytes) in halves.iter_mut().zip(random.chunks_exact(16)) {
        half.copy_from_slice(bytes);
    }
    halves
}
