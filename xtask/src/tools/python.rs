//! Python with the official SDKs, in a virtual environment under `target/tools/venv`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{Debian, once_for};
use crate::shell::{self, say};

/// The virtual environment's interpreter, with everything `requirements.txt` names.
pub(super) fn provide(tools: &Path, peers: &Path, debian: &Debian) -> anyhow::Result<PathBuf> {
    let folder = tools.join("venv");
    let requirements = peers.join("requirements.txt");
    let python = folder.join("bin/python");
    once_for(&folder, std::slice::from_ref(&requirements), || {
        say(format_args!(
            "installing the Python peers into `{}`",
            folder.display()
        ));
        make(&folder, debian)?;
        shell::run(
            pip(&python, debian)?
                .arg("--requirement")
                .arg(&requirements),
        )
        .with_context(|| {
            format!(
                "run `{} -m pip install -r {}`",
                python.display(),
                requirements.display()
            )
        })
    })?;
    Ok(python)
}

/// Installs one more pinned package, for tools that come as wheels.
pub(super) fn install(python: &Path, requirement: &str, debian: &Debian) -> anyhow::Result<()> {
    shell::run(pip(python, debian)?.arg(requirement))
}

fn make(folder: &Path, debian: &Debian) -> anyhow::Result<()> {
    let interpreter = interpreter(debian)?;
    let mut command = Command::new(&interpreter);
    command.args(["-m", "venv"]).arg(folder);
    if pip_wheel(debian).is_some() {
        // Unpacked, `ensurepip` looks for its wheels where an installed one would have them.
        command.arg("--without-pip");
    }
    shell::run(with_libraries(&mut command, debian))
}

/// A Python that can make environments and speak TLS.
fn interpreter(debian: &Debian) -> anyhow::Result<PathBuf> {
    let usable = |python: &PathBuf| imports(python, "venv, ssl", debian);
    let on_path = || shell::find("python3").filter(usable);
    if let Some(python) = on_path()
        && (imports(&python, "ensurepip", debian) || pip_wheel(debian).is_some())
    {
        return Ok(python);
    }
    debian.provide("Python with venv", &["python3", "python3-venv"])?;
    on_path()
        .or_else(|| debian.unpacked("usr/bin/python3").filter(usable))
        .context("no usable `python3`; run `apt-get install python3 python3-venv` as root")
}

fn imports(python: &Path, modules: &str, debian: &Debian) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", &format!("import {modules}")]);
    shell::succeeds(with_libraries(&mut command, debian))
}

/// `pip install` of this environment.
fn pip(python: &Path, debian: &Debian) -> anyhow::Result<Command> {
    let mut command = Command::new(python);
    if imports(python, "pip", debian) {
        command.args(["-m", "pip"]);
    } else {
        let wheel =
            pip_wheel(debian).context("no pip; run `apt-get install python3-venv` as root")?;
        command.arg(wheel.join("pip"));
    }
    command.args([
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]);
    with_libraries(&mut command, debian);
    Ok(command)
}

/// The wheel that Debian's `ensurepip` would have installed, in the unpacked packages.
fn pip_wheel(debian: &Debian) -> Option<PathBuf> {
    let wheels = fs::read_dir(debian.unpacked("usr/share/python-wheels")?).ok()?;
    wheels
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("pip-"))
        })
}

fn with_libraries<'a>(command: &'a mut Command, debian: &Debian) -> &'a mut Command {
    if let Some(path) = debian.library_path() {
        command.env("LD_LIBRARY_PATH", path);
    }
    command
}
