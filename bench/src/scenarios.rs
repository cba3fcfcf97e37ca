//! What is measured, one function a figure.

mod desk;
mod drain;
mod idle;
mod latency;
mod receive;
mod slow_sync;
mod stored;
mod zone;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use crate::Arguments;
use crate::management::Management;
use crate::process::{Bare, Ringback};
use crate::report::Report;

/// What every scenario is given.
pub(crate) struct Bench<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) report: Report,
}

/// A Ringback with a source and an endpoint, on a directory that goes away with it.
pub(crate) struct Subject {
    pub(crate) ringback: Ringback,
    pub(crate) management: Management,
    pub(crate) directory: TempDir,
}

impl Subject {
    pub(crate) async fn start(
        binary: &std::path::Path,
        target: &Bare,
        paused: bool,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let directory = tempfile::tempdir_in(scratch()?)?;
        let ringback = Ringback::start(binary, directory.path(), environment).await?;
        let management = Management::new(&ringback);
        management.prepare(target.address, paused).await?;
        Ok(Self {
            ringback,
            management,
            directory,
        })
    }
}

/// Beside the build output: on the same disk as a real store would be, never in memory.
fn scratch() -> Result<PathBuf> {
    let scratch = PathBuf::from("target/bench");
    std::fs::create_dir_all(&scratch)?;
    Ok(scratch)
}

/// Processor time of each of `count`, in microseconds.
fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// Runs every scenario whose name was asked for.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut bench = Bench {
        arguments,
        report: Report::default(),
    };
    let wanted = |name: &str| name.contains(arguments.only.as_str());
    if wanted("idle") {
        idle::run(&mut bench).await?;
    }
    if wanted("receive") {
        receive::run(&mut bench).await?;
    }
    if wanted("drain") {
        drain::run(&mut bench).await?;
    }
    if wanted("latency") {
        latency::run(&mut bench).await?;
    }
    if wanted("slow-sync") {
        slow_sync::run(&mut bench).await?;
    }
    if wanted("stored") {
        stored::run(&mut bench).await?;
    }
    if wanted("zone") {
        zone::run(&mut bench).await?;
    }
    if wanted("desk-call") {
        desk::call(&mut bench).await?;
    }
    if wanted("desk-steps") {
        desk::steps(&mut bench).await?;
    }
    if wanted("desk-waiting") {
        desk::waiting(&mut bench).await?;
    }
    Ok(())
}
