//! Assembles the faces: management API with OpenAPI, health, metrics, and the rooms' own routes.
//!
//! [`Faces`] puts the routers together, checks `Host` on every one of them and the token on
//! `/api/v1`; [`serve()`] runs one on a listener with limits, optional TLS and a graceful stop.

mod api;
mod auth;
mod error;
mod faces;
mod fallback;
mod health;
mod host;
pub mod metrics;
pub mod records;
mod serve;
mod tokens;

pub use error::TokenError;
pub use faces::{Face, Faces, Options};
pub use host::Hosts;
pub use serve::{Limits, Serving, Tls, serve};
pub use tokens::{NewToken, Token, Tokens};
