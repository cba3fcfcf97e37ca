//! Events in memory; a restart forgets them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::{Event, MOST, is_over};

/// How many bytes of events are kept at most.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// By notify_id, and in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: HashMap<String, Event>,
    order: VecDeque<String>,
    bytes: usize,
}

impl Memory {
    pub(super) fn keep(&self, id: &str, event: Event, now_ms: i64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += event.data.len();
        kept.order.push_back(id.to_owned());
        kept.events.insert(id.to_owned(), event);
        while kept.has_too_much(now_ms) {
            kept.forget_oldest();
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<Event> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.events.get(id).cloned()
    }
}

impl Kept {
    fn has_too_much(&self, now_ms: i64) -> bool {
        let oldest = self.order.front().and_then(|id| self.events.get(id));
        let over = oldest.is_some_and(|event| is_over(event.at_ms, now_ms));
        over || self.order.len() > MOST || self.bytes > MOST_BYTES
    }

    fn forget_oldest(&mut self) {
        let oldest = self.order.pop_front();
        if let Some(event) = oldest.and_then(|id| self.events.remove(&id)) {
            self.bytes -= event.data.len();
        }
    }
}
