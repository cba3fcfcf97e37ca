//! All programs that run here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use ringback_types::Clock;
use tokio::sync::watch;

use crate::error::{NotReady, RotateError, SpecError};
use crate::log::{LogCounts, LogFilter, LogLevel, LogLine};
use crate::options::Options;
use crate::spec::{Spec, check_credentials};
use crate::status::InstanceStatus;

/// The programs that run as child processes of this one. Cheap to clone; when the last clone is dropped
/// every program is stopped.
#[derive(Debug, Clone)]
pub struct Hosts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    directory: PathBuf,
    options: Options,
    changes: watch::Sender<u64>,
}

impl Hosts {
    /// Nothing runs yet. Everything that programs need on the disk is below `directory`.
    pub fn new(clock: Clock, directory: PathBuf, options: Options) -> Self {
        Self(Arc::new(Inner {
            clock,
            directory,
            options,
            changes: watch::Sender::new(0),
        }))
    }

    /// Stops what runs of this program, if anything, and starts it anew, so that exactly this runs:
    /// `credentials` are the contents of the credentials file of each instance, in their order.
    ///
    /// Returns at once; how it goes on shows in the [status](Hosts::status). Must be called inside a
    /// tokio runtime.
    pub fn run(&self, spec: Spec, credentials: Vec<Bytes>) -> Result<(), SpecError> {
        spec.check(self.0.options.instances_limit, credentials.len())
    }

    /// Replaces the credentials files of a program, each as a whole, without a restart. They are on the
    /// disk when this returns.
    pub async fn rotate(&self, program: &str, credentials: Vec<Bytes>) -> Result<(), RotateError> {
        check_credentials(0, credentials.len())?;
        Err(RotateError::NotRunning(program.to_owned()))
    }

    /// Stops a program and returns when none of its processes is left and its credentials files are
    /// gone. Its log and working directories stay.
    pub async fn stop(&self, program: &str) {
        let _ = program;
    }

    /// Stops every program.
    pub async fn stop_all(&self) {}

    /// Stops a program and deletes all that is kept of it: working directories and log files.
    pub async fn remove(&self, program: &str) {
        self.stop(program).await;
    }

    /// How each instance of a program is; empty if it does not run here.
    pub fn status(&self, program: &str) -> Vec<InstanceStatus> {
        let _ = program;
        Vec::new()
    }

    /// Where an instance (from 1) accepts connections, while it is ready.
    pub fn address(&self, program: &str, instance: u32) -> Option<SocketAddr> {
        let statuses = self.status(program);
        let status = statuses.iter().find(|status| status.number == instance)?;
        status.address
    }

    /// Changes whenever the status of any instance does. Get it before looking at a status, and no
    /// change is missed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Waits until all instances of a program are ready, however often they have to be started; put a
    /// deadline around it and look at the [status](Hosts::status) when it passes.
    pub async fn wait_ready(&self, program: &str) -> Result<(), NotReady> {
        Err(NotReady::NotRunning(program.to_owned()))
    }

    /// The newest log lines of a program, the oldest of them first.
    pub fn logs(&self, program: &str, filter: &LogFilter) -> Vec<LogLine> {
        let _ = (program, filter);
        Vec::new()
    }

    /// What became of the log lines of a program.
    pub fn log_counts(&self, program: &str) -> LogCounts {
        let _ = program;
        LogCounts::default()
    }

    /// Which log lines of a program are kept from now on, until it is [run](Hosts::run) again.
    pub fn set_log_level(&self, program: &str, level: LogLevel) {
        let _ = (program, level);
    }

    /// The end of what an instance wrote that are not log lines: for the diagnosis of crashes. It is in
    /// memory only and may hold whatever the program wrote, plaintext of messages included.
    pub fn output(&self, program: &str, instance: u32) -> Vec<String> {
        let _ = (program, instance);
        Vec::new()
    }
}
