//! Who watches a conversation is told that something happened in it, and reads what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_types::ConversationId;
use tokio::sync::watch;

type All = HashMap<ConversationId, watch::Sender<()>>;

/// Those who watch, by conversation; one that nobody watches has no entry.
#[derive(Debug, Default, Clone)]
pub(crate) struct Watchers(Arc<Mutex<All>>);

/// Is told of every change of a conversation, until it is dropped.
#[derive(Debug)]
pub(crate) struct Watcher {
    watchers: Watchers,
    conversation: ConversationId,
    changes: Option<watch::Receiver<()>>,
}

impl Watchers {
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watch(&self, conversation: ConversationId) -> Watcher {
        let changes = self.all().entry(conversation).or_default().subscribe();
        Watcher {
            watchers: self.clone(),
            conversation,
            changes: Some(changes),
        }
    }

    /// Tells those who watch.
    pub(crate) fn changed(&self, conversation: ConversationId) {
        if let Some(told) = self.all().get(&conversation) {
            told.send_replace(());
        }
    }
}

impl Watcher {
    /// Waits for the next change, or answers at once where one came since the last time.
    pub(crate) async fn changed(&mut self) {
        if let Some(changes) = &mut self.changes {
            // The sender is in the map as long as somebody watches.
            let _ = changes.changed().await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.changes = None;
        let mut all = self.watchers.all();
        if all
            .get(&self.conversation)
            .is_some_and(|told| told.receiver_count() == 0)
        {
            all.remove(&self.conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_types::RecordId as _;

    use super::*;

    #[tokio::test]
    async fn whoever_watches_is_told_and_the_last_leaves_nothing_behind() {
        let watchers = Watchers::default();
        let conversation = ConversationId::from_raw(7);
        let (mut one, two) = (watchers.watch(conversation), watchers.watch(conversation));
        watchers.changed(conversation);
        one.changed().await;
        drop(two);
        assert_eq!(watchers.all().len(), 1);
        drop(one);
        assert!(watchers.all().is_empty());
        watchers.changed(conversation);
    }
}
