//! The one writer: a thread that commits everything that waits in one transaction.
//!
//! Two lanes: acknowledgements and outcomes first, bulk work in small steps between them. A job is
//! answered only after COMMIT has returned, that is after the write-ahead log is on the disk. A failed
//! commit or sync answers the whole batch with an error, fails readiness, and the store is recovered as
//! after a crash; it is never simply retried (design, section 4.1).

use std::cell::Cell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_types::Clock;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::disk;
use crate::error::WriteError;
use crate::sqlite::{self, Purpose};

/// At most so many jobs in one transaction: bounds how long the first of them waits.
const BATCH: usize = 512;
/// At most so many calls of the log in one transaction: a millisecond or two that an acknowledgement
/// waits for them, against a sync for each of them alone.
const LOG_BATCH: usize = 64;
/// After so many pages in the write-ahead log a checkpoint is begun.
const CHECKPOINT_PAGES: i32 = 2_000;
/// From so many pages on the writer checkpoints itself, whatever the checkpointer does.
const CHECKPOINT_PAGES_HARD: i32 = 16_000;
const CACHE_KIB: u32 = 8 * 1024;
/// How often the free space is looked at, and how long a broken store waits before it tries again.
const TICK: Duration = Duration::from_secs(1);

thread_local! {
    /// Pages in the write-ahead log after the last commit on this thread.
    static WAL_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// Which work goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Acknowledgements, outcomes, changes: somebody waits.
    Urgent,
    /// Import, prune: one step at a time, between the others.
    Bulk,
    /// The call log: rows that nobody waits for, some in every transaction.
    Log,
}

/// A piece of work inside a transaction.
pub(crate) trait Job: Send {
    /// Does the work. An error fails the whole batch, unless the job asks for a savepoint.
    fn apply(&mut self, connection: &Connection) -> Result<(), WriteError>;
    /// Whether the work may be refused without harm to the rest of the batch.
    fn may_fail(&self) -> bool;
    /// Tells whoever waits; `committed` is an error when the batch was lost.
    fn answer(self: Box<Self>, committed: Result<(), WriteError>);
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<Result<T, WriteError>>,
    may_fail: bool,
    reply: oneshot::Sender<Result<T, WriteError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, WriteError> + Send,
{
    fn apply(&mut self, connection: &Connection) -> Result<(), WriteError> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        let result = work(connection);
        let outcome = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        outcome
    }

    fn may_fail(&self) -> bool {
        self.may_fail
    }

    fn answer(self: Box<Self>, committed: Result<(), WriteError>) {
        let result = match (committed, self.result) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(WriteError::Closed),
        };
        // Whoever asked may have gone away; the write stands all the same.
        let _ = self.reply.send(result);
    }
}

/// Jobs that nobody waits for, under one savepoint: where one cannot be done none of them is. Each savepoint
/// keeps a copy of every page that is touched after it.
struct Together(Vec<Box<dyn Job>>);

impl Job for Together {
    fn apply(&mut self, connection: &Connection) -> Result<(), WriteError> {
        self.0.iter_mut().try_for_each(|job| job.apply(connection))
    }

    fn may_fail(&self) -> bool {
        true
    }

    fn answer(self: Box<Self>, committed: Result<(), WriteError>) {
        answer_all(self.0, &committed);
    }
}

/// What the writer and its callers share.
#[derive(Debug)]
pub(crate) struct Shared {
    lanes: Mutex<Lanes>,
    wake: Condvar,
    capacity: usize,
    ready: AtomicBool,
    disk_low: AtomicBool,
    epoch: watch::Sender<i64>,
    last_commit_us: AtomicU64,
    wal_pages: AtomicU64,
    cause: Mutex<Option<String>>,
}

#[derive(Default)]
struct Lanes {
    urgent: VecDeque<Box<dyn Job>>,
    bulk: VecDeque<Box<dyn Job>>,
    log: VecDeque<Box<dyn Job>>,
    closing: bool,
    checkpoint_done: bool,
}

impl Lanes {
    fn depth(&self) -> usize {
        self.urgent.len() + self.bulk.len() + self.log.len()
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Lanes")
            .field("urgent", &self.urgent.len())
            .field("bulk", &self.bulk.len())
            .field("log", &self.log.len())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(capacity: usize, epoch: i64) -> Self {
        Self {
            lanes: Mutex::default(),
            wake: Condvar::new(),
            capacity,
            ready: AtomicBool::new(true),
            disk_low: AtomicBool::new(false),
            epoch: watch::Sender::new(epoch),
            last_commit_us: AtomicU64::new(0),
            wal_pages: AtomicU64::new(0),
            cause: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn epoch(&self) -> i64 {
        *self.epoch.borrow()
    }

    pub(crate) fn epochs(&self) -> watch::Receiver<i64> {
        self.epoch.subscribe()
    }

    pub(crate) fn ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(crate) fn disk_low(&self) -> bool {
        self.disk_low.load(Ordering::Relaxed)
    }

    pub(crate) fn cause(&self) -> Option<String> {
        self.cause
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn last_commit_us(&self) -> u64 {
        self.last_commit_us.load(Ordering::Relaxed)
    }

    pub(crate) fn wal_pages(&self) -> u64 {
        self.wal_pages.load(Ordering::Relaxed)
    }

    pub(crate) fn depth(&self) -> (usize, usize) {
        let lanes = self.lock();
        (lanes.urgent.len(), lanes.bulk.len() + lanes.log.len())
    }

    pub(crate) fn log_depth(&self) -> usize {
        self.lock().log.len()
    }

    /// Queues work and gives what to wait for; refuses at once when the queue is full.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        lane: Lane,
        may_fail: bool,
        work: impl FnOnce(&Connection) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, WriteError>>, WriteError> {
        if !self.ready() {
            return Err(WriteError::Failed(self.cause().unwrap_or_default()));
        }
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Task {
            work: Some(work),
            result: None,
            may_fail,
            reply,
        });
        let mut lanes = self.lock();
        if lanes.closing {
            return Err(WriteError::Closed);
        }
        let queue = match lane {
            Lane::Urgent => &mut lanes.urgent,
            Lane::Bulk => &mut lanes.bulk,
            Lane::Log => &mut lanes.log,
        };
        if queue.len() >= self.capacity {
            return Err(WriteError::Busy);
        }
        queue.push_back(job);
        let was_idle = lanes.depth() == 1;
        drop(lanes);
        if was_idle {
            self.wake.notify_one();
        }
        Ok(answer)
    }

    /// Lets no further work in; the writer ends once the queues are empty.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.wake.notify_all();
    }

    fn checkpoint_done(&self) {
        self.lock().checkpoint_done = true;
        self.wake.notify_one();
    }
}

/// What the writer needs to know of its files.
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) minimum_free_bytes: u64,
    pub(crate) clock: Clock,
}

/// The writer thread's own state.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    place: Place,
    connection: Option<Connection>,
    checkpointer: Option<std::sync::mpsc::SyncSender<()>>,
    checkpointing: bool,
    looked_at_disk: std::time::Instant,
    meters: Meters,
}

/// Held, because finding a metric by its name costs more than recording it. The recorder must be there
/// before the store is opened.
struct Meters {
    commit_seconds: metrics::Histogram,
    commit_jobs: metrics::Histogram,
    checkpoint_seconds: metrics::Histogram,
}

impl Meters {
    fn new() -> Self {
        Self {
            commit_seconds: metrics::histogram!("ringback_commit_seconds"),
            commit_jobs: metrics::histogram!("ringback_commit_jobs"),
            checkpoint_seconds: metrics::histogram!("ringback_checkpoint_seconds"),
        }
    }
}

enum Batch {
    Jobs(Vec<Box<dyn Job>>),
    Checkpoint,
    Idle,
    Closed,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, place: Place, mut connection: Connection) -> Self {
        note_commits_of(&mut connection);
        let checkpointer = spawn_checkpointer(&shared, &place);
        let looked_at_disk = place.clock.monotonic();
        let mut writer = Self {
            shared,
            place,
            connection: Some(connection),
            checkpointer,
            checkpointing: false,
            looked_at_disk,
            meters: Meters::new(),
        };
        writer.look_at_disk();
        writer
    }

    /// Works until the store is closed and the queues are empty.
    pub(crate) fn run(mut self) {
        loop {
            if self.connection.is_none() {
                self.recover();
            }
            match self.next_batch() {
                Batch::Jobs(jobs) => self.commit(jobs),
                Batch::Checkpoint => self.checkpoint(),
                Batch::Idle => {}
                Batch::Closed => break,
            }
            self.look_at_disk_each_tick();
        }
        self.checkpointer = None;
        self.checkpoint();
    }

    fn next_batch(&self) -> Batch {
        let mut lanes = self.shared.lock();
        if lanes.depth() == 0 && !lanes.checkpoint_done {
            if lanes.closing {
                return Batch::Closed;
            }
            lanes = self
                .shared
                .wake
                .wait_timeout(lanes, TICK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if std::mem::take(&mut lanes.checkpoint_done) {
            return Batch::Checkpoint;
        }
        let count = lanes.urgent.len().min(BATCH);
        let mut jobs: Vec<_> = lanes.urgent.drain(..count).collect();
        // One bulk step a batch: it neither starves nor delays an acknowledgement by more than itself.
        jobs.extend(lanes.bulk.pop_front());
        let count = lanes.log.len().min(LOG_BATCH);
        if count > 0 {
            jobs.push(Box::new(Together(lanes.log.drain(..count).collect())));
        }
        if jobs.is_empty() {
            Batch::Idle
        } else {
            Batch::Jobs(jobs)
        }
    }

    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let Some(connection) = self.connection.take() else {
            let lost = WriteError::Failed(self.shared.cause().unwrap_or_default());
            return answer_all(jobs, &Err(lost));
        };
        let began = self.place.clock.monotonic();
        match run_guarded(&connection, &mut jobs) {
            Ok(()) => {
                let micros = began.elapsed().as_micros() as u64;
                self.shared.last_commit_us.store(micros, Ordering::Relaxed);
                self.meters.commit_seconds.record(began.elapsed());
                self.meters.commit_jobs.record(jobs.len() as f64);
                self.connection = Some(connection);
                answer_all(jobs, &Ok(()));
                self.begin_checkpoint();
            }
            Err(error) => {
                tracing::error!(error = %error, jobs = jobs.len(), "a commit failed; the store is recovered as after a crash");
                self.fail(error.to_string());
                drop(connection);
                answer_all(jobs, &Err(WriteError::Failed(error.to_string())));
            }
        }
    }

    fn fail(&self, cause: String) {
        *self
            .shared
            .cause
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(cause);
        self.shared.ready.store(false, Ordering::Release);
    }

    /// Opens the database again, puts what the log holds into the file and syncs that, and begins a new
    /// epoch, so that whatever was running is taken up again. Waits a tick and says why when it cannot.
    fn recover(&mut self) {
        match self.try_recover() {
            Ok((mut connection, epoch)) => {
                note_commits_of(&mut connection);
                self.connection = Some(connection);
                *self
                    .shared
                    .cause
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = None;
                self.shared.ready.store(true, Ordering::Release);
                // After the store takes writes again, because whoever waits for this writes at once.
                self.shared.epoch.send_replace(epoch);
                tracing::info!(epoch, "the store is well again");
            }
            Err(error) => {
                tracing::warn!(error = %error, "the store cannot be recovered yet");
                self.fail(error.to_string());
                let lanes = self.shared.lock();
                if !lanes.closing {
                    drop(self.shared.wake.wait_timeout(lanes, TICK));
                }
            }
        }
    }

    fn try_recover(&self) -> Result<(Connection, i64), rusqlite::Error> {
        let path = disk::database(&self.place.directory);
        let connection = sqlite::open(&path, Purpose::Write, CACHE_KIB)?;
        // After a failed sync the log in memory and on the disk may differ: nothing may be appended to
        // it before all of it has been copied into the database file and that file was synced.
        let busy: i64 =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy != 0 {
            return Err(rusqlite::Error::InvalidQuery);
        }
        let epoch = crate::store::begin_epoch(&connection)?;
        Ok((connection, epoch))
    }

    fn begin_checkpoint(&mut self) {
        let pages = WAL_PAGES.get();
        self.shared
            .wal_pages
            .store(pages.max(0) as u64, Ordering::Relaxed);
        if pages >= CHECKPOINT_PAGES_HARD {
            self.checkpoint();
        } else if pages >= CHECKPOINT_PAGES && !self.checkpointing {
            let asked = self
                .checkpointer
                .as_ref()
                .is_some_and(|asked| asked.try_send(()).is_ok());
            self.checkpointing = asked;
        }
    }

    /// Copies what is left of the log into the file, so that the next commit begins the log anew. Short,
    /// because the checkpointer has copied most of it beside the running commits.
    fn checkpoint(&mut self) {
        self.checkpointing = false;
        let Some(connection) = &self.connection else {
            return;
        };
        let began = self.place.clock.monotonic();
        match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            Ok(()) => WAL_PAGES.set(0),
            Err(error) => tracing::warn!(error = %error, "a checkpoint failed"),
        }
        self.meters.checkpoint_seconds.record(began.elapsed());
    }

    fn look_at_disk_each_tick(&mut self) {
        if self.looked_at_disk.elapsed() >= TICK {
            self.looked_at_disk = self.place.clock.monotonic();
            self.look_at_disk();
        }
    }

    fn look_at_disk(&mut self) {
        let Some(free) = disk::free_bytes(&self.place.directory) else {
            return;
        };
        let low = free < self.place.minimum_free_bytes;
        if self.shared.disk_low.swap(low, Ordering::Relaxed) != low {
            tracing::warn!(free_bytes = free, low, "free space crossed the limit");
        }
    }
}

/// A job that panics is a failed commit: the batch is answered, the store is opened anew.
fn run_guarded(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), WriteError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run_batch(connection, jobs)))
        .unwrap_or_else(|_| Err(WriteError::Failed("a job panicked".to_owned())))
}

fn run_batch(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), WriteError> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for job in jobs {
        let applied = if job.may_fail() {
            under_savepoint(connection, job.as_mut())
        } else {
            job.apply(connection)
        };
        if let Err(error) = applied {
            // The error that counts is the first; a rollback that fails changes nothing about it.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(error);
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn under_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<(), WriteError> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    if let Err(error) = job.apply(connection) {
        // SQLite ends the whole transaction by itself on some failures of the disk.
        if connection.is_autocommit() {
            return Err(error);
        }
        connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    connection.prepare_cached("RELEASE job")?.execute([])?;
    Ok(())
}

fn answer_all(jobs: Vec<Box<dyn Job>>, committed: &Result<(), WriteError>) {
    for job in jobs {
        job.answer(committed.clone());
    }
}

/// Without the hook the log would only grow until the hard limit is passed unseen: that is a fault of
/// the build, found by the first test.
fn note_commits_of(connection: &mut Connection) {
    if let Err(error) = connection.wal_hook(Some(note_wal_pages)) {
        tracing::error!(error = %error, "the size of the write-ahead log cannot be watched");
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape SQLite's hook has")]
fn note_wal_pages(_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    WAL_PAGES.set(pages);
    Ok(())
}

/// Copies the log into the file beside the running commits; the writer does the short rest.
fn spawn_checkpointer(
    shared: &Arc<Shared>,
    place: &Place,
) -> Option<std::sync::mpsc::SyncSender<()>> {
    let (ask, asked) = std::sync::mpsc::sync_channel::<()>(1);
    let shared = Arc::clone(shared);
    let path = disk::database(&place.directory);
    let spawned = std::thread::Builder::new()
        .name("store-checkpoint".to_owned())
        .spawn(move || {
            let Ok(connection) = sqlite::open(&path, Purpose::Checkpoint, 256) else {
                return;
            };
            while asked.recv().is_ok() {
                if let Err(error) =
                    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                {
                    tracing::warn!(error = %error, "a checkpoint failed");
                }
                shared.checkpoint_done();
            }
        });
    spawned.is_ok().then_some(ask)
}
