//! The channel between the zone and its programs, version 1, and protocol matching.
//!
//! The platform documents no more than that requests and replies are signed and encrypted (sheet
//! `wecom-zone-sdk`, section 4.5); the format is ours (design, section 6, "The channel"). Both ends
//! are symmetric: [`seal()`] makes the headers and the body of a [`Message`]; the other end looks up
//! the [`KeyRing`] of its [`Address`], [`admit`](KeyRing::admit)s the headers before it reads the
//! body, and [`open`](Admitted::open)s that. A message is opened only in the [`Flow`] and for the
//! target that it was sealed for, and once.

mod credentials;
mod exchange;
mod frames;
mod head;
mod keys;
mod message;
mod nonces;
mod open;
mod protocol;
mod reason;
mod reply;
mod ring;
mod seal;

pub use credentials::{Credentials, Version};
pub use exchange::{Exchange, ReplyBinding, Sender};
pub use frames::{CallType, Frame, InvokeFrame, OpenFrame, OpenedFrame, RequestFrame};
pub use head::{Address, Head, TOLERANCE};
pub use keys::Keys;
pub use message::{Flow, Message, OPEN_TARGET, Outcome, PROGRAM_TARGET};
pub use nonces::{NONCE_LIFETIME, Nonces};
pub use open::{Admitted, decrypt, open, verify};
pub use protocol::{JsonType, Mismatch, Protocol, ProtocolError};
pub use reason::Reason;
pub use reply::{CallFailure, ReplyFailure};
pub use ring::KeyRing;
pub use seal::{Sealed, refusal_code, seal, unsigned_refusal};

/// The headers of the channel; one value each.
pub mod header {
    use http::HeaderName;

    /// The version of the channel: `1`.
    pub const CHANNEL: HeaderName = HeaderName::from_static("ww-channel");
    /// Whose keys: `program/instance`, or `program/dbg-<session>`.
    pub const KEY_ID: HeaderName = HeaderName::from_static("ww-key-id");
    /// Which version of them, in decimal.
    pub const VERSION: HeaderName = HeaderName::from_static("ww-secret-ver");
    /// When the message was sealed, in Unix milliseconds.
    pub const TIMESTAMP: HeaderName = HeaderName::from_static("ww-timestamp");
    /// Sixteen random bytes in base64url without padding.
    pub const NONCE: HeaderName = HeaderName::from_static("ww-nonce");
    /// The request, or the one that a reply answers; empty in a reply that is not bound to any.
    pub const REQUEST_ID: HeaderName = HeaderName::from_static("ww-request-id");
    /// How a request ended: `ok` or `error`; in replies only.
    pub const OUTCOME: HeaderName = HeaderName::from_static("ww-outcome");
    /// Base64 of the HMAC-SHA-256 over everything above and the body.
    pub const SIGNATURE: HeaderName = HeaderName::from_static("ww-signature");
    /// The SDK's code of an error, such as `-10004`; not signed.
    pub const REFUSAL: HeaderName = HeaderName::from_static("ww-refusal");
}
