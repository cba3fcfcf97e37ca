//! Wire formats of callback platforms, both halves: bytes and values in, bytes and values out.
//!
//! No clock, no I/O and no randomness of its own: whoever asks hands in the time and the random
//! bytes. A [`Receiver`] turns a [`Received`] request into an [`Incoming`] or a [`Refusal`]; a
//! [`Sender`] turns an [`Outgoing`] into a [`WireRequest`] and judges the [`Answer`] to it. What is
//! signed is never parsed and written again.
//!
//! One module and one cargo feature a platform: `desk` (Tencent Desk), `feishu`, `standard`
//! (Standard Webhooks), `wecom`, `zone`.

#[cfg(feature = "desk")]
pub mod desk;
#[cfg(feature = "feishu")]
pub mod feishu;
#[cfg(any(feature = "feishu", feature = "standard"))]
mod headers;
#[cfg(any(feature = "desk", feature = "feishu", feature = "wecom"))]
mod hexadecimal;
#[cfg(any(
    feature = "desk",
    feature = "feishu",
    feature = "standard",
    feature = "wecom"
))]
mod identifier;
#[cfg(any(
    feature = "desk",
    feature = "feishu",
    feature = "standard",
    feature = "zone"
))]
#[cfg_attr(
    not(any(feature = "desk", feature = "feishu", feature = "standard")),
    expect(dead_code, reason = "`zone` alone needs little of it")
)]
mod json;
mod message;
mod outgoing;
#[cfg(any(
    feature = "desk",
    feature = "feishu",
    feature = "standard",
    feature = "wecom"
))]
mod receiver;
mod refusal;
mod sender;
#[cfg(feature = "standard")]
pub mod standard;
#[cfg(any(
    feature = "desk",
    feature = "feishu",
    feature = "standard",
    feature = "wecom"
))]
mod unix_seconds;
mod verdict;
#[cfg(feature = "wecom")]
pub mod wecom;
#[cfg(feature = "zone")]
pub mod zone;

#[cfg(any(
    feature = "desk",
    feature = "feishu",
    feature = "standard",
    feature = "zone"
))]
pub use json::MAX_JSON_DEPTH;
pub use message::{Incoming, Message, Received, Reply, refusal_reply};
pub use outgoing::{Answer, EncodeError, Outgoing, RawRequest, WireRequest};
#[cfg(any(
    feature = "desk",
    feature = "feishu",
    feature = "standard",
    feature = "wecom"
))]
pub use receiver::Receiver;
pub use refusal::{Dialect, Reason, Refusal};
pub use sender::Sender;
pub use verdict::{CallFailure, FailureKind, Verdict};
