//! The interface through its front door, in Rust and in Python: each test runs against both programs, so
//! that they cannot drift apart.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod notifications;
mod order_status;
mod process;
mod refusals;
mod request;
mod settings;
