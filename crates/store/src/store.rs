//! The store: opening it, writing to it, reading from it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use ringback_types::{Clock, IdGenerator, RecordId};
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use serde::Serialize;
use tokio::sync::watch;

use crate::disk;
use crate::error::{OpenError, ReadError, WriteError};
use crate::reader::Readers;
use crate::schema::Schema;
use crate::sqlite::{self, Purpose};
use crate::statement::{Expect, Row, Sql, Statement, Value};
use crate::vault::{self, MasterKey, Vault};
use crate::writer::{Lane, Place, Shared, Writer};

const OPENING_CACHE_KIB: u32 = 8 * 1024;

/// The store's own tables besides the record.
pub(crate) const SCHEMA: Schema = Schema {
    room: "store",
    steps: &[
        "CREATE TABLE store_revision (id {id}, revision {int} NOT NULL) {strict};
     INSERT INTO store_revision (id, revision) VALUES (1, 1);
     CREATE TABLE store_node (id {id}, epoch {int} NOT NULL) {strict};
     CREATE TABLE store_key (id {id}, sealed {bytes} NOT NULL) {strict};
     CREATE TABLE store_audit (
         id {id}, at {int} NOT NULL, caller TEXT NOT NULL, action TEXT NOT NULL,
         target TEXT NOT NULL, detail TEXT NOT NULL
     ) {strict}",
    ],
};

/// Where the store is and what it may take.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; made when absent.
    pub directory: PathBuf,
    /// This node's number, part of every id.
    pub node: u8,
    /// Below so many free bytes sources are answered 503.
    pub minimum_free_bytes: u64,
    /// How many writes may wait in each lane; more are refused at once.
    pub queue_capacity: usize,
}

impl Options {
    /// The defaults for this data directory: node 0, 64 MiB kept free, 8,192 waiting writes.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            node: 0,
            minimum_free_bytes: 64 << 20,
            queue_capacity: 8_192,
        }
    }
}

/// How the store is.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Whether writes are taken.
    pub ready: bool,
    /// Why not.
    pub cause: Option<String>,
    /// Whether the disk has less room than the limit.
    pub disk_low: bool,
    /// Bytes free on the disk.
    pub free_bytes: Option<u64>,
    /// Writes that wait: acknowledgements, outcomes, changes.
    pub queue_depth: usize,
    /// Bulk steps that wait.
    pub bulk_depth: usize,
    /// How long the last commit took, in microseconds.
    pub last_commit_us: u64,
    /// Size of the write-ahead log that is in use, in bytes.
    pub wal_bytes: u64,
    /// Size of the database file, in bytes.
    pub database_bytes: u64,
    /// The epoch of this run.
    pub epoch: i64,
}

/// The durable store. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    clock: Clock,
    ids: IdGenerator,
    vault: Vault,
    shared: Arc<Shared>,
    readers: Readers,
    revision: watch::Sender<i64>,
    writer: Mutex<Option<JoinHandle<()>>>,
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens or makes the store in `options.directory`, brings its tables up to this binary, and begins
    /// a new epoch. `schemas` are the rooms' tables. Blocks; takes milliseconds.
    pub fn open(
        options: Options,
        clock: Clock,
        key: &MasterKey,
        schemas: &[Schema],
    ) -> Result<Self, OpenError> {
        let lock = disk::lock(&options.directory)?;
        let path = disk::database(&options.directory);
        disk::keep_private(&path).map_err(|source| OpenError::File {
            action: "make",
            path: path.clone(),
            source,
        })?;
        let connection = sqlite::open(&path, Purpose::Write, OPENING_CACHE_KIB)
            .map_err(|error| database(&error))?;
        migrate(&connection, schemas)?;
        let vault = open_vault(&connection, key, &options)?;
        let epoch = begin_epoch(&connection).map_err(|error| database(&error))?;
        let floor = largest_id(&connection).map_err(|error| database(&error))?;
        let revision = connection
            .query_row(
                "SELECT revision FROM store_revision WHERE id = 1",
                [],
                |row| row.get(0),
            )
            .map_err(|error| database(&error))?;

        let shared = Arc::new(Shared::new(options.queue_capacity, epoch));
        let place = Place {
            directory: options.directory.clone(),
            minimum_free_bytes: options.minimum_free_bytes,
            clock: clock.clone(),
        };
        let writer = Writer::new(Arc::clone(&shared), place, connection);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| OpenError::File {
                action: "start the writer of",
                path,
                source,
            })?;
        Ok(Self(Arc::new(Inner {
            ids: IdGenerator::new(options.node, floor),
            readers: Readers::new(disk::database(&options.directory)),
            options,
            clock,
            vault,
            shared,
            revision: watch::Sender::new(revision),
            writer: Mutex::new(Some(thread)),
            lock: Mutex::new(Some(lock)),
        })))
    }

    /// Applies the statements whole, or refuses them whole; answers after they are on the disk with the
    /// rows each one touched.
    pub async fn write(&self, statements: Vec<Statement>) -> Result<Vec<u64>, WriteError> {
        self.submit(Lane::Urgent, true, move |connection| {
            apply(connection, &statements)
        })
        .await
    }

    /// As [`Store::write`], on the bulk lane: between acknowledgements and outcomes, one list at a time.
    /// Keep a list to what takes some milliseconds, because the writer stands still meanwhile.
    pub async fn write_bulk(&self, statements: Vec<Statement>) -> Result<Vec<u64>, WriteError> {
        self.submit(Lane::Bulk, true, move |connection| {
            apply(connection, &statements)
        })
        .await
    }

    /// One statement that changes nothing.
    pub async fn read(
        &self,
        sql: Sql,
        values: impl Into<Vec<Value>>,
    ) -> Result<Vec<Row>, ReadError> {
        self.0.readers.read(sql, values.into()).await
    }

    /// A copy of the store in one file of mode 0600, made while it works on. Refuses to overwrite, and
    /// leaves nothing behind when it fails. The write-ahead log grows until the copy is made.
    pub async fn backup(&self, to: PathBuf) -> Result<(), WriteError> {
        let source = disk::database(&self.0.options.directory);
        tokio::task::spawn_blocking(move || {
            let target = to
                .to_str()
                .ok_or_else(|| WriteError::Failed("not a path in UTF-8".into()))?;
            disk::make_private_file(&to)
                .map_err(|error| WriteError::Failed(format!("{}: {error}", to.display())))?;
            let copied = Connection::open(source)
                .and_then(|connection| connection.execute("VACUUM INTO ?1", [target]));
            if copied.is_err() {
                // The error that counts is the copy's.
                let _ = std::fs::remove_file(&to);
            }
            copied.map(drop).map_err(WriteError::from)
        })
        .await
        .map_err(|error| WriteError::Failed(error.to_string()))?
    }

    /// Takes no further work, finishes what waits, checkpoints, and lets the directory go.
    pub async fn close(&self) {
        self.0.shared.close();
        self.0.readers.close();
        let thread = self
            .0
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A writer that panicked has said so on its way down.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        self.0
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// The next id of any kind.
    pub fn next_id<I: RecordId>(&self) -> I {
        self.0.ids.next(self.0.clock.schedule())
    }

    /// The clock of this process.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Seals and opens secrets.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// Moves when the store was recovered after a failure and a new epoch began.
    pub fn epochs(&self) -> watch::Receiver<i64> {
        self.0.shared.epochs()
    }

    /// For jobs, which must know the epoch in which they run, not the one in which they were queued.
    pub(crate) fn epoch_reader(&self) -> EpochReader {
        EpochReader(Arc::clone(&self.0.shared))
    }

    /// The epoch of this run; a delivery claimed in an older one may be taken again.
    pub fn epoch(&self) -> i64 {
        self.0.shared.epoch()
    }

    /// Whether sources may be given a 200: false when the disk is low or the store failed.
    pub fn accepting(&self) -> Result<(), WriteError> {
        if self.0.shared.disk_low() {
            return Err(WriteError::DiskLow);
        }
        Ok(())
    }

    /// Moves after every [`Store::change`].
    pub fn revision(&self) -> watch::Receiver<i64> {
        self.0.revision.subscribe()
    }

    pub(crate) fn announce_revision(&self, revision: i64) {
        self.0.revision.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
    }

    /// The data directory.
    pub fn directory(&self) -> &std::path::Path {
        &self.0.options.directory
    }

    /// How the store is.
    pub fn status(&self) -> Status {
        let shared = &self.0.shared;
        let directory = &self.0.options.directory;
        let (queue_depth, bulk_depth) = shared.depth();
        Status {
            ready: shared.ready(),
            cause: shared.cause(),
            disk_low: shared.disk_low(),
            free_bytes: disk::free_bytes(directory),
            queue_depth,
            bulk_depth,
            last_commit_us: shared.last_commit_us(),
            wal_bytes: (shared.wal_pages() * 4096).min(disk::size(&disk::wal(directory))),
            database_bytes: disk::size(&disk::database(directory)),
            epoch: shared.epoch(),
        }
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Queues work for the writer and waits until it is on the disk.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        lane: Lane,
        may_fail: bool,
        work: impl FnOnce(&Connection) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, WriteError> {
        let answer = self.0.shared.submit(lane, may_fail, work)?;
        answer.await.unwrap_or(Err(WriteError::Closed))
    }

    /// Queues work for the writer that nobody waits for.
    pub(crate) fn submit_lazily(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), WriteError> + Send + 'static,
    ) -> Result<(), WriteError> {
        self.0.shared.submit(Lane::Log, true, work).map(drop)
    }

    pub(crate) fn log_depth(&self) -> usize {
        self.0.shared.log_depth()
    }

    pub(crate) fn queue_capacity(&self) -> usize {
        self.0.options.queue_capacity
    }
}

/// Reads the epoch when a job runs.
pub(crate) struct EpochReader(Arc<Shared>);

impl EpochReader {
    pub(crate) fn now(&self) -> i64 {
        self.0.epoch()
    }
}

pub(crate) fn apply(
    connection: &Connection,
    statements: &[Statement],
) -> Result<Vec<u64>, WriteError> {
    let mut touched = Vec::with_capacity(statements.len());
    for (index, statement) in statements.iter().enumerate() {
        let rows = connection
            .prepare_cached(statement.sql.for_sqlite())?
            .execute(params_from_iter(&statement.values))? as u64;
        match statement.expect {
            Expect::Rows(expected) if expected != rows => {
                return Err(WriteError::Unexpected {
                    statement: index,
                    expected,
                    found: rows,
                });
            }
            Expect::Rows(_) | Expect::Any => touched.push(rows),
        }
    }
    Ok(touched)
}

fn migrate(connection: &Connection, schemas: &[Schema]) -> Result<(), OpenError> {
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS store_schema (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT",
        )
        .map_err(|error| database(&error))?;
    for schema in crate::SCHEMAS.iter().chain(schemas) {
        let found: i64 = connection
            .query_row(
                "SELECT version FROM store_schema WHERE room = ?1",
                [schema.room],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| database(&error))?
            .unwrap_or(0);
        let known = schema.steps.len() as i64;
        if found > known {
            return Err(OpenError::Newer {
                room: schema.room,
                found,
                known,
            });
        }
        for (step, version) in schema.steps.iter().zip(1_i64..).skip(found as usize) {
            let record = "INSERT INTO store_schema (room, version) VALUES (?1, ?2)
                ON CONFLICT (room) DO UPDATE SET version = excluded.version";
            connection
                .execute_batch(&format!("BEGIN IMMEDIATE; {}", Schema::for_sqlite(step)))
                .and_then(|()| connection.execute(record, params![schema.room, version]))
                .and_then(|_| connection.execute_batch("COMMIT"))
                .map_err(|error| database(&error))?;
        }
    }
    Ok(())
}

fn open_vault(
    connection: &Connection,
    key: &MasterKey,
    options: &Options,
) -> Result<Vault, OpenError> {
    let mut keys = read_keys(connection).map_err(|error| database(&error))?;
    let master = vault::load_master(key, &options.directory, &keys)?;
    if keys.is_empty() {
        let sealed = vault::new_data_key(&master, 1);
        connection
            .execute(
                "INSERT INTO store_key (id, sealed) VALUES (1, ?1)",
                [&sealed],
            )
            .map_err(|error| database(&error))?;
        keys.push((1, sealed));
    }
    Ok(Vault::open(&master, &keys)?)
}

pub(crate) fn read_keys(connection: &Connection) -> rusqlite::Result<Vec<(u32, Vec<u8>)>> {
    connection
        .prepare("SELECT id, sealed FROM store_key")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Begins a new epoch of this node: what ran in an older one may be taken up again.
pub(crate) fn begin_epoch(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "INSERT INTO store_node (id, epoch) VALUES (0, 1)
         ON CONFLICT (id) DO UPDATE SET epoch = store_node.epoch + 1 RETURNING epoch",
        [],
        |row| row.get(0),
    )
}

/// The largest id the record and the audit hold, so that new ones never go below it.
fn largest_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT MAX(COALESCE((SELECT MAX(id) FROM event), 0),
                    COALESCE((SELECT MAX(id) FROM delivery), 0),
                    COALESCE((SELECT MAX(id) FROM store_audit), 0))",
        [],
        |row| row.get(0),
    )
}

pub(crate) fn database(error: &rusqlite::Error) -> OpenError {
    OpenError::Database(error.to_string())
}
