//! The archive through its public face, on a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod listing;
mod stage;
