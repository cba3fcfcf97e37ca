//! Desk: calls of API-call nodes, steps of flows, and conversations that wait.

mod call;
mod inside;
mod log;
mod room;
mod steps;
mod waiting;

pub(super) use call::run as call;
pub(super) use steps::run as steps;
pub(super) use waiting::run as waiting;
