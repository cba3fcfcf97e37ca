//! The log lines of a program: filtered by its level, capped an hour, the last ones in memory, all in
//! files that survive a restart.

mod file;
mod line;
mod writer;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_types::{Clock, WireTime};
use serde::{Deserialize, Serialize};
use tokio::sync::{OnceCell, watch};

use crate::options::Options;
use file::LogFile;
pub(crate) use line::Parsed;
pub use line::{LogLevel, LogLine};
use writer::Writer;

const HOUR_SECONDS: i64 = 3_600;

/// Which log lines somebody wants; the default is all that are in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogFilter {
    /// This level and those below it.
    pub level: Option<LogLevel>,
    /// Of this instance.
    pub instance: Option<u32>,
    /// Of this request.
    pub req_id: Option<String>,
    /// After the line of this number: the first ones then, and not the last ones.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl LogFilter {
    fn wants(&self, line: &LogLine) -> bool {
        self.level.is_none_or(|level| line.level <= level)
            && self
                .instance
                .is_none_or(|instance| line.instance == instance)
            && self
                .req_id
                .as_ref()
                .is_none_or(|req_id| line.req_id == *req_id)
            && self.after.is_none_or(|after| line.number > after)
    }
}

/// What became of the lines of a program since Ringback started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LogCounts {
    /// Kept.
    pub kept: u64,
    /// Dropped, because their level is above the program's.
    pub above_level: u64,
    /// Dropped, because the hour's bytes were used up.
    pub over_hour: u64,
    /// In memory only, because the disk did not take them, or not fast enough.
    pub not_written: u64,
    /// Cut at 16 KiB, log lines or not.
    pub cut: u64,
}

/// The log of one program, of all its instances.
#[derive(Debug)]
pub(crate) struct Log {
    clock: Clock,
    program: String,
    directory: PathBuf,
    options: Options,
    level: AtomicU8,
    cut: AtomicU64,
    kept: Mutex<Kept>,
    writer: OnceCell<Writer>,
    /// The number of the newest line.
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    /// The number of the last line.
    number: u64,
    /// The hour that is counted, and what has been kept in it, in bytes.
    hour: i64,
    hour_bytes: u64,
    is_over_told: bool,
    counts: LogCounts,
}

impl Log {
    /// The log of `program`, whose files are in `directory`.
    pub(crate) fn new(clock: Clock, program: &str, directory: PathBuf, options: Options) -> Self {
        Self {
            clock,
            program: program.to_owned(),
            directory,
            options,
            level: AtomicU8::new(LogLevel::default().number()),
            cut: AtomicU64::new(0),
            kept: Mutex::default(),
            writer: OnceCell::new(),
            newest: watch::Sender::new(0),
        }
    }

    /// Reads the newest lines of former runs and makes ready to write. Lines that are taken before that
    /// are not written.
    pub(crate) async fn open(&self) {
        let opened = self.writer.get_or_init(|| async {
            let options = &self.options;
            let (bytes, files) = (options.log_file_bytes, options.log_files);
            let file = LogFile::new(self.directory.clone(), bytes, files);
            let wanted = options.log_lines;
            let read = tokio::task::spawn_blocking(move || (file.newest(wanted), file)).await;
            match read {
                Ok((lines, file)) => {
                    self.lock().begin_with(lines);
                    Writer::start(file)
                }
                Err(_) => Writer::start(LogFile::new(self.directory.clone(), bytes, files)),
            }
        });
        opened.await;
    }

    pub(crate) async fn flush(&self) {
        if let Some(writer) = self.writer.get() {
            writer.flush().await;
        }
    }

    /// Changes with every line that is kept; holds its number.
    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    pub(crate) fn set_level(&self, level: LogLevel) {
        self.level.store(level.number(), Ordering::Release);
    }

    pub(crate) fn count_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a line that was so many bytes long.
    pub(crate) fn take(&self, instance: u32, parsed: Parsed<'_>, bytes: usize) {
        let at = self.clock.wire();
        let mut kept = self.lock();
        if parsed.level.number() > self.level.load(Ordering::Acquire) {
            kept.counts.above_level += 1;
        } else if kept.has_room(at, bytes as u64, self.options.log_bytes_per_hour) {
            let line = kept.keep(parsed, at, instance, self.options.log_lines);
            self.newest.send_replace(line.number);
            // Under the lock, so that the file has them in the same order.
            if let Some(writer) = self.writer.get() {
                writer.write(line);
            }
        } else {
            kept.counts.over_hour += 1;
            if !std::mem::replace(&mut kept.is_over_told, true) {
                drop(kept);
                let program = &self.program;
                tracing::warn!(%program, "log lines are dropped until the hour ends: it had its bytes");
            }
        }
    }

    pub(crate) fn lines(&self, filter: &LogFilter) -> Vec<LogLine> {
        let kept = self.lock();
        let wanted = kept.lines.iter().filter(|line| filter.wants(line));
        let limit = filter.limit.unwrap_or(usize::MAX);
        if filter.after.is_some() {
            return wanted.take(limit).cloned().collect();
        }
        let mut newest: Vec<LogLine> = wanted.rev().take(limit).cloned().collect();
        newest.reverse();
        newest
    }

    pub(crate) fn counts(&self) -> LogCounts {
        LogCounts {
            not_written: self.writer.get().map_or(0, Writer::lost),
            cut: self.cut.load(Ordering::Relaxed),
            ..self.lock().counts
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn begin_with(&mut self, lines: Vec<LogLine>) {
        self.number = lines.last().map_or(0, |line| line.number);
        self.lines = lines.into();
    }

    /// Whether the hour has room for so many bytes, which are then taken.
    fn has_room(&mut self, at: WireTime, bytes: u64, limit: u64) -> bool {
        let hour = at.as_seconds().div_euclid(HOUR_SECONDS);
        if hour != self.hour {
            self.hour = hour;
            self.hour_bytes = 0;
            self.is_over_told = false;
        }
        let has_room = self.hour_bytes + bytes <= limit;
        if has_room {
            self.hour_bytes += bytes;
        }
        has_room
    }

    fn keep(&mut self, parsed: Parsed<'_>, at: WireTime, instance: u32, limit: usize) -> LogLine {
        self.number += 1;
        self.counts.kept += 1;
        let line = parsed.into_line(self.number, at, instance);
        self.lines.push_back(line.clone());
        while self.lines.len() > limit {
            self.lines.pop_front();
        }
        line
    }
}
