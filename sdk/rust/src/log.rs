//! Log lines in the documented format, which the zone collects from standard output:
//! `<{pid},{tid}>,{datetime},{level},{req_id},{file_name},{line_no},{custom}` (sheet
//! wecom-zone-sdk, 6).
//!
//! [`log_info!`](crate::log_info), [`log_error!`](crate::log_error) and
//! [`log_debug!`](crate::log_debug) fill in everything but the text. All levels are written; which of
//! them are stored the zone decides (`set_log_level`).

use std::fmt;
use std::future::Future;
use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringback_types::{Clock, WireTime};

use crate::request::Request;

/// The longest text of a line, in bytes; what is longer is cut.
pub const MAX_CUSTOM_BYTES: usize = 128;

tokio::task_local! {
    /// The request that is handled.
    static REQUEST: String;
}

/// How important a line is, in the words of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// `ERR`, 1.
    Error,
    /// `INFO`, 2.
    Info,
    /// `DBG`, 3.
    Debug,
}

impl Level {
    /// The word in a line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERR",
            Self::Info => "INFO",
            Self::Debug => "DBG",
        }
    }
}

/// One line; `Display` gives it without its end.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// When.
    pub at: WireTime,
    /// In which time zone it is written.
    pub time_zone: TimeZone,
    /// How important.
    pub level: Level,
    /// About which request; empty outside of one.
    pub request_id: &'a str,
    /// In which source file: its last component is written.
    pub file: &'a str,
    /// On which line of it.
    pub line: u32,
    /// The text.
    pub custom: &'a str,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (process, thread) = (std::process::id(), thread_id());
        let time = Timestamp::from_millisecond(self.at.as_millis()).unwrap_or_default();
        let time = time.to_zoned(self.time_zone.clone());
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        write!(
            formatter,
            "<{process},{thread}>,{},{},{},{file},{},",
            time.strftime("%Y-%m-%d %H:%M:%S%.3f"),
            self.level.as_str(),
            self.request_id,
            self.line,
        )?;
        let custom = &self.custom[..self.custom.floor_char_boundary(MAX_CUSTOM_BYTES)];
        // A line's end in the text would begin a line that looks like another one of ours.
        custom.chars().try_for_each(|character| {
            let character = if character.is_control() {
                ' '
            } else {
                character
            };
            fmt::Write::write_char(formatter, character)
        })
    }
}

/// Writes a line to standard output, about the request that is being handled. For the macros.
pub fn write(level: Level, file: &str, line: u32, custom: fmt::Arguments<'_>) {
    let request_id = REQUEST.try_with(String::clone).unwrap_or_default();
    write_about(&request_id, level, file, line, custom);
}

/// The same about a request that is named (`WWSpecLogInfoWithReqId`).
pub fn write_about(
    request_id: &str,
    level: Level,
    file: &str,
    line: u32,
    custom: fmt::Arguments<'_>,
) {
    let line = Line {
        at: Clock::real().wire(),
        time_zone: TimeZone::system(),
        level,
        request_id,
        file,
        line,
        custom: &custom.to_string(),
    };
    // Whole lines only, also between threads; where nobody reads there is nobody to tell.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes an `INFO` line.
#[macro_export]
macro_rules! log_info {
    ($($text:tt)+) => {
        $crate::log::write($crate::log::Level::Info, file!(), line!(), format_args!($($text)+))
    };
}

/// Writes an `ERR` line.
#[macro_export]
macro_rules! log_error {
    ($($text:tt)+) => {
        $crate::log::write($crate::log::Level::Error, file!(), line!(), format_args!($($text)+))
    };
}

/// Writes a `DBG` line: seen while debugging locally, stored in the zone only at log level 3.
#[macro_export]
macro_rules! log_debug {
    ($($text:tt)+) => {
        $crate::log::write($crate::log::Level::Debug, file!(), line!(), format_args!($($text)+))
    };
}

/// Runs a future as this request's: log lines in it carry the request's id.
pub(crate) fn about<F: Future>(
    request_id: &str,
    work: F,
) -> impl Future<Output = F::Output> + use<F> {
    REQUEST.scope(request_id.to_owned(), work)
}

impl Request {
    /// Runs `work` as this request's: log lines in it carry the request's id.
    pub fn in_log<T>(&self, work: impl FnOnce() -> T) -> T {
        REQUEST.sync_scope(self.log_id().to_owned(), work)
    }

    /// The same for a future, such as a task that outlives the reply; [`serve`](crate::serve()) does it
    /// for handlers.
    pub fn in_log_async<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        about(self.log_id(), work)
    }
}

/// The system's number of this thread.
#[cfg(target_os = "linux")]
fn thread_id() -> u32 {
    rustix::thread::gettid()
        .as_raw_nonzero()
        .get()
        .unsigned_abs()
}

/// Elsewhere there is none that a safe call gives.
#[cfg(not(target_os = "linux"))]
fn thread_id() -> u32 {
    0
}
