//! Task flows through their front door.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod check;
mod documents;
mod draw;
mod expression;
mod matcher;
mod phases;
mod player;
mod properties;
mod run;
mod schema;
