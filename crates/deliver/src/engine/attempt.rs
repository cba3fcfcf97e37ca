//! One attempt of one delivery: exchange, judge, record, and what follows from it.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use ringback_dialect::Verdict;
use ringback_store::record::{Claimed, DeadReason, Delivery, Finish, Finished, Next};
use ringback_store::{ReadError, WriteError};
use ringback_types::{DeliveryId, EndpointId, Random, ScheduleTime};

use super::Inner;
use super::exchange::{Failed, Tried};
use crate::endpoint::{DisableReason, Endpoint, PauseReason};
use crate::policy::{OnDead, Policy};
use crate::registry::EndpointError;

/// Who changes an endpoint when nobody asked for it.
const ENGINE: &str = "engine";
/// How long to wait before a write that the store did not take is offered again.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long a delivery waits over which an attempt broke off: the next one may break off as well.
const AFTER_BREAKING_OFF: Duration = Duration::from_mins(1);

/// A slot of an endpoint; given back when it is dropped, whatever happens.
struct Slot {
    inner: Arc<Inner>,
    endpoint: EndpointId,
    succeeded: Option<bool>,
    /// What is to be tried in it next.
    next: Option<Claimed>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (endpoint, succeeded) = (self.endpoint, self.succeeded);
        self.inner
            .tell(|scheduler, now| scheduler.finished(now, endpoint, succeeded));
    }
}

/// What an attempt came to.
struct Judged {
    next: Next,
    failure: Option<Failed>,
    gone: bool,
}

impl Inner {
    /// Attempts a claimed delivery in the slot that is held for it, and then whatever the slot takes
    /// next. A panic costs the delivery a wait, never its way back.
    pub(super) async fn run(self: Arc<Self>, claimed: Claimed) {
        let mut slot = Slot {
            inner: Arc::clone(&self),
            endpoint: claimed.delivery.endpoint,
            succeeded: None,
            next: Some(claimed),
        };
        while let Some(claimed) = slot.next.take() {
            if !self.flights.board(&claimed) {
                return;
            }
            let turn = AssertUnwindSafe(self.turn(&claimed, &mut slot));
            if turn.catch_unwind().await.is_err() {
                tracing::error!(delivery = %claimed.delivery.id, "an attempt broke off");
                let later = self.clock.schedule().plus(AFTER_BREAKING_OFF);
                self.give_back(&claimed, later).await;
            }
            if let Some(unused) = self.flights.land(claimed.delivery.id) {
                self.give_back(&unused, unused.delivery.due_at).await;
            }
        }
    }

    async fn turn(self: &Arc<Self>, claimed: &Claimed, slot: &mut Slot) {
        match self.endpoint(slot.endpoint) {
            None => self.give_up(claimed, slot).await,
            Some(settings) if settings.is_open() => self.attempt(&settings, claimed, slot).await,
            // Paused meanwhile: the delivery waits again, untried.
            Some(_) => self.give_back(claimed, claimed.delivery.due_at).await,
        }
    }

    async fn give_back(self: &Arc<Self>, claimed: &Claimed, due_at: ScheduleTime) {
        let given = self
            .until_taken(claimed.delivery.id, passes, || {
                self.record.unclaim(claimed, due_at)
            })
            .await;
        if given.is_ok() {
            self.queued(claimed.delivery.endpoint, due_at);
        }
    }

    /// The endpoint is deleted meanwhile.
    async fn give_up(self: &Arc<Self>, claimed: &Claimed, slot: &mut Slot) {
        let tried = Tried::never(self.clock.schedule());
        let id = claimed.delivery.endpoint;
        let judged = Judged {
            next: Next::Dead(DeadReason::EndpointDeleted),
            failure: Some(Failed::from(EndpointError::Unknown { id })),
            gone: false,
        };
        self.finish(claimed, tried, judged, slot).await;
    }

    async fn attempt(self: &Arc<Self>, endpoint: &Endpoint, claimed: &Claimed, slot: &mut Slot) {
        let meters = endpoint.meters();
        meters.began();
        let tried = self.try_once(endpoint, &claimed.event, None).await;
        let judged = self.judge(&tried, &claimed.delivery);
        let succeeded = judged.next == Next::Delivered;
        slot.succeeded = Some(succeeded);
        meters.ended(succeeded, tried.duration);
        self.tally.attempted(succeeded);
        if !succeeded {
            self.consequences(endpoint, &claimed.delivery, &tried.policy, &judged)
                .await;
        }
        match self.finish(claimed, tried, judged, slot).await {
            Some(Next::Delivered) => meters.delivered(),
            Some(Next::Dead(reason)) => {
                let (delivery, reason_word) = (claimed.delivery.id, reason.as_str());
                tracing::warn!(%delivery, endpoint = %endpoint.name, reason = reason_word, "a delivery is dead");
                meters.dead(reason);
            }
            Some(Next::Retry { .. }) | None => {}
        }
        self.go_on(slot).await;
    }

    /// The slot keeps what it has taken, unless the endpoint was stopped or slowed down meanwhile.
    async fn go_on(self: &Arc<Self>, slot: &mut Slot) {
        let Some(next) = &slot.next else {
            return;
        };
        let (endpoint, due_at) = (slot.endpoint, next.delivery.due_at);
        slot.succeeded = None;
        if self.tell(|scheduler, now| scheduler.goes_on(now, endpoint, due_at)) {
            return;
        }
        if let Some(next) = slot.next.take() {
            self.give_back(&next, due_at).await;
        }
    }

    fn judge(&self, tried: &Tried, delivery: &Delivery) -> Judged {
        let Ok((answer, sender)) = &tried.answer else {
            return self.again(tried, delivery, Duration::ZERO, None);
        };
        match sender.judge_event(&answer.as_dialect(), self.clock.wire()) {
            Verdict::Delivered => Judged {
                next: Next::Delivered,
                failure: None,
                gone: false,
            },
            Verdict::Failed(kind) => self.again(tried, delivery, Duration::ZERO, Some(kind.into())),
            Verdict::RetryAfter(wait, kind) => self.again(tried, delivery, wait, Some(kind.into())),
            Verdict::Gone => Judged {
                next: Next::Dead(DeadReason::Gone),
                failure: Some(gone()),
                gone: true,
            },
        }
    }

    /// The next rung of the ladder, not before `wait` is over; dead when there is none.
    fn again(
        &self,
        tried: &Tried,
        delivery: &Delivery,
        wait: Duration,
        failure: Option<Failed>,
    ) -> Judged {
        let next = match gap(&tried.policy, delivery.rung, &self.random) {
            // Measured from the end of this attempt (Feishu sheet, 5.1).
            Some(gap) => Next::Retry {
                at: self.clock.schedule().plus(gap.max(wait)),
                rung: delivery.rung + 1,
            },
            None => Next::Dead(DeadReason::Exhausted),
        };
        Judged {
            next,
            failure,
            gone: false,
        }
    }

    /// What a failure means for the endpoint as a whole. Comes before the outcome is written, so that
    /// nothing that the outcome releases slips through.
    async fn consequences(
        &self,
        endpoint: &Endpoint,
        delivery: &Delivery,
        policy: &Policy,
        judged: &Judged,
    ) {
        let id = endpoint.id;
        let failures = self.schedule().scheduler.consecutive_failures(id) + 1;
        let dead_head = delivery.order_key.is_some()
            && matches!(judged.next, Next::Dead(_))
            && policy.on_dead == OnDead::Pause;
        let changed = if judged.gone {
            tracing::warn!(endpoint = %endpoint.name, "disabled: it answered 410");
            self.endpoints
                .disable(ENGINE, id, DisableReason::Gone)
                .await
        } else if dead_head {
            tracing::warn!(endpoint = %endpoint.name, "paused: the head of a sequence is dead");
            // The outcome releases the successor: it waits until the pause holds.
            self.until_taken(delivery.id, passes_by, || {
                self.endpoints.pause(ENGINE, id, PauseReason::DeadHead)
            })
            .await
        } else if policy
            .auto_pause_after
            .is_some_and(|limit| failures >= limit)
        {
            tracing::warn!(endpoint = %endpoint.name, failures, "paused: it keeps failing");
            self.endpoints.pause(ENGINE, id, PauseReason::Failing).await
        } else {
            Ok(())
        };
        if let Err(error) = changed {
            tracing::warn!(endpoint = %endpoint.name, %error, "an endpoint could not be paused");
        }
    }

    /// Writes the outcome, which may take the endpoint's next delivery for the slot, and tells what it
    /// made due; answers what was written.
    async fn finish(
        self: &Arc<Self>,
        claimed: &Claimed,
        tried: Tried,
        judged: Judged,
        slot: &mut Slot,
    ) -> Option<Next> {
        let delivery = &claimed.delivery;
        let take_next = judged.next == Next::Delivered && self.may_go_on(delivery.endpoint);
        let release_rung = tried.policy.release_rung;
        let finish = Finish {
            delivery: delivery.id,
            endpoint: delivery.endpoint,
            epoch: claimed.epoch,
            attempt: tried.into_attempt(delivery.attempts + 1, judged.failure),
            next: judged.next,
            rung: delivery.rung,
            order_key: delivery.order_key.clone(),
            release_rung,
            take_next,
        };
        let Some(Finished::Recorded { released, next }) = self.record_finish(finish).await else {
            // A newer epoch has it, or the process is stopping: look again what is due.
            self.queued(delivery.endpoint, self.clock.schedule());
            return None;
        };
        slot.next = next.map(|next| *next);
        match judged.next {
            Next::Retry { at, .. } => self.queued(delivery.endpoint, at),
            Next::Delivered | Next::Dead(_) => self.tally.finished(),
        }
        let taken = slot.next.as_ref().map(|next| next.delivery.id);
        if let Some(released) = released.filter(|released| Some(released.delivery) != taken) {
            self.queued(released.endpoint, released.due_at);
        }
        Some(judged.next)
    }

    fn may_go_on(&self, endpoint: EndpointId) -> bool {
        let now = self.clock.schedule();
        self.schedule().scheduler.may_go_on(now, endpoint)
    }

    /// Writes the outcome under the newest claim there is; `None` when the store is closed.
    async fn record_finish(&self, finish: Finish) -> Option<Finished> {
        let delivery = finish.delivery;
        let mut finish = Arc::new(finish);
        loop {
            let offer = || self.record.finish(Arc::clone(&finish));
            let finished = self.until_taken(delivery, passes, offer).await.ok()?;
            let newer = match finished {
                Finished::Lost => self.flights.newer_epoch(delivery),
                Finished::Recorded { .. } => None,
            };
            match newer {
                Some(epoch) => Arc::make_mut(&mut finish).epoch = epoch,
                None => return Some(finished),
            }
        }
    }

    /// Offers a write until the store takes it, or fails in a way that does not pass. The slot stays
    /// held meanwhile, so a store in trouble is not pressed harder.
    async fn until_taken<T, E: fmt::Display, Offered>(
        &self,
        delivery: DeliveryId,
        passes: impl Fn(&E) -> bool,
        offer: impl Fn() -> Offered,
    ) -> Result<T, E>
    where
        Offered: Future<Output = Result<T, E>>,
    {
        let mut wait = FIRST_WAIT;
        loop {
            let error = match offer().await {
                Err(error) if passes(&error) => error,
                taken => return taken,
            };
            tracing::warn!(%delivery, %error, "the store did not take what became of a delivery");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// Whether the store may take the same write later.
fn passes(error: &WriteError) -> bool {
    *error != WriteError::Closed
}

fn passes_by(error: &EndpointError) -> bool {
    match error {
        EndpointError::Write(error) => passes(error),
        EndpointError::Read(error) => !matches!(error, ReadError::Shape { .. }),
        _ => false,
    }
}

fn gone() -> Failed {
    Failed {
        code: ringback_types::Code::new("answer.gone"),
        detail: "the endpoint answered 410: it wants nothing any more".to_owned(),
    }
}

/// The gap that rung asks for, made longer or shorter by chance where the policy says so.
fn gap(policy: &Policy, rung: u32, random: &Random) -> Option<Duration> {
    let gap_ms = *policy.ladder_ms.get(rung as usize)?;
    if policy.jitter_percent == 0 {
        return Some(Duration::from_millis(gap_ms));
    }
    let share = f64::from(policy.jitter_percent) / 100.0;
    let factor = 1.0 + share * (2.0 * random.unit() - 1.0);
    Some(Duration::from_millis((gap_ms as f64 * factor) as u64))
}

impl Tried {
    /// What is recorded of an attempt that could not even begin.
    fn never(now: ScheduleTime) -> Self {
        Self {
            started_at: now,
            duration: Duration::ZERO,
            policy: Arc::new(Policy::standard()),
            target: None,
            request_headers: None,
            permit: None,
            answer: Err(Failed::from(crate::own::unresolved())),
        }
    }
}
