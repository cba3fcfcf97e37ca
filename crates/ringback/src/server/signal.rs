//! Signals: stop, stop at once, reload.

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind};

use crate::failure::Failure;

/// A signal that came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Taken {
    /// SIGTERM or SIGINT.
    Stop(Signal),
    /// SIGHUP.
    Hangup,
}

/// What a shell adds to the number of the signal that ended a process.
const SIGNAL_BASE: i32 = 128;

/// The signals that this process takes.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
}

impl Signals {
    /// Takes them from now on; to be made before anything says that the process is up, so that none is
    /// lost in between.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| unix::signal(kind).map_err(Failure::internal);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Taken {
        tokio::select! {
            _ = self.terminate.recv() => Taken::Stop(Signal::TERM),
            _ = self.interrupt.recv() => Taken::Stop(Signal::INT),
            _ = self.hangup.recv() => Taken::Hangup,
        }
    }

    /// Waits for SIGTERM or SIGINT and says which; SIGHUP is passed over.
    pub(crate) async fn stop(&mut self) -> Signal {
        loop {
            if let Taken::Stop(signal) = self.next().await {
                return signal;
            }
        }
    }
}

/// Ends the process without waiting for anything, as a second signal asks; what was acknowledged is
/// on the disk.
#[expect(clippy::exit, reason = "a second signal asks for exactly this")]
pub(crate) fn end_at_once(signal: Signal) -> ! {
    std::process::exit(SIGNAL_BASE + signal.as_raw())
}
