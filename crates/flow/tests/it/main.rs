//! Task flows through their front door.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod draw;
mod matcher;
