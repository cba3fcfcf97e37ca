//! Room for requests whose signature has not been looked at yet. Each key id has its own, so that whoever
//! only knows the name of a key takes nothing from the others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body of an SDK request (design, section 4, number 6).
pub(crate) const BODY_BYTES: usize = 64 << 20;
/// How much of bodies is held at once, in KiB.
const BODIES_KIB: usize = 256 << 10;
/// How long any body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// What a slow line carries at least, in KiB a second; long bodies may take longer.
const SLOW_KIB: u32 = 256;

/// The room of one key id.
#[derive(Debug)]
pub(crate) struct Unverified {
    requests: Arc<Semaphore>,
    bodies_kib: Arc<Semaphore>,
}

/// A place in it, until dropped.
pub(crate) struct Room {
    kib: u32,
    _request: OwnedSemaphorePermit,
    _body: OwnedSemaphorePermit,
}

impl Unverified {
    /// Room for this many requests at once.
    pub(crate) fn new(requests: usize) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(requests)),
            bodies_kib: Arc::new(Semaphore::new(BODIES_KIB)),
        }
    }

    /// Room for a request whose body has `length` bytes; one that does not say may have the most there are.
    pub(crate) fn enter(&self, length: Option<u64>) -> Option<Room> {
        let most = BODY_BYTES as u64;
        let kib = length.unwrap_or(most).min(most).div_ceil(1024) as u32;
        let body = Arc::clone(&self.bodies_kib).try_acquire_many_owned(kib);
        Some(Room {
            kib,
            _request: Arc::clone(&self.requests).try_acquire_owned().ok()?,
            _body: body.ok()?,
        })
    }
}

impl Room {
    /// How long the body may take to arrive.
    pub(crate) fn body_time(&self) -> Duration {
        BODY_TIME + Duration::from_secs(u64::from(self.kib / SLOW_KIB))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_unknown_length_count_as_the_longest() {
        let unverified = Unverified::new(8);
        let unknown: Vec<_> = std::iter::from_fn(|| unverified.enter(None)).collect();
        assert_eq!(unknown.len(), 4);
        assert_eq!(unknown[0].body_time(), Duration::from_secs(266));
        assert!(unverified.enter(Some(1)).is_none());
        drop(unknown);
        let known: Vec<_> = std::iter::from_fn(|| unverified.enter(Some(1))).collect();
        assert_eq!(known.len(), 8);
        assert_eq!(known[0].body_time(), BODY_TIME);
    }
}
