//! SQLite connections: how they are opened and what every one of them is told.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Row as SqliteRow, ToSql};

use crate::error::ReadError;
use crate::statement::{Row, Value};

/// A statement cache large enough that the hot path never prepares.
const CACHED_STATEMENTS: usize = 128;
/// How long a reader waits for a lock; writers never meet one.
const BUSY: Duration = Duration::from_secs(2);

/// What a connection is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Read,
    Checkpoint,
}

/// Opens the database file for one purpose.
pub(crate) fn open(path: &Path, purpose: Purpose, cache_kib: u32) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Plans do not depend on the values that are bound, so a statement is prepared once and for all.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Only effective before the first page is written; harmless afterwards.
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // The writer checkpoints in its own time; a reader never does.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    if purpose == Purpose::Read {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(connection)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Float(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// A row as the query face gives it.
pub(crate) fn row(row: &SqliteRow<'_>) -> Result<Row, ReadError> {
    let columns = row.as_ref().column_count();
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        let value = row.get_ref(column).map_err(|error| read_error(&error))?;
        values.push(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Float(value),
            ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
            ValueRef::Blob(value) => Value::Bytes(bytes::Bytes::copy_from_slice(value)),
        });
    }
    Ok(Row(values))
}

/// An error of SQLite as a reader's error.
pub(crate) fn read_error(error: &rusqlite::Error) -> ReadError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => ReadError::TooSlow {
            limit_ms: crate::reader::LIMIT.as_millis() as u64,
        },
        _ => ReadError::Failed(error.to_string()),
    }
}
