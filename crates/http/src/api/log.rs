//! `/api/v1/log…`: the one log (design, section 4, number 8).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json as Answer};
use ringback_store::record::{Delivery, Event, Page};
use ringback_types::extract::Query;
use ringback_types::{Caller, DeliveryId, EventId, Problem, Role, ScheduleTime, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::entry::{self, AttemptView, DeliveryView, EntryView};
use super::filter::LogFilter;
use super::note;
use crate::error::unreadable;
use crate::faces::Inner;

/// One page of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntryPage)]
pub(crate) struct LogPage {
    /// What was found, newest first.
    entries: Vec<EntryView>,
    /// Where to go on, where there is more to look at.
    next: Option<String>,
    /// Everything made since this time has been looked at.
    looked_back_to: Option<String>,
    /// How many rows were looked at.
    looked_at: u32,
    /// Whether the page is full or the log's end was reached; `false` where a limit on rows or time
    /// stopped the search before.
    complete: bool,
}

impl LogPage {
    fn new(faces: &Inner, page: Page, limit: usize) -> Self {
        let complete = page.next.is_none() || page.entries.len() >= limit;
        let entries = page
            .entries
            .into_iter()
            .map(|entry| EntryView::new(faces, entry));
        Self {
            entries: entries.collect(),
            next: page.next.map(|cursor| cursor.to_string()),
            looked_back_to: page.looked_back_to.map(ScheduleTime::to_rfc3339),
            looked_at: page.looked_at,
            complete,
        }
    }

    /// A page that holds what one id stands for.
    fn of_one(entries: Vec<EntryView>) -> Self {
        Self {
            next: None,
            looked_back_to: None,
            looked_at: entries.len() as u32,
            complete: true,
            entries,
        }
    }

    /// The deliveries on it that repeat no other, each with the name of its endpoint.
    pub(crate) fn originals(&self) -> impl Iterator<Item = (DeliveryId, &str)> {
        self.entries
            .iter()
            .filter_map(|entry| entry.delivery.original())
    }

    /// Where to go on.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

/// Search the log, newest first. A search is bounded in rows and time: `looked_back_to` says how far
/// it looked, `next` goes on from there. `text` needs the role `operator`, as bodies do, and
/// finds nothing in bodies that are kept sealed.
#[utoipa::path(get, path = "/api/v1/log", tag = "log", params(LogFilter),
    responses((status = 200, body = LogPage), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn search_log(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Query(filter): Query<LogFilter>,
) -> Result<Answer<LogPage>, Problem> {
    if filter.text.is_some() {
        // Whether a text stands in a body is as much as the body, asked for often enough.
        caller.require(Role::Operator)?;
    }
    search(&faces, &filter).await.map(Answer)
}

/// One page of what the filter finds.
pub(crate) async fn search(faces: &Inner, filter: &LogFilter) -> Result<LogPage, Problem> {
    if let Some(found) = by_our_id(faces, filter.id.as_deref()).await? {
        let view = |delivery| EntryView::of(faces, &found.event, delivery);
        let mut entries: Vec<_> = found.deliveries.iter().map(|it| view(Some(it))).collect();
        if entries.is_empty() {
            entries.push(view(None));
        }
        return Ok(LogPage::of_one(entries));
    }
    let query = filter.query(faces)?;
    let limit = if query.limit == 0 { 50 } else { query.limit };
    let page = faces
        .engine
        .record()
        .search(query)
        .await
        .map_err(|error| unreadable(&error))?;
    let mut page = LogPage::new(faces, page, limit);
    let states = filter.states()?;
    page.entries.retain(|entry| entry.delivery.is_in(&states));
    Ok(page)
}

/// An event and those of its deliveries that were asked for.
struct Found {
    event: Event,
    deliveries: Vec<Delivery>,
}

/// What an id of ours stands for; `None` when it is none.
async fn by_our_id(faces: &Inner, id: Option<&str>) -> Result<Option<Found>, Problem> {
    let Some(id) = id else { return Ok(None) };
    if let Ok(event) = id.parse::<EventId>() {
        return of_event(faces, event).await.map(Some);
    }
    if let Ok(delivery) = id.parse::<DeliveryId>() {
        return of_delivery(faces, delivery).await.map(Some);
    }
    Ok(None)
}

async fn of_event(faces: &Inner, id: EventId) -> Result<Found, Problem> {
    let record = faces.engine.record();
    let event = record.event(id).await.map_err(|error| unreadable(&error))?;
    Ok(Found {
        event: event.ok_or_else(|| unknown("event", id))?,
        deliveries: record
            .deliveries_of(id)
            .await
            .map_err(|error| unreadable(&error))?,
    })
}

async fn of_delivery(faces: &Inner, id: DeliveryId) -> Result<Found, Problem> {
    let record = faces.engine.record();
    let delivery = record
        .delivery(id)
        .await
        .map_err(|error| unreadable(&error))?;
    let delivery = delivery.ok_or_else(|| unknown("delivery", id))?;
    let event = record
        .event(delivery.event)
        .await
        .map_err(|error| unreadable(&error))?;
    Ok(Found {
        event: event.ok_or_else(|| unknown("event", delivery.event))?,
        deliveries: vec![delivery],
    })
}

fn unknown(kind: &str, id: impl std::fmt::Display) -> Problem {
    Problem::not_found(kind, id)
        .with_hint("it may have been pruned; `ringback log` finds what is there")
}

/// One event or delivery with everything that is kept of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Detail {
    /// The event, and the delivery where one was asked for.
    #[serde(flatten)]
    entry: EntryView,
    /// Headers of the request that brought it, as far as they are kept.
    #[schema(value_type = Option<Object>)]
    headers: Option<Value>,
    /// The body as text; only for the role `operator`, and only until it is pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Whether the body is kept sealed: it is then left out unless `plaintext` asks for it.
    sealed: bool,
    /// The deliveries, where an event was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deliveries: Vec<DeliveryView>,
    /// The attempts of these deliveries, in the order they were made.
    attempts_made: Vec<AttemptView>,
}

/// What of it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// Open a sealed body. Needs the role `auditor` and leaves an audit row.
    plaintext: bool,
}

/// Show one event (`evt_…`) or delivery (`dlv_…`) with its attempts. Bodies only for the role
/// `operator`; what went to programs of the zone is kept sealed and left out.
#[utoipa::path(get, path = "/api/v1/log/{id}", tag = "log",
    params(("id" = String, Path, description = "The id of an event or a delivery"), Shown),
    responses((status = 200, body = Detail), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_entry(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Answer<Detail>, Problem> {
    if shown.plaintext {
        caller.require(Role::Auditor)?;
    }
    let found = by_our_id(&faces, Some(&id)).await?;
    let Found { event, deliveries } = found.ok_or_else(|| unknown("event or delivery", &id))?;
    let asked = deliveries.first().filter(|_| id.starts_with("dlv_"));
    let all = deliveries.iter().filter(|_| asked.is_none());
    let plaintext = event.body.as_ref().and_then(|body| faces.zone.opened(body));
    Ok(Answer(Detail {
        entry: EntryView::of(&faces, &event, asked),
        headers: entry::json(event.headers.as_deref()),
        sealed: plaintext.is_some(),
        body: match plaintext {
            Some(plaintext) if shown.plaintext => {
                Some(read(&faces, &caller, &event, &plaintext).await?)
            }
            Some(_) => None,
            None => entry::body(event.body.as_ref(), &caller),
        },
        deliveries: all
            .map(|delivery| DeliveryView::new(&faces, delivery))
            .collect(),
        attempts_made: attempts(&faces, &caller, &deliveries).await?,
    }))
}

/// A sealed body as text, once the audit has who reads it.
async fn read(
    faces: &Inner,
    caller: &Caller,
    event: &Event,
    plaintext: &Secret,
) -> Result<String, Problem> {
    let target = event.id.to_string();
    note(faces, caller, "zone.read_plaintext", &target, json!({})).await?;
    Ok(String::from_utf8_lossy(plaintext.expose()).into_owned())
}

async fn attempts(
    faces: &Inner,
    caller: &Caller,
    deliveries: &[Delivery],
) -> Result<Vec<AttemptView>, Problem> {
    let mut made = Vec::new();
    for delivery in deliveries {
        let attempts = faces.engine.record().attempts(delivery.id).await;
        let attempts = attempts.map_err(|error| unreadable(&error))?.into_iter();
        made.extend(attempts.map(|attempt| AttemptView::new(attempt, caller)));
    }
    Ok(made)
}
