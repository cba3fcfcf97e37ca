//! `/metrics`, by an operator's questions: how old is the oldest that is due, what is held and why,
//! how long does a commit take, how full is the queue, how large is the log.
//!
//! Counters are kept where things happen (`ringback_received_total`, `ringback_refused_total`,
//! `ringback_attempts_total`, `ringback_dead_total` …); what only has a current value is read here, at
//! each scrape.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics::gauge;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use ringback_types::{Code, Problem};

use crate::faces::Inner;
use crate::health::Ready;

/// From half a millisecond to the longest deadline there is.
const SECONDS_BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0,
];
/// How many writes one commit takes with it.
const JOBS_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// How often samples are folded into the buckets while nobody scrapes; else they would pile up.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Installs the recorder for the whole process, once, before the engine starts; the handle goes into
/// [`Options::metrics`](crate::Options::metrics).
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_jobs".to_owned()), &JOBS_BUCKETS)?
        .install_recorder()
}

/// Folds samples in for as long as the process runs.
pub(crate) fn keep_up(handle: PrometheusHandle) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP_EVERY);
        loop {
            ticks.tick().await;
            handle.run_upkeep();
        }
    });
}

pub(crate) async fn render(State(faces): State<Arc<Inner>>) -> Response {
    let Some(handle) = &faces.metrics else {
        return Problem::new(404, Code::new("api.no_metrics"), "metrics are switched off")
            .with_hint("switch them on with `metrics.enabled` in the settings")
            .into_response();
    };
    refresh(&faces).await;
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (text, handle.render()).into_response()
}

/// Reads what only has a current value.
async fn refresh(faces: &Inner) {
    let store = faces.store().status();
    let ready = Ready::of(faces).ready;
    gauge!("ringback_ready").set(f64::from(u8::from(ready)));
    gauge!("ringback_receive_in_flight").set(faces.gateway.in_flight() as f64);
    gauge!("ringback_store_last_commit_seconds").set(store.last_commit_us as f64 / 1e6);
    gauge!("ringback_store_queue_depth", "lane" => "urgent").set(store.queue_depth as f64);
    gauge!("ringback_store_queue_depth", "lane" => "bulk").set(store.bulk_depth as f64);
    gauge!("ringback_store_wal_bytes").set(store.wal_bytes as f64);
    gauge!("ringback_store_database_bytes").set(store.database_bytes as f64);
    if let Some(free) = store.free_bytes {
        gauge!("ringback_store_free_bytes").set(free as f64);
    }
    // A store that cannot be read says so in `/readyz` and in its own log; the gauges keep their value.
    if let Ok(held) = faces.engine.record().count_held().await {
        gauge!("ringback_deliveries_held", "reason" => "behind").set(held as f64);
    }
    if let Ok(orphans) = faces.engine.record().count_orphans().await {
        gauge!("ringback_deliveries_held", "reason" => "none").set(orphans as f64);
    }
}
