//! `/healthz` and `/readyz`: whether the process lives, and whether its work makes progress.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::faces::Inner;

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
    None
}

pub(crate) async fn ready(State(faces): State<Arc<Inner>>) -> (StatusCode, Json<Ready>) {
    let ready = Ready::of(&faces);
    let status = if ready.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(ready))
}
