//! `cargo xtask bench`: Ringback beside bare servers, release builds, the same load in the same run.

use std::ffi::OsString;

use clap::Args;

use crate::crash::preload::Preload;
use crate::shell;
use crate::workspace::Workspace;

/// What the bench is given.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What the bench program gets, such as `--only receive`; `--help` lists it
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Builds what is measured, what measures it and the library that slows its disk down, and runs them.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    shell::run(workspace.cargo().args([
        "build",
        "--release",
        "--package",
        "ringback",
        "--package",
        "ringback-bench",
    ]))?;
    let preload = Preload::build(workspace)?;
    // The bench works below `target/bench` of the folder it is started in, and preloads the library
    // into Ringback alone: it delays the syncs of files below that folder and no others.
    let scratch = workspace.root.join("target/bench");
    std::fs::create_dir_all(&scratch)?;
    let release = workspace.target.join("release");
    shell::run(
        std::process::Command::new(release.join("ringback-bench"))
            .current_dir(&workspace.root)
            .env("RINGBACK_FAULT_DIR", scratch.canonicalize()?)
            .arg("--binary")
            .arg(release.join("ringback"))
            .arg("--preload")
            .arg(preload.library())
            .args(&options.arguments),
    )
}
