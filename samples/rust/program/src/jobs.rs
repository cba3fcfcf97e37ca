//! Async calls: acknowledged at once, worked on here, reported when done.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ringback_zone_sdk::calls::ProgramAsyncJobCallBack;
use ringback_zone_sdk::{Request, log_error, log_info};
use tokio::task::JoinSet;

use crate::Program;
use crate::ability::perform;
use crate::answer::INTERNAL;

/// How long to wait before a report that did not get through is tried again.
const AGAIN: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
    Duration::from_mins(1),
];

/// How long a stop waits for them.
const DRAIN: Duration = Duration::from_secs(10);

/// The jobs under way. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jobs(Arc<Mutex<JoinSet<()>>>);

impl Jobs {
    /// Works on a request in the background and reports what it gives.
    pub(crate) fn start(&self, program: Program, request: &Request) {
        let work = request.in_log_async(run(program, request.clone()));
        let mut jobs = self.lock();
        while jobs.try_join_next().is_some() {}
        jobs.spawn(work);
    }

    /// Waits for the jobs under way, for a while.
    pub(crate) async fn finish(&self) {
        let jobs = std::mem::take(&mut *self.lock());
        let left = jobs.len();
        if tokio::time::timeout(DRAIN, jobs.join_all()).await.is_err() {
            log_error!("of {left} jobs some have not ended");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(program: Program, request: Request) {
    let report = match perform(&program, &request).await {
        Ok(result) => ProgramAsyncJobCallBack {
            errcode: 0,
            result: Some(result),
        },
        Err(failure) => {
            log_error!("{failure}");
            // A result must satisfy the output protocol; there is none.
            ProgramAsyncJobCallBack {
                errcode: INTERNAL,
                result: None,
            }
        }
    };
    deliver(&request, &report).await;
}

/// Reports once; again only where the zone may not have got it. It takes one final report a job, so a
/// second one is harmless.
async fn deliver(request: &Request, report: &ProgramAsyncJobCallBack) {
    let client = request.client();
    let mut again = AGAIN.iter();
    loop {
        match client.call(report).await {
            Ok(_) => return log_info!("reported"),
            Err(error) => {
                log_error!("cannot report: {error}");
                match again.next().filter(|_| error.is_network()) {
                    Some(wait) => tokio::time::sleep(*wait).await,
                    None => return,
                }
            }
        }
    }
}
