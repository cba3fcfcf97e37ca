//! The Tencent Desk platform half: flows, runs, conversations, interface invocation, notifications.
//!
//! A [`Desk`] plays the platform towards a business. [`Desk::api`] is what its console and a user's
//! client do: apps, flows with their versions, conversations, the live view. When a run reaches an
//! API-call node, the business's interface is called through the one path of `ringback_deliver`; every
//! step and message becomes a notification there, in the very write that makes it true.
//!
//! What a flow is and how it goes on is `ringback_flow`'s, which knows no clock and no network. The
//! protocol is the sheet `tencent-desk`; section numbers in this crate are that sheet's. Where it says
//! ND (not documented), the choice is a setting of the app ([`Settings`]), or is named in
//! `docs/fidelity.md`.

mod api;
mod app;
mod apps;
mod conversation;
mod conversations;
mod desk;
mod error;
mod fixture;
mod flows;
mod idle;
mod invoke;
mod library;
mod live;
mod notices;
mod options;
pub mod records;
mod registry;
mod resolve;
mod talk;
mod trigger;
mod turns;
mod understand;
mod view;

pub use app::{App, AppChange, NewApp, UrlUse};
pub use conversations::NewConversation;
pub use desk::Desk;
pub use error::{AppError, ConversationError, FlowError, LoadError, TriggerError};
pub use flows::{StoredFlow, Version};
pub use options::{Language, Model, Options, Settings, Texts};
pub use trigger::{CallView, Trigger, Triggered};
pub use view::{AppView, ConversationView, FlowView, MessageView, RunStepsView, SaidView};
