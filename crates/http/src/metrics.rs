//! `/metrics`, by an operator's questions: how old is the oldest that is due, what is held and why,
//! how long does a commit take, how full is the queue, how large is the log.
//!
//! Counters are kept where things happen (`ringback_received_total`, `ringback_refused_total`,
//! `ringback_attempts_total`, `ringback_dead_total` …); what only has a current value is read here when
//! somebody scrapes, at most once a second, so that scrapes never keep the engine from the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
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

/// How often the gauges are read at most.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// Above this, how many deliveries wait exactly helps nobody.
const MOST_COUNTED: u64 = 100_000;

/// Installs the recorder for the whole process, once, before the engine starts; the handle goes into
/// [`Options::metrics`](crate::Options::metrics).
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_jobs".to_owned()), &JOBS_BUCKETS)?
        .install_recorder()
        .inspect(|_| describe())
}

/// What each counter says, for its `# HELP` line.
const COUNTERS: &[(&str, &str)] = &[
    (
        "ringback_received_total",
        "Requests at receive paths, by source and outcome",
    ),
    (
        "ringback_refused_total",
        "Refused requests, by source and reason",
    ),
    (
        "ringback_attempts_total",
        "Attempts, by endpoint and outcome",
    ),
    (
        "ringback_deliveries_total",
        "Deliveries that became final, by endpoint and outcome",
    ),
    (
        "ringback_dead_total",
        "Deliveries that were given up, by endpoint and reason",
    ),
    (
        "ringback_call_log_dropped_total",
        "Calls that are missing in the log",
    ),
    (
        "ringback_call_log_bodies_dropped_total",
        "Calls whose body is missing in the log",
    ),
    (
        "ringback_feishu_challenges_total",
        "Challenges of request URLs, by result",
    ),
    (
        "ringback_feishu_callbacks_total",
        "Feishu callbacks, by the code that the client shows",
    ),
    (
        "ringback_zone_refusals_total",
        "Refused requests of WeCom apps, by API and errcode",
    ),
    (
        "ringback_zone_door_refusals_total",
        "Refused requests of zone programs, by reason",
    ),
];
/// The same of what only has a current value.
const GAUGES: &[(&str, &str)] = &[
    ("ringback_ready", "Whether events are taken"),
    (
        "ringback_receive_in_flight",
        "Requests under way at receive paths",
    ),
    ("ringback_in_flight", "Attempts under way, by endpoint"),
    (
        "ringback_oldest_due_age_seconds",
        "Age of the oldest due delivery, by endpoint",
    ),
    (
        "ringback_endpoint_paused",
        "Whether the endpoint is paused or disabled",
    ),
    (
        "ringback_deliveries_held",
        "Deliveries that wait for something else than time, by reason",
    ),
    (
        "ringback_store_queue_depth",
        "Writes that wait for the disk, by lane",
    ),
    (
        "ringback_store_last_commit_seconds",
        "How long the last commit took",
    ),
    (
        "ringback_store_wal_bytes",
        "Size of the write-ahead log in use",
    ),
    ("ringback_store_database_bytes", "Size of the database file"),
    (
        "ringback_store_free_bytes",
        "Free space on the disk of the store",
    ),
];
/// The same of what is sampled.
const HISTOGRAMS: &[(&str, &str)] = &[
    (
        "ringback_acknowledge_seconds",
        "From the arrival of an event to its acknowledgement",
    ),
    (
        "ringback_attempt_seconds",
        "How long attempts take, by endpoint",
    ),
    ("ringback_commit_seconds", "How long commits take"),
    (
        "ringback_commit_jobs",
        "How many writes one commit takes with it",
    ),
    ("ringback_checkpoint_seconds", "How long checkpoints take"),
];

fn describe() {
    for (name, text) in COUNTERS {
        describe_counter!(*name, *text);
    }
    for (name, text) in GAUGES {
        describe_gauge!(*name, *text);
    }
    for (name, text) in HISTOGRAMS {
        describe_histogram!(*name, *text);
    }
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

/// When the gauges were last read; held while they are.
pub(crate) type Refreshed = tokio::sync::Mutex<Option<Instant>>;

pub(crate) async fn render(State(faces): State<Arc<Inner>>) -> Response {
    let Some(handle) = &faces.metrics else {
        return Problem::new(404, Code::new("api.no_metrics"), "metrics are switched off")
            .with_hint("switch them on with `metrics.enabled` in the settings")
            .into_response();
    };
    refresh_if_old(&faces).await;
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (text, handle.render()).into_response()
}

/// One refresh at a time; who comes meanwhile waits for it and shows the same.
async fn refresh_if_old(faces: &Inner) {
    let mut refreshed = faces.gauges.lock().await;
    let now = faces.engine.clock().monotonic();
    if refreshed.is_some_and(|last| now.duration_since(last) < REFRESH_EVERY) {
        return;
    }
    // Noted before, so that a scrape that hangs up does not let the next one begin at once.
    *refreshed = Some(now);
    refresh(faces).await;
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
    if let Some(paused) = paused(faces).await {
        gauge!("ringback_deliveries_held", "reason" => "paused").set(paused as f64);
    }
}

/// How many deliveries wait at endpoints that are paused or disabled, counted up to [`MOST_COUNTED`].
async fn paused(faces: &Inner) -> Option<u64> {
    let mut waiting = 0;
    for endpoint in faces.engine.endpoints().closed() {
        waiting += faces.engine.record().count_waiting(endpoint).await.ok()?;
        if waiting >= MOST_COUNTED {
            return Some(MOST_COUNTED);
        }
    }
    Some(waiting)
}
