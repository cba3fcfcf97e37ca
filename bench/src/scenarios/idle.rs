//! What it costs to have it: binary, start, memory when nothing happens.

use anyhow::Result;

use super::{Bench, Subject};
use crate::process::Bare;
use crate::report::{Rounds, ms};

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let sink = Bare::start("sink").await?;
    let mut ready = Rounds::default();
    let mut memory = 0;
    for _ in 0..arguments.rounds {
        let subject = Subject::start(&arguments.binary, &sink, false, &[]).await?;
        ready.push(subject.ringback.ready_after.as_secs_f64());
        memory = memory.max(subject.ringback.resident_bytes()?);
        subject.ringback.stop().await?;
    }
    let size = std::fs::metadata(&arguments.binary)?.len();
    let report = &mut bench.report;
    report.line("binary", format!("{:.1} MB", size as f64 / 1e6), "≤ 30 MB");
    let (middle, low, high) = ready.spread();
    let as_ms = |seconds: f64| ms(std::time::Duration::from_secs_f64(seconds));
    let figure = format!("{} [{}, {}]", as_ms(middle), as_ms(low), as_ms(high));
    report.line("start to ready, empty store", figure, "≤ 100 ms");
    report.line(
        "resident memory when idle",
        format!("{:.1} MB", memory as f64 / 1e6),
        "≤ 30 MB",
    );
    Ok(())
}
