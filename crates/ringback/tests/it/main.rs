//! The real binary, through its front door: arguments, stdout, exit status, signals, sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod apply;
mod config;
mod demo;
mod desk;
mod documents;
mod help;
mod lifecycle;
mod postgres;
mod receiver;
mod rehearsal;
mod seed;
mod serve;
mod support;
mod verify;
mod verify_desk;
mod verify_wecom;
mod zone;
