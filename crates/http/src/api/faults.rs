//! `/api/v1/faults…`: break things on purpose, only where that is enabled (design, section 9).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json as Answer};
use ringback_deliver::faults::{Fault, FaultError, NewFault, Place, SetFault};
use ringback_types::extract::Json;
use ringback_types::{Caller, Problem, ScheduleTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{names, note};
use crate::faces::Inner;

/// Where a fault acts: `"every_endpoint"`, `"every_source"`, `{"endpoint": "name"}` or
/// `{"source": "name"}`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlaceName {
    /// On the way to this endpoint.
    Endpoint(String),
    /// On the way to every endpoint.
    EveryEndpoint,
    /// At the receive path of this source.
    Source(String),
    /// At every receive path.
    EverySource,
}

impl PlaceName {
    fn place(&self, faces: &Inner) -> Result<Place, Problem> {
        Ok(match self {
            Self::Endpoint(name) => Place::Endpoint(names::endpoint(faces, name)?.id),
            Self::EveryEndpoint => Place::EveryEndpoint,
            Self::Source(name) => Place::Source(names::source(faces, name)?),
            Self::EverySource => Place::EverySource,
        })
    }

    fn of(faces: &Inner, place: Place) -> Self {
        match place {
            Place::Endpoint(id) => Self::Endpoint(names::of_endpoint(faces, id)),
            Place::EveryEndpoint => Self::EveryEndpoint,
            Place::Source(id) => Self::Source(names::of_source(faces, id)),
            Place::EverySource => Self::EverySource,
        }
    }
}

/// A fault to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultInput {
    /// Where it acts.
    place: PlaceName,
    /// What goes wrong: `{"kind": "delay", "delay_ms": 2000}`, `{"kind": "status", "status": 500}`,
    /// `{"kind": "answer", "answer": "html"}` (or `empty`, `truncated`, `fail`, `error_code`), or the kind `drop`, `wrong_signature`, `wrong_token`, `duplicate` or `reset` alone.
    #[schema(value_type = Object)]
    fault: Fault,
    /// How often it acts at most; always when absent.
    #[serde(default)]
    count: Option<u32>,
    /// How likely it acts, from 0.0 to 1.0; always when absent.
    #[serde(default)]
    probability: Option<f64>,
    /// How long it stays set, in schedule time; until it is cleared when absent.
    #[serde(default)]
    lasts_ms: Option<u64>,
}

/// A fault that is set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultView {
    /// Its number, to clear it by.
    number: u64,
    /// Where it acts.
    place: PlaceName,
    /// What goes wrong.
    #[schema(value_type = Object)]
    fault: Fault,
    /// How often it may still act.
    left: Option<u32>,
    /// How likely it acts.
    probability: Option<f64>,
    /// When it ends.
    until: Option<String>,
    /// How often it has acted.
    acted: u64,
}

impl FaultView {
    fn new(faces: &Inner, fault: SetFault) -> Self {
        Self {
            number: fault.number,
            place: PlaceName::of(faces, fault.place),
            fault: fault.fault,
            left: fault.left,
            probability: fault.probability,
            until: fault.until.map(ScheduleTime::to_rfc3339),
            acted: fault.acted,
        }
    }
}

/// All faults that are set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultList {
    /// In the order they were set.
    faults: Vec<FaultView>,
}

/// List the faults that are set.
#[utoipa::path(get, path = "/api/v1/faults", tag = "rehearsal",
    responses((status = 200, body = FaultList)))]
pub(crate) async fn list_faults(State(faces): State<Arc<Inner>>) -> Answer<FaultList> {
    let set = faces.engine.faults().list().into_iter();
    let faults = set.map(|fault| FaultView::new(&faces, fault)).collect();
    Answer(FaultList { faults })
}

/// The number of a fault that was set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultNumber {
    /// To clear it by.
    number: u64,
}

/// Set a fault.
#[utoipa::path(post, path = "/api/v1/faults", tag = "rehearsal", request_body = FaultInput,
    responses((status = 201, body = FaultNumber), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn set_fault(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Json(input): Json<FaultInput>,
) -> Result<(StatusCode, Answer<FaultNumber>), Problem> {
    let detail = serde_json::json!({ "place": input.place, "fault": input.fault });
    note(&faces, &caller, "fault.set", "faults", detail).await?;
    let new = NewFault {
        place: input.place.place(&faces)?,
        fault: input.fault,
        count: input.count,
        probability: input.probability,
        lasts_ms: input.lasts_ms,
    };
    let number = faces
        .engine
        .faults()
        .set(&new)
        .map_err(|error| refused(&error))?;
    Ok((StatusCode::CREATED, Answer(FaultNumber { number })))
}

/// Clear all faults.
#[utoipa::path(delete, path = "/api/v1/faults", tag = "rehearsal", responses((status = 204)))]
pub(crate) async fn clear_faults(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    note(
        &faces,
        &caller,
        "fault.clear",
        "faults",
        serde_json::json!({}),
    )
    .await?;
    faces.engine.faults().clear(None);
    Ok(StatusCode::NO_CONTENT)
}

/// Clear one fault.
#[utoipa::path(delete, path = "/api/v1/faults/{number}", tag = "rehearsal",
    params(("number" = u64, Path, description = "The fault's number")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn clear_fault(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    let detail = serde_json::json!({ "number": number });
    note(&faces, &caller, "fault.clear", "faults", detail).await?;
    let cleared = number
        .parse()
        .map(|number| faces.engine.faults().clear(Some(number)));
    match cleared {
        Ok(1..) => Ok(StatusCode::NO_CONTENT),
        Ok(0) | Err(_) => {
            Err(Problem::not_found("fault", number)
                .with_hint("`ringback fault list` shows them all"))
        }
    }
}

fn refused(error: &FaultError) -> Problem {
    let status = match error {
        FaultError::NotEnabled => 409,
        FaultError::Place | FaultError::Range(_) => 422,
    };
    Problem::from_error(status, error)
}
