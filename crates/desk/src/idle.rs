//! Conversations that have been quiet for too long are closed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ringback_deliver::{Alarm, BoxFuture};
use ringback_store::ReadError;
use ringback_types::ScheduleTime;

use crate::desk::{Desk, Inner};
use crate::records;

/// How many are looked up at once, how many such looks one ringing takes, and how many are closed at the
/// same time, so that they share commits.
const PAGE: i64 = 500;
const PAGES: usize = 4;
const TOGETHER: usize = 64;
/// How long what could not be closed rests.
const PAUSE: Duration = Duration::from_secs(1);
const NEVER: i64 = i64::MAX;

/// When the next conversation may have been quiet for too long; never later than that.
#[derive(Debug)]
pub(crate) struct Idle(AtomicI64);

impl Idle {
    pub(crate) fn new(next: Option<ScheduleTime>) -> Self {
        Self(AtomicI64::new(next.map_or(NEVER, ScheduleTime::as_millis)))
    }

    /// A conversation will have been quiet for too long then; whether nobody was due before.
    pub(crate) fn due(&self, at: ScheduleTime) -> bool {
        self.0.fetch_min(at.as_millis(), Ordering::AcqRel) > at.as_millis()
    }

    fn next(&self) -> Option<ScheduleTime> {
        let next = self.0.load(Ordering::Acquire);
        (next != NEVER).then(|| ScheduleTime::from_millis(next))
    }
}

/// Closes what is quiet for too long, whenever the engine's clock says so.
pub(crate) fn alarm(desk: &Desk) -> Arc<dyn Alarm> {
    Arc::new(IdleAlarm(Arc::downgrade(&desk.0)))
}

#[derive(Debug)]
struct IdleAlarm(Weak<Inner>);

impl IdleAlarm {
    async fn close_all(&self, now: ScheduleTime) {
        let Some(desk) = self.0.upgrade().map(Desk) else {
            return;
        };
        // What becomes due from here on is noted anew.
        desk.0.idle.0.store(NEVER, Ordering::Release);
        let next = close_idle(&desk, now).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "quiet conversations could not be looked up; tried again soon");
            Some(now.plus(PAUSE))
        });
        if let Some(next) = next {
            desk.0.idle.due(next);
        }
    }
}

impl Alarm for IdleAlarm {
    fn next(&self) -> Option<ScheduleTime> {
        self.0.upgrade()?.idle.next()
    }

    fn ring(&self, now: ScheduleTime) -> BoxFuture<'_, ()> {
        Box::pin(self.close_all(now))
    }
}

/// Answers when the next is due.
async fn close_idle(desk: &Desk, now: ScheduleTime) -> Result<Option<ScheduleTime>, ReadError> {
    for _ in 0..PAGES {
        let page = records::conversations::idle(desk.store(), now, PAGE).await?;
        let count = page.len();
        let closing = stream::iter(page).for_each_concurrent(TOGETHER, |id| async move {
            if let Err(error) = desk.close_idle(id).await {
                tracing::warn!(conversation = %id, %error, "a quiet conversation could not be closed");
            }
        });
        closing.await;
        if count < PAGE as usize {
            break;
        }
    }
    let next = records::conversations::next_idle(desk.store()).await?;
    // What is left is busy, could not be closed, or is more than one ringing takes.
    Ok(next.map(|next| if next > now { next } else { now.plus(PAUSE) }))
}
