//! Connections that may be used again, by origin.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ringback_types::Clock;
use url::{Position, Url};

use super::Connection;

/// Over all origins; beyond it a connection is closed instead of kept.
const MOST_IDLE: usize = 1024;

/// Idle connections by origin, the youngest last.
///
/// Requests below `/in/` have connections of their own: only they may reach our own listeners, and a
/// kept connection does not ask the guard again.
#[derive(Debug)]
pub(super) struct Pool {
    clock: Clock,
    idle_per_origin: usize,
    idle_for: Duration,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    count: usize,
    receiving: ByOrigin,
    other: ByOrigin,
}

type ByOrigin = HashMap<Box<str>, Vec<Idle>>;

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Kept {
    fn of(&mut self, url: &Url) -> &mut ByOrigin {
        if url.path().starts_with("/in/") {
            &mut self.receiving
        } else {
            &mut self.other
        }
    }
}

fn origin(url: &Url) -> &str {
    &url[..Position::BeforePath]
}

impl Pool {
    pub(super) fn new(clock: Clock, idle_per_origin: usize, idle_for: Duration) -> Self {
        Self {
            clock,
            idle_per_origin,
            idle_for,
            kept: Mutex::default(),
        }
    }

    /// An empty pool on the same clock and of the same size.
    pub(super) fn beside(&self, idle_for: Duration) -> Self {
        Self::new(self.clock.clone(), self.idle_per_origin, idle_for)
    }

    /// The youngest connection to the URL's origin that is open and not too old.
    pub(super) fn take(&self, url: &Url) -> Option<Connection> {
        let now = self.clock.monotonic();
        let mut kept = self.kept();
        let idle = kept.of(url).get_mut(origin(url))?;
        let before = idle.len();
        let found = loop {
            let Some(candidate) = idle.pop() else {
                break None;
            };
            if !candidate.connection.is_closed()
                && now.duration_since(candidate.since) < self.idle_for
            {
                break Some(candidate.connection);
            }
        };
        let taken = before - idle.len();
        kept.count -= taken;
        found
    }

    /// Keeps a connection whose answer has been read to its end.
    pub(super) fn keep(&self, url: &Url, connection: Connection) {
        if connection.is_closed() || self.idle_for.is_zero() {
            return;
        }
        let since = self.clock.monotonic();
        let mut kept = self.kept();
        if kept.count >= MOST_IDLE {
            return;
        }
        let by_origin = kept.of(url);
        let idle = match by_origin.get_mut(origin(url)) {
            Some(idle) => idle,
            None => by_origin.entry(origin(url).into()).or_default(),
        };
        if idle.len() < self.idle_per_origin {
            idle.push(Idle { connection, since });
            kept.count += 1;
        }
    }

    /// Closes what has been idle for too long.
    pub(super) fn sweep(&self) {
        let now = self.clock.monotonic();
        let mut kept = self.kept();
        let Kept {
            receiving, other, ..
        } = &mut *kept;
        for by_origin in [receiving, other] {
            by_origin.retain(|_, idle| {
                idle.retain(|idle| {
                    !idle.connection.is_closed() && now.duration_since(idle.since) < self.idle_for
                });
                !idle.is_empty()
            });
        }
        kept.count = kept
            .receiving
            .values()
            .chain(kept.other.values())
            .map(Vec::len)
            .sum();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
