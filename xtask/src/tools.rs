//! What the tests need beside cargo: each tool is looked for first, what is missing is fetched.
//!
//! Nothing is skipped in silence (design, section 13): a tool that can be neither found nor fetched
//! ends the command with the one line to run.

mod debian;
mod java;
mod node;
mod postgres;
mod python;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::shell::{self, say};
use crate::workspace::Workspace;

pub(crate) use self::debian::Debian;
pub(crate) use self::postgres::Binaries;

/// The tools, found or fetched.
#[derive(Debug)]
pub(crate) struct Tools {
    python: PathBuf,
    node: node::Node,
    java: PathBuf,
    peers: PathBuf,
    /// Libraries of packages that were unpacked instead of installed.
    library_path: Option<OsString>,
    /// PostgreSQL's server programs.
    pub(crate) postgres: Binaries,
    /// Whether `cargo nextest` is there.
    pub(crate) has_nextest: bool,
}

impl Tools {
    /// Looks for every tool and fetches what is missing.
    pub(crate) fn provide(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = workspace.tools();
        let debian = Debian::at(&folder);
        let python = python::provide(&folder, &workspace.peers(), &debian)?;
        let node = node::provide(&folder, &workspace.peers(), &python, &debian)?;
        let java = java::provide(&debian)?;
        let postgres = Binaries::provide(&debian)?;
        let has_nextest = shell::succeeds(workspace.cargo().args(["nextest", "--version"]));
        if !has_nextest {
            say("`cargo nextest` is absent: the tests run with `cargo test` instead");
        }
        Ok(Self {
            python,
            node,
            java,
            peers: workspace.peers(),
            library_path: debian.library_path(),
            postgres,
            has_nextest,
        })
    }

    /// One of the Node programs in `tests/peers`.
    pub(crate) fn peer(&self, name: &str) -> Command {
        let mut command = Command::new(&self.node.program);
        command
            .arg(self.peers.join(name))
            .env("NODE_PATH", &self.node.modules);
        command
    }

    /// What tests are told, apart from PostgreSQL, which runs only while they do.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![
            ("RINGBACK_TEST_PYTHON", self.python.clone().into()),
            ("RINGBACK_TEST_NODE", self.node.program.clone().into()),
            ("RINGBACK_TEST_NODE_PATH", self.node.modules.clone().into()),
            ("RINGBACK_TEST_JAVA", self.java.clone().into()),
            ("RINGBACK_TEST_PEERS", self.peers.clone().into()),
        ];
        // The peers' HTTP clients must not send loopback traffic to a proxy.
        variables.push(("NO_PROXY", "127.0.0.1,localhost".into()));
        if let Some(path) = &self.library_path {
            variables.push(("LD_LIBRARY_PATH", path.clone()));
        }
        variables
    }
}

/// Runs `make` unless its product in `folder` was made from these very inputs, remembered in a stamp.
fn once_for(
    folder: &Path,
    inputs: &[PathBuf],
    make: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut wanted = String::new();
    for input in inputs {
        wanted += &fs::read_to_string(input)
            .with_context(|| format!("cannot read `{}`", input.display()))?;
    }
    let stamp = folder.join("made-from.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    make()?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write `{}`", stamp.display()))
}
