//! Standard Webhooks, both halves.
//!
//! `webhook-id`, `webhook-timestamp` and `webhook-signature`: `v1,` and base64 of an HMAC-SHA-256
//! over id, timestamp and body with full stops between them; several signatures stand side by side
//! with spaces, so that keys can be rotated.

mod key;
mod receive;
mod send;

pub use key::{KeyError, SigningKey};
pub use receive::{DEFAULT_TOLERANCE, Receiver};
pub use send::{MAX_RETRY_AFTER, Sender, judge_event};

use http::HeaderName;

const ID_HEADER: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP_HEADER: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("webhook-signature");
