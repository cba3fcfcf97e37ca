//! `/api/v1/status`: how the process is.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::clock::ClockView;
use crate::faces::Inner;
use crate::health::Ready;

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// The version of this binary.
    version: &'static str,
    /// Whether events are taken.
    ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// What the clocks show.
    clock: ClockView,
    /// How many sources there are.
    sources: usize,
    /// How many endpoints there are, and how many of them are paused or disabled.
    endpoints: EndpointCounts,
    /// How many requests are being received.
    receiving: usize,
    /// The store.
    store: StoreView,
}

/// How many endpoints there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointCounts {
    /// All of them.
    all: usize,
    /// Those that are paused.
    paused: usize,
    /// Those that are disabled.
    disabled: usize,
}

/// How the store is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreView {
    /// Bytes free on the disk.
    free_bytes: Option<u64>,
    /// Writes that wait.
    queue_depth: usize,
    /// Bulk steps that wait.
    bulk_depth: usize,
    /// How long the last commit took, in microseconds.
    last_commit_us: u64,
    /// Size of the write-ahead log, in bytes.
    wal_bytes: u64,
    /// Size of the database, in bytes.
    database_bytes: u64,
    /// The epoch of this run.
    epoch: i64,
}

/// Show how the process is.
#[utoipa::path(get, path = "/api/v1/status", tag = "server",
    responses((status = 200, body = StatusView)))]
pub(crate) async fn show_status(State(faces): State<Arc<Inner>>) -> Answer<StatusView> {
    let Ready { ready, cause } = Ready::of(&faces);
    let endpoints = faces.engine.endpoints().all();
    let store = faces.store().status();
    Answer(StatusView {
        version: env!("CARGO_PKG_VERSION"),
        ready,
        cause,
        clock: ClockView::new(faces.store().clock()),
        sources: faces.gateway.sources().all().len(),
        endpoints: EndpointCounts {
            all: endpoints.len(),
            paused: endpoints
                .iter()
                .filter(|endpoint| endpoint.paused.is_some())
                .count(),
            disabled: endpoints
                .iter()
                .filter(|endpoint| endpoint.disabled.is_some())
                .count(),
        },
        receiving: faces.gateway.in_flight(),
        store: StoreView {
            free_bytes: store.free_bytes,
            queue_depth: store.queue_depth,
            bulk_depth: store.bulk_depth,
            last_commit_us: store.last_commit_us,
            wal_bytes: store.wal_bytes,
            database_bytes: store.database_bytes,
            epoch: store.epoch,
        },
    })
}
