//! The step between Ringback and a program: a process that limits itself and then becomes the program.
//!
//! The limits hold before the program's first instruction, and no code runs between `fork` and `exec`
//! of a process with threads, which would need `unsafe`.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Resource, Rlimit, Signal};

/// As a shell says it when a command cannot be executed.
const NOT_EXECUTED: u8 = 126;
/// What the launcher says on standard error when there is nothing to become.
const FAILED: &str = "ringback: not started: ";
const UNLIMITED: &str = "unlimited";
const RUN: &str = "run";
const SWEEP: &str = "sweep";

/// What the [`Launcher`](crate::Launcher) does: limits itself and becomes the program. Must be called
/// while the process has one thread. `arguments` are those after the launcher's own.
///
/// Returns only when there is nothing to become; the reason is on standard error, which is then the
/// program's output.
pub fn launch(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let failed = match arguments.split_first() {
        Some((verb, _)) if verb == SWEEP => return sweep(),
        Some((verb, order)) if verb == RUN => become_program(order),
        _ => "these are not the arguments of a launch".to_owned(),
    };
    #[expect(
        clippy::print_stderr,
        reason = "standard error is the output of the program that was to run"
    )]
    {
        eprintln!("{FAILED}{failed}");
    }
    ExitCode::from(NOT_EXECUTED)
}

/// The arguments that make [`launch`] become this program.
pub(crate) fn run_arguments(
    memory_limit_bytes: Option<u64>,
    executable: &Path,
    arguments: &[String],
) -> Vec<OsString> {
    let parent = rustix::process::getpid().as_raw_pid().to_string();
    let limit = memory_limit_bytes.map_or_else(|| UNLIMITED.to_owned(), |limit| limit.to_string());
    [RUN.into(), parent.into(), limit.into(), executable.into()]
        .into_iter()
        .chain(arguments.iter().map(OsString::from))
        .collect()
}

/// The cause, where this is the line of a launcher that failed.
pub(crate) fn failure(line: &str) -> Option<&str> {
    line.strip_prefix(FAILED)
}

/// The argument that makes [`launch`] a sweeper.
pub(crate) fn sweep_argument() -> &'static OsStr {
    OsStr::new(SWEEP)
}

/// Answers why it did not.
fn become_program(order: &[OsString]) -> String {
    let [parent, limit, executable, arguments @ ..] = order else {
        return "these are not the arguments of a launch".to_owned();
    };
    // Made before the limit holds, which may be below what this process has already.
    let mut command = Command::new(executable);
    command.args(arguments);
    if let Err(error) = limit_self(parent, limit) {
        return error.to_string();
    }
    let error = command.exec();
    format!("`{}`: {error}", Path::new(executable).display())
}

fn limit_self(parent: &OsStr, limit: &OsStr) -> io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that died before that sends no signal any more.
    if number(parent) != rustix::process::getppid().map(Pid::as_raw_pid) {
        return Err(io::Error::other("the process that asked for it is gone"));
    }
    // Memory of a program holds messages; a core file would put them on the disk.
    set_limit(Resource::Core, 0)?;
    match number::<u64>(limit) {
        Some(bytes) => set_limit(Resource::As, bytes),
        None if limit == UNLIMITED => Ok(()),
        None => Err(io::Error::other("the memory limit is no number")),
    }
}

fn number<N: std::str::FromStr>(text: &OsStr) -> Option<N> {
    text.to_str()?.parse().ok()
}

fn set_limit(resource: Resource, bytes: u64) -> io::Result<()> {
    Ok(rustix::process::setrlimit(resource, hard(bytes))?)
}

/// A limit that the process cannot raise again.
pub(crate) fn hard(bytes: u64) -> Rlimit {
    Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    }
}

/// Kills the process groups of Ringback's programs when Ringback is gone: the kernel's signal reaches
/// only its own children, and not those that a start script made.
///
/// Standard input says which groups there are (`+pid`) and are no more (`-pid`); it ends when the
/// process at its other end does.
fn sweep() -> ExitCode {
    let mut groups = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let Some((pid, begins)) = parse_note(&line) else {
            continue;
        };
        if begins {
            groups.insert(pid);
        } else {
            groups.remove(&pid);
        }
    }
    for pid in groups.into_iter().filter_map(Pid::from_raw) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
    ExitCode::SUCCESS
}

/// A line for the sweeper.
pub(crate) fn note(pid: u32, begins: bool) -> String {
    format!("{}{pid}\n", if begins { '+' } else { '-' })
}

fn parse_note(line: &str) -> Option<(i32, bool)> {
    let begins = line.starts_with('+');
    let pid = line.strip_prefix(['+', '-'])?.parse().ok()?;
    Some((pid, begins))
}
