//! `ringback fault`: break things on purpose (design, section 9).

use std::time::Duration;

use serde_json::{Value, json};

use super::render;
use crate::cli::Connection;
use crate::client::Client;
use crate::duration;
use crate::failure::Failure;
use crate::output::Output;

const COLUMNS: &[render::Column] = &[
    ("NUMBER", "/number"),
    ("PLACE", "/place"),
    ("FAULT", "/fault"),
    ("LEFT", "/left"),
    ("PROBABILITY", "/probability"),
    ("UNTIL", "/until"),
    ("ACTED", "/acted"),
];

/// Arguments of `ringback fault`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Set a fault
    Set(Set),
    /// List the faults that are set
    List,
    /// Clear one fault, or all
    Clear {
        /// Its number; all when left out
        number: Option<u64>,
    },
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// Hold it back for `--by`.
    Delay,
    /// Lose the request, or at a source the acknowledgement.
    Drop,
    /// Answer `--status`.
    Status,
    /// Sign wrongly.
    WrongSignature,
    /// Send another Verification Token.
    WrongToken,
    /// Send it twice.
    Duplicate,
    /// Reset the connection before the answer.
    Reset,
    /// Answer `--with` this, status 200.
    Answer,
}

/// An answer that no platform takes.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum WrongAnswer {
    /// A web page.
    Html,
    /// Nothing.
    Empty,
    /// JSON that ends too early.
    Truncated,
    /// Desk's `ActionStatus` is `FAIL`.
    Fail,
    /// Desk's `ErrorCode` is not 0.
    ErrorCode,
}

impl WrongAnswer {
    const fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Fail => "fail",
            Self::ErrorCode => "error_code",
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ringback fault set drop --source demo --count 1
  ringback fault set status --status 500 --endpoint billing --for 10m
  ringback fault set delay --by 2s --probability 0.3
  ringback fault set answer --with html --endpoint desk.1400000000.invocation")]
struct Set {
    /// What goes wrong
    #[arg(value_enum)]
    kind: Kind,
    /// On the way to this endpoint: its name or id; to every endpoint when nothing is named
    #[arg(long, conflicts_with_all = ["source", "every_source"])]
    endpoint: Option<String>,
    /// At the receive path of this source: its name or id
    #[arg(long, conflicts_with = "every_source")]
    source: Option<String>,
    /// At every receive path
    #[arg(long)]
    every_source: bool,
    /// How long `delay` holds back
    #[arg(long, value_parser = duration::parse, required_if_eq("kind", "delay"))]
    by: Option<Duration>,
    /// What `status` answers
    #[arg(long, required_if_eq("kind", "status"))]
    status: Option<u16>,
    /// What `answer` answers
    #[arg(long, value_name = "ANSWER", required_if_eq("kind", "answer"))]
    with: Option<WrongAnswer>,
    /// How often it acts; always when left out
    #[arg(long)]
    count: Option<u32>,
    /// How likely it acts, from 0.0 to 1.0
    #[arg(long)]
    probability: Option<f64>,
    /// How long it stays set, in schedule time
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasts: Option<Duration>,
}

/// Sets, lists or clears.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    match arguments.action {
        Action::Set(set) => {
            let answer: Value = client.post("faults", &set.body()).await?;
            render::object(output, &answer);
        }
        Action::List => {
            let items = render::items(client.get("faults").await?);
            render::list(output, &items, COLUMNS);
        }
        Action::Clear { number } => {
            let path =
                number.map_or_else(|| "faults".to_owned(), |number| format!("faults/{number}"));
            let _: Value = client.ask(http::Method::DELETE, &path, None).await?;
            output.note("cleared");
        }
    }
    Ok(())
}

impl Set {
    fn body(&self) -> Value {
        let millis = |duration: Duration| duration.as_millis() as u64;
        let fault = match self.kind {
            Kind::Delay => json!({ "kind": "delay", "delay_ms": self.by.map(millis) }),
            Kind::Drop => json!({ "kind": "drop" }),
            Kind::Status => json!({ "kind": "status", "status": self.status }),
            Kind::WrongSignature => json!({ "kind": "wrong_signature" }),
            Kind::WrongToken => json!({ "kind": "wrong_token" }),
            Kind::Duplicate => json!({ "kind": "duplicate" }),
            Kind::Reset => json!({ "kind": "reset" }),
            Kind::Answer => json!({ "kind": "answer", "answer": self.with.map(WrongAnswer::word) }),
        };
        let place = match (&self.endpoint, &self.source) {
            (Some(endpoint), _) => json!({ "endpoint": endpoint }),
            (None, Some(source)) => json!({ "source": source }),
            (None, None) if self.every_source => json!("every_source"),
            (None, None) => json!("every_endpoint"),
        };
        json!({
            "place": place,
            "fault": fault,
            "count": self.count,
            "probability": self.probability,
            "lasts_ms": self.lasts.map(millis),
        })
    }
}
