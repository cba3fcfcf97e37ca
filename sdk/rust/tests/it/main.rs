//! The SDK through its public face, against a stub of the zone on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be set fails its test"
)]

mod calling;
mod debugging;
mod logging;
mod requests;
mod serving;
mod stub;
mod transport;
mod vectors;
