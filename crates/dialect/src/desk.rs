//! Tencent Desk, both halves: calls and notifications of the Chat webhook framework.
//!
//! The protocol is sheet `tencent-desk`; section numbers in this module are that sheet's. A command word
//! stands in the query and in the body, which is plain JSON; the signature, where there is one, stands
//! in the query and proves no more than that somebody knew the token at some second (4.4).

mod account;
mod answer;
pub mod body;
mod command;
mod failure;
mod mapping;
mod query;
mod receive;
mod send;

pub use account::{Account, DEFAULT_CLIENT_IP, OptPlatform, sign};
pub use answer::{InvocationAnswer, check_answer, judge_event, read_invocation_answer};
pub use command::Command;
pub use failure::{CallFailure, REFUSED_BY_BUSINESS, error_info};
pub use mapping::{failed_answer, mapped_answer};
pub use query::is_framework_parameter;
pub use receive::{DEFAULT_TOLERANCE, Receiver, Secrets, acknowledgement, is_request_id};
pub use send::Sender;
