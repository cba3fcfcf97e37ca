//! The Feishu platform half: apps, request URLs, subscriptions, pushes, callbacks, tokens.
//!
//! A [`Feishu`] plays the platform towards an app's server. [`Feishu::api`] is what its console does
//! (apps, request URL with challenge, triggers, the event log), [`Feishu::routes`] is what its open
//! API does (`/open-apis/…`). Events and callbacks take the one path of `ringback_deliver`: each app
//! owns a built-in source and two endpoints there, one for events and one for callbacks, and
//! [`Feishu`] resolves their URL, secrets and policy anew for every attempt.
//!
//! The protocol is the sheet `feishu-events`; section numbers in this crate are that sheet's. Where it
//! says ND (not documented), the choice is a setting of the app ([`Settings`]) or of the process
//! ([`Options`]), or is named in `docs/fidelity.md`.
//!
//! ```no_run
//! # async fn wire(engine: ringback_deliver::Engine) -> Result<(), ringback_feishu::LoadError> {
//! use ringback_feishu::{Feishu, Options};
//!
//! let random = ringback_types::Random::system();
//! let feishu = Feishu::new(engine, random, Options::default()).await?;
//! let faces = feishu.routes().merge(axum::Router::from(feishu.api()));
//! # Ok(()) }
//! ```

mod api;
mod app;
mod apps;
mod callback;
mod error;
mod event_log;
mod feishu;
mod fixture;
mod generate;
mod open_api;
mod options;
pub mod records;
mod registry;
pub mod request_url;
mod resolve;
mod token;
mod trigger;
mod view;

pub use app::{App, AppChange, Credentials, NewApp, Rotation, SecretName};
pub use callback::{CallbackOutcome, CallbackRequest, Cause, ClientCode};
pub use error::{AppError, CallbackError, LoadError, TriggerError};
pub use event_log::{LogPage, LogQuery, LogRow, PushStatus};
pub use feishu::{Feishu, Seed};
pub use fixture::{BodySchema, Fixture, fixture, fixtures};
pub use options::{CallbackSettings, EventSettings, Options, Settings};
pub use trigger::{Trigger, Triggered};
pub use view::{AppView, CredentialsView};
