//! The nonces of the last minutes: a message counts once.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ringback_types::WireTime;

use super::Reason;

/// How long a nonce is remembered at least: as long as its timestamp may pass for fresh.
pub const NONCE_LIFETIME: Duration = Duration::from_mins(10);

/// Remembers nonces for [`NONCE_LIFETIME`] to twice that, in two generations: when the older one
/// has had its time it goes as a whole, so that remembering costs one look into a set.
#[derive(Debug)]
pub struct Nonces {
    capacity: usize,
    when_full: WhenFull,
    generations: Mutex<Generations>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenFull {
    Refuse,
    Forget,
}

#[derive(Debug)]
struct Generations {
    current: HashSet<[u8; 16]>,
    previous: HashSet<[u8; 16]>,
    began: WireTime,
}

impl Nonces {
    /// Room for this many nonces. When it is full, messages are refused: to forget a nonce early
    /// would let its message in again.
    pub fn new(capacity: usize) -> Self {
        Self::of(capacity, WhenFull::Refuse)
    }

    /// The same for messages that something else binds to one use, as strict replies are to their
    /// request: when it is full the oldest are forgotten, and no message is refused for want of room.
    pub fn forgetting(capacity: usize) -> Self {
        Self::of(capacity, WhenFull::Forget)
    }

    fn of(capacity: usize, when_full: WhenFull) -> Self {
        Self {
            capacity,
            when_full,
            generations: Mutex::new(Generations {
                current: HashSet::new(),
                previous: HashSet::new(),
                began: WireTime::from_millis(0),
            }),
        }
    }

    /// Takes the nonce of a message whose signature held, unless it has been there before.
    pub fn remember(&self, nonce: [u8; 16], now: WireTime) -> Result<(), Reason> {
        // A set is whole after every step, whatever panicked beside it.
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.age(now);
        if generations.contains(&nonce) {
            return Err(Reason::NonceSeen);
        }
        match self.when_full {
            WhenFull::Refuse if generations.len() >= self.capacity => {
                return Err(Reason::NoncesFull);
            }
            WhenFull::Forget if generations.current.len() >= self.capacity / 2 => {
                generations.previous = mem::take(&mut generations.current);
            }
            WhenFull::Refuse | WhenFull::Forget => {}
        }
        generations.current.insert(nonce);
        Ok(())
    }
}

impl Generations {
    fn age(&mut self, now: WireTime) {
        let age = now.since(self.began);
        if age >= NONCE_LIFETIME {
            self.previous = mem::take(&mut self.current);
            if age >= 2 * NONCE_LIFETIME {
                self.previous.clear();
            }
        }
        // A clock that was set back starts the generation again: nothing is forgotten early.
        if age >= NONCE_LIFETIME || now < self.began {
            self.began = now;
        }
    }

    fn contains(&self, nonce: &[u8; 16]) -> bool {
        self.current.contains(nonce) || self.previous.contains(nonce)
    }

    fn len(&self) -> usize {
        self.current.len() + self.previous.len()
    }
}
