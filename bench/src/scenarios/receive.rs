//! Events in: durable acknowledgement with the endpoint paused, and all the way to delivered.

use anyhow::Result;

use super::{Bench, Subject, micros};
use crate::load::closed_loop;
use crate::process::Bare;
use crate::report::Rounds;
use crate::workload;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let echo = Bare::start("echo").await?;
    let sink = Bare::start("sink").await?;
    let (mut bare, mut received, mut delivered) =
        (Rounds::default(), Rounds::default(), Rounds::default());
    let (mut received_cpu, mut delivered_cpu) = (Rounds::default(), Rounds::default());
    let mut rows = String::new();
    let mut memory = 0;
    for round in 0..arguments.rounds {
        let tag = format!("{round:08x}");
        let load = workload::events(echo.address, "/", &tag, arguments.events)?;
        bare.push(
            closed_loop(echo.address, &load, arguments.connections)
                .await?
                .rate(),
        );

        let paused = Subject::start(&arguments.binary, &sink, true, &[]).await?;
        let load = workload::events(paused.ringback.address, "/in/bench", &tag, arguments.events)?;
        let before = paused.ringback.processor_time()?;
        let outcome = closed_loop(paused.ringback.address, &load, arguments.connections).await?;
        received.push(outcome.rate());
        received_cpu.push(micros(
            paused.ringback.processor_time()?.saturating_sub(before),
            arguments.events,
        ));
        memory = memory.max(paused.ringback.resident_bytes()?);
        paused.ringback.stop().await?;

        let open = Subject::start(&arguments.binary, &sink, false, &[]).await?;
        let load = workload::events(open.ringback.address, "/in/bench", &tag, arguments.events)?;
        let before = open.ringback.processor_time()?;
        let began = std::time::Instant::now();
        closed_loop(open.ringback.address, &load, arguments.connections).await?;
        let ended = open
            .management
            .wait_until_final(&open.ringback.database())
            .await?;
        delivered.push(arguments.events as f64 / (ended - began).as_secs_f64());
        delivered_cpu.push(micros(
            open.ringback.processor_time()?.saturating_sub(before),
            arguments.events,
        ));
        memory = memory.max(open.ringback.resident_bytes()?);
        rows = rows_per_event(&open)?;
        open.ringback.stop().await?;
    }
    let report = &mut bench.report;
    report.ratio(
        "receive, one matching endpoint, paused / bare axum echo",
        &received,
        &bare,
        "≥ 0.30, aim 0.35",
    );
    report.ratio(
        "accept → delivered, all rows final / bare axum echo",
        &delivered,
        &bare,
        "≥ 0.15, aim 0.22",
    );
    let figure = format!(
        "{:.0} µs received, {:.0} µs delivered",
        received_cpu.median(),
        delivered_cpu.median()
    );
    report.line("processor time per event", figure, "");
    report.line(
        "rows and index entries per event",
        rows,
        "1 event, 1 delivery, 1 attempt; ≤ 6 entries",
    );
    report.line(
        "resident memory under load",
        format!("{:.1} MB", memory as f64 / 1e6),
        "≤ 64 MB",
    );
    Ok(())
}

/// Counted in the store itself after a run in which everything was delivered at the first try.
fn rows_per_event(subject: &Subject) -> Result<String> {
    let connection = rusqlite::Connection::open(subject.ringback.database())?;
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let events = count("SELECT COUNT(*) FROM event")? as f64;
    let deliveries = count("SELECT COUNT(*) FROM delivery")? as f64;
    let attempts = count("SELECT COUNT(*) FROM attempt")? as f64;
    let keyed = count("SELECT COUNT(*) FROM event WHERE dedupe IS NOT NULL")? as f64;
    // On accept: event_dedupe, event_type, event_source; delivery_queue, delivery_event, delivery_endpoint.
    let entries = keyed + 2.0 * events + 3.0 * deliveries;
    Ok(format!(
        "1 event, {:.2} delivery, {:.2} attempt; {:.2} entries on accept",
        deliveries / events,
        attempts / events,
        entries / events
    ))
}
