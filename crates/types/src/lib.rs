//! What every room of Ringback speaks: ids, three kinds of time, randomness, secrets, error codes.
//!
//! This is the only crate that reads a clock or makes random bytes; every other room is handed a
//! [`Clock`] and a [`Random`]. `clippy.toml` at the root guards that.

mod code;
#[cfg(feature = "face")]
pub mod extract;
pub mod id;
mod member;
mod problem;
mod random;
mod secret;
mod time;
mod words;

pub use code::{Code, Coded};
pub use id::{
    AppId, CallerId, ConversationId, DeliveryId, EndpointId, EventId, FlowId, IdGenerator,
    RecordId, RunId, SourceId,
};
pub use member::set_member;
pub use problem::{Caller, Problem, Role};
pub use random::Random;
pub use secret::Secret;
pub use time::{Clock, ClockError, Deadline, ScheduleTime, WireTime};
