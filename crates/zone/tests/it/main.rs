//! The zone through its front doors: what an app's server calls, what a program written with the SDK
//! gets and calls, and what lies on the disk afterwards.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod calls;
mod debug;
mod door;
mod figure;
mod hostile;
mod jobs;
mod peers;
mod program;
mod stage;
mod tasks;
