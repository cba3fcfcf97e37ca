//! The sample program through its front door: the real binary, and a zone on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod events;
mod pass_through;
mod process;
mod protocols;
#[expect(dead_code, reason = "the SDK's tests use more of it")]
#[path = "../../../../../sdk/rust/tests/it/stub.rs"]
mod stub;
mod tasks;
