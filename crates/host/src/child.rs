//! The process of an instance and its group.
//!
//! Its end is awaited through a pidfd and it is reaped only after its group has been killed: as long as
//! it is not reaped its number belongs to nobody else, so that no signal can reach a stranger.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use rustix::process::{Pid, PidfdFlags, Resource, Signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;

use crate::launch;
use crate::spawner::{self, Spawner};

/// A child process; killed when it is dropped.
pub(crate) struct Child {
    process: std::process::Child,
    pidfd: AsyncFd<OwnedFd>,
    spawner: Arc<Spawner>,
}

impl Child {
    /// Starts `command`, whose output must be piped, and answers its output pipes too.
    pub(crate) async fn spawn(
        spawner: Arc<Spawner>,
        command: Command,
    ) -> io::Result<(Self, [pipe::Receiver; 2])> {
        let mut process = spawner.spawn(command).await?;
        match attach(&mut process) {
            Ok((pidfd, pipes)) => Ok((
                Self {
                    process,
                    pidfd,
                    spawner,
                },
                pipes,
            )),
            Err(error) => {
                spawner.forget(process.id());
                spawner::discard(process);
                Err(error)
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Limits the address space from outside.
    pub(crate) fn limit_memory(&self, bytes: u64) -> io::Result<()> {
        let pid = Pid::from_child(&self.process);
        rustix::process::prlimit(Some(pid), Resource::As, launch::hard(bytes))?;
        Ok(())
    }

    /// Waits until it has ended; it may be called again.
    pub(crate) async fn exited(&self) {
        // An error means that the runtime ends, and this with it.
        let _ = self.pidfd.readable().await;
    }

    /// Sends a signal to its whole group, or to itself as long as it has no group of its own.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.process);
        if rustix::process::kill_process_group(pid, signal).is_err() {
            // It fails when it has ended, and then there is nothing to do.
            let _ = rustix::process::pidfd_send_signal(&self.pidfd, signal);
        }
    }

    /// How it ended; call it after [`exited`](Child::exited).
    pub(crate) fn reap(mut self) -> io::Result<ExitStatus> {
        self.process.wait()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(Some(_))) {
            self.signal(Signal::KILL);
        }
        self.spawner.forget(self.process.id());
    }
}

fn attach(
    process: &mut std::process::Child,
) -> io::Result<(AsyncFd<OwnedFd>, [pipe::Receiver; 2])> {
    let pidfd = rustix::process::pidfd_open(Pid::from_child(process), PidfdFlags::empty())?;
    let lost = || io::Error::other("the output has no pipe");
    let stdout = process.stdout.take().ok_or_else(lost)?;
    let stderr = process.stderr.take().ok_or_else(lost)?;
    let pipes = [
        pipe::Receiver::from_owned_fd(stdout.into())?,
        pipe::Receiver::from_owned_fd(stderr.into())?,
    ];
    Ok((awaitable(pidfd)?, pipes))
}

#[expect(
    deprecated,
    reason = "its successor is unsafe for the sake of types that give away different descriptors; this is an owned one"
)]
fn awaitable(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(pidfd, Interest::READABLE)
}
