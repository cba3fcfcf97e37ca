//! The same rate with a full store: what is stored must not slow what comes in.

use anyhow::Result;

use super::{Bench, Subject};
use crate::load::closed_loop;
use crate::process::Bare;
use crate::report::{Rounds, ms};
use crate::workload;

/// Requests that are prepared at a time while the store is filled.
const CHUNK: usize = 50_000;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let sink = Bare::start("sink").await?;
    let (empty, full) = (
        Subject::start(&arguments.binary, &sink, true, &[]).await?,
        Subject::start(&arguments.binary, &sink, true, &[]).await?,
    );
    for chunk in 0..arguments.stored.div_ceil(CHUNK) {
        let count = CHUNK.min(arguments.stored - chunk * CHUNK);
        let tag = format!("f{chunk:07x}");
        let load = workload::events(full.ringback.address, "/in/bench", &tag, count)?;
        closed_loop(full.ringback.address, &load, arguments.connections).await?;
    }
    let (mut slow, mut fast) = (Rounds::default(), Rounds::default());
    for round in 0..arguments.rounds {
        let tag = format!("{round:08x}");
        for (subject, rounds) in [(&empty, &mut fast), (&full, &mut slow)] {
            let address = subject.ringback.address;
            let load = workload::events(address, "/in/bench", &tag, arguments.events)?;
            rounds.push(
                closed_loop(address, &load, arguments.connections)
                    .await?
                    .rate(),
            );
        }
    }
    let what = format!(
        "receive with {} events stored / with a small store",
        arguments.stored
    );
    bench.report.ratio(&what, &slow, &fast, "≥ 0.85");
    search(bench, &full).await?;
    let size = std::fs::metadata(full.ringback.database())?.len();
    bench
        .report
        .line("store on disk", format!("{:.2} GB", size as f64 / 1e9), "");
    empty.ringback.stop().await?;
    full.ringback.stop().await?;
    drop((empty.directory, full.directory));
    Ok(())
}

/// One page of the log each: found by an index, found by a filter, and sought in vain to the bound.
async fn search(bench: &mut Bench<'_>, full: &Subject) -> Result<()> {
    for (what, query) in [
        ("newest page", "limit=50"),
        ("by endpoint", "endpoint=sink&limit=50"),
        ("by state, none there", "state=dead&limit=50"),
        ("text that is nowhere", "text=nowhere-at-all&limit=50"),
    ] {
        let began = std::time::Instant::now();
        let path = format!("/api/v1/log?{query}");
        let page = full.management.send("GET", &path, None).await?;
        let figure = format!(
            "{}, {} rows looked at",
            ms(began.elapsed()),
            page["looked_at"]
        );
        bench
            .report
            .line(format!("log search, {what}"), figure, "≤ 1 s");
    }
    Ok(())
}
