//! The log lines of a program: filtered by its level, capped an hour, the last ones in memory, all in
//! files that survive a restart.

mod line;

use serde::{Deserialize, Serialize};

pub use line::{LogLevel, LogLine};

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
