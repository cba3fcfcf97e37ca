//! The platform half through its front doors: real store, real engine, real businesses on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod apps;
mod business;
mod calls;
mod conversations;
mod crash;
mod crowd;
mod flows;
mod live;
mod model;
mod notifications;
mod stage;
mod transfer;
