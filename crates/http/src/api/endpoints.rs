//! `/api/v1/endpoints…`: where events are sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json as Answer};
use ringback_deliver::guard::check_url;
use ringback_deliver::{Endpoint, EndpointError};
use ringback_dialect::standard::SigningKey;
use ringback_types::extract::Json;
use ringback_types::{Caller, Code, Problem, Secret, SourceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::endpoint_view::{EndpointChangeInput, EndpointInput, EndpointView, HealthView};
use super::{names, whole};
use crate::faces::Inner;

/// Long enough to change the key on the other side by hand.
const OVERLAP_MS: u64 = 24 * 60 * 60 * 1000;

type Faces = State<Arc<Inner>>;

/// All endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointList {
    /// Oldest first.
    endpoints: Vec<EndpointView>,
}

/// An endpoint, and the key that was made for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointAndKey {
    /// The endpoint.
    #[serde(flatten)]
    endpoint: EndpointView,
    /// The signing key, where one was made: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_key: Option<String>,
}

/// List the endpoints.
#[utoipa::path(get, path = "/api/v1/endpoints", tag = "endpoints",
    responses((status = 200, body = EndpointList)))]
pub(crate) async fn list_endpoints(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
) -> Answer<EndpointList> {
    let all = faces.engine.endpoints().all();
    let view = |endpoint: &Arc<Endpoint>| EndpointView::new(&faces, &caller, endpoint);
    Answer(EndpointList {
        endpoints: all.iter().map(view).collect(),
    })
}

/// Make an endpoint. A `standard` one without a key gets one, shown in this answer only.
#[utoipa::path(post, path = "/api/v1/endpoints", tag = "endpoints", request_body = EndpointInput,
    responses((status = 201, body = EndpointAndKey), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create_endpoint(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Json(mut input): Json<EndpointInput>,
) -> Result<(StatusCode, Answer<EndpointAndKey>), Problem> {
    let made = input.wants_key().then(|| make_key(&faces));
    input.key = input.key.or_else(|| made.clone());
    check_literal(&faces, &input.url)?;
    let sources = sources(&faces, &input.sources)?;
    let new = input.into_new(sources);
    let created = faces.engine.endpoints().create(&caller.name, new).await;
    let endpoint = created.map_err(|error| refused(&error))?;
    let answer = EndpointAndKey {
        endpoint: EndpointView::new(&faces, &caller, &endpoint),
        made_key: made.as_ref().map(text),
    };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Show an endpoint.
#[utoipa::path(get, path = "/api/v1/endpoints/{name}", tag = "endpoints",
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem)))]
pub(crate) async fn show_endpoint(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Answer<EndpointView>, Problem> {
    let endpoint = names::endpoint(&faces, &name)?;
    Ok(Answer(EndpointView::new(&faces, &caller, &endpoint)))
}

/// Change an endpoint; it holds for the next attempt.
#[utoipa::path(patch, path = "/api/v1/endpoints/{name}", tag = "endpoints", request_body = EndpointChangeInput,
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update_endpoint(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(input): Json<EndpointChangeInput>,
) -> Result<Answer<EndpointView>, Problem> {
    let id = names::endpoint(&faces, &name)?.id;
    if let Some(url) = &input.url {
        check_literal(&faces, url)?;
    }
    let sources = match &input.sources {
        Some(given) => Some(sources(&faces, given)?),
        None => None,
    };
    let change = input.into_change(sources);
    let updated = faces
        .engine
        .endpoints()
        .update(&caller.name, id, change)
        .await;
    let endpoint = updated.map_err(|error| refused(&error))?;
    Ok(Answer(EndpointView::new(&faces, &caller, &endpoint)))
}

/// What became of the deliveries of a deleted endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// How many deliveries were given up.
    abandoned: u64,
}

/// Delete an endpoint. Deliveries that waited for it are dead, with that reason.
#[utoipa::path(delete, path = "/api/v1/endpoints/{name}", tag = "endpoints",
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = Deleted), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn delete_endpoint(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Answer<Deleted>, Problem> {
    let id = names::endpoint(&faces, &name)?.id;
    let engine = faces.engine.clone();
    let deleting = async move { engine.delete_endpoint(&caller.name, id).await };
    let deleted = whole(deleting).await?;
    Ok(Answer(Deleted {
        abandoned: deleted.map_err(|error| refused(&error))?,
    }))
}

/// Pause an endpoint: what is due waits, what arrives is accepted and waits too.
#[utoipa::path(post, path = "/api/v1/endpoints/{name}/pause", tag = "endpoints",
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem)))]
pub(crate) async fn pause_endpoint(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Answer<EndpointView>, Problem> {
    let id = names::endpoint(&faces, &name)?.id;
    faces
        .engine
        .pause(&caller.name, id)
        .await
        .map_err(|error| refused(&error))?;
    let endpoint = names::endpoint(&faces, &name)?;
    Ok(Answer(EndpointView::new(&faces, &caller, &endpoint)))
}

/// Open a paused or disabled endpoint again.
#[utoipa::path(post, path = "/api/v1/endpoints/{name}/resume", tag = "endpoints",
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem)))]
pub(crate) async fn resume_endpoint(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Answer<EndpointView>, Problem> {
    let id = names::endpoint(&faces, &name)?.id;
    faces
        .engine
        .resume(&caller.name, id)
        .await
        .map_err(|error| refused(&error))?;
    let endpoint = names::endpoint(&faces, &name)?;
    Ok(Answer(EndpointView::new(&faces, &caller, &endpoint)))
}

/// A new key for an endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRotation {
    /// The new key; made when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    key: Option<Secret>,
    /// How long the old key signs besides, in milliseconds; a day when absent.
    #[serde(default = "default_overlap")]
    overlap_ms: u64,
}

fn default_overlap() -> u64 {
    OVERLAP_MS
}

/// Give an endpoint a new key; a `standard` one is signed with the old key besides for a while.
#[utoipa::path(post, path = "/api/v1/endpoints/{name}/rotate-secret", tag = "endpoints", request_body = KeyRotation,
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = EndpointAndKey), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn rotate_secret(
    State(faces): Faces,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(rotation): Json<KeyRotation>,
) -> Result<Answer<EndpointAndKey>, Problem> {
    let id = names::endpoint(&faces, &name)?.id;
    let (key, made) = if let Some(key) = rotation.key {
        (key, None)
    } else {
        let key = make_key(&faces);
        (key.clone(), Some(key))
    };
    let overlap = Duration::from_millis(rotation.overlap_ms);
    let rotated = faces
        .engine
        .endpoints()
        .rotate(&caller.name, id, key, overlap)
        .await;
    let endpoint = rotated.map_err(|error| refused(&error))?;
    Ok(Answer(EndpointAndKey {
        endpoint: EndpointView::new(&faces, &caller, &endpoint),
        made_key: made.as_ref().map(text),
    }))
}

/// Show how an endpoint is doing.
#[utoipa::path(get, path = "/api/v1/endpoints/{name}/health", tag = "endpoints",
    params(("name" = String, Path, description = "The endpoint's name or id")),
    responses((status = 200, body = HealthView), (status = 404, body = Problem)))]
pub(crate) async fn endpoint_health(
    State(faces): Faces,
    Path(name): Path<String>,
) -> Result<Answer<HealthView>, Problem> {
    let id = names::endpoint(&faces, &name)?.id;
    let health = faces.engine.health(id);
    health
        .map(|health| Answer(health.into()))
        .ok_or_else(|| Problem::not_found("endpoint", name))
}

/// Refuses a URL whose host is an address that no attempt would connect to. What a name stands for
/// is seen at each attempt; what is no URL at all is refused by the endpoints.
fn check_literal(faces: &Inner, url: &str) -> Result<(), Problem> {
    let Ok(url) = check_url(url) else {
        return Ok(());
    };
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
    let (Ok(ip), Some(port)) = (literal, url.port_or_known_default()) else {
        return Ok(());
    };
    let checked = faces
        .engine
        .guard()
        .check(SocketAddr::new(ip, port), url.path());
    checked.map_err(|rule| {
        let message = format!("`{host}` is refused by the outbound guard: {rule}");
        Problem::new(422, Code::new("endpoint.address_refused"), message).with_hint(rule.hint())
    })
}

fn sources(faces: &Inner, given: &[String]) -> Result<Vec<SourceId>, Problem> {
    given
        .iter()
        .map(|name| names::source(faces, name))
        .collect()
}

fn refused(error: &EndpointError) -> Problem {
    Problem::from_error(error.status(), error)
}

fn make_key(faces: &Inner) -> Secret {
    SigningKey::text_of(faces.random.secret())
}

fn text(key: &Secret) -> String {
    String::from_utf8_lossy(key.expose()).into_owned()
}
