//! Tencent Desk task flows as values: the document, its checks, one step after another, drawing, matching.
//!
//! Pure: no clock, no I/O, no randomness. A [`Document`] is what a person writes; [`Flow::new`] checks it
//! and names the node and edge of each [`Fault`]; a [`Run`] goes through it, one [`Input`] after another.
//! The protocol is the sheet `tencent-desk`; section numbers in this crate are that sheet's.

mod check;
mod decimal;
pub mod document;
pub mod draw;
mod expression;
mod fault;
mod flow;
pub mod matcher;
mod run;
mod schema;
mod template;

pub use document::{Document, FlowKind, Node, NodeKind, SystemVariable};
pub use fault::{Fault, FaultKind};
pub use flow::{Flow, MAX_DOCUMENT_BYTES, read};
pub use run::{
    Advance, Ending, Happening, Input, Next, Oddity, Phase, Pick, Run, Speech, System, Unexpected,
    Variables,
};
pub use schema::schema;
pub use template::is_variable_name;
