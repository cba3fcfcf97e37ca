//! A disk whose sync takes 1 ms or 5 ms: group commit must carry the load.

use anyhow::Result;

use super::{Bench, Subject};
use crate::load::closed_loop;
use crate::process::Bare;
use crate::workload;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let Some(preload) = &arguments.preload else {
        bench.report.line(
            "receive with a slow sync",
            "not measured: no `--preload`",
            "≥ 0.5 ×",
        );
        return Ok(());
    };
    let sink = Bare::start("sink").await?;
    for sync_ms in [1_u32, 5] {
        let environment = [
            ("LD_PRELOAD".to_owned(), preload.display().to_string()),
            (
                "RINGBACK_FAULT_SYNC_DELAY_US".to_owned(),
                (sync_ms * 1_000).to_string(),
            ),
        ];
        let subject = Subject::start(&arguments.binary, &sink, true, &environment).await?;
        let address = subject.ringback.address;
        let load = workload::events(address, "/in/bench", "eeeeeeee", arguments.events)?;
        let rate = closed_loop(address, &load, arguments.connections)
            .await?
            .rate();
        subject.ringback.stop().await?;
        let ceiling = arguments.connections as f64 / (2.0 * f64::from(sync_ms) / 1e3);
        let figure = format!(
            "{:.2} × ({rate:.0}/s against {} connections / (2 × {sync_ms} ms) = {ceiling:.0}/s)",
            rate / ceiling,
            arguments.connections
        );
        bench.report.line(
            format!("receive with a sync of {sync_ms} ms"),
            figure,
            "≥ 0.5 ×",
        );
    }
    Ok(())
}
