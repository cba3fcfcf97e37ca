//! Log search: indexes narrow, filters look, both are bounded (design, section 4.8).
//!
//! The rows are driven newest first by one index: the endpoint's deliveries, the troubled deliveries,
//! the type's or the source's events, or all events. Everything else is a filter over those rows. A
//! page says how far it looked and gives a cursor to go on.

use bytes::Bytes;
use ringback_types::{
    Deadline, DeliveryId, EndpointId, EventId, RecordId as _, ScheduleTime, SourceId,
};
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use std::time::Duration;

use super::Record;
use super::claim::delivery_row;
use super::model::{Delivery, DeliveryState, EventKind};
use crate::error::ReadError;
use crate::sqlite::read_error;
use crate::statement::Sql;

/// How many rows one page looks at, and for how long; well inside what a reader may be held.
const MOST_ROWS: u32 = 50_000;
const MOST_TIME: Duration = Duration::from_millis(500);
const MOST_ENTRIES: usize = 1_000;

/// Where the next page begins; opaque, and only good for the query that gave it.
pub type Cursor = i64;

/// What is asked of the log. An empty query asks for everything, newest first.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only what came in here.
    pub source: Option<SourceId>,
    /// Only deliveries to here.
    pub endpoint: Option<EndpointId>,
    /// Only this type, exactly.
    pub event_type: Option<String>,
    /// Only this platform app.
    pub app: Option<String>,
    /// Only the event that its platform knows under this id.
    pub dedupe_key: Option<String>,
    /// Only calls or only events.
    pub kind: Option<EventKind>,
    /// Only deliveries in one of these states; empty means all.
    pub states: Vec<DeliveryState>,
    /// Only deliveries whose last answer had this status.
    pub status: Option<u16>,
    /// Only deliveries with this reason: why they are dead, or the code of the last failure.
    pub reason: Option<String>,
    /// Only deliveries tried at least so often.
    pub min_attempts: Option<u32>,
    /// Only what was made at or after this time.
    pub since: Option<ScheduleTime>,
    /// Only what was made before this time.
    pub until: Option<ScheduleTime>,
    /// Only bodies that contain this text; JSON strings are compared unescaped.
    pub text: Option<String>,
    /// Go on where an earlier page ended.
    pub before: Option<Cursor>,
    /// How many entries at the most; 0 means 50, at most 1,000.
    pub limit: usize,
}

/// One event with one of its deliveries, or an event that went nowhere.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// The event.
    pub event: EventId,
    /// Event or call.
    pub kind: EventKind,
    /// Where it came in.
    pub source: SourceId,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The platform's app.
    pub app: Option<String>,
    /// The platform's own id of it.
    pub dedupe_key: Option<String>,
    /// Size of the body in bytes.
    pub body_bytes: i64,
    /// Whether the body is still kept.
    pub has_body: bool,
    /// The delivery.
    pub delivery: Option<Delivery>,
}

/// One page of the log.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    /// What was found, newest first.
    pub entries: Vec<Entry>,
    /// How many rows were looked at.
    pub looked_at: u32,
    /// Everything made since this time has been looked at.
    pub looked_back_to: Option<ScheduleTime>,
    /// Where to go on; `None` when everything has been looked at.
    pub next: Option<Cursor>,
}

impl Record {
    /// One page of the log.
    pub async fn search(&self, query: Query) -> Result<Page, ReadError> {
        self.store()
            .readers()
            .patiently(move |connection| search(connection, &query))
            .await
    }
}

/// The eighteen columns every drive gives: the delivery's eleven, then the event's.
macro_rules! columns {
    () => {
        "d.id, d.event, d.endpoint, d.state, d.due_at, d.attempts, d.rung, d.status, d.reason,
         d.order_key, d.replay_of, e.id, e.kind, e.source, e.type, e.app, e.dedupe, e.body_bytes,
         e.body IS NOT NULL, CASE WHEN $4 = 1 THEN e.body ELSE NULL END"
    };
}

crate::statements! {
    in pub(crate),

    BY_EVENT = concat!("SELECT ",
    columns!(),
    " FROM event e LEFT JOIN delivery d ON d.event = e.id
     WHERE e.id >= $1 AND e.id < $2 ORDER BY e.id DESC, d.id DESC LIMIT $3");
    BY_TYPE = concat!("SELECT ",
    columns!(),
    " FROM event e LEFT JOIN delivery d ON d.event = e.id
     WHERE e.id >= $1 AND e.id < $2 AND e.type = $5 ORDER BY e.id DESC, d.id DESC LIMIT $3");
    BY_SOURCE = concat!("SELECT ",
    columns!(),
    " FROM event e LEFT JOIN delivery d ON d.event = e.id
     WHERE e.id >= $1 AND e.id < $2 AND e.source = $5 ORDER BY e.id DESC, d.id DESC LIMIT $3");
    BY_KEY = concat!("SELECT ",
    columns!(),
    " FROM event e LEFT JOIN delivery d ON d.event = e.id
     WHERE e.id >= $1 AND e.id < $2 AND e.source = $5 AND e.dedupe = $6
     ORDER BY e.id DESC, d.id DESC LIMIT $3");
    BY_ENDPOINT = concat!("SELECT ",
    columns!(),
    " FROM delivery d JOIN event e ON e.id = d.event
     WHERE d.id >= $1 AND d.id < $2 AND d.endpoint = $5 ORDER BY d.id DESC LIMIT $3");
    BY_TROUBLE = concat!("SELECT ",
    columns!(),
    " FROM delivery d JOIN event e ON e.id = d.event
     WHERE d.id >= $1 AND d.id < $2 AND (d.attempts > 1 OR d.state = 'dead')
     ORDER BY d.id DESC LIMIT $3");
}

/// Which index drives a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Drive {
    Key,
    Endpoint,
    Trouble,
    Type,
    Source,
    Time,
}

impl Drive {
    fn of(query: &Query) -> Self {
        let only_troubled = query.min_attempts.is_some_and(|least| least > 1)
            || (!query.states.is_empty()
                && query
                    .states
                    .iter()
                    .all(|state| *state == DeliveryState::Dead));
        if query.dedupe_key.is_some() && query.source.is_some() {
            Self::Key
        } else if only_troubled {
            Self::Trouble
        } else if query.endpoint.is_some() {
            Self::Endpoint
        } else if query.event_type.is_some() {
            Self::Type
        } else if query.source.is_some() {
            Self::Source
        } else {
            Self::Time
        }
    }

    /// Whether rows come in the order of delivery ids; otherwise of event ids.
    fn by_delivery(self) -> bool {
        matches!(self, Self::Endpoint | Self::Trouble)
    }
}

struct Candidate {
    entry: Entry,
    body: Option<Bytes>,
}

struct Search<'q> {
    query: &'q Query,
    drive: Drive,
    limit: usize,
    page: Page,
    /// The id of the last row that was looked at whole.
    last: Option<i64>,
}

fn search(connection: &Connection, query: &Query) -> Result<Page, ReadError> {
    let drive = Drive::of(query);
    let limit = if query.limit == 0 {
        50
    } else {
        query.limit.min(MOST_ENTRIES)
    };
    let page = Page {
        entries: Vec::new(),
        looked_at: 0,
        looked_back_to: None,
        next: None,
    };
    let mut search = Search {
        query,
        drive,
        limit,
        page,
        last: None,
    };
    let deadline = Deadline::after(MOST_TIME);
    let wants_body = i64::from(query.text.is_some());
    let low = query.since.map_or(0, |time| EventId::first_at(time).raw());
    let until = query
        .until
        .map_or(i64::MAX, |time| EventId::first_at(time).raw());
    let high = query.before.unwrap_or(i64::MAX).min(until);

    let (sql, first, second) = drive_values(drive, query);
    let mut statement = connection
        .prepare_cached(sql.for_sqlite())
        .map_err(|error| read_error(&error))?;
    let mut rows = match (first, second) {
        (None, _) => statement.query(params![low, high, MOST_ROWS, wants_body]),
        (Some(first), None) => statement.query(params![low, high, MOST_ROWS, wants_body, first]),
        (Some(first), Some(second)) => {
            statement.query(params![low, high, MOST_ROWS, wants_body, first, second])
        }
    }
    .map_err(|error| read_error(&error))?;

    while let Some(row) = rows.next().map_err(|error| read_error(&error))? {
        let candidate = candidate(row).map_err(|error| read_error(&error))?;
        if !search.look(candidate) {
            return Ok(search.pause());
        }
        if search.page.looked_at >= MOST_ROWS || deadline.remaining().is_zero() {
            return Ok(search.pause());
        }
    }
    search.page.looked_back_to = query.since;
    Ok(search.page)
}

fn drive_values(drive: Drive, query: &Query) -> (Sql, Option<crate::Value>, Option<crate::Value>) {
    use crate::Value;
    let source = query.source.map(Value::from);
    match drive {
        Drive::Key => (BY_KEY, source, query.dedupe_key.clone().map(Value::from)),
        Drive::Endpoint => (BY_ENDPOINT, query.endpoint.map(Value::from), None),
        Drive::Trouble => (BY_TROUBLE, None, None),
        Drive::Type => (BY_TYPE, query.event_type.clone().map(Value::from), None),
        Drive::Source => (BY_SOURCE, source, None),
        Drive::Time => (BY_EVENT, None, None),
    }
}

impl Search<'_> {
    /// Looks at one row; false when the page is full and this row belongs to the next one.
    fn look(&mut self, candidate: Candidate) -> bool {
        let id = self.position(&candidate.entry);
        // The deliveries of one event stay on one page, because the cursor is the event's id.
        if self.page.entries.len() >= self.limit && self.last != Some(id) {
            return false;
        }
        self.page.looked_at += 1;
        self.last = Some(id);
        if matches(self.query, &candidate) {
            self.page.entries.push(candidate.entry);
        }
        true
    }

    fn position(&self, entry: &Entry) -> i64 {
        match &entry.delivery {
            Some(delivery) if self.drive.by_delivery() => delivery.id.raw(),
            _ => entry.event.raw(),
        }
    }

    /// The page as far as it got, with the cursor to go on.
    fn pause(mut self) -> Page {
        self.page.looked_back_to = self.last.map(|id| DeliveryId::from_raw(id).made_at());
        self.page.next = self.last;
        self.page
    }
}

fn candidate(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    let delivery = match row.get::<_, Option<i64>>(0)? {
        Some(_) => Some(delivery_row(row, 0)?),
        None => None,
    };
    let entry = Entry {
        event: EventId::from_raw(row.get(11)?),
        kind: EventKind::parse(row.get_ref(12)?.as_str()?),
        source: SourceId::from_raw(row.get(13)?),
        event_type: row.get(14)?,
        app: row.get(15)?,
        dedupe_key: row.get(16)?,
        body_bytes: row.get(17)?,
        has_body: row.get(18)?,
        delivery,
    };
    Ok(Candidate {
        entry,
        body: row.get::<_, Option<Vec<u8>>>(19)?.map(Into::into),
    })
}

fn matches(query: &Query, candidate: &Candidate) -> bool {
    let entry = &candidate.entry;
    let delivery = entry.delivery.as_ref();
    let of_delivery = |test: &dyn Fn(&Delivery) -> bool| delivery.is_some_and(test);
    query.source.is_none_or(|source| entry.source == source)
        && query
            .endpoint
            .is_none_or(|endpoint| of_delivery(&|row| row.endpoint == endpoint))
        && query
            .event_type
            .as_ref()
            .is_none_or(|wanted| entry.event_type == *wanted)
        && query
            .app
            .as_ref()
            .is_none_or(|app| entry.app.as_ref() == Some(app))
        && query
            .dedupe_key
            .as_ref()
            .is_none_or(|key| entry.dedupe_key.as_ref() == Some(key))
        && query.kind.is_none_or(|kind| entry.kind == kind)
        && (query.states.is_empty() || of_delivery(&|row| query.states.contains(&row.state)))
        && query
            .status
            .is_none_or(|status| of_delivery(&|row| row.status == Some(status)))
        && query
            .reason
            .as_ref()
            .is_none_or(|reason| of_delivery(&|row| row.reason.as_ref() == Some(reason)))
        && query
            .min_attempts
            .is_none_or(|least| of_delivery(&|row| row.attempts >= least))
        && query.text.as_ref().is_none_or(|text| {
            candidate
                .body
                .as_ref()
                .is_some_and(|body| body_contains(body, text))
        })
}

/// Whether a body contains the text, as it stands or inside an unescaped JSON string.
fn body_contains(body: &[u8], text: &str) -> bool {
    let raw = String::from_utf8_lossy(body);
    if raw.contains(text) {
        return true;
    }
    if !raw.contains('\\') {
        return false;
    }
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|json| json_contains(&json, text))
}

fn json_contains(json: &serde_json::Value, text: &str) -> bool {
    use serde_json::Value;
    match json {
        Value::String(string) => string.contains(text),
        Value::Array(items) => items.iter().any(|item| json_contains(item, text)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains(text) || json_contains(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
