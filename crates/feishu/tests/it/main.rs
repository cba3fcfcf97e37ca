//! The platform half through its front doors: real store, real engine, real receivers on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod apps;
mod callbacks;
mod events;
mod peer;
mod peers;
mod receiver;
mod request_url;
mod stage;
mod tokens;
