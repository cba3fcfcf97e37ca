//! The power cut at each sync point.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;

use super::check::{self, Promise};
use super::disk::{Disk, Survival};
use super::load;
use super::preload::Preload;
use super::record::{self, Entry, Marker, Record};
use super::{Bench, Options, api};
use crate::shell::say;

/// What a disk tears writes at: old disks at 512 bytes, new ones at 4096.
const SECTORS: [usize; 2] = [512, 4096];

/// A moment just before a sync ends: nothing more has become durable since the sync before it, and
/// the most has been promised and written.
#[derive(Debug)]
struct Point<'a> {
    number: usize,
    disk: &'a Disk,
    promises: &'a [Promise],
}

/// Records one run, then cuts the power at every point of the sample.
pub(super) fn run(bench: &mut Bench, options: &Options, preload: &Preload) -> anyhow::Result<()> {
    let data = bench.folder.fresh("data")?;
    let log = bench.folder.path().join("writes.log");
    let accepted = record_run(bench, options, preload, &data, &log)?;
    let entries = record::read(&log)?;
    let count = points(&entries, |_| Ok(()))?;
    let sample = sample(&mut bench.random, count, options.points);
    say(format_args!(
        "{accepted} events accepted, {count} sync points, trying {}",
        sample.len()
    ));
    let seed = bench.random.u64(..);
    let (mut tried, mut images) = (0, 0);
    points(&entries, |point| {
        if !sample.contains(&point.number) {
            return Ok(());
        }
        for survival in survivals(&point, seed) {
            cut(bench, &data, &point, survival)?;
            images += 1;
        }
        tried += 1;
        if tried % 10 == 0 {
            say(format_args!("{tried} of {} points hold", sample.len()));
        }
        Ok(())
    })?;
    println!(
        "crash walk: {tried} sync points, {images} images, {accepted} accepted events, every promise kept"
    );
    Ok(())
}

/// Runs the binary under the recorder with load on it, and kills it. Each 200 leaves a mark.
fn record_run(
    bench: &Bench,
    options: &Options,
    preload: &Preload,
    data: &Path,
    log: &Path,
) -> anyhow::Result<usize> {
    let pushes = load::sign(&bench.tools, 0, options.events)?;
    let marker = Marker::open(log)?;
    let environment = preload.environment(
        data,
        &[
            ("RINGBACK_FAULT_LOG", log.display().to_string()),
            (
                "RINGBACK_FAULT_SYNC_DELAY_US",
                options.sync_delay_us.to_string(),
            ),
        ],
    );
    let server = bench.binary.start(data, &environment)?;
    set_up(bench, &mut server.api()?, &marker)?;
    let outcome = load::post(server.address, &pushes, options.connections, |id| {
        marker.mark(&Promise::Event(id.to_owned()).to_mark())
    })?;
    anyhow::ensure!(
        outcome.accepted.len() == pushes.len(),
        "not every event was accepted: {outcome:?}"
    );
    server.kill()?;
    Ok(outcome.accepted.len())
}

/// Makes source and endpoint, and marks both as promised.
pub(super) fn set_up(bench: &Bench, api: &mut api::Api, marker: &Marker) -> anyhow::Result<()> {
    api.set_up(bench.sink.address)?;
    for promise in [
        Promise::Made("sources", api::SOURCE),
        Promise::Made("endpoints", api::ENDPOINT),
    ] {
        marker.mark(&promise.to_mark())?;
    }
    Ok(())
}

/// Visits every point, the end of the log being the last; says how many there are.
fn points(
    entries: &[Entry],
    mut visit: impl FnMut(Point<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let mut disk = Disk::default();
    let mut promises = Vec::new();
    let mut number = 0;
    for entry in entries {
        match &entry.record {
            Record::Mark(mark) => promises.push(Promise::from_mark(mark)?),
            Record::SyncEnd { .. } => {
                visit(Point {
                    number,
                    disk: &disk,
                    promises: &promises,
                })?;
                number += 1;
            }
            _ => {}
        }
        disk.apply(entry)?;
    }
    visit(Point {
        number,
        disk: &disk,
        promises: &promises,
    })?;
    Ok(number + 1)
}

/// All points, or so many by chance, first and last among them.
fn sample(random: &mut fastrand::Rng, count: usize, wanted: usize) -> BTreeSet<usize> {
    if wanted == 0 || wanted >= count {
        return (0..count).collect();
    }
    let mut chosen = BTreeSet::from([0, count - 1]);
    while chosen.len() < wanted.max(2) {
        chosen.insert(random.usize(0..count));
    }
    chosen
}

/// What is tried at a point: nothing survives, a prefix does, sectors by chance do.
fn survivals(point: &Point<'_>, seed: u64) -> Vec<Survival> {
    let pending = point.disk.pending();
    if pending == 0 {
        return vec![Survival::Nothing];
    }
    let mut random = fastrand::Rng::with_seed(seed ^ point.number as u64);
    vec![
        Survival::Nothing,
        Survival::Prefix(random.usize(1..=pending)),
        Survival::Subset {
            seed: random.u64(..),
            sector: SECTORS[random.usize(..SECTORS.len())],
        },
    ]
}

fn cut(
    bench: &Bench,
    recorded: &Path,
    point: &Point<'_>,
    survival: Survival,
) -> anyhow::Result<()> {
    let image = bench.folder.fresh("image")?;
    point.disk.cut(survival).materialise(recorded, &image)?;
    check::after_crash(bench, &image, point.promises).with_context(|| {
        format!(
            "after a power cut at sync point {} with {survival:?}",
            point.number
        )
    })
}

/// The directory as the surest power cut at the end of a log leaves it, and what was promised by then.
pub(super) fn surest_cut(
    log: &Path,
    recorded: &Path,
    image: &Path,
) -> anyhow::Result<Vec<Promise>> {
    let entries = record::read(log)?;
    let mut promises = Vec::new();
    let mut last = Disk::default();
    for entry in &entries {
        if let Record::Mark(mark) = &entry.record {
            promises.push(Promise::from_mark(mark)?);
        }
        last.apply(entry)?;
    }
    last.cut(Survival::Nothing).materialise(recorded, image)?;
    Ok(promises)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_before_a_sync_ends_must_be_durable_without_it() {
        let records = [
            Record::Create {
                file: 2,
                path: "/d/a".into(),
            },
            Record::Write {
                file: 2,
                offset: 0,
                data: b"1".to_vec(),
            },
            Record::SyncBegin { file: 2 },
            Record::SyncEnd {
                file: 2,
                is_directory: false,
                begin: 3,
                ok: true,
            },
            Record::Mark("event:1".into()),
            Record::Write {
                file: 2,
                offset: 1,
                data: b"2".to_vec(),
            },
            Record::SyncBegin { file: 2 },
            // Answered too early: the sync has not ended.
            Record::Mark("event:2".into()),
            Record::SyncEnd {
                file: 2,
                is_directory: false,
                begin: 7,
                ok: true,
            },
        ];
        let entries: Vec<_> = records
            .into_iter()
            .enumerate()
            .map(|(index, record)| Entry {
                end: index as u64 + 1,
                record,
            })
            .collect();
        let mut seen = Vec::new();
        let count = points(&entries, |point| {
            seen.push((point.number, point.promises.len(), point.disk.pending()));
            Ok(())
        });
        assert_eq!(count.unwrap(), 3);
        // At point 1 both promises are out and the second write (beside the name) is still pending.
        assert_eq!(seen, [(0, 0, 2), (1, 2, 2), (2, 2, 1)]);
        assert_eq!(
            sample(&mut fastrand::Rng::with_seed(1), 3, 0),
            BTreeSet::from([0, 1, 2])
        );
        assert_eq!(sample(&mut fastrand::Rng::with_seed(1), 100, 5).len(), 5);
    }
}
