//! One attempt of one delivery: exchange, judge, record, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use ringback_dialect::Verdict;
use ringback_store::WriteError;
use ringback_store::record::{Claimed, DeadReason, Delivery, Finish, Finished, Next};
use ringback_types::{EndpointId, Random, ScheduleTime};

use super::Inner;
use super::exchange::{Failed, Tried};
use crate::endpoint::{DisableReason, Endpoint, PauseReason};
use crate::policy::{OnDead, Policy};
use crate::registry::EndpointError;

/// Who changes an endpoint when nobody asked for it.
const ENGINE: &str = "engine";
/// How long to wait before an outcome that the store did not take is offered again.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A slot of an endpoint; given back when it is dropped, whatever happens.
struct Slot {
    inner: Arc<Inner>,
    endpoint: EndpointId,
    succeeded: Option<bool>,
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
    /// Attempts a claimed delivery in the slot that is held for it.
    pub(super) async fn run(self: Arc<Self>, claimed: Claimed) {
        let endpoint = claimed.delivery.endpoint;
        let mut slot = Slot {
            inner: Arc::clone(&self),
            endpoint,
            succeeded: None,
        };
        slot.succeeded = match self.endpoint(endpoint) {
            None => self.give_up(&claimed).await,
            Some(settings) if settings.is_open() => self.attempt(&settings, &claimed).await,
            Some(_) => self.give_back(&claimed).await,
        };
    }

    /// The endpoint is paused meanwhile: the delivery waits again, untried.
    async fn give_back(self: &Arc<Self>, claimed: &Claimed) -> Option<bool> {
        let due_at = claimed.delivery.due_at;
        if let Err(error) = self.record.unclaim(claimed, due_at).await {
            tracing::warn!(delivery = %claimed.delivery.id, %error, "a claim could not be given back");
        }
        self.queued(claimed.delivery.endpoint, due_at);
        None
    }

    /// The endpoint is deleted meanwhile.
    async fn give_up(self: &Arc<Self>, claimed: &Claimed) -> Option<bool> {
        let tried = Tried::never(self.clock.schedule());
        let id = claimed.delivery.endpoint;
        let failure = Some(Failed::from(EndpointError::Unknown { id }));
        let next = Next::Dead(DeadReason::EndpointDeleted);
        self.finish(
            claimed,
            tried,
            Judged {
                next,
                failure,
                gone: false,
            },
        )
        .await;
        None
    }

    async fn attempt(self: &Arc<Self>, endpoint: &Endpoint, claimed: &Claimed) -> Option<bool> {
        let meters = endpoint.meters();
        meters.began();
        let tried = self.try_once(endpoint, &claimed.event, None).await;
        let judged = self.judge(&tried, &claimed.delivery);
        let succeeded = judged.next == Next::Delivered;
        meters.ended(succeeded, tried.duration);
        self.tally.attempted(succeeded);
        if !succeeded {
            self.consequences(endpoint, &claimed.delivery, &tried.policy, &judged)
                .await;
        }
        match self.finish(claimed, tried, judged).await {
            Some(Next::Delivered) => meters.delivered(),
            Some(Next::Dead(reason)) => {
                let (delivery, reason_word) = (claimed.delivery.id, reason.as_str());
                tracing::warn!(%delivery, endpoint = %endpoint.name, reason = reason_word, "a delivery is dead");
                meters.dead(reason);
            }
            Some(Next::Retry { .. }) | None => {}
        }
        Some(succeeded)
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
            self.endpoints
                .pause(ENGINE, id, PauseReason::DeadHead)
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

    /// Writes the outcome and tells what it made due; answers what was written.
    async fn finish(
        self: &Arc<Self>,
        claimed: &Claimed,
        tried: Tried,
        judged: Judged,
    ) -> Option<Next> {
        let delivery = &claimed.delivery;
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
        };
        let Some(Finished::Recorded { released }) = self.record_finish(finish).await else {
            // A newer epoch has it, or the process is stopping: look again what is due.
            self.queued(delivery.endpoint, self.clock.schedule());
            return None;
        };
        match judged.next {
            Next::Retry { at, .. } => self.queued(delivery.endpoint, at),
            Next::Delivered | Next::Dead(_) => self.tally.finished(),
        }
        if let Some(released) = released {
            self.queued(released.endpoint, released.due_at);
        }
        Some(judged.next)
    }

    /// Offers the outcome until the store takes it, says that the claim is lost, or is closed. The slot
    /// stays held meanwhile, so a store in trouble is not pressed harder.
    async fn record_finish(&self, finish: Finish) -> Option<Finished> {
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.record.finish(finish.clone()).await {
                Ok(finished) => return Some(finished),
                Err(WriteError::Closed) => return None,
                Err(error) => error,
            };
            tracing::warn!(delivery = %finish.delivery, %error, "an outcome could not be written");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
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
            answer: Err(Failed::from(crate::own::unresolved())),
        }
    }
}
