//! What can go wrong with a program's process.
//!
//! [`SpecError`] when somebody asks for what cannot be, [`StartError`] when an instance does not come up
//! (shown in its status while it is tried again), [`RotateError`] when credentials are not replaced,
//! [`NotReady`] when waiting is in vain.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ringback_types::{Code, Coded};

/// Why a program is not run at all.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The id cannot be a directory's name.
    #[error("`{0}` cannot be the id of a program that runs here")]
    Program(String),
    /// No command, or a NUL in it, in an argument or in the environment.
    #[error("the command is empty, or it, an argument or the environment holds a NUL")]
    Command,
    /// A variable that has no valid name, or that Ringback sets.
    #[error("the variable `{0}` cannot be set")]
    Variable(String),
    /// None, or too many.
    #[error("a program has 1 to {limit} instances")]
    Instances {
        /// How many there may be.
        limit: u32,
    },
    /// Not one credentials file an instance.
    #[error("{credentials} credentials files for {instances} instances")]
    Credentials {
        /// How many instances there are.
        instances: usize,
        /// How many credentials files were given.
        credentials: usize,
    },
}

impl Coded for SpecError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Program(_) => "host.bad_program_id",
            Self::Command => "host.bad_command",
            Self::Variable(_) => "host.bad_variable",
            Self::Instances { .. } => "host.bad_instances",
            Self::Credentials { .. } => "host.bad_credentials",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Program(_) => Some(
                "use 1 to 128 letters, digits, `-`, `_` and `.`, not beginning with `.`".into(),
            ),
            Self::Command => Some("give the start command and its arguments separately".into()),
            Self::Variable(_) => Some(
                "`RINGBACK_ZONE_CREDENTIALS` and `RINGBACK_ZONE_LISTEN` are set by Ringback; a name has no `=`"
                    .into(),
            ),
            Self::Instances { .. } | Self::Credentials { .. } => None,
        }
    }
}

/// Why an instance is not up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The command is a relative path, which means nothing in the program's own directory.
    #[error("the command `{0}` is a relative path")]
    CommandRelative(String),
    /// There is no such file.
    #[error("there is no command `{0}`")]
    CommandMissing(String),
    /// The file cannot be executed.
    #[error("`{0}` is not an executable file")]
    CommandNotExecutable(PathBuf),
    /// The instance's directory or credentials file cannot be written.
    #[error("cannot prepare `{path}`: {source}")]
    Directory {
        /// Which path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no port for it.
    #[error("no free port on 127.0.0.1: {0}")]
    Port(io::Error),
    /// The system does not start it.
    #[error("the process does not start: {0}")]
    Spawn(io::Error),
    /// The system does not execute the file.
    #[error("the command is not executed: {0}")]
    NotExecuted(String),
    /// It runs, but does not listen where it has to.
    #[error("it did not accept a connection at 127.0.0.1:{port} within {deadline:?}")]
    NotListening {
        /// The port it was told.
        port: u16,
        /// How long it had.
        deadline: Duration,
    },
}

impl Coded for StartError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::CommandRelative(_) => "host.command_relative",
            Self::CommandMissing(_) => "host.command_missing",
            Self::CommandNotExecutable(_) => "host.command_not_executable",
            Self::Directory { .. } => "host.directory",
            Self::Port(_) => "host.no_port",
            Self::Spawn(_) => "host.not_started",
            Self::NotExecuted(_) => "host.not_executed",
            Self::NotListening { .. } => "host.not_listening",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::CommandRelative(_) => "give the command as an absolute path".into(),
            Self::CommandMissing(_) => {
                "give the command as an absolute path; Ringback's own `PATH` is not used".into()
            }
            Self::CommandNotExecutable(path) => {
                format!("make it executable: `chmod +x {}`", path.display()).into()
            }
            Self::Directory { .. } => "see that Ringback may write there and the disk is not full".into(),
            Self::Port(_) => "see how many connections and listeners this machine has".into(),
            Self::Spawn(_) => {
                "see the limits on processes, files and memory of the user that runs Ringback".into()
            }
            Self::NotExecuted(_) => {
                "see that what its `#!` line names is there, and that it was built for this machine".into()
            }
            Self::NotListening { .. } => {
                "let the program listen at the address in `RINGBACK_ZONE_LISTEN`, and see its output".into()
            }
        })
    }
}

/// Why credentials are not replaced.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Nothing of this id runs.
    #[error("the program `{0}` does not run here")]
    NotRunning(String),
    /// Not one credentials file an instance.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A file cannot be written; the older one stands.
    #[error("cannot replace the credentials of instance {instance}: {source}")]
    Write {
        /// Whose file.
        instance: u32,
        /// What the system says.
        source: io::Error,
    },
}

impl Coded for RotateError {
    fn code(&self) -> Code {
        match self {
            Self::NotRunning(_) => Code::new("host.not_running"),
            Self::Spec(error) => error.code(),
            Self::Write { .. } => Code::new("host.credentials_not_written"),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NotRunning(_) => None,
            Self::Spec(error) => error.hint(),
            Self::Write { .. } => {
                Some("see that Ringback may write there and the disk is not full".into())
            }
        }
    }
}

/// Why a program will not become ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// Nothing of this id runs, or it has been stopped.
    #[error("the program `{0}` does not run here")]
    NotRunning(String),
}

impl Coded for NotReady {
    fn code(&self) -> Code {
        match self {
            Self::NotRunning(_) => Code::new("host.not_running"),
        }
    }
}
