//! A full disk and a failing sync: refused, said, recovered from, and nothing promised is lost.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};

use super::check::{self, Promise};
use super::load::{self, Outcome};
use super::preload::Preload;
use super::record::Marker;
use super::server::Server;
use super::{Bench, Options, walk};
use crate::shell::say;
use crate::workspace;

/// How long the server may take to notice that its disk works again.
const RECOVERING: Duration = Duration::from_secs(30);

/// Every write fails for a while.
pub(super) fn disk_full(bench: &Bench, options: &Options, preload: &Preload) -> anyhow::Result<()> {
    let data = bench.folder.fresh("data")?;
    let log = bench.folder.path().join("writes.log");
    spell(
        bench,
        options,
        preload,
        &data,
        &log,
        ("RINGBACK_FAULT_WRITE_ERROR", "ENOSPC"),
    )?;
    println!("disk full: refused while it lasted, recovered, every promise kept");
    Ok(())
}

/// Every sync fails for a while; what the kernel forgot by that must not have been counted on.
pub(super) fn failed_sync(
    bench: &Bench,
    options: &Options,
    preload: &Preload,
) -> anyhow::Result<()> {
    let data = bench.folder.fresh("data")?;
    let log = bench.folder.path().join("writes.log");
    spell(
        bench,
        options,
        preload,
        &data,
        &log,
        ("RINGBACK_FAULT_SYNC_ERROR", "EIO"),
    )?;
    println!("failed sync: refused while it lasted, recovered, every promise kept");
    Ok(())
}

/// Good times, bad times, good times, a power cut.
fn spell(
    bench: &Bench,
    options: &Options,
    preload: &Preload,
    data: &Path,
    log: &Path,
    fault: (&'static str, &str),
) -> anyhow::Result<()> {
    let switch = bench.folder.path().join("switch");
    let marker = Marker::open(log)?;
    let settings = [
        ("RINGBACK_FAULT_LOG", log.display().to_string()),
        ("RINGBACK_FAULT_SWITCH", switch.display().to_string()),
        (fault.0, fault.1.to_owned()),
    ];
    let environment = preload.environment(data, &settings);
    let mut server = bench.binary.start(data, &environment)?;
    walk::set_up(bench, &mut server.api()?, &marker)?;

    let before = send(bench, options, &server, &marker, 0)?;
    ensure!(
        before.refused.is_empty() && before.unanswered == 0,
        "refused before anything was wrong: {before:?}"
    );

    fs::write(&switch, "")?;
    let during = send(bench, options, &server, &marker, 1)?;
    ensure!(
        during.accepted.is_empty(),
        "answered 200 what could not be written: {:?}",
        during.accepted
    );
    ensure!(
        during.refused.iter().all(|status| *status == 503),
        "refused with something else than 503: {:?}",
        during.refused
    );
    ensure!(
        !during.refused.is_empty(),
        "nothing was refused: {during:?}"
    );
    let failed_readiness = server.ended()?.is_some() || !server.api()?.is_ready()?;
    ensure!(failed_readiness, "still says that it is ready");
    fs::remove_file(&switch)?;

    recovered(&mut server)?;
    let after = send(bench, options, &server, &marker, 2)?;
    ensure!(
        after.refused.is_empty() && after.unanswered == 0,
        "still refused after recovery: {after:?}"
    );
    server.kill()?;

    say("the power is cut");
    let image = bench.folder.fresh("image")?;
    let promises = walk::surest_cut(log, data, &image)?;
    check::after_crash(bench, &image, &promises)
}

fn send(
    bench: &Bench,
    options: &Options,
    server: &Server,
    marker: &Marker,
    round: usize,
) -> anyhow::Result<Outcome> {
    let pushes = load::sign(&bench.tools, round, options.events)?;
    load::post(server.address, &pushes, options.connections, |id| {
        marker.mark(&Promise::Event(id.to_owned()).to_mark())
    })
}

/// The server becomes ready again by itself.
fn recovered(server: &mut Server) -> anyhow::Result<()> {
    let started = workspace::now();
    while started.elapsed() < RECOVERING {
        if let Some(status) = server.ended()? {
            bail!("the server ended with {status} instead of recovering");
        }
        if server.api()?.is_ready()? {
            return Ok(());
        }
        workspace::pause(Duration::from_millis(20));
    }
    bail!("not ready {RECOVERING:?} after the disk worked again");
}
