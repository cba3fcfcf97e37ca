//! The same calls for threads that may wait: the C, Java and Python faces have no async runtime.

use std::fmt;
use std::future::Future;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::error::Error;
use crate::zone::Zone;

/// A runtime with one thread, started when it is first needed.
#[derive(Default)]
pub(crate) struct Blocking(Mutex<Option<Worker>>);

/// The runtime of the process that made it: its thread does not survive a fork.
struct Worker {
    process: u32,
    runtime: Option<Arc<Runtime>>,
}

impl Blocking {
    fn runtime(&self) -> Result<Arc<Runtime>, Error> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if let Some(worker) = held.as_ref().filter(|worker| worker.process == process)
            && let Some(runtime) = &worker.runtime
        {
            return Ok(Arc::clone(runtime));
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("ringback-zone")
            .enable_all()
            .build()
            .map_err(|error| Error::Internal {
                detail: format!("no thread can be started: {error}"),
            })?;
        let runtime = Arc::new(runtime);
        let fresh = Worker {
            process,
            runtime: Some(Arc::clone(&runtime)),
        };
        // The parent's runtime cannot be ended here: its threads are not in this process.
        mem::forget(held.replace(fresh));
        Ok(runtime)
    }
}

impl Zone {
    /// Waits for a future on this thread, while the zone's own thread does the reading and writing.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        Ok(self.inner().blocking.runtime()?.block_on(future))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Waiting for the thread is not allowed where the zone is dropped inside another runtime.
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Blocking")
    }
}
