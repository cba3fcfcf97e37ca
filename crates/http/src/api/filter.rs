//! What the log is searched by, as it is written in a query or in a replay.

use std::str::FromStr;

use jiff::Timestamp;
use ringback_store::record::{DeliveryState, Query};
use ringback_types::{Code, Problem, ScheduleTime};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::names;
use crate::faces::Inner;

/// Filters over the log; all that are given must hold.
#[derive(Debug, Clone, Default, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogFilter {
    /// An event (`evt_…`), a delivery (`dlv_…`), or the platform's own id of an event.
    pub(crate) id: Option<String>,
    /// Event type, exactly.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// Name or id of a source.
    source: Option<String>,
    /// Name or id of an endpoint.
    endpoint: Option<String>,
    /// The platform's app id.
    app: Option<String>,
    /// `due`, `running`, `held`, `delivered`, `dead` or `cancelled`; several with commas between.
    state: Option<String>,
    /// Status of the last answer.
    status: Option<u16>,
    /// Why it is dead, or the code of its last failure.
    reason: Option<String>,
    /// At least so many retries.
    retries_min: Option<u32>,
    /// Not before this time, as RFC 3339.
    since: Option<String>,
    /// Before this time, as RFC 3339.
    until: Option<String>,
    /// Text that stands in the body; JSON strings are compared unescaped. Needs the role `operator`. It
    /// finds nothing in bodies that are kept sealed, as those of the zone are.
    pub(crate) text: Option<String>,
    /// Go on from here: `next` of the page before.
    before: Option<String>,
    /// How many entries at most; 50 when absent, at most 1000.
    limit: Option<usize>,
}

impl LogFilter {
    /// The states as they are shown.
    pub(crate) fn states(&self) -> Result<Vec<DeliveryState>, Problem> {
        states(self.state.as_deref())
    }

    /// The states as they are recorded: what a closed endpoint holds is `due` there.
    fn recorded_states(&self) -> Result<Vec<DeliveryState>, Problem> {
        let mut states = self.states()?;
        if states.contains(&DeliveryState::Held) && !states.contains(&DeliveryState::Due) {
            states.push(DeliveryState::Due);
        }
        Ok(states)
    }

    /// The query that the record understands.
    pub(crate) fn query(&self, faces: &Inner) -> Result<Query, Problem> {
        let source = self
            .source
            .as_deref()
            .map(|name| names::source(faces, name));
        let endpoint = self
            .endpoint
            .as_deref()
            .map(|name| names::endpoint(faces, name));
        Ok(Query {
            source: source.transpose()?,
            endpoint: endpoint.transpose()?.map(|endpoint| endpoint.id),
            event_type: self.event_type.clone(),
            app: self.app.clone(),
            dedupe_key: self.id.clone(),
            kind: None,
            states: self.recorded_states()?,
            status: self.status,
            reason: self.reason.clone(),
            min_attempts: self.retries_min.map(|retries| retries.saturating_add(1)),
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            text: self.text.clone(),
            before: self.before.as_deref().map(cursor).transpose()?,
            limit: self.limit.unwrap_or_default(),
        })
    }
}

fn states(given: Option<&str>) -> Result<Vec<DeliveryState>, Problem> {
    let words = given.into_iter().flat_map(|words| words.split(','));
    words
        .map(|word| {
            DeliveryState::parse(word.trim()).ok_or_else(|| {
                let known = DeliveryState::ALL.map(DeliveryState::as_str).join("`, `");
                bad("state", word).with_hint(format!("a state is one of `{known}`"))
            })
        })
        .collect()
}

fn time(name: &str, given: Option<&str>) -> Result<Option<ScheduleTime>, Problem> {
    let parse = |text: &str| {
        let time = Timestamp::from_str(text).map_err(|_| {
            bad(name, text).with_hint("write it as RFC 3339, such as `2026-01-31T08:15:00Z`")
        })?;
        Ok(ScheduleTime::from_millis(time.as_millisecond()))
    };
    given.map(parse).transpose()
}

fn cursor(text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_| bad("before", text).with_hint("give `next` of the page before, unchanged"))
}

fn bad(name: &str, text: &str) -> Problem {
    let message = format!("`{name}` cannot be `{text}`");
    Problem::new(422, Code::new("api.bad_filter"), message)
}
