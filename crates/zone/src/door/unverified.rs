//! Room for requests whose signature has not been looked at yet: they share it with nobody else.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::BODY_BYTES;

/// How many requests are read and verified at once.
const REQUESTS: usize = 512;
/// How much of bodies is held meanwhile, in KiB.
const BODIES_KIB: usize = 256 << 10;

/// The room.
#[derive(Debug)]
pub(crate) struct Unverified {
    requests: Arc<Semaphore>,
    bodies_kib: Arc<Semaphore>,
}

/// A place in it, until dropped.
pub(super) struct Room {
    _request: OwnedSemaphorePermit,
    _body: OwnedSemaphorePermit,
}

impl Unverified {
    pub(crate) fn new() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(REQUESTS)),
            bodies_kib: Arc::new(Semaphore::new(BODIES_KIB)),
        }
    }

    /// Room for a request whose body has `length` bytes; one that does not say may have the most there are.
    pub(super) fn enter(&self, length: Option<u64>) -> Option<Room> {
        let most = BODY_BYTES as u64;
        let kib = length.unwrap_or(most).min(most).div_ceil(1024) as u32;
        Some(Room {
            _request: Arc::clone(&self.requests).try_acquire_owned().ok()?,
            _body: Arc::clone(&self.bodies_kib)
                .try_acquire_many_owned(kib)
                .ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_unknown_length_count_as_the_longest() {
        let unverified = Unverified::new();
        let unknown: Vec<_> = std::iter::from_fn(|| unverified.enter(None)).collect();
        assert_eq!(unknown.len(), 4);
        assert!(unverified.enter(Some(1)).is_none());
        drop(unknown);
        let known: Vec<_> = std::iter::from_fn(|| unverified.enter(Some(1))).collect();
        assert_eq!(known.len(), REQUESTS);
    }
}
