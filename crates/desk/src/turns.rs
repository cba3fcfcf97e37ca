//! One message of a conversation after the other, in the order in which they came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_types::ConversationId;
use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// How many may work on a conversation or wait for that.
const LONGEST_QUEUE: usize = 16;

/// Who works on which conversation. Only those that are worked on or waited for have an entry.
#[derive(Debug, Default, Clone)]
pub(crate) struct Turns(Arc<Mutex<HashMap<ConversationId, Lock>>>);

/// The right to work on a conversation, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    conversation: ConversationId,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until everybody who came before is done. Whoever waits keeps its place in the queue; nothing
    /// when too many wait there already.
    pub(crate) async fn take(&self, conversation: ConversationId) -> Option<Turn> {
        let lock = {
            let mut all = self.all();
            let lock = all.entry(conversation).or_default();
            // One is the map's own.
            if Arc::strong_count(lock) > LONGEST_QUEUE {
                return None;
            }
            Arc::clone(lock)
        };
        let mut turn = Turn {
            turns: self.clone(),
            conversation,
            held: None,
        };
        turn.held = Some(lock.lock_owned().await);
        Some(turn)
    }

    /// The turn, if nobody has it or waits for it.
    pub(crate) fn take_free(&self, conversation: ConversationId) -> Option<Turn> {
        let lock = Arc::clone(self.all().entry(conversation).or_default());
        let mut turn = Turn {
            turns: self.clone(),
            conversation,
            held: None,
        };
        turn.held = Some(lock.try_lock_owned().ok()?);
        Some(turn)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ConversationId, Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        let mut all = self.turns.all();
        // Nobody can begin to wait while the map is locked.
        if all
            .get(&self.conversation)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            all.remove(&self.conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use ringback_types::RecordId as _;

    use super::*;

    #[tokio::test]
    async fn those_who_wait_come_in_their_order_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let conversation = ConversationId::from_raw(7);
        let first = turns.take(conversation).await.unwrap();
        let mut second = Box::pin(turns.take(conversation));
        let mut third = Box::pin(turns.take(conversation));
        for waiting in [&mut second, &mut third] {
            assert!(waiting.now_or_never().is_none());
        }
        drop(first);
        assert!((&mut third).now_or_never().is_none());
        assert!(turns.take_free(conversation).is_none());
        drop(second.await.unwrap());
        drop(third.await.unwrap());
        drop(turns.take_free(conversation).unwrap());
        assert!(turns.all().is_empty());
    }

    #[tokio::test]
    async fn a_queue_has_an_end() {
        let turns = Turns::default();
        let conversation = ConversationId::from_raw(7);
        let mut queue: Vec<_> = (0..LONGEST_QUEUE)
            .map(|_| Box::pin(turns.take(conversation)))
            .collect();
        let first = (&mut queue[0]).now_or_never().unwrap();
        assert!(first.is_some());
        for waiting in &mut queue[1..] {
            assert!(waiting.now_or_never().is_none());
        }
        assert!(turns.take(conversation).await.is_none());
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_leaves_nothing_behind() {
        let turns = Turns::default();
        let conversation = ConversationId::from_raw(7);
        let first = turns.take(conversation).await;
        let mut second = Box::pin(turns.take(conversation));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        drop(second);
        assert!(turns.all().is_empty());
    }
}
