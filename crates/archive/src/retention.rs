//! What is kept and for how long: a message goes, content and all, when its life is over.

use ringback_store::{Statement, Value, WriteError};
use ringback_types::ScheduleTime;
use serde::Serialize;

use crate::archive::Archive;
use crate::records;

/// Rows in one bulk step: a few milliseconds of the writer.
const STEP: u64 = 100;

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Messages that went.
    pub messages: u64,
}

impl Archive {
    /// Forgets every message whose life is over at `now`, in steps of the bulk lane. Cursors stay good;
    /// tokens and page ids leave nothing behind that could be pruned.
    pub async fn prune(&self, now: ScheduleTime) -> Result<Pruned, WriteError> {
        let life = i64::try_from(self.options().message_life.as_millis()).unwrap_or(i64::MAX);
        let cutoff = now.plus_millis(-life);
        let mut pruned = Pruned::default();
        for corp in self.corps() {
            loop {
                let values = [Value::Int(corp.id), cutoff.into(), Value::Int(STEP as i64)];
                let step = Statement::new(records::DELETE_OLD, values);
                let gone: u64 = self.store().write_bulk(vec![step]).await?.iter().sum();
                pruned.messages += gone;
                if gone < STEP {
                    break;
                }
            }
        }
        Ok(pruned)
    }
}
