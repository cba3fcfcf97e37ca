//! What `log` and `replay` select by (design, section 4, number 8).

use ringback_types::ScheduleTime;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::duration;
use crate::failure::Failure;

/// Filters over deliveries; all that are given must hold.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct Filters {
    /// Source: its name or id
    #[arg(long)]
    source: Option<String>,

    /// Endpoint: its name or id
    #[arg(long)]
    endpoint: Option<String>,

    /// Event type, such as im.message.receive_v1
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,

    /// The platform's app id
    #[arg(long)]
    app: Option<String>,

    /// State: due, running, held, delivered, dead or cancelled
    #[arg(long)]
    state: Option<String>,

    /// Status of the last answer
    #[arg(long)]
    status: Option<u16>,

    /// Why it is dead, or code of the last failure
    #[arg(long)]
    reason: Option<String>,

    /// At least so many retries
    #[arg(long, value_name = "N")]
    retries_min: Option<u32>,

    /// Not before this time: 2026-01-31T08:15:00Z, or how long ago (1h)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Before this time, written alike
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Text that stands in the body
    #[arg(long)]
    text: Option<String>,
}

impl Filters {
    /// Whether none is given.
    pub(super) fn is_empty(&self) -> bool {
        let words = self.words().iter().all(|(_, word)| word.is_none());
        words && self.status.is_none() && self.retries_min.is_none()
    }

    fn words(&self) -> [(&'static str, &Option<String>); 9] {
        [
            ("source", &self.source),
            ("endpoint", &self.endpoint),
            ("type", &self.event_type),
            ("app", &self.app),
            ("state", &self.state),
            ("reason", &self.reason),
            ("since", &self.since),
            ("until", &self.until),
            ("text", &self.text),
        ]
    }

    /// The filters as names and values; a time is made absolute by the server's schedule clock, which
    /// may be virtual.
    async fn resolved(&self, client: &Client) -> Result<Vec<(&'static str, Value)>, Failure> {
        let mut pairs = Vec::new();
        for (name, word) in self.words() {
            let Some(word) = word else { continue };
            let time = matches!(name, "since" | "until");
            pairs.push((
                name,
                if time {
                    moment(client, word).await?
                } else {
                    word.clone()
                }
                .into(),
            ));
        }
        pairs.extend(self.status.map(|status| ("status", status.into())));
        pairs.extend(
            self.retries_min
                .map(|retries| ("retries_min", retries.into())),
        );
        Ok(pairs)
    }

    /// The filters as pairs of a query.
    pub(super) async fn query(
        &self,
        client: &Client,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let text = |value: Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let pairs = self.resolved(client).await?;
        Ok(pairs
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect())
    }

    /// The filters as a JSON object.
    pub(super) async fn object(&self, client: &Client) -> Result<Map<String, Value>, Failure> {
        let pairs = self.resolved(client).await?;
        Ok(pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }
}

/// An RFC 3339 time as it stands, or so long before the server's now.
async fn moment(client: &Client, text: &str) -> Result<String, Failure> {
    let Ok(ago) = duration::parse(text) else {
        let time: Result<jiff::Timestamp, _> = text.parse();
        let time = time.map_err(|_| {
            Failure::usage("filter.time", format!("`{text}` is not a time"))
                .with_hint("write `2026-01-31T08:15:00Z`, or how long ago: `90s`, `1h`, `2d`")
        })?;
        return Ok(ScheduleTime::from_millis(time.as_millisecond()).to_rfc3339());
    };
    let clock: Clock = client.get("clock").await?;
    let now: jiff::Timestamp = clock.now.parse().map_err(Failure::internal)?;
    let moment =
        ScheduleTime::from_millis(now.as_millisecond()).plus_millis(-(ago.as_millis() as i64));
    Ok(moment.to_rfc3339())
}

/// What of the server's clocks is needed here.
#[derive(serde::Deserialize)]
struct Clock {
    now: String,
}
