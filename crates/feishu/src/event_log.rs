//! The event log as the platform's console shows it (section 5.5): one row for each push.
//!
//! It is a view on the one log: an attempt of a delivery to the app's endpoint is a row, and
//! `retry_cnt` is its number, 1 for the first push.

use ringback_store::ReadError;
use ringback_store::record::{
    AttemptOutcome, Cursor, Entry, Event, EventKind, Query, Record, StoredAttempt,
};
use ringback_types::{DeliveryId, EventId, ScheduleTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::callback::recorded_code;
use crate::feishu::Feishu;

/// How many deliveries one page looks up, each with its attempts.
const MOST_DELIVERIES: usize = 200;
const DELIVERIES: usize = 50;

/// Whether a push succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PushStatus {
    /// Status 200 inside the deadline.
    Success,
    /// Anything else.
    Fail,
}

/// What is asked of an app's event log.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only what was made at or after this time.
    pub since: Option<ScheduleTime>,
    /// Only what was made before this time.
    pub until: Option<ScheduleTime>,
    /// Only pushes that ended so; `None` is the console's ALL.
    pub status: Option<PushStatus>,
    /// Only this type.
    pub event_type: Option<String>,
    /// Only the event of this id, the platform's own.
    pub event_id: Option<String>,
    /// Go on where an earlier page ended.
    pub before: Option<Cursor>,
    /// How many deliveries to look up; 0 means 50, at most 200.
    pub limit: usize,
}

/// One push.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LogRow {
    /// The platform's id of the event.
    pub event_id: Option<String>,
    /// Its type.
    pub event_type: String,
    /// The app.
    pub app_id: String,
    /// The app's tenant.
    pub tenant_key: String,
    /// How it was pushed: `webhook`.
    pub hook_type: &'static str,
    /// Where to, without query values.
    pub url: Option<String>,
    /// How it ended.
    pub status: PushStatus,
    /// Status of the answer, if one came.
    pub http_code: Option<u16>,
    /// How long it took, in milliseconds.
    pub cost_ms: i64,
    /// Which push of this event it is; more than 1 means pushed again.
    pub retry_cnt: u32,
    /// When it began.
    pub attempt_at: String,
    /// What the client showed, for a callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_code: Option<u32>,
    /// The headers that were sent, without signatures.
    pub request_headers: Option<Value>,
    /// The body before encryption, its token blanked; not shown to the role `viewer`.
    pub request_body: Option<Value>,
    /// The headers of the answer.
    pub response_headers: Option<Value>,
    /// The beginning of the answer; not shown to the role `viewer`.
    pub response_body: Option<String>,
    /// What failed.
    pub error: Option<PushError>,
    /// Ringback's id of the event.
    #[schema(value_type = String)]
    pub event: EventId,
    /// The delivery in the one log.
    #[schema(value_type = String)]
    pub delivery: DeliveryId,
}

/// What failed in a push.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PushError {
    /// Its stable name.
    pub code: String,
    /// What happened.
    pub message: Option<String>,
}

/// One page of an app's event log, newest deliveries first, the pushes of each in order.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LogPage {
    /// The pushes that were found.
    pub rows: Vec<LogRow>,
    /// Where to go on (`before`); `null` when everything has been looked at. A text, because many
    /// readers of JSON keep only 53 bits of a number.
    pub next: Option<String>,
    /// Everything made since this time has been looked at.
    pub looked_back_to: Option<String>,
}

impl Feishu {
    /// One page of the event log of an app.
    pub async fn event_log(
        &self,
        app: &App,
        query: LogQuery,
        bodies: bool,
    ) -> Result<LogPage, ReadError> {
        self.pushes(app, EventKind::Event, query, bodies).await
    }

    /// One page of the callback log of an app.
    pub async fn callback_log(
        &self,
        app: &App,
        query: LogQuery,
        bodies: bool,
    ) -> Result<LogPage, ReadError> {
        self.pushes(app, EventKind::Call, query, bodies).await
    }

    async fn pushes(
        &self,
        app: &App,
        kind: EventKind,
        query: LogQuery,
        bodies: bool,
    ) -> Result<LogPage, ReadError> {
        let record = self.engine().record();
        let status = query.status;
        let page = record.search(search_of(app, kind, query)).await?;
        let view = View {
            record,
            app,
            bodies,
        };
        let mut rows = Vec::new();
        for entry in page.entries {
            let of_status = |row: &LogRow| status.is_none_or(|status| row.status == status);
            rows.extend(view.rows(&entry).await?.into_iter().filter(of_status));
        }
        Ok(LogPage {
            rows,
            next: page.next.map(|cursor| cursor.to_string()),
            looked_back_to: page.looked_back_to.map(ScheduleTime::to_rfc3339),
        })
    }
}

/// A callback has no key of its own in the log, so its id is looked for in the bodies.
fn search_of(app: &App, kind: EventKind, query: LogQuery) -> Query {
    let (dedupe_key, text, endpoint) = match kind {
        EventKind::Event => (query.event_id, None, app.event_endpoint),
        EventKind::Call => (None, query.event_id, app.callback_endpoint),
    };
    Query {
        source: Some(app.source),
        endpoint: Some(endpoint),
        event_type: query.event_type,
        dedupe_key,
        text,
        kind: Some(kind),
        since: query.since,
        until: query.until,
        before: query.before,
        limit: if query.limit == 0 {
            DELIVERIES
        } else {
            query.limit.min(MOST_DELIVERIES)
        },
        ..Query::default()
    }
}

/// What rows are made with.
struct View<'a> {
    record: &'a Record,
    app: &'a App,
    bodies: bool,
}

impl View<'_> {
    async fn rows(&self, entry: &Entry) -> Result<Vec<LogRow>, ReadError> {
        let Some(delivery) = &entry.delivery else {
            return Ok(Vec::new());
        };
        let attempts = self.record.attempts(delivery.id).await?;
        let Some(event) = self.record.event(entry.event).await? else {
            return Ok(Vec::new());
        };
        Ok(attempts
            .into_iter()
            .map(|attempt| self.row(entry, &event, attempt))
            .collect())
    }

    fn row(&self, entry: &Entry, event: &Event, attempt: StoredAttempt) -> LogRow {
        let body: Option<Value> = event
            .body
            .as_ref()
            .and_then(|body| serde_json::from_slice(body).ok());
        let answer = attempt.response_body.as_deref();
        let client_code = (entry.kind == EventKind::Call).then(|| {
            let failure = attempt.failure.as_deref();
            recorded_code(&event.event_type, event.headers.as_deref(), failure, answer).number()
        });
        let shown = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        LogRow {
            event_id: entry
                .dedupe_key
                .clone()
                .or_else(|| body.as_ref().and_then(event_id)),
            event_type: event.event_type.clone(),
            app_id: self.app.app_id.clone(),
            tenant_key: self.app.tenant_key.clone(),
            hook_type: "webhook",
            url: attempt.target,
            status: match attempt.outcome {
                AttemptOutcome::Delivered => PushStatus::Success,
                AttemptOutcome::Failed => PushStatus::Fail,
            },
            http_code: attempt.status,
            cost_ms: attempt.duration_us / 1000,
            retry_cnt: attempt.number,
            attempt_at: attempt.started_at.to_rfc3339(),
            client_code,
            request_headers: shown(attempt.request_headers),
            request_body: body.filter(|_| self.bodies),
            response_headers: shown(attempt.response_headers),
            response_body: answer
                .filter(|_| self.bodies)
                .map(|answer| String::from_utf8_lossy(answer).into_owned()),
            error: attempt.failure.map(|code| PushError {
                code,
                message: attempt.detail,
            }),
            event: entry.event,
            delivery: attempt.delivery,
        }
    }
}

/// The platform's id in a body of schema 2.0; callbacks have it there alone.
fn event_id(body: &Value) -> Option<String> {
    body.pointer("/header/event_id")?
        .as_str()
        .map(str::to_owned)
}
