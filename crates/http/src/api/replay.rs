//! `/api/v1/replay`: deliver again (design, section 4, number 5).

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json as Answer};
use ringback_deliver::{ReplayError, Replaying};
use ringback_store::record::{ReplayRefusal, Replayed};
use ringback_types::extract::Json;
use ringback_types::{Caller, Code, DeliveryId, EndpointId, EventId, Problem};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::filter::LogFilter;
use super::{log, names, note, whole};
use crate::error::unreadable;
use crate::faces::Inner;

/// What is to be delivered again: ids, or what a filter finds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// Deliveries (`dlv_…`), or events (`evt_…`) for all their deliveries.
    #[serde(default)]
    ids: Vec<String>,
    /// One page of what this finds.
    #[serde(default)]
    filter: Option<LogFilter>,
    /// Name or id of the endpoint it goes to, if not where it went.
    #[serde(default)]
    to: Option<String>,
    /// Only say what would be chosen.
    #[serde(default)]
    dry_run: bool,
}

/// What a replay did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayAnswer {
    /// Whether nothing was done.
    dry_run: bool,
    /// The deliveries that were chosen.
    #[schema(value_type = Vec<String>)]
    chosen: Vec<DeliveryId>,
    /// The new deliveries.
    replayed: Vec<ReplayedView>,
    /// Why others were not repeated.
    refused: Vec<Problem>,
    /// Where a replay by filter goes on (`filter.before`), when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// One delivery made again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayedView {
    /// The new delivery.
    #[schema(value_type = String)]
    delivery: DeliveryId,
    /// The one it repeats.
    #[schema(value_type = String)]
    of: DeliveryId,
    /// What it delivers.
    #[schema(value_type = String)]
    event: EventId,
    /// Where to.
    endpoint: String,
}

/// Deliver again: signed afresh, outside order, untouched by deduplication.
#[utoipa::path(post, path = "/api/v1/replay", tag = "log", request_body = ReplayRequest,
    responses((status = 200, body = ReplayAnswer), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn replay_deliveries(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<ReplayRequest>,
) -> Result<Answer<ReplayAnswer>, Problem> {
    whole(replay(faces, caller, request)).await?.map(Answer)
}

async fn replay(
    faces: Arc<Inner>,
    caller: Caller,
    request: ReplayRequest,
) -> Result<ReplayAnswer, Problem> {
    let to = request
        .to
        .as_deref()
        .map(|name| names::endpoint(&faces, name));
    let to = to.transpose()?.map(|endpoint| endpoint.id);
    let Chosen {
        deliveries: chosen,
        gone,
        next,
    } = choose(&faces, &request, to).await?;
    if !request.dry_run {
        let detail = json!({ "deliveries": chosen, "to": to });
        note(
            &faces,
            &caller,
            "delivery.replay",
            &format!("{} deliveries", chosen.len()),
            detail,
        )
        .await?;
    }
    let replaying = Replaying::Deliveries(chosen);
    let report = faces
        .engine
        .replay(replaying, to, request.dry_run)
        .await
        .map_err(|error| refused(&error))?;
    let view = |replayed: &Replayed| ReplayedView {
        delivery: replayed.delivery,
        of: replayed.of,
        event: replayed.event,
        endpoint: names::of_endpoint(&faces, replayed.endpoint),
    };
    Ok(ReplayAnswer {
        dry_run: request.dry_run,
        replayed: report.replayed.iter().map(view).collect(),
        refused: report.refused.iter().map(refusal).chain(gone).collect(),
        chosen: report.chosen,
        next,
    })
}

/// What a request names.
#[derive(Default)]
struct Chosen {
    deliveries: Vec<DeliveryId>,
    /// Those whose endpoint is deleted.
    gone: Vec<Problem>,
    /// Where to go on.
    next: Option<String>,
}

impl Chosen {
    /// Chooses a delivery, unless it would go to an endpoint that is no more.
    fn add(&mut self, delivery: DeliveryId, endpoint_is_there: bool) {
        if endpoint_is_there {
            self.deliveries.push(delivery);
        } else {
            self.gone.push(endpoint_gone(delivery));
        }
    }
}

/// The deliveries that a request names. An event and a filter stand for original deliveries, so that
/// replaying twice does not repeat the repetitions.
async fn choose(
    faces: &Inner,
    request: &ReplayRequest,
    to: Option<EndpointId>,
) -> Result<Chosen, Problem> {
    match (&request.filter, request.ids.is_empty()) {
        (None, false) => by_ids(faces, &request.ids, to).await,
        (Some(filter), true) => {
            let page = log::search(faces, filter).await?;
            let mut chosen = Chosen::default();
            for (delivery, endpoint) in page.originals() {
                let there = to.is_some() || names::endpoint(faces, endpoint).is_ok();
                chosen.add(delivery, there);
            }
            chosen.next = page.next().map(str::to_owned);
            Ok(chosen)
        }
        (None, true) | (Some(_), false) => {
            let message = "give either `ids` or `filter`";
            let hint = "an empty `filter` chooses the newest page of the log";
            Err(Problem::new(422, Code::new("replay.choice"), message).with_hint(hint))
        }
    }
}

async fn by_ids(faces: &Inner, ids: &[String], to: Option<EndpointId>) -> Result<Chosen, Problem> {
    let mut chosen = Chosen::default();
    for id in ids {
        let Ok(event) = id.parse::<EventId>() else {
            let delivery = id.parse().map_err(|_| not_an_id(id))?;
            chosen.deliveries.push(delivery);
            continue;
        };
        let deliveries = faces.engine.record().deliveries_of(event).await;
        let deliveries = deliveries.map_err(|error| unreadable(&error))?;
        for delivery in deliveries.iter().filter(|it| it.replay_of.is_none()) {
            let known = faces.engine.endpoints().by_id(delivery.endpoint);
            chosen.add(delivery.id, to.is_some() || known.is_some());
        }
    }
    Ok(chosen)
}

fn endpoint_gone(delivery: DeliveryId) -> Problem {
    let message = format!("the endpoint of `{delivery}` is deleted");
    Problem::new(409, Code::new("replay.endpoint_gone"), message)
        .with_hint("name another with `to` (`--to`)")
}

fn not_an_id(id: &str) -> Problem {
    let message = format!("`{id}` is neither a delivery nor an event");
    Problem::new(422, Code::new("replay.id"), message)
        .with_hint("`ringback log` shows ids of the form `dlv_…` and `evt_…`")
}

fn refusal(refusal: &ReplayRefusal) -> Problem {
    let status = match refusal {
        ReplayRefusal::Unknown(_) => 404,
        ReplayRefusal::Pruned(_) => 410,
        ReplayRefusal::Call(_) => 409,
    };
    Problem::from_error(status, refusal)
}

fn refused(error: &ReplayError) -> Problem {
    let status = match error {
        ReplayError::Endpoint(error) => error.status(),
        ReplayError::Write(_) | ReplayError::Read(_) => 503,
    };
    Problem::from_error(status, error)
}
