//! Who watches a conversation is told that something happened in it, and reads what.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_types::ConversationId;
use tokio::sync::watch;

/// Those who watch, by conversation; one that nobody watches has no entry.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<HashMap<ConversationId, watch::Sender<()>>>);

impl Watchers {
    fn all(&self) -> MutexGuard<'_, HashMap<ConversationId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is told of every change from now on.
    pub(crate) fn watch(&self, conversation: ConversationId) -> watch::Receiver<()> {
        self.all().entry(conversation).or_default().subscribe()
    }

    /// Tells those who watch.
    pub(crate) fn changed(&self, conversation: ConversationId) {
        let mut all = self.all();
        let unwatched = all
            .get(&conversation)
            .is_some_and(|told| told.send(()).is_err());
        if unwatched {
            all.remove(&conversation);
        }
    }
}
