//! The engine and time: the sleeper, playing time on, quiet, and the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ringback_store::Store;
use ringback_types::{ClockError, ScheduleTime};
use tokio::sync::{Notify, watch};

use super::{Advanced, Inner};
use crate::seam::{Alarm, Transport as _};

/// The longest the sleeper sleeps: a wall clock that jumps costs no more (design, section 9).
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How far schedule time goes backwards before it counts as a clock set back.
const SET_BACK: Duration = Duration::from_secs(1);
/// How long the endpoints are left as they are after they could not be read.
const AFTER_FAILED_RELOAD: Duration = Duration::from_secs(1);
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

/// What moves in the store without the engine's doing.
pub(super) struct Moves {
    revision: watch::Receiver<i64>,
    epochs: watch::Receiver<i64>,
}

impl Moves {
    pub(super) fn of(store: &Store) -> Self {
        Self {
            revision: store.revision(),
            epochs: store.epochs(),
        }
    }
}

/// Wakes the engine when something becomes due, at least every second, when the configuration changes,
/// and when the store was recovered. Ends with the engine.
pub(super) async fn keep_time(engine: Weak<Inner>, wake: Arc<Notify>, mut moves: Moves) {
    let mut rounds = Rounds::default();
    loop {
        let Some(inner) = engine.upgrade() else {
            return;
        };
        inner.reload(&mut rounds).await;
        let sleep = inner.tick(&mut rounds).await;
        drop(inner);
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = wake.notified() => {}
            changed = moves.revision.changed() => match changed {
                Ok(()) => rounds.reload = Reload::Wanted,
                Err(_) => return,
            },
            changed = moves.epochs.changed() => match changed {
                // What ran in the epoch that is over may be taken again.
                Ok(()) => rounds.rescanned = None,
                Err(_) => return,
            },
        }
    }
}

/// When the slower rounds were last made.
#[derive(Debug, Default)]
struct Rounds {
    swept: Option<Instant>,
    rescanned: Option<Instant>,
    reload: Reload,
    /// The latest schedule time seen, until a clock that was set back has been dealt with.
    latest: Option<ScheduleTime>,
}

/// Whether the endpoints are to be read again.
#[derive(Debug, Default)]
enum Reload {
    #[default]
    Done,
    Wanted,
    FailedAt(Instant),
}

/// Whether the clock was set back since `latest`.
fn set_back(latest: Option<ScheduleTime>, now: ScheduleTime) -> bool {
    latest.is_some_and(|latest| latest.since(now) > SET_BACK)
}

fn over(last: &mut Option<Instant>, now: Instant, every: Duration) -> bool {
    let over = last.is_none_or(|last| now.duration_since(last) >= every);
    if over {
        *last = Some(now);
    }
    over
}

impl Inner {
    async fn reload(&self, rounds: &mut Rounds) {
        let now = self.clock.monotonic();
        let wanted = match rounds.reload {
            Reload::Done => false,
            Reload::Wanted => true,
            Reload::FailedAt(at) => now.duration_since(at) >= AFTER_FAILED_RELOAD,
        };
        if !wanted {
            return;
        }
        rounds.reload = match self.endpoints.reload().await {
            Ok(()) => Reload::Done,
            Err(error) => {
                tracing::warn!(%error, "the endpoints could not be read again");
                Reload::FailedAt(now)
            }
        };
    }

    /// After a clock that had jumped ahead came back, what arrived meanwhile and was never tried would
    /// wait as long as the jump was: it is due now. A retry keeps to its ladder.
    async fn watch_clock(&self, rounds: &mut Rounds) {
        let now = self.clock.schedule();
        if !set_back(rounds.latest, now) {
            rounds.latest = rounds.latest.max(Some(now));
            return;
        }
        tracing::warn!("the clock was set back: what was never tried becomes due now");
        for endpoint in self.endpoints.all() {
            if let Err(error) = self.record.pull_due(endpoint.id).await {
                tracing::warn!(endpoint = %endpoint.name, %error, "due times could not be moved");
                return;
            }
        }
        rounds.latest = Some(now);
        rounds.rescanned = None;
    }

    /// Takes up what has become due; answers how long to sleep.
    async fn tick(self: &Arc<Self>, rounds: &mut Rounds) -> Duration {
        let monotonic = self.clock.monotonic();
        if over(&mut rounds.swept, monotonic, LONGEST_SLEEP) {
            self.sweep();
            self.measure();
        }
        self.watch_clock(rounds).await;
        if over(&mut rounds.rescanned, monotonic, RESCAN) {
            self.rescan_all().await;
        }
        self.ring_alarms().await;
        self.tell(|_, _| ());
        let now = self.clock.schedule();
        let longest = now.plus(LONGEST_SLEEP);
        let alarm = self.next_alarm().unwrap_or(longest);
        let mut schedule = self.schedule();
        let until = schedule
            .scheduler
            .wake_at()
            .map_or(longest, |at| at.min(longest))
            // An alarm that could not do its work is tried again with the next round.
            .min(if alarm > now { alarm } else { longest });
        schedule.sleeps_until = until;
        drop(schedule);
        // A virtual clock does not come to a due time by sleeping.
        if self.clock.is_virtual() {
            LONGEST_SLEEP
        } else {
            until.since(now)
        }
    }

    fn sweep(&self) {
        self.http.sweep();
        let transports: Vec<_> = self.rooms().transports.values().map(Arc::clone).collect();
        for transport in transports {
            transport.sweep();
        }
    }

    fn alarms(&self) -> Vec<Arc<dyn Alarm>> {
        self.rooms().alarms.clone()
    }

    fn next_alarm(&self) -> Option<ScheduleTime> {
        self.alarms().iter().filter_map(|alarm| alarm.next()).min()
    }

    async fn ring_alarms(&self) {
        let _turn = self.ringing.lock().await;
        let now = self.clock.schedule();
        for alarm in self.alarms() {
            if alarm.next().is_some_and(|at| at <= now) {
                alarm.ring(now).await;
            }
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
        let mut played = None;
        while let Some(at) = self.next_before(target) {
            self.play_to(at).await?;
            // An alarm that could not do its work stays due; it must not hold the clock.
            if played.replace(at) == Some(at) {
                break;
            }
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
        let delivery = self.schedule().scheduler.wake_at();
        let alarm = self.next_alarm();
        let next = delivery.into_iter().chain(alarm).min();
        next.filter(|at| *at <= target)
    }

    async fn play_to(self: &Arc<Self>, time: ScheduleTime) -> Result<(), ClockError> {
        self.clock.advance_to(time)?;
        self.ring_alarms().await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_set_back_when_it_shows_more_than_a_second_less() {
        let at = ScheduleTime::from_millis;
        for (latest, now, expected) in [
            (None, 0, false),
            (Some(5_000), 5_001, false),
            (Some(5_000), 4_000, false),
            (Some(5_000), 3_999, true),
        ] {
            assert_eq!(set_back(latest.map(at), at(now)), expected);
        }
    }
}
