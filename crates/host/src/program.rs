//! One program as it runs: from a call of `run` until it is stopped or run anew.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::error::RotateError;
use crate::log::Log;
use crate::output::{Output, Sink};
use crate::place::Place;
use crate::spec::{Spec, check_credentials};
use crate::status::InstanceStatus;
use crate::supervisor::{Context, Supervisor};

/// The instances of a program. They stop when this is dropped.
pub(crate) struct Program {
    stop: watch::Sender<bool>,
    instances: Vec<Instance>,
    pub(crate) log: Arc<Log>,
}

struct Instance {
    status: watch::Receiver<InstanceStatus>,
    place: Place,
    output: Arc<Output>,
}

impl Program {
    /// Starts every instance as soon as nothing of `previous` is left.
    pub(crate) fn start(
        context: &Arc<Context>,
        spec: Spec,
        credentials: Vec<Bytes>,
        log: Arc<Log>,
        previous: Option<&Arc<Self>>,
    ) -> Self {
        let spec = Arc::new(spec);
        let stop = watch::Sender::new(false);
        let start = |(number, contents)| {
            let stop = stop.subscribe();
            Instance::start(
                context,
                &spec,
                number,
                contents,
                &log,
                stop,
                previous.cloned(),
            )
        };
        let instances = (1..).zip(credentials).map(start).collect();
        Self {
            stop,
            instances,
            log,
        }
    }

    pub(crate) fn ask_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns when every supervisor has ended, and so every process.
    pub(crate) async fn ended(&self) {
        for instance in &self.instances {
            let mut status = instance.status.clone();
            while status.changed().await.is_ok() {}
        }
    }

    pub(crate) fn statuses(&self) -> Vec<InstanceStatus> {
        let status = |instance: &Instance| instance.status.borrow().clone();
        self.instances.iter().map(status).collect()
    }

    /// Answers from the status of an instance, from 1.
    pub(crate) fn with_status<T>(
        &self,
        number: u32,
        answer: impl FnOnce(&InstanceStatus) -> Option<T>,
    ) -> Option<T> {
        answer(&self.instance(number)?.status.borrow())
    }

    pub(crate) fn output(&self, number: u32) -> Vec<String> {
        let output = self
            .instance(number)
            .map(|instance| instance.output.lines());
        output.unwrap_or_default()
    }

    /// Blocks while it writes.
    pub(crate) fn rotate(&self, credentials: Vec<Bytes>) -> Result<(), RotateError> {
        check_credentials(self.instances.len(), credentials.len())?;
        for ((number, instance), contents) in (1..).zip(&self.instances).zip(credentials) {
            let replaced = instance.place.replace_credentials(contents);
            replaced.map_err(|source| RotateError::Write {
                instance: number,
                source,
            })?;
        }
        Ok(())
    }

    fn instance(&self, number: u32) -> Option<&Instance> {
        self.instances.get(number.checked_sub(1)? as usize)
    }
}

impl Instance {
    fn start(
        context: &Arc<Context>,
        spec: &Arc<Spec>,
        number: u32,
        credentials: Bytes,
        log: &Arc<Log>,
        stop: watch::Receiver<bool>,
        previous: Option<Arc<Program>>,
    ) -> Self {
        let directory = context.directory.join(&spec.program);
        let place = Place::new(directory.join(number.to_string()), credentials);
        let output = Arc::new(Output::new(context.options.output_bytes));
        let (status, seen) = watch::channel(InstanceStatus::new(number, context.clock.wire()));
        let supervisor = Supervisor {
            context: Arc::clone(context),
            spec: Arc::clone(spec),
            place: place.clone(),
            sink: Sink {
                instance: number,
                log: Arc::clone(log),
                output: Arc::clone(&output),
            },
            status,
            stop,
        };
        tokio::spawn(supervisor.supervise(previous));
        Self {
            status: seen,
            place,
            output,
        }
    }
}
