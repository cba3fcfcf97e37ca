//! Limits that cost two atomic operations: how many requests are under way, how many bytes their
//! bodies take, how many lines are logged.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Counts what is under way. The limit comes with each request, so that it may change while it runs.
#[derive(Debug, Default)]
pub(crate) struct InFlight(AtomicUsize);

impl InFlight {
    /// A place under `limit`, or nothing when all are taken.
    pub(crate) fn enter(&self, limit: usize) -> Option<Place<'_>> {
        let place = Place(&self.0);
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        (before < limit).then_some(place)
    }

    /// How many are under way.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One request under way; given back when dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts the bytes of bodies that are held. The limit comes with each request, as for [`InFlight`].
#[derive(Debug, Default)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    /// A share for one body, empty as yet.
    pub(crate) fn share(&self, limit: usize) -> Share<'_> {
        Share {
            held: &self.0,
            limit,
            own: 0,
        }
    }
}

/// What one body takes of a [`Budget`]; given back when dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Share<'a> {
    held: &'a AtomicUsize,
    limit: usize,
    own: usize,
}

impl Share<'_> {
    /// Takes so many bytes more; `false` when others leave no room for them. A body that is alone
    /// always fits: its own limit is another.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        let alone = before == self.own;
        self.own += bytes;
        alone || before + bytes <= self.limit
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.held.fetch_sub(self.own, Ordering::Relaxed);
    }
}

/// A token bucket that holds one second's worth.
#[derive(Debug, Default)]
pub(crate) struct Bucket(Mutex<Option<Level>>);

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
    /// How many were turned away since the last that was let through.
    suppressed: u64,
}

impl Bucket {
    /// Whether one more may pass at `now`; `Some(n)` says how many were turned away before it.
    pub(crate) fn take(&self, per_second: u32, now: Instant) -> Option<u64> {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = f64::from(per_second);
        let level = guard.get_or_insert(Level {
            tokens: full,
            at: now,
            suppressed: 0,
        });
        let gained = now.saturating_duration_since(level.at).as_secs_f64() * full;
        level.tokens = (level.tokens + gained).min(full);
        level.at = now;
        if level.tokens < 1.0 {
            level.suppressed += 1;
            return None;
        }
        level.tokens -= 1.0;
        Some(std::mem::take(&mut level.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ringback_types::Clock;

    use super::*;

    #[test]
    fn a_bucket_refills_over_a_second_and_says_what_it_held_back() {
        let (bucket, start) = (Bucket::default(), Clock::real().monotonic());
        assert_eq!(bucket.take(2, start), Some(0));
        assert_eq!(bucket.take(2, start), Some(0));
        assert_eq!(bucket.take(2, start), None);
        assert_eq!(bucket.take(2, start), None);
        assert_eq!(bucket.take(2, start + Duration::from_millis(500)), Some(2));
        assert_eq!(bucket.take(0, start + Duration::from_secs(9)), None);
    }

    #[test]
    fn bodies_share_a_budget_and_one_that_is_alone_fits() {
        let budget = Budget::default();
        let mut large = budget.share(10);
        assert!(large.grow(6) && large.grow(6));
        assert!(!budget.share(10).grow(1));
        drop(large);
        let (mut first, mut second) = (budget.share(10), budget.share(10));
        assert!(first.grow(6) && second.grow(4));
        assert!(!first.grow(1));
        drop((first, second));
        assert!(budget.share(0).grow(1));
    }

    #[test]
    fn a_place_is_given_back_even_when_it_was_refused() {
        let in_flight = InFlight::default();
        let first = in_flight.enter(1);
        assert!(first.is_some());
        assert!(in_flight.enter(1).is_none());
        drop(first);
        assert!(in_flight.enter(1).is_some());
        assert_eq!(in_flight.count(), 0);
    }
}
