//! `cargo xtask crash`: what was answered 200 is there, whatever happens to the process or the disk.
//!
//! `kill -9` alone never tests the sync, since the page cache survives (design, section 13). So the
//! real binary runs under a preload library that records every write and sync; afterwards its
//! directory is rebuilt as a power cut at each sync point could have left it, the binary is started
//! on that, and what it had promised by then is looked for.

mod api;
mod check;
mod disk;
mod faults;
mod http;
mod load;
pub(crate) mod preload;
mod record;
mod server;
mod sink;
mod storm;
mod walk;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use tempfile::TempDir;

use self::server::Binary;
use self::sink::Sink;
use crate::shell::say;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// Which crash, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    kind: Kind,
    /// How many sync points to try, spread over the run; 0 for all
    #[arg(long, default_value_t = 40)]
    points: usize,
    /// How many rounds a kill storm has
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// How many events are sent (in each round)
    #[arg(long, default_value_t = 200)]
    events: usize,
    /// How many connections send them
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// How long every sync takes at least, in microseconds
    #[arg(long, default_value_t = 500)]
    sync_delay_us: u64,
    /// Repeats the choices of an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// Use the release build
    #[arg(long)]
    release: bool,
    /// Use this binary and build none
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    binary: Option<PathBuf>,
    /// Work in this folder and leave it there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// The kind of crash; without any of these the power is cut at sync points.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Kind {
    /// Kill the process under load again and again, instead of cutting the power
    #[arg(long)]
    kill_storm: bool,
    /// Let every write fail with ENOSPC for a while
    #[arg(long)]
    disk_full: bool,
    /// Let every sync fail with EIO for a while, then cut the power
    #[arg(long)]
    failed_sync: bool,
}

/// What every kind of crash needs.
#[derive(Debug)]
struct Bench {
    tools: Tools,
    binary: Binary,
    sink: Sink,
    random: fastrand::Rng,
    folder: Folder,
}

/// Runs one kind of crash; an error names the first promise that was broken.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let seed = options
        .seed
        .unwrap_or_else(|| fastrand::Rng::default().u64(..));
    say(format_args!("seed {seed} (repeat with `--seed {seed}`)"));
    let folder = Folder::make(options.keep.as_deref())?;
    let mut bench = Bench {
        tools: Tools::provide(workspace)?,
        binary: Binary::provide(workspace, options, folder.path())?,
        sink: Sink::start()?,
        random: fastrand::Rng::with_seed(seed),
        folder,
    };
    if options.kind.kill_storm {
        return storm::run(&mut bench, options);
    }
    let preload = preload::Preload::build(workspace)?;
    if options.kind.disk_full {
        faults::disk_full(&bench, options, &preload)
    } else if options.kind.failed_sync {
        faults::failed_sync(&bench, options, &preload)
    } else {
        walk::run(&mut bench, options, &preload)
    }
}

/// Where a run works: a temporary folder, or one that a person asked for.
#[derive(Debug)]
enum Folder {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn make(keep: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = keep else {
            return Ok(Self::Temporary(
                tempfile::Builder::new()
                    .prefix("ringback-crash-")
                    .tempdir()?,
            ));
        };
        std::fs::create_dir_all(path)?;
        let is_empty = std::fs::read_dir(path)?.next().is_none();
        anyhow::ensure!(is_empty, "`{}` is not empty", path.display());
        // The library compares paths as the kernel shows them.
        Ok(Self::Kept(
            path.canonicalize().context("cannot resolve the folder")?,
        ))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// A fresh, empty folder of this name in it.
    fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path().join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir(&path)?;
        Ok(path)
    }
}
