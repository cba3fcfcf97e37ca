//! How an instance is, as everybody may see it.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use ringback_types::{Problem, WireTime};
use serde::Serialize;

/// One instance of a program.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceStatus {
    /// Which one, from 1.
    pub number: u32,
    /// What it is doing.
    pub state: State,
    /// Since when.
    pub since: WireTime,
    /// Its process, while it has one.
    pub pid: Option<u32>,
    /// Where it listens, while it is ready.
    pub address: Option<SocketAddr>,
    /// How often it has been started again.
    pub restarts: u32,
    /// When it is started again, while it is backing off.
    pub next_start: Option<WireTime>,
    /// How its process ended last.
    pub last_exit: Option<Exit>,
    /// Why it did not come up, until it does.
    pub problem: Option<Problem>,
    /// Whether it is kept from the network, from files and from other processes: never, as yet.
    pub isolated: bool,
}

impl InstanceStatus {
    pub(crate) fn new(number: u32, since: WireTime) -> Self {
        Self {
            number,
            state: State::Starting,
            since,
            pid: None,
            address: None,
            restarts: 0,
            next_start: None,
            last_exit: None,
            problem: None,
            isolated: false,
        }
    }
}

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its process is being made, or does not accept connections yet.
    Starting,
    /// It accepts connections.
    Ready,
    /// It ended by itself or did not come up; it is started again after a pause.
    BackingOff,
    /// Its process ends: it was told to, or did by itself and what it left is killed.
    Stopping,
    /// It has no process and gets none.
    Stopped,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exit {
    /// When.
    pub at: WireTime,
    /// By status or signal.
    pub ended: Ended,
    /// How long it had run.
    pub ran_ms: u64,
    /// Whether it has a memory limit and said that it got no memory. One that says nothing, or that the
    /// kernel killed for want of memory, cannot be told from others.
    pub out_of_memory: bool,
}

/// By status or signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It exited with this status.
    Status(i32),
    /// This signal killed it.
    Signal(i32),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Status(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(code) => write!(formatter, "exit status {code}"),
            Self::Signal(signal) => ExitStatus::from_raw(*signal).fmt(formatter),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ended.fmt(formatter)?;
        if self.out_of_memory {
            formatter.write_str(" at the memory limit")?;
        }
        Ok(())
    }
}
