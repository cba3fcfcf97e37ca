//! `/api/v1/audit`: who changed what. Needs the role `auditor`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json as Answer};
use ringback_store::AuditEntry;
use ringback_types::extract::Query;
use ringback_types::{Caller, Problem, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::error::unreadable;
use crate::faces::Inner;

const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 1000;

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Go on from here: `next` of the page before.
    before: Option<i64>,
    /// How many rows at most; 50 when absent, at most 1000.
    limit: Option<u32>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// When.
    at: String,
    /// The name of the token it was made with.
    caller: String,
    /// What was done, such as `endpoint.create`.
    action: String,
    /// To what.
    target: String,
    /// The change itself, without secrets.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at.to_rfc3339(),
            caller: entry.caller,
            action: entry.action,
            target: entry.target,
            detail: entry.detail,
        }
    }
}

/// One page of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// Newest first.
    entries: Vec<AuditView>,
    /// Where to go on, where there is more.
    next: Option<i64>,
}

/// Show who changed what, newest first. Needs the role `auditor`.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = AuditPage), (status = 403, body = Problem)))]
pub(crate) async fn show_audit(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<AuditPage>, Problem> {
    caller.require(Role::Auditor)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MOST);
    let entries = faces
        .store()
        .audit(query.before, limit)
        .await
        .map_err(|error| unreadable(&error))?;
    let full = entries.len() == limit as usize;
    let next = entries.last().map(|entry| entry.id).filter(|_| full);
    Ok(Answer(AuditPage {
        entries: entries.into_iter().map(AuditView::from).collect(),
        next,
    }))
}
