//! Feishu event subscription and callbacks, both halves.
//!
//! The protocol is sheet `feishu-events`; section numbers in this module are that sheet's.

mod body;
mod callback;
mod challenge;
pub mod crypto;
mod envelope;
mod receive;
mod send;

pub use body::{HeaderV1, HeaderV2, body_v1, body_v2};
pub use callback::{CardGeneration, check_callback_answer};
pub use challenge::{ChallengeFailure, challenge, challenge_body, judge_challenge};
pub use crypto::EncryptKey;
pub use envelope::{Identity, blank_token, identify, is_callback, set_token};
pub use receive::{DEFAULT_TOLERANCE, Receiver};
pub use send::{Sender, judge_event};

use http::HeaderName;
use ringback_types::Secret;

/// Unix seconds in decimal; our choice where the platform's unit is not documented (3.1).
const TIMESTAMP_HEADER: HeaderName = HeaderName::from_static("x-lark-request-timestamp");
const NONCE_HEADER: HeaderName = HeaderName::from_static("x-lark-request-nonce");
const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("x-lark-signature");

/// What an app and its receiver both know.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Encrypts and signs; `None` where the app has none set (1.1).
    pub encrypt_key: Option<EncryptKey>,
    /// Stands in every challenge, event and callback (3.2). An empty one is never matched.
    pub verification_token: Secret,
}

impl Secrets {
    /// The secrets as they are typed in; an empty Encrypt Key is none.
    pub fn new(encrypt_key: Option<&Secret>, verification_token: Secret) -> Self {
        Self {
            encrypt_key: encrypt_key
                .filter(|key| !key.is_empty())
                .map(|key| EncryptKey::new(key.clone())),
            verification_token,
        }
    }
}
