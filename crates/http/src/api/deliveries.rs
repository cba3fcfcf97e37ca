//! `/api/v1/deliveries/{id}/cancel`: take a delivery back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json as Answer};
use ringback_types::{Caller, Code, DeliveryId, Problem};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::note;
use crate::error::{unreadable, unwritten};
use crate::faces::Inner;

/// A delivery that was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancelled {
    /// The delivery.
    #[schema(value_type = String)]
    delivery: DeliveryId,
}

/// Take a delivery back that is due or held; its successor in an ordered sequence goes on.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/cancel", tag = "log",
    params(("id" = String, Path, description = "The delivery")),
    responses((status = 200, body = Cancelled), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn cancel_delivery(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Answer<Cancelled>, Problem> {
    let unknown = || Problem::not_found("delivery", &id).with_hint("`ringback log` shows them");
    let delivery: DeliveryId = id.parse().map_err(|_| unknown())?;
    note(&faces, &caller, "delivery.cancel", &id, json!({})).await?;
    if faces
        .engine
        .cancel(delivery)
        .await
        .map_err(|error| unwritten(&error))?
    {
        return Ok(Answer(Cancelled { delivery }));
    }
    let found = faces
        .engine
        .record()
        .delivery(delivery)
        .await
        .map_err(|error| unreadable(&error))?;
    let state = found.ok_or_else(unknown)?.state.as_str();
    let message = format!("the delivery is `{state}` and cannot be taken back");
    Err(
        Problem::new(409, Code::new("delivery.not_waiting"), message)
            .with_hint("only what is `due` or `held` can be cancelled"),
    )
}
