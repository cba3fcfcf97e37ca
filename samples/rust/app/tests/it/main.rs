//! The sample app through its front doors: the real binary, and a platform on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod platform;
mod process;
mod pulling;
