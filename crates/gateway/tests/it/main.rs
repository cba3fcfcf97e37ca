//! The receiving room through its front door: real sockets, real store, real engine.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod business;
mod calls;
mod desk;
mod desk_peers;
mod events;
mod limits;
mod peers;
mod platform;
mod receiver;
mod refusals;
mod sources;
mod stage;
mod standard_receivers;
mod traffic;
mod wecom;
mod wecom_peers;
