//! Route, attempt, judge, record: the delivery engine, the outbound client and the doctor's probe.
//!
//! [`Engine::accept`] writes an event and one delivery per matching [`Endpoint`] in one durable write
//! and attempts them in the background; [`Engine::call`] exchanges once and hands the answer back.
//! Both go through the same encode, exchange and judge under one deadline (design, section 4).
//!
//! Two seams let this crate stay below the rooms (design, section 3): [`Resolve`] is asked at every
//! attempt where an endpoint is and with which live secrets; [`Transport`] carries a request to a
//! target. Connections to addresses that a user, an event or an endpoint names are opened here alone,
//! behind the [`Guard`].

mod endpoint;
mod engine;
mod failure;
pub mod faults;
pub mod guard;
mod health;
mod meters;
mod own;
mod policy;
pub mod probe;
pub mod raw;
pub mod records;
mod registry;
mod scheduler;
mod seam;
mod transport;

pub use endpoint::{
    DisableReason, Endpoint, EndpointChange, EndpointDialect, NewEndpoint, PauseReason, Room,
    Secrets, TypeFilter,
};
pub use engine::{
    Advanced, Arrival, Call, CallError, CallOutcome, Engine, EngineOptions, Receipt, ReplayError,
    ReplayReport, Replaying,
};
pub use failure::{Stage, TransportFailure};
pub use faults::Faults;
pub use guard::Guard;
pub use health::{Health, HealthState};
pub use policy::{DESK_RETRY_LADDER_MS, OnDead, OrderBy, Policy, PolicyChange};
pub use probe::Probe;
pub use registry::{EndpointError, Endpoints};
pub use seam::{
    Alarm, Answer, BoxFuture, Limits, Resolve, ResolveError, Resolved, Target, Transport,
};
pub use transport::HttpUrl;
