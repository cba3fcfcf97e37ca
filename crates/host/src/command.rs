//! What is executed, with which environment.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::Access;

use crate::error::StartError;
use crate::launch;
use crate::options::Launcher;
use crate::place::Place;
use crate::spec::{CREDENTIALS, LISTEN, Spec};

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
const LANG: &str = "C.UTF-8";

/// The file that the command of `spec` means.
pub(crate) fn find(spec: &Spec) -> Result<PathBuf, StartError> {
    let command = Path::new(&spec.command);
    let found = if command.is_absolute() {
        command.exists().then(|| command.to_owned())
    } else if spec.command.contains('/') {
        return Err(StartError::CommandRelative(spec.command.clone()));
    } else {
        search(&spec.command, &spec.environment)
    };
    let found = found.ok_or_else(|| StartError::CommandMissing(spec.command.clone()))?;
    if is_executable(&found) {
        Ok(found)
    } else {
        Err(StartError::CommandNotExecutable(found))
    }
}

/// Looks in the program's own `PATH`, for what can be executed first.
fn search(name: &str, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let path = environment.get("PATH").map_or(PATH, String::as_str);
    // A relative directory would mean another one where the program runs.
    let directories = || std::env::split_paths(path).filter(|directory| directory.is_absolute());
    let candidates = || directories().map(|directory| directory.join(name));
    candidates()
        .find(|candidate| is_executable(candidate))
        .or_else(|| candidates().find(|candidate| candidate.exists()))
}

fn is_executable(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, Access::EXEC_OK).is_ok()
}

/// The command that starts an instance of `spec` whose executable has been found.
pub(crate) fn build(
    launcher: Option<&Launcher>,
    spec: &Spec,
    executable: &Path,
    place: &Place,
    address: SocketAddr,
) -> Command {
    let mut command = match launcher {
        Some(launcher) => launched(launcher, spec, executable),
        None => bare(spec, executable),
    };
    command
        .env_clear()
        .envs([("PATH", PATH), ("LANG", LANG)])
        .envs(&spec.environment)
        .env(CREDENTIALS, place.credentials_file())
        .env(LISTEN, address.to_string())
        .current_dir(place.work())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The launcher makes the session, and so the group.
fn launched(launcher: &Launcher, spec: &Spec, executable: &Path) -> Command {
    let order = launch::run_arguments(spec.memory_limit_bytes, executable, &spec.arguments);
    let mut command = Command::new(&launcher.program);
    command.args(&launcher.arguments).args(order);
    command
}

fn bare(spec: &Spec, executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.args(spec.arguments.iter().map(OsStr::new));
    command.process_group(0);
    command
}
