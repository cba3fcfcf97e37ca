//! The engine and time: the sleeper, playing time on, quiet, and the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ringback_types::{ClockError, ScheduleTime};
use tokio::sync::{Notify, watch};

use super::{Advanced, Inner};

/// The longest the sleeper sleeps: a wall clock that jumps costs no more (design, section 9).
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How often every endpoint's next due time is read anew, in case anything was missed.
const RESCAN: Duration = Duration::from_secs(30);

/// How many attempts were made and how many deliveries became final.
#[derive(Debug, Default)]
pub(super) struct Tally {
    attempts: AtomicU64,
    failed: AtomicU64,
    finished: AtomicU64,
}

impl Tally {
    pub(super) fn attempted(&self, succeeded: bool) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if !succeeded {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn finished(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> [u64; 3] {
        [&self.attempts, &self.failed, &self.finished].map(|count| count.load(Ordering::Relaxed))
    }
}

/// Wakes the engine when something becomes due, at least every second, and when the configuration
/// changes. Ends with the engine.
pub(super) async fn keep_time(
    engine: Weak<Inner>,
    wake: Arc<Notify>,
    mut revision: watch::Receiver<i64>,
) {
    let mut rounds = Rounds::default();
    loop {
        let Some(inner) = engine.upgrade() else {
            return;
        };
        inner.reload_if(&mut revision).await;
        let sleep = inner.tick(&mut rounds).await;
        drop(inner);
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = wake.notified() => {}
            changed = revision.changed() => {
                if changed.is_err() {
                    return;
                }
                revision.mark_changed();
            }
        }
    }
}

/// When the slower rounds were last made.
#[derive(Debug, Default)]
struct Rounds {
    swept: Option<Instant>,
    rescanned: Option<Instant>,
}

fn over(last: &mut Option<Instant>, now: Instant, every: Duration) -> bool {
    let over = last.is_none_or(|last| now.duration_since(last) >= every);
    if over {
        *last = Some(now);
    }
    over
}

impl Inner {
    async fn reload_if(&self, revision: &mut watch::Receiver<i64>) {
        if !revision.has_changed().unwrap_or(false) {
            return;
        }
        revision.mark_unchanged();
        if let Err(error) = self.endpoints.reload().await {
            tracing::warn!(%error, "the endpoints could not be read again");
            revision.mark_changed();
        }
    }

    /// Takes up what has become due; answers how long to sleep.
    async fn tick(self: &Arc<Self>, rounds: &mut Rounds) -> Duration {
        let monotonic = self.clock.monotonic();
        if over(&mut rounds.swept, monotonic, LONGEST_SLEEP) {
            self.http.sweep();
            self.measure();
        }
        if over(&mut rounds.rescanned, monotonic, RESCAN) {
            for endpoint in self.endpoints.all() {
                self.rescan(endpoint.id).await;
            }
        }
        self.tell(|_, _| ());
        let now = self.clock.schedule();
        let mut schedule = self.schedule();
        let longest = now.plus(LONGEST_SLEEP);
        let until = schedule
            .scheduler
            .wake_at()
            .map_or(longest, |at| at.min(longest));
        schedule.sleeps_until = until;
        drop(schedule);
        // A virtual clock does not come to a due time by sleeping.
        if self.clock.is_virtual() {
            LONGEST_SLEEP
        } else {
            until.since(now)
        }
    }

    fn measure(&self) {
        let now = self.clock.schedule();
        let due: Vec<_> = self.schedule().scheduler.oldest_due().collect();
        for (endpoint, since) in due {
            if let Some(endpoint) = self.endpoint(endpoint) {
                endpoint
                    .meters()
                    .oldest_due(since.map_or(Duration::ZERO, |since| now.since(since)));
            }
        }
    }

    pub(super) async fn advance(self: &Arc<Self>, by: Duration) -> Result<Advanced, ClockError> {
        if !self.clock.is_virtual() {
            return Err(ClockError::Real);
        }
        let _turn = self.advancing.lock().await;
        let before = self.tally.read();
        let target = self.clock.schedule().plus(by);
        self.quiet().await;
        while let Some(at) = self.next_before(target) {
            self.play_to(at).await?;
        }
        self.play_to(target).await?;
        let after = self.tally.read();
        Ok(Advanced {
            attempts: after[0] - before[0],
            failed: after[1] - before[1],
            finished: after[2] - before[2],
            now: self.clock.schedule(),
        })
    }

    fn next_before(&self, target: ScheduleTime) -> Option<ScheduleTime> {
        self.schedule()
            .scheduler
            .wake_at()
            .filter(|at| *at <= target)
    }

    async fn play_to(self: &Arc<Self>, time: ScheduleTime) -> Result<(), ClockError> {
        self.clock.advance_to(time)?;
        self.tell(|_, _| ());
        self.quiet().await;
        Ok(())
    }

    pub(super) async fn quiet(self: &Arc<Self>) {
        loop {
            // Listening begins before looking, so that what happens between is not missed.
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.schedule().scheduler.is_quiet(self.clock.schedule()) {
                return;
            }
            idle.await;
        }
    }

    pub(super) async fn shutdown(self: &Arc<Self>, drain: Duration) {
        self.schedule().scheduler.stop();
        if tokio::time::timeout(drain, self.quiet()).await.is_err() {
            tracing::warn!("attempts were still under way when the time to finish was over");
            return;
        }
        // Rooms hold the engine, and the engine holds what they registered: the ring is broken here,
        // but only when nothing is under way that would miss them.
        self.rooms().clear();
    }
}
