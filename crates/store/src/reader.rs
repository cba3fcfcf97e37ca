//! Reads: a few connections, one statement each, never held over [`LIMIT`].

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ringback_types::Deadline;
use rusqlite::{Connection, params_from_iter};
use tokio::sync::Semaphore;

use crate::error::ReadError;
use crate::sqlite::{self, Purpose};
use crate::statement::{Row, Sql, Value};

/// How long a reader may be held (design, section 4.1): a longer read would keep the write-ahead log
/// from being reset.
pub(crate) const LIMIT: Duration = Duration::from_secs(1);
/// How many reads may run at a time, and how many of them may be searches and counts: people who look
/// never keep the engine from reading.
const READERS: usize = 4;
const PATIENT_READERS: usize = 2;
const CACHE_KIB: u32 = 1024;
/// How many steps of SQLite's machine pass between two looks at the deadline.
const STEPS_BETWEEN_CHECKS: i32 = 2000;

/// A pool of read connections. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    patient: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path: Arc::new(path),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS)),
            patient: Arc::new(Semaphore::new(PATIENT_READERS)),
        }
    }

    /// One statement.
    pub(crate) async fn read(&self, sql: Sql, values: Vec<Value>) -> Result<Vec<Row>, ReadError> {
        self.with(move |connection| rows(connection, sql, values))
            .await
    }

    /// One statement that may take long, behind others of its kind.
    pub(crate) async fn read_patiently(
        &self,
        sql: Sql,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, ReadError> {
        self.patiently(move |connection| rows(connection, sql, values))
            .await
    }

    /// Runs `work` that may take long, behind others of its kind.
    pub(crate) async fn patiently<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let turn = Arc::clone(&self.patient).acquire_owned().await;
        let _turn = turn.map_err(|_| closed())?;
        self.with(work).await
    }

    /// Runs `work` on a read connection, off the async threads, interrupted after [`LIMIT`].
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let pool = self.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut connection = pool.take()?;
            let deadline = Deadline::after(LIMIT);
            connection
                .progress_handler(
                    STEPS_BETWEEN_CHECKS,
                    Some(move || deadline.remaining().is_zero()),
                )
                .map_err(|error| sqlite::read_error(&error))?;
            let result = work(&connection);
            pool.idle().push(connection);
            result
        })
        .await
        .map_err(|error| ReadError::Failed(format!("a read ended abruptly: {error}")))?
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<Connection, ReadError> {
        if let Some(connection) = self.idle().pop() {
            return Ok(connection);
        }
        sqlite::open(&self.path, Purpose::Read, CACHE_KIB)
            .map_err(|error| sqlite::read_error(&error))
    }

    /// Lets no further read begin and closes the idle connections.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.patient.close();
        self.idle().clear();
    }
}

fn rows(connection: &Connection, sql: Sql, values: Vec<Value>) -> Result<Vec<Row>, ReadError> {
    let mut statement = connection
        .prepare_cached(sql.for_sqlite())
        .map_err(|error| sqlite::read_error(&error))?;
    let mut rows = statement
        .query(params_from_iter(values))
        .map_err(|error| sqlite::read_error(&error))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| sqlite::read_error(&error))? {
        found.push(sqlite::row(row)?);
    }
    Ok(found)
}

fn closed() -> ReadError {
    ReadError::Failed("the store is closed".to_owned())
}
