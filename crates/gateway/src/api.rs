//! The management routes: `/api/v1/sources…`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json as Answer};
use ringback_types::{Caller, Problem, Role, SourceId};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::SourceError;
use crate::gateway::Inner;
use crate::live::{Counts, Live};
use crate::refusals::RefusalEntry;
use crate::source::{NewSource, SecretsInput, Settings, SettingsChange, Source, SourceDialect};
use crate::traffic::SeenRequest;
use ringback_types::extract::Json;

/// Long enough to change the secret on the other side by hand.
const OVERLAP_SECONDS: u64 = 24 * 60 * 60;
/// Stands for all names that no source has; no source can be called so.
pub(crate) const NO_SOURCE: &str = "-";

pub(crate) fn router(gateway: Arc<Inner>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_sources, create_source))
        .routes(routes!(show_source, update_source, delete_source))
        .routes(routes!(rotate_source))
        .routes(routes!(source_refusals))
        .routes(routes!(source_requests))
        .with_state(gateway)
}

/// A source as it is shown: its secrets by name only.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SourceView {
    /// Its id.
    #[schema(value_type = String, example = "src_0c2m9qk4vwx3e")]
    id: SourceId,
    /// Its name.
    name: String,
    /// Whose callbacks it receives.
    dialect: SourceDialect,
    /// Where it receives them.
    path: String,
    /// Which secrets are set.
    #[schema(value_type = Vec<String>)]
    secrets: Vec<&'static str>,
    /// Until when the secrets before the last rotation are accepted too.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_until: Option<String>,
    /// Its settings.
    settings: Settings,
    /// When it was made.
    created_at: String,
    /// What it has received since the process began.
    counts: Counts,
}

impl SourceView {
    fn new(gateway: &Inner, source: Source) -> Self {
        let live = gateway.sources.live(&source.name);
        let now = gateway.clock().schedule();
        let previous = source.previous.filter(|(_, until)| now < *until);
        Self {
            path: format!("/in/{}", source.name),
            id: source.id,
            name: source.name,
            dialect: source.dialect,
            secrets: source.secrets.names(),
            previous_until: previous.map(|(_, until)| until.to_rfc3339()),
            settings: source.settings,
            created_at: source.created_at.to_rfc3339(),
            counts: live.map_or_else(Counts::default, |live| live.state.tally.counts()),
        }
    }
}

/// All sources.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SourceList {
    /// By name.
    sources: Vec<SourceView>,
}

/// List the sources.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources",
    responses((status = 200, body = SourceList)))]
async fn list_sources(State(gateway): State<Arc<Inner>>) -> Answer<SourceList> {
    let all = gateway.sources.all().into_iter();
    let sources = all
        .map(|source| SourceView::new(&gateway, source))
        .collect();
    Answer(SourceList { sources })
}

/// Make a source.
#[utoipa::path(post, path = "/api/v1/sources", tag = "sources", request_body = NewSource,
    responses((status = 201, body = SourceView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_source(
    State(gateway): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewSource>,
) -> Result<(StatusCode, Answer<SourceView>), Problem> {
    let source = gateway.sources.create(&caller, new).await?;
    Ok((
        StatusCode::CREATED,
        Answer(SourceView::new(&gateway, source)),
    ))
}

/// Show a source.
#[utoipa::path(get, path = "/api/v1/sources/{name}", tag = "sources",
    params(("name" = String, Path, description = "The source's name")),
    responses((status = 200, body = SourceView), (status = 404, body = Problem)))]
async fn show_source(
    State(gateway): State<Arc<Inner>>,
    Path(name): Path<String>,
) -> Result<Answer<SourceView>, Problem> {
    let source = live(&gateway, &name)?.source.clone();
    Ok(Answer(SourceView::new(&gateway, source)))
}

/// Change a source's settings.
#[utoipa::path(patch, path = "/api/v1/sources/{name}", tag = "sources", request_body = SettingsChange,
    params(("name" = String, Path, description = "The source's name")),
    responses((status = 200, body = SourceView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn update_source(
    State(gateway): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(change): Json<SettingsChange>,
) -> Result<Answer<SourceView>, Problem> {
    let source = gateway.sources.update(&caller, &name, change).await?;
    Ok(Answer(SourceView::new(&gateway, source)))
}

/// Delete a source. Its events stay in the log.
#[utoipa::path(delete, path = "/api/v1/sources/{name}", tag = "sources",
    params(("name" = String, Path, description = "The source's name")),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete_source(
    State(gateway): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    gateway.sources.delete(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// New secrets for a source.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourceRotation)]
struct Rotation {
    /// The new secrets, complete.
    secrets: SecretsInput,
    /// How long the old ones are accepted besides, in seconds; a day when absent.
    #[serde(default = "default_overlap")]
    overlap_seconds: u64,
}

fn default_overlap() -> u64 {
    OVERLAP_SECONDS
}

/// Put new secrets into force; the old ones are accepted besides for a while.
#[utoipa::path(post, path = "/api/v1/sources/{name}/rotate", tag = "sources", request_body = Rotation,
    params(("name" = String, Path, description = "The source's name")),
    responses((status = 200, body = SourceView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn rotate_source(
    State(gateway): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Answer<SourceView>, Problem> {
    let overlap = Duration::from_secs(rotation.overlap_seconds);
    let rotated = gateway
        .sources
        .rotate(&caller, &name, rotation.secrets, overlap);
    Ok(Answer(SourceView::new(&gateway, rotated.await?)))
}

/// The last requests that a source refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RefusalList {
    /// Newest first.
    refusals: Vec<RefusalEntry>,
}

/// Show the last requests that were refused, and why. The name `-` shows those under names that no
/// source has.
#[utoipa::path(get, path = "/api/v1/sources/{name}/refusals", tag = "sources",
    params(("name" = String, Path, description = "The source's name, or `-`")),
    responses((status = 200, body = RefusalList), (status = 404, body = Problem)))]
async fn source_refusals(
    State(gateway): State<Arc<Inner>>,
    Path(name): Path<String>,
) -> Result<Answer<RefusalList>, Problem> {
    let refusals = if name == NO_SOURCE {
        gateway.unknown.newest_first()
    } else {
        live(&gateway, &name)?.state.refusals.newest_first()
    };
    Ok(Answer(RefusalList { refusals }))
}

/// Watch every raw request as it comes in, refused ones too: one JSON object per line, until the
/// caller hangs up. A caller that reads too slowly misses some and gets `{"lost": n}` in their place.
#[utoipa::path(get, path = "/api/v1/sources/{name}/requests", tag = "sources",
    params(("name" = String, Path, description = "The source's name")),
    responses((status = 200, body = SeenRequest, content_type = "application/x-ndjson"),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn source_requests(
    State(gateway): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    caller.require(Role::Operator)?;
    let requests = live(&gateway, &name)?.state.traffic.watch();
    let ndjson = [(CONTENT_TYPE, "application/x-ndjson")];
    Ok((ndjson, Body::from_stream(requests)).into_response())
}

fn live(gateway: &Inner, name: &str) -> Result<Arc<Live>, Problem> {
    let not_found = || SourceError::NotFound {
        name: name.to_owned(),
    };
    Ok(gateway.sources.live(name).ok_or_else(not_found)?)
}
