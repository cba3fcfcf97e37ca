//! The faces through their front door: every room wired as the binary wires it, on real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod access;
mod business;
mod document;
mod endpoints;
mod operations;
mod serving;
mod stage;
mod story;
mod wecom;
