//! The WeCom platform half, the data-and-intelligence zone: corps, apps, programs, abilities, calls,
//! events, notifications, tasks, debug mode.
//!
//! A [`Zone`] plays the platform towards an app's server (`/cgi-bin/…`, [`Zone::routes`]) and towards
//! programs (`/zone/…`, the same), and is what its console does ([`Zone::api`]). Calls and events take
//! the one path of `ringback_deliver`: each program that an app may use has an endpoint there, and each
//! app one for its notifications; the zone resolves them anew for every attempt, so that debug mode,
//! rotation and affinity need no special case.
//!
//! What goes through here is private: bodies are kept sealed, errors and log lines name codes, paths and
//! ids, never content. The sheets are `wecom-zone-app` and `wecom-zone-sdk`; the channel to programs is
//! the design's, section 6.

mod alarm;
mod api;
mod app;
mod association;
mod call;
pub mod callback_url;
mod corp;
mod debug;
mod door;
pub mod errcode;
mod error;
mod event;
mod face;
mod job;
mod manage;
mod masking;
mod media;
mod notify;
mod options;
mod program;
mod rate;
pub mod records;
mod registry;
mod resolve;
mod route;
mod seal;
mod task;
mod token;
mod unverified;
mod view;
mod zone;

pub use app::{App, AppChange, AppKind, AppState, Callback, Install, NewApp, NewCallback};
pub use association::{Association, Session};
pub use corp::{Corp, CorpChange, NewCorp};
pub use error::{LoadError, ZoneError};
pub use event::{EventType, Trigger, TriggerError, Triggered};
pub use options::{Options, Settings, WellKnownCallback};
pub use program::{
    Ability, AbilityInput, DebugCredential, DebugPage, Host, LogLevel, Program, ProgramInput,
    ProgramKind, ProgramState,
};
pub use zone::Zone;
