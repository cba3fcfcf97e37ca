//! The delivery record: what is kept of events, deliveries and attempts, and how they change.

mod accept;
mod call;
mod claim;
mod finish;
mod manage;
mod model;
mod replay;
mod retention;
mod search;
mod sql;

pub use accept::{Accepted, NewDelivery, Placed};
pub use call::CallRecord;
pub use claim::{Claimed, Claims};
pub use finish::{Finish, Finished, Next, Released};
pub use model::{
    Attempt, AttemptOutcome, DeadReason, Delivery, DeliveryState, Event, EventKind, StoredAttempt,
};
pub use replay::{Replay, ReplayRefusal, Replayed};
pub use retention::{Pruned, Pruner, Retention};
pub use search::{Cursor, Entry, Page, Query};
pub(crate) use sql::SCHEMA;

use crate::{Sql, Store};

/// Every statement of the record, for the preparation check on PostgreSQL.
pub fn statements() -> impl Iterator<Item = Sql> {
    sql::STATEMENTS.iter().chain(search::STATEMENTS).copied()
}

/// The record on a [`Store`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Record {
    store: Store,
}

impl Record {
    /// The record in this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The store underneath.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
