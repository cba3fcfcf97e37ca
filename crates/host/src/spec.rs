//! What is to run.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::SpecError;
use crate::log::LogLevel;

/// Names the credentials file of an instance.
pub(crate) const CREDENTIALS: &str = "RINGBACK_ZONE_CREDENTIALS";
/// Says where an instance has to listen.
pub(crate) const LISTEN: &str = "RINGBACK_ZONE_LISTEN";

const NAME_LIMIT: usize = 128;

/// A program as it is to run; it stays in the foreground until it ends. Command and arguments are separate, and nothing of Ringback's own
/// environment is passed on (sheet wecom-zone-sdk, section 2).
#[derive(Clone, PartialEq, Eq)]
pub struct Spec {
    /// Its id: also the name of its directory, so 1 to 128 letters, digits, `-`, `_` and `.`, not
    /// beginning with `.`.
    pub program: String,
    /// An absolute path, or a name that is looked for in the program's own `PATH`.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it finds in its environment besides a fixed `PATH`, `LANG=C.UTF-8`,
    /// `RINGBACK_ZONE_CREDENTIALS` and `RINGBACK_ZONE_LISTEN`; may replace the first two.
    pub environment: BTreeMap<String, String>,
    /// How many of it run; each has its own number (from 1), address, directory and credentials.
    pub instances: u32,
    /// How much address space an instance may have, in bytes. A runtime that reserves far more than it
    /// uses (a JVM) needs a generous one.
    pub memory_limit_bytes: Option<u64>,
    /// Which log lines are kept at first; [`Hosts::set_log_level`](crate::Hosts::set_log_level) changes it.
    pub log_level: LogLevel,
}

impl Spec {
    /// Refuses what cannot be started, whatever the file system holds.
    pub(crate) fn check(&self, limit: u32, credentials: usize) -> Result<(), SpecError> {
        if !is_directory_name(&self.program) {
            return Err(SpecError::Program(self.program.clone()));
        }
        let texts = std::iter::once(&self.command)
            .chain(&self.arguments)
            .chain(self.environment.values());
        if self.command.is_empty() || texts.into_iter().any(|text| text.contains('\0')) {
            return Err(SpecError::Command);
        }
        if let Some(name) = self.environment.keys().find(|name| !may_be_set(name)) {
            return Err(SpecError::Variable(name.clone()));
        }
        if self.instances == 0 || self.instances > limit {
            return Err(SpecError::Instances { limit });
        }
        check_credentials(self.instances as usize, credentials)
    }
}

/// One credentials file an instance.
pub(crate) fn check_credentials(instances: usize, credentials: usize) -> Result<(), SpecError> {
    if instances == credentials {
        return Ok(());
    }
    Err(SpecError::Credentials {
        instances,
        credentials,
    })
}

fn is_directory_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=NAME_LIMIT).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(allowed)
}

fn may_be_set(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && name != CREDENTIALS && name != LISTEN
}

/// Values of the environment may be secrets and do not print.
impl fmt::Debug for Spec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Spec")
            .field("program", &self.program)
            .field("command", &self.command)
            .field("instances", &self.instances)
            .field("memory_limit_bytes", &self.memory_limit_bytes)
            .field("environment", &self.environment.keys())
            .finish_non_exhaustive()
    }
}
