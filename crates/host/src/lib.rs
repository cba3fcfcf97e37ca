//! Runs zone programs as child processes: start, restart with a growing pause, memory limit, readiness,
//! logs, credentials files.
//!
//! [`Hosts`] holds what runs. Each instance of a program has a supervisor task of its own, a directory
//! of its own below the hosts' directory (`<program>/<number>/`: `work/`, where it runs, and
//! `credentials.json`), a free loopback port that it is told in `RINGBACK_ZONE_LISTEN`, and a
//! [status](InstanceStatus). Processes are **not isolated**: every status says so.
//!
//! A program starts through a [`Launcher`], which ends in [`launch()`]: there its limits are set before it
//! runs, and the kernel is told to kill it when Ringback is gone. Another process made through the
//! launcher, the sweeper, does the same for what start scripts make. All this is Linux only.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use ringback_host::{Hosts, Launcher, LogLevel, Options, Spec};
//!
//! let options = Options {
//!     launcher: Some(Launcher {
//!         program: std::env::current_exe()?,
//!         arguments: vec!["host-launch".into()],
//!     }),
//!     ..Options::default()
//! };
//! let hosts = Hosts::new(ringback_types::Clock::real(), "data/programs".into(), options);
//! let spec = Spec {
//!     program: "prog1".to_owned(),
//!     command: "/opt/sample/program".to_owned(),
//!     arguments: vec![],
//!     environment: [].into(),
//!     instances: 1,
//!     memory_limit_bytes: Some(512 << 20),
//!     log_level: LogLevel::Info,
//! };
//! hosts.run(spec, vec![r#"{"zone_url":"…","key_id":"prog1/1","versions":[]}"#.into()])?;
//! hosts.wait_ready("prog1").await?;
//! println!("{:?}", hosts.address("prog1", 1));
//! # Ok(()) }
//! ```
//!
//! The rules are the sheet wecom-zone-sdk, sections 2, 6 and 17, and section 6 of the design.

mod backoff;
mod child;
mod command;
mod error;
mod hosts;
mod launch;
mod log;
mod options;
mod output;
mod place;
mod port;
mod program;
mod spawner;
mod spec;
mod status;
mod supervisor;

pub use error::{NotReady, RotateError, SpecError, StartError};
pub use hosts::Hosts;
pub use launch::launch;
pub use log::{LogCounts, LogFilter, LogLevel, LogLine};
pub use options::{Launcher, Options};
pub use spec::Spec;
pub use status::{Ended, Exit, InstanceStatus, State};
