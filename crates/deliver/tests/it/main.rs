//! The delivery engine through its front door: a real store, real sockets, a virtual schedule.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod calls;
mod changes;
mod desk;
mod faults;
mod guard;
mod hostile;
mod house;
mod ladder;
mod order;
mod probe;
mod replay;
mod restart;
mod storm;
mod tls;
mod transport;
mod zone;
