//! How often and how many at a time, per corp.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_types::ScheduleTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MINUTE_MS: i64 = 60_000;

/// So many a minute, in fixed windows: who is over waits for the next one.
#[derive(Debug)]
pub(crate) struct Rate {
    per_minute: u32,
    /// Per corp, the minute that counts and how many there were in it.
    used: Mutex<HashMap<i64, (i64, u32)>>,
}

impl Rate {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            used: Mutex::default(),
        }
    }

    /// Whether one more is allowed at `now`; it counts only then.
    pub(crate) fn take(&self, corp: i64, now: ScheduleTime) -> bool {
        let minute = now.as_millis().div_euclid(MINUTE_MS);
        let mut used = lock(&self.used);
        let (counted, count) = used.entry(corp).or_insert((minute, 0));
        if *counted != minute {
            (*counted, *count) = (minute, 0);
        }
        let allowed = *count < self.per_minute;
        *count += u32::from(allowed);
        allowed
    }
}

/// So many at a time.
#[derive(Debug)]
pub(crate) struct Concurrency {
    most: usize,
    of_corp: Mutex<HashMap<i64, Arc<Semaphore>>>,
}

impl Concurrency {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            of_corp: Mutex::default(),
        }
    }

    /// A place until it is dropped, if there is one.
    pub(crate) fn take(&self, corp: i64) -> Option<OwnedSemaphorePermit> {
        let mut of_corp = lock(&self.of_corp);
        let places = of_corp
            .entry(corp)
            .or_insert_with(|| Arc::new(Semaphore::new(self.most)));
        Arc::clone(places).try_acquire_owned().ok()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let places = Concurrency::new(2);
        let (one, two) = (places.take(1), places.take(1));
        assert!(one.is_some() && two.is_some() && places.take(1).is_none());
        assert!(places.take(2).is_some(), "another corp has its own");
        drop(one);
        assert!(places.take(1).is_some());
    }

    #[test]
    fn a_refused_call_does_not_count() {
        let rate = Rate::new(1);
        let at = ScheduleTime::from_millis;
        let allowed = [0, 59_999, 60_000, 60_001].map(|millis| rate.take(1, at(millis)));
        assert_eq!(allowed, [true, false, true, false]);
    }
}
