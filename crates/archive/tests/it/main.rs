//! The archive through its public face, on a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_rest;
mod generate;
mod import;
mod keys;
mod knowledge;
mod listing;
mod notices;
mod pages;
mod render;
mod scope;
mod stage;
