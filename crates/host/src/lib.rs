//! Runs zone programs as child processes: start, restart with a growing pause, memory limit, readiness,
//! logs, credentials files.
//!
//! [`Hosts`] holds what runs. Each instance of a program has a supervisor task of its own, a directory
//! of its own below the hosts' directory (`<program>/<number>/`: `work/`, where it runs, and
//! `credentials.json`), a free loopback port that it is told in `RINGBACK_ZONE_LISTEN`, and a
//! [status](InstanceStatus). Processes are **not isolated**: every status says so.
//!
//! A program starts through a [`Launcher`], which ends in [`launch`]: there its limits are set before it
//! runs, and the kernel is told to kill it when Ringback is gone.
//!
//! The rules are the sheet wecom-zone-sdk, sections 2, 6 and 17, and section 6 of the design.

mod backoff;
mod child;
mod command;
mod error;
mod hosts;
mod launch;
mod log;
mod options;
mod output;
mod place;
mod port;
mod program;
mod spawner;
mod spec;
mod status;
mod supervisor;

pub use error::{NotReady, RotateError, SpecError, StartError};
pub use hosts::Hosts;
pub use launch::launch;
pub use log::{LogCounts, LogFilter, LogLevel, LogLine};
pub use options::{Launcher, Options};
pub use spec::Spec;
pub use status::{Ended, Exit, InstanceStatus, State};
