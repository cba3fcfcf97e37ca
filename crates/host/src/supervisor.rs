//! The task that keeps one instance of a program running until it is told to stop.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use ringback_types::{Clock, Coded, Problem};
use rustix::process::Signal;
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::child::Child;
use crate::command;
use crate::error::StartError;
use crate::launch;
use crate::options::Options;
use crate::output::{Readers, Sink};
use crate::place::Place;
use crate::port::{Lease, Ports};
use crate::program::Program;
use crate::spawner::Spawner;
use crate::spec::Spec;
use crate::status::{Exit, InstanceStatus, State};

/// How long output is read that is still in the pipes after the whole group has been killed: a process
/// that left the group may hold them open for ever.
const DRAIN: Duration = Duration::from_secs(1);

/// What all supervisors share.
pub(crate) struct Context {
    pub(crate) clock: Clock,
    pub(crate) directory: PathBuf,
    pub(crate) options: Options,
    pub(crate) spawner: Arc<Spawner>,
    pub(crate) ports: Arc<Ports>,
    pub(crate) changes: watch::Sender<u64>,
}

/// Of one instance.
pub(crate) struct Supervisor {
    pub(crate) context: Arc<Context>,
    pub(crate) spec: Arc<Spec>,
    pub(crate) place: Place,
    pub(crate) sink: Sink,
    pub(crate) status: watch::Sender<InstanceStatus>,
    pub(crate) stop: watch::Receiver<bool>,
}

/// A process that has been started.
struct Running {
    child: Child,
    readers: Readers,
    lease: Lease,
}

/// Why a process is not let run any longer.
enum Over {
    Exited,
    Stopped,
    NotListening,
}

impl Supervisor {
    /// Begins when nothing of `previous` is left, and ends when nothing of this is.
    pub(crate) async fn supervise(mut self, previous: Option<Arc<Program>>) {
        if let Some(previous) = previous {
            previous.ended().await;
        }
        self.sink.log.open().await;
        let mut backoff = Backoff::new(&self.context.options);
        while !*self.stop.borrow() {
            let ran = self.attempt().await;
            if *self.stop.borrow() {
                break;
            }
            self.pause(backoff.after(ran)).await;
        }
        let place = self.place.clone();
        // Only a panic is an error here, and there is nobody to tell.
        let _ = tokio::task::spawn_blocking(move || place.delete_credentials()).await;
        self.enter(State::Stopped, |_| {});
    }

    /// One process from its start to its end; answers how long it ran.
    async fn attempt(&mut self) -> Duration {
        self.enter(State::Starting, |status| status.next_start = None);
        let started = self.context.clock.monotonic();
        match self.start().await {
            Ok(running) => {
                self.live(running).await;
                self.context.clock.monotonic().duration_since(started)
            }
            Err(error) => {
                self.note_problem(&error);
                Duration::ZERO
            }
        }
    }

    async fn start(&mut self) -> Result<Running, StartError> {
        let executable = self.prepare().await?;
        let lease = self.context.ports.lease().map_err(StartError::Port)?;
        let options = &self.context.options;
        let launcher = options.launcher.as_ref();
        let address = lease.address();
        let command = command::build(launcher, &self.spec, &executable, &self.place, address);
        self.sink.output.begin();
        let spawner = Arc::clone(&self.context.spawner);
        let (child, pipes) = Child::spawn(spawner, command)
            .await
            .map_err(StartError::Spawn)?;
        if let (None, Some(limit)) = (launcher, self.spec.memory_limit_bytes) {
            child.limit_memory(limit).map_err(StartError::Spawn)?;
        }
        let readers = Readers::start(pipes, &self.sink, options.output_bytes_per_second);
        self.enter(State::Starting, |status| status.pid = Some(child.pid()));
        Ok(Running {
            child,
            readers,
            lease,
        })
    }

    /// Makes the directory and the credentials file, and finds the executable.
    async fn prepare(&self) -> Result<PathBuf, StartError> {
        let (place, spec) = (self.place.clone(), Arc::clone(&self.spec));
        let prepared = tokio::task::spawn_blocking(move || {
            place.prepare()?;
            command::find(&spec)
        });
        let panicked =
            |error| StartError::Spawn(std::io::Error::other::<tokio::task::JoinError>(error));
        prepared.await.map_err(panicked)?
    }

    async fn live(&mut self, mut running: Running) {
        let started = self.context.clock.monotonic();
        let over = self.watch(&running).await;
        if let Over::NotListening = over {
            self.note_problem(&StartError::NotListening {
                port: running.lease.address().port(),
                deadline: self.context.options.start_deadline,
            });
        }
        self.enter(State::Stopping, |status| status.address = None);
        if !matches!(over, Over::Exited) {
            self.terminate(&mut running).await;
        }
        let status = end(running).await;
        let ran = self.context.clock.monotonic().duration_since(started);
        // It is reaped nowhere else, so that there is a status.
        let status = status.unwrap_or_default();
        self.note_exit(status, ran, matches!(over, Over::Exited));
    }

    /// Waits until the process is ready, and then until it is over.
    async fn watch(&mut self, running: &Running) -> Over {
        let Options {
            start_deadline,
            ready_interval,
            ..
        } = self.context.options;
        let ready = tokio::time::timeout(start_deadline, running.lease.until_open(ready_interval));
        tokio::select! {
            biased;
            () = running.child.exited() => return Over::Exited,
            () = stopped(&mut self.stop) => return Over::Stopped,
            is_ready = ready => if is_ready.is_err() {
                return Over::NotListening;
            }
        }
        self.enter(State::Ready, |status| {
            status.address = Some(running.lease.address());
            status.problem = None;
        });
        tokio::select! {
            () = running.child.exited() => Over::Exited,
            () = stopped(&mut self.stop) => Over::Stopped,
        }
    }

    /// Asks the group to end and gives it the grace: until the process has ended and nobody in the group
    /// holds its output any more.
    async fn terminate(&self, running: &mut Running) {
        running.child.signal(Signal::TERM);
        let ended = async {
            running.child.exited().await;
            running.readers.ended().await;
        };
        // What has not ended by then is killed.
        let _ = tokio::time::timeout(self.context.options.stop_grace, ended).await;
    }

    async fn pause(&mut self, pause: Duration) {
        let next_start = self.context.clock.wire().plus(pause);
        self.enter(State::BackingOff, |status| {
            status.next_start = Some(next_start);
        });
        tokio::select! {
            () = stopped(&mut self.stop) => {}
            () = tokio::time::sleep(pause) => self.change(|status| status.restarts += 1),
        }
    }

    fn note_problem(&self, error: &StartError) {
        let (program, number) = (&self.spec.program, self.sink.instance);
        tracing::warn!(%program, instance = number, code = %error.code(), %error, "a program is not up");
        let problem = Problem::from_error(503, error);
        self.change(|status| status.problem = Some(problem));
    }

    fn note_exit(&self, status: ExitStatus, ran: Duration, by_itself: bool) {
        let is_limited = self.spec.memory_limit_bytes.is_some();
        let exit = Exit {
            at: self.context.clock.wire(),
            ended: status.into(),
            ran_ms: u64::try_from(ran.as_millis()).unwrap_or(u64::MAX),
            out_of_memory: by_itself && is_limited && self.sink.output.says_no_memory(),
        };
        if by_itself {
            let (program, number) = (&self.spec.program, self.sink.instance);
            tracing::warn!(%program, instance = number, %exit, ran_ms = exit.ran_ms, "a program ended by itself");
        }
        self.change(|status| {
            status.pid = None;
            status.last_exit = Some(exit);
            if by_itself {
                status.problem = None;
            }
        });
        if by_itself && let Some(error) = self.launch_failure() {
            self.note_problem(&error);
        }
    }

    /// Why the launcher did not become the program.
    fn launch_failure(&self) -> Option<StartError> {
        self.context.options.launcher.as_ref()?;
        let cause = self
            .sink
            .output
            .find(|line| launch::failure(line).map(str::to_owned));
        cause.map(StartError::NotExecuted)
    }

    fn enter(&self, state: State, change: impl FnOnce(&mut InstanceStatus)) {
        let now = self.context.clock.wire();
        self.change(|status| {
            if status.state != state {
                status.state = state;
                status.since = now;
            }
            change(status);
        });
    }

    fn change(&self, change: impl FnOnce(&mut InstanceStatus)) {
        self.status.send_modify(change);
        self.context.changes.send_modify(|changes| *changes += 1);
    }
}

/// Returns when the instance is to stop, or nobody is left who could say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Kills what is left of the group, reads what is left of the output, and reaps.
async fn end(mut running: Running) -> std::io::Result<ExitStatus> {
    running.child.signal(Signal::KILL);
    running.child.exited().await;
    let _ = tokio::time::timeout(DRAIN, running.readers.ended()).await;
    running.child.reap()
}
