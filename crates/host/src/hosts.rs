//! All programs that run here.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use ringback_types::Clock;
use tokio::sync::watch;

use crate::error::{NotReady, RotateError, SpecError};
use crate::log::{Log, LogCounts, LogFilter, LogLevel, LogLine};
use crate::options::Options;
use crate::program::Program;
use crate::spawner::Spawner;
use crate::spec::Spec;
use crate::status::{InstanceStatus, State};
use crate::supervisor::Context;

type Programs = HashMap<String, Arc<Program>>;

/// The programs that run as child processes of this one. Cheap to clone; when the last clone is dropped
/// every program is stopped.
#[derive(Clone)]
pub struct Hosts(Arc<Inner>);

struct Inner {
    context: Arc<Context>,
    programs: RwLock<Programs>,
    /// Also of programs that do not run any more.
    logs: Mutex<HashMap<String, Arc<Log>>>,
}

impl Hosts {
    /// Nothing runs yet. Everything that programs need on the disk is below `directory`.
    pub fn new(clock: Clock, directory: PathBuf, options: Options) -> Self {
        let context = Context {
            clock,
            // Programs are told paths below it, and run somewhere else.
            directory: std::path::absolute(&directory).unwrap_or(directory),
            spawner: Arc::new(Spawner::new(options.launcher.clone())),
            options,
            ports: Arc::default(),
            changes: watch::Sender::new(0),
        };
        Self(Arc::new(Inner {
            context: Arc::new(context),
            programs: RwLock::default(),
            logs: Mutex::default(),
        }))
    }

    /// Stops what runs of this program, if anything, and starts it anew, so that exactly this runs:
    /// `credentials` are the contents of the credentials file of each instance, in their order.
    ///
    /// Returns at once; how it goes on shows in the [status](Hosts::status). Must be called inside a
    /// tokio runtime.
    pub fn run(&self, spec: Spec, credentials: Vec<Bytes>) -> Result<(), SpecError> {
        let context = &self.0.context;
        spec.check(context.options.instances_limit, credentials.len())?;
        let log = self.log_of(&spec.program);
        log.set_level(spec.log_level);
        let name = spec.program.clone();
        let mut programs = self.write();
        let previous = programs.remove(&name);
        if let Some(previous) = &previous {
            previous.ask_to_stop();
        }
        let program = Program::start(context, spec, credentials, log, previous.as_ref());
        programs.insert(name, Arc::new(program));
        Ok(())
    }

    /// Replaces the credentials files of a program, each as a whole, without a restart. They are on the
    /// disk when this returns.
    pub async fn rotate(&self, program: &str, credentials: Vec<Bytes>) -> Result<(), RotateError> {
        let not_running = || RotateError::NotRunning(program.to_owned());
        let running = self.program(program).ok_or_else(not_running)?;
        let rotated = tokio::task::spawn_blocking(move || running.rotate(credentials));
        rotated.await.unwrap_or_else(|_| Err(not_running()))
    }

    /// Stops a program and returns when none of its processes is left and its credentials files are
    /// gone. Its log and working directories stay.
    pub async fn stop(&self, program: &str) {
        let Some(running) = self.program(program) else {
            return;
        };
        running.ask_to_stop();
        running.ended().await;
        running.log.flush().await;
        let mut programs = self.write();
        if programs
            .get(program)
            .is_some_and(|now| Arc::ptr_eq(now, &running))
        {
            programs.remove(program);
        }
    }

    /// Stops every program.
    pub async fn stop_all(&self) {
        let names: Vec<String> = {
            let programs = self.read();
            programs.values().for_each(|program| program.ask_to_stop());
            programs.keys().cloned().collect()
        };
        for name in names {
            self.stop(&name).await;
        }
    }

    /// Stops a program and deletes all that is kept of it: working directories and log files.
    pub async fn remove(&self, program: &str) {
        self.stop(program).await;
        let Some(_) = self.lock_logs().remove(program) else {
            return;
        };
        let directory = self.0.context.directory.join(program);
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(directory)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%program, %error, "the directory of a program is not deleted");
        }
    }

    /// How each instance of a program is; empty if it does not run here.
    pub fn status(&self, program: &str) -> Vec<InstanceStatus> {
        let programs = self.read();
        programs
            .get(program)
            .map(|running| running.statuses())
            .unwrap_or_default()
    }

    /// Where an instance (from 1) accepts connections, while it is ready. Answers from memory.
    pub fn address(&self, program: &str, instance: u32) -> Option<SocketAddr> {
        let programs = self.read();
        programs
            .get(program)?
            .with_status(instance, |status| status.address)
    }

    /// Changes whenever the status of any instance does. Get it before looking at a status, and no
    /// change is missed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.context.changes.subscribe()
    }

    /// Waits until all instances of a program are ready at once, however often they have to be started; put a
    /// deadline around it and look at the [status](Hosts::status) when it passes.
    pub async fn wait_ready(&self, program: &str) -> Result<(), NotReady> {
        let mut changes = self.changes();
        loop {
            let statuses = self.status(program);
            let is_stopped = |status: &InstanceStatus| status.state == State::Stopped;
            if statuses.is_empty() || statuses.iter().any(is_stopped) {
                return Err(NotReady::NotRunning(program.to_owned()));
            }
            if statuses.iter().all(|status| status.state == State::Ready) {
                return Ok(());
            }
            // Its sender lives in this.
            let _ = changes.changed().await;
        }
    }

    /// The newest log lines of a program, the oldest of them first.
    pub fn logs(&self, program: &str, filter: &LogFilter) -> Vec<LogLine> {
        let log = self.lock_logs().get(program).cloned();
        log.map(|log| log.lines(filter)).unwrap_or_default()
    }

    /// The number of the newest log line of a program that has run here, for those who follow its log.
    pub fn newest_log(&self, program: &str) -> Option<watch::Receiver<u64>> {
        self.lock_logs().get(program).map(|log| log.newest())
    }

    /// What became of the log lines of a program.
    pub fn log_counts(&self, program: &str) -> LogCounts {
        let log = self.lock_logs().get(program).cloned();
        log.map(|log| log.counts()).unwrap_or_default()
    }

    /// Which log lines of a program are kept from now on, until it is [run](Hosts::run) again.
    pub fn set_log_level(&self, program: &str, level: LogLevel) {
        if let Some(log) = self.lock_logs().get(program) {
            log.set_level(level);
        }
    }

    /// The end of what an instance (from 1) wrote that are not log lines: for the diagnosis of crashes.
    /// It is in memory only and may hold whatever the program wrote, plaintext of messages included.
    pub fn output(&self, program: &str, instance: u32) -> Vec<String> {
        let running = self.program(program);
        running
            .map(|running| running.output(instance))
            .unwrap_or_default()
    }

    fn log_of(&self, program: &str) -> Arc<Log> {
        let context = &self.0.context;
        let make = || {
            let directory = context.directory.join(program);
            let (clock, options) = (context.clock.clone(), context.options.clone());
            Arc::new(Log::new(clock, program, directory, options))
        };
        let mut logs = self.lock_logs();
        Arc::clone(logs.entry(program.to_owned()).or_insert_with(make))
    }

    fn program(&self, program: &str) -> Option<Arc<Program>> {
        self.read().get(program).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, Programs> {
        self.0
            .programs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Programs> {
        self.0
            .programs
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_logs(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Log>>> {
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let programs = self.read();
        formatter
            .debug_tuple("Hosts")
            .field(&programs.keys())
            .finish()
    }
}
