//! What may be set for all programs together.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the hosts, all with a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What every program is started through, so that its limits hold before it runs and it dies with
    /// this process. Without one, limits are set just after the start and a program outlives a crash of
    /// Ringback: for small tests only.
    pub launcher: Option<Launcher>,
    /// How many instances a program may have.
    pub instances_limit: u32,
    /// How long a program may take until it accepts connections; then it is stopped and tried again.
    pub start_deadline: Duration,
    /// The pause between two looks whether it accepts connections.
    pub ready_interval: Duration,
    /// How long a program has between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// The pause before the first restart; each further one is twice as long.
    pub backoff_first: Duration,
    /// The longest pause before a restart.
    pub backoff_limit: Duration,
    /// After it ran so long, the next pause is the first one again.
    pub backoff_reset: Duration,
    /// How many log lines of a program are kept in memory.
    pub log_lines: usize,
    /// How many bytes of log lines a program may write in an hour (sheet wecom-zone-sdk, section 6:
    /// 1 GB); what is more in that hour is dropped and counted.
    pub log_bytes_per_hour: u64,
    /// How large a program's log file grows before a new one is begun, in bytes.
    pub log_file_bytes: u64,
    /// How many full log files of a program are kept besides the one that grows.
    pub log_files: u32,
    /// How many bytes of what an instance writes besides log lines are kept in memory.
    pub output_bytes: usize,
    /// How fast each of an instance's two output streams is read, in bytes a second: a program that
    /// floods is slowed down, so that reading it costs the rest of Ringback little.
    pub output_bytes_per_second: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            launcher: None,
            instances_limit: 64,
            start_deadline: Duration::from_secs(30),
            ready_interval: Duration::from_millis(50),
            stop_grace: Duration::from_secs(5),
            backoff_first: Duration::from_secs(1),
            backoff_limit: Duration::from_mins(1),
            backoff_reset: Duration::from_mins(1),
            log_lines: 4_096,
            log_bytes_per_hour: 1_000_000_000,
            log_file_bytes: 64 << 20,
            log_files: 3,
            output_bytes: 32 << 10,
            output_bytes_per_second: 32 << 20,
        }
    }
}

/// The program that ends in [`launch`](crate::launch()): as a rule this binary with a hidden subcommand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// Its absolute path.
    pub program: PathBuf,
    /// Its first arguments; those for [`launch`](crate::launch()) follow.
    pub arguments: Vec<OsString>,
}
