//! How a command ends badly.
//!
//! Rooms have `thiserror` enums that are [`Coded`]; here, at the binary's edge, every one of them
//! becomes a [`Failure`]: what is printed as `error: … [code]` and `hint: …`, and the exit status.

use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;

use ringback_types::Coded;

/// The exit statuses of `ringback`, as `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It was tried and did not work, or was refused.
    Failed = 1,
    /// The command line, the configuration or a file that was given is wrong.
    Usage = 2,
    /// The server is not reachable, or it does not accept the token.
    Unreachable = 3,
}

/// Why a command ends, what to do about it and the exit status.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit status.
    pub(crate) exit: Exit,
    /// The stable code.
    pub(crate) code: Cow<'static, str>,
    /// What happened, in a sentence without a full stop.
    pub(crate) message: String,
    /// The sentence that fixes it.
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl Failure {
    /// Something that was tried and did not work.
    pub(crate) fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, code, message)
    }

    /// A command line, configuration or file that is wrong.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, code, message)
    }

    /// A server that does not answer or does not let us in.
    pub(crate) fn unreachable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, code, message)
    }

    /// An operation of the file system that failed; names the path, which an `io::Error` does not.
    pub(crate) fn file(action: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::failed(
            "file.io",
            format!("cannot {action} `{}`: {error}", path.display()),
        )
    }

    /// Something of ours that does not look as it must: a mistake in Ringback, not of the user.
    pub(crate) fn internal(what: impl Display) -> Self {
        Self::failed("internal", what.to_string())
    }

    fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: Cow::Borrowed(code),
            message: message.into(),
            hint: None,
        }
    }

    /// The same with the sentence that fixes it.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with another exit status.
    #[must_use]
    pub(crate) fn exiting(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            exit: Exit::Failed,
            code: Cow::Borrowed(error.code().as_str()),
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
