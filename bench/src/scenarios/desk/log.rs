//! What the log has of calls: it is written lazily, and leaves out what it has no room for.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

/// How long nothing may have come until everything has.
const QUIET: Duration = Duration::from_millis(100);

/// The log in a store, from the last time it was looked at.
pub(super) struct Log {
    database: PathBuf,
    seen: i64,
}

/// What came of calls: how many were made, are in the log, and are there with their bodies.
#[derive(Debug, Default)]
pub(super) struct Kept {
    made: usize,
    calls: i64,
    whole: i64,
}

impl Log {
    pub(super) fn of(database: PathBuf) -> Self {
        Self { database, seen: 0 }
    }

    /// Waits until nothing is written any more, so that the next figure is not disturbed, and counts
    /// what came of `made` calls.
    pub(super) async fn settle(&mut self, kept: &mut Kept, made: usize) -> Result<()> {
        let connection = rusqlite::Connection::open(&self.database)?;
        let last = || {
            let sql = "SELECT COALESCE(MAX(id), 0) FROM event";
            connection.query_row(sql, [], |row| row.get::<_, i64>(0))
        };
        let mut newest = -1;
        loop {
            match last()? {
                now if now == newest => break,
                now => newest = now,
            }
            tokio::time::sleep(QUIET).await;
        }
        let (calls, whole): (i64, i64) = connection.query_row(
            "SELECT COUNT(*), COUNT(body) FROM event WHERE id > ?1 AND kind = 'call'",
            [self.seen],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.seen = newest;
        kept.made += made;
        kept.calls += calls;
        kept.whole += whole;
        Ok(())
    }
}

impl Kept {
    /// Shares of the calls that were made.
    pub(super) fn shares(&self) -> String {
        let share = |count: i64| 100.0 * count as f64 / self.made as f64;
        let (calls, whole) = (share(self.calls), share(self.whole));
        format!("{calls:.0} %, {whole:.0} % with their bodies")
    }
}
