//! Latency at half of the own peak, and from accept to arrival at a gentle rate.

use std::time::{Duration, Instant};

use anyhow::Result;
use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Bench, Subject};
use crate::load::{closed_loop, open_loop};
use crate::management::Management;
use crate::process::{Bare, Ringback};
use crate::report::ms;
use crate::{servers, workload};

const GENTLE_PER_SECOND: f64 = 200.0;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    half_of_peak(bench).await?;
    arrival(bench).await
}

async fn half_of_peak(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let (echo, sink) = (Bare::start("echo").await?, Bare::start("sink").await?);
    let subject = Subject::start(&arguments.binary, &sink, true, &[]).await?;
    let address = subject.ringback.address;
    let load = workload::events(address, "/in/bench", "aaaaaaaa", arguments.events)?;
    let peak = closed_loop(address, &load, arguments.connections)
        .await?
        .rate();

    let load = workload::events(address, "/in/bench", "bbbbbbbb", arguments.events)?;
    let ours = open_loop(address, &load, arguments.connections, peak / 2.0).await?;
    let load = workload::events(echo.address, "/", "cccccccc", arguments.events)?;
    let bare = open_loop(echo.address, &load, arguments.connections, peak / 2.0).await?;
    subject.ringback.stop().await?;

    let (own, echoed) = (ours.percentile(0.99), bare.percentile(0.99));
    let figure = format!(
        "{:.1} × (p99 {} against {}, p50 {} against {}, at {:.0}/s)",
        own.as_secs_f64() / echoed.as_secs_f64(),
        ms(own),
        ms(echoed),
        ms(ours.percentile(0.5)),
        ms(bare.percentile(0.5)),
        peak / 2.0
    );
    bench.report.line(
        "p99 at half of its own peak / echo at the same rate",
        figure,
        "≤ 8 ×",
    );
    Ok(())
}

/// The receiver is in this process, so that both ends read one clock.
async fn arrival(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let receiver = Router::new().fallback(post(move |body: Bytes| {
        // The channel outlives every request of this run.
        let _ = arrived.send((body, Instant::now()));
        std::future::ready(())
    }));
    let target = servers::serve(receiver).await?;
    let directory = tempfile::tempdir_in("target/bench")?;
    let ringback = Ringback::start(&arguments.binary, directory.path(), &[]).await?;
    Management::new(&ringback).prepare(target, false).await?;

    let count = 2_000;
    let load = workload::events(ringback.address, "/in/bench", "dddddddd", count)?;
    let began = Instant::now() + Duration::from_millis(20);
    let sending = open_loop(ringback.address, &load, 8, GENTLE_PER_SECOND);
    let receiving = async {
        let mut delays = Vec::with_capacity(count);
        while delays.len() < count {
            let Some((body, at)) = arrivals.recv().await else {
                break;
            };
            if let Some(number) = workload::number_of(&body) {
                let due = began + Duration::from_secs_f64(number as f64 / GENTLE_PER_SECOND);
                delays.push(at.saturating_duration_since(due));
            }
        }
        delays.sort_unstable();
        delays
    };
    let (sent, delays) = tokio::join!(sending, receiving);
    sent?;
    ringback.stop().await?;
    let at = |share: f64| ms(delays[((delays.len() - 1) as f64 * share) as usize]);
    let figure = format!("p99 {}, p50 {}", at(0.99), at(0.5));
    bench
        .report
        .line("accept → arrival at 200/s", figure, "p99 ≤ 5 ms");
    Ok(())
}
