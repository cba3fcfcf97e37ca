//! Sources: where events come into Ringback.
//!
//! A [`Gateway`] serves `/in/{source}` ([`Gateway::routes`]): verify, decrypt, dedupe, write, and
//! only then acknowledge (design, section 4). A challenge is answered without touching the disk, a
//! call is forwarded to one endpoint inside the platform's deadline, and whatever is not
//! authenticated gets one fixed answer (design, section 10). [`Gateway::api`] manages the sources.
//!
//! ```no_run
//! # async fn wire(engine: ringback_deliver::Engine) -> Result<(), Box<dyn std::error::Error>> {
//! let gateway = ringback_gateway::Gateway::new(engine, ringback_gateway::Options::default()).await?;
//! let faces = gateway.routes().merge(axum::Router::from(gateway.api()));
//! # Ok(()) }
//! ```

mod api;
mod error;
mod gateway;
mod headers;
mod limit;
mod live;
mod options;
mod receive;
pub mod records;
mod refusals;
mod source;
mod sources;
mod traffic;

pub use error::{LoadError, SourceError};
pub use gateway::Gateway;
pub use live::Counts;
pub use options::{Limits, Options};
pub use receive::LostAnswer;
pub use refusals::RefusalEntry;
pub use source::{
    Acknowledgement, NewSource, SecretsInput, Settings, SettingsChange, Source, SourceDialect,
    SourceSecrets, check_sdk_app_id,
};
pub use sources::Sources;
pub use traffic::{Lost, SeenRequest};
