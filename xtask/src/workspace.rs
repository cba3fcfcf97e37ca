//! Where things are, and the little that is read from the environment.

#![expect(
    clippy::disallowed_methods,
    reason = "the one module of the developer commands that reads the environment and a clock"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;

/// The checkout these commands were built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the checkout by where this crate was compiled.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("`xtask` lies in the workspace's root")?
            .to_owned();
        let target =
            variable("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self { root, target })
    }

    /// What was fetched or built for the tests; never committed.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The programs that tests talk to.
    pub(crate) fn peers(&self) -> PathBuf {
        self.root.join("tests/peers")
    }

    /// Cargo, at home in the root: the one that started us, so that the toolchain is the same.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        command
    }
}

/// One environment variable, if it is set and not empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A monotonic reading, to say how long a step took.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits before looking again at what another process does; there is nothing to be woken by.
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
