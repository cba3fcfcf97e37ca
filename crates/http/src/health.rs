//! `/healthz` and `/readyz`: whether the process lives, and whether its work makes progress.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringback_deliver::Health;
use serde::Serialize;

use crate::faces::Inner;

/// How long something may be due before it is odd that nothing is attempted.
const OVERDUE_MS: i64 = 30_000;

/// `{"alive": true}`: the process answers.
#[derive(Debug, Serialize)]
pub(crate) struct Alive {
    alive: bool,
}

pub(crate) async fn alive() -> Json<Alive> {
    Json(Alive { alive: true })
}

/// Whether events are taken, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
}

impl Ready {
    pub(crate) fn of(faces: &Inner) -> Self {
        let cause = cause(faces);
        Self {
            ready: cause.is_none(),
            cause,
        }
    }
}

/// What keeps the process from taking events, the nearest cause first.
fn cause(faces: &Inner) -> Option<String> {
    if faces.is_stopping() {
        return Some("the process is stopping".to_owned());
    }
    let store = faces.store().status();
    if !store.ready {
        let unknown = || "the store does not take writes".to_owned();
        return Some(store.cause.unwrap_or_else(unknown));
    }
    if store.disk_low {
        return Some("the disk is low on space".to_owned());
    }
    stalled(faces).then(|| "deliveries are long due and none is attempted".to_owned())
}

/// Whether the engine stands still: something open is long due, and nothing at all is under way.
/// One slow endpoint, or all slots taken, is load and no reason to be taken out of service.
fn stalled(faces: &Inner) -> bool {
    let overdue_since = faces.engine.clock().schedule().plus_millis(-OVERDUE_MS);
    let endpoints = faces.engine.endpoints().all();
    let health: Vec<_> = endpoints
        .iter()
        .filter_map(|endpoint| Some((endpoint.is_open(), faces.engine.health(endpoint.id)?)))
        .collect();
    let overdue = |(open, health): &(bool, Health)| {
        *open && health.next_due.is_some_and(|due| due < overdue_since)
    };
    health.iter().all(|(_, health)| health.in_flight == 0) && health.iter().any(overdue)
}

/// For whoever runs the process.
pub(crate) async fn ready(State(faces): State<Arc<Inner>>) -> (StatusCode, Json<Ready>) {
    answer(Ready::of(&faces))
}

/// The same for faces that strangers see.
pub(crate) async fn ready_without_cause(
    State(faces): State<Arc<Inner>>,
) -> (StatusCode, Json<Ready>) {
    answer(Ready {
        cause: None,
        ..Ready::of(&faces)
    })
}

fn answer(ready: Ready) -> (StatusCode, Json<Ready>) {
    let status = if ready.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(ready))
}
