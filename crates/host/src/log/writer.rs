//! The task that writes log lines to the files, behind a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::log::LogLine;
use crate::log::file::LogFile;

/// How many lines may wait for the disk.
const QUEUE: usize = 1_024;
const BATCH: usize = 256;

/// The queue's front end.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Entry>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Entry {
    Line(LogLine),
    /// Answered when all lines before it have been written.
    Flush(oneshot::Sender<()>),
}

impl Writer {
    pub(super) fn start(file: LogFile) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE);
        let lost = Arc::default();
        tokio::spawn(write(entries, file, Arc::clone(&lost)));
        Self { queue, lost }
    }

    /// Never waits: a line that finds the queue full is lost to the file.
    pub(super) fn write(&self, line: LogLine) {
        if self.queue.try_send(Entry::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.queue.send(Entry::Flush(done)).await.is_ok() {
            // An error means that the task is gone, and nothing will be written any more.
            let _ = is_done.await;
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

async fn write(mut entries: mpsc::Receiver<Entry>, mut file: LogFile, lost: Arc<AtomicU64>) {
    let mut batch = Vec::with_capacity(BATCH);
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let (lines, flushes) = part(&mut batch);
        let count = lines.len() as u64;
        let written = tokio::task::spawn_blocking(move || {
            let result = file.append(&lines);
            (file, result)
        });
        let Ok((same, result)) = written.await else {
            return;
        };
        file = same;
        if let Err(error) = result {
            lost.fetch_add(count, Ordering::Relaxed);
            tracing::warn!(%error, lines = count, "log lines of a program are not written");
        }
        for flush in flushes {
            // An error means that nobody waits any longer.
            let _ = flush.send(());
        }
    }
}

/// A line that comes after a flush may be written with those before it.
fn part(batch: &mut Vec<Entry>) -> (Vec<LogLine>, Vec<oneshot::Sender<()>>) {
    let mut lines = Vec::with_capacity(batch.len());
    let mut flushes = Vec::new();
    for entry in batch.drain(..) {
        match entry {
            Entry::Line(line) => lines.push(line),
            Entry::Flush(flush) => flushes.push(flush),
        }
    }
    (lines, flushes)
}
