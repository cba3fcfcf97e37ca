//! A platform whose bot asks a shop, and what was asked of the platform.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::receiver;
use crate::support::{Dev, Ended, Place, settings};

/// The flow that `dev` is seeded with.
pub(super) const FLOW: &str = include_str!("../../../../../samples/desk/order-status.flow.json");
const SEEDED_URL: &str = "http://127.0.0.1:8090/order-status";

/// A business's interface: it knows one order, and 50000 is one that it fails over.
fn interface() -> String {
    receiver::serve(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let (found, status, eta) = match body["Body"]["OrderID"].as_str().unwrap_or_default() {
            "12345" => ("yes", "shipped", "tomorrow"),
            "50000" => {
                return receiver::json(
                    r#"{"ActionStatus":"FAIL","ErrorCode":1,"ErrorInfo":"no stock system"}"#,
                );
            }
            _ => ("no", "", ""),
        };
        let body = json!({ "OrderFound": found, "OrderStatus": status, "OrderEta": eta });
        let answer = json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "Body": body });
        receiver::json(&answer.to_string())
    })
}

/// A platform with the seeded app, whose flow asks a shop that is there.
pub(super) struct Shop<'a> {
    pub(super) dev: Dev<'a>,
    pub(super) place: &'a Place,
    /// Where the interface is.
    pub(super) url: String,
    told: Vec<String>,
}

impl<'a> Shop<'a> {
    /// Opens it: version 2 of the seeded flow asks it.
    pub(super) fn open(place: &'a Place) -> Self {
        let dev = Dev::start(place, "real");
        let url = interface();
        place.write("order-status.flow.json", &flow(&url));
        let save = ["flow", "save", "order-status.flow.json", "--publish"];
        dev.ask(save).held();
        Self {
            dev,
            place,
            url,
            told: Vec::new(),
        }
    }

    /// Runs `ringback` with this on its stdin.
    pub(super) fn say(&self, arguments: &[&str], lines: &str) -> Ended {
        let mut command = self.place.ringback(arguments.iter().copied());
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // What ends before it has read all of it is no mistake of the test.
        let _ = stdin.write_all(lines.as_bytes());
        drop(stdin);
        Ended::of(child.wait_with_output().unwrap())
    }

    /// The same, and keeps what came of it.
    pub(super) fn tell_with(&mut self, arguments: &[&str], lines: &str) {
        let ended = self.say(arguments, lines);
        let piped = lines.trim_end().replace('\n', r"\n");
        let line = format!("printf '{piped}' | ringback {}", arguments.join(" "));
        self.told.push(format!("$ {line}\n{}\n", ended.whole()));
    }

    /// Asks, and keeps what came of it.
    pub(super) fn tell(&mut self, arguments: &[&str]) {
        let ended = self.dev.ask(arguments.iter().copied());
        let line = arguments.join(" ");
        self.told
            .push(format!("$ ringback {line}\n{}\n", ended.whole()));
    }

    /// The same in Chinese.
    pub(super) fn tell_in_chinese(&mut self, arguments: &[&str]) {
        let mut command = self.place.ringback(arguments.iter().copied());
        let ended = Ended::of(command.env("LANG", "zh_CN.UTF-8").output().unwrap());
        let line = arguments.join(" ");
        self.told
            .push(format!("$ ringback {line}\n{}\n", ended.whole()));
    }

    /// Compares all that was told with the snapshot of this name.
    #[track_caller]
    pub(super) fn matches(&self, name: &str) {
        hidden().bind(|| insta::assert_snapshot!(name, self.told.concat()));
    }
}

/// The seeded flow with this interface.
pub(super) fn flow(url: &str) -> String {
    assert!(FLOW.contains(SEEDED_URL));
    FLOW.replace(SEEDED_URL, url)
}

/// The conversation that a chat was held in, as its last note says.
#[track_caller]
pub(super) fn conversation(ended: &Ended) -> String {
    let note = ended.err.lines().rev();
    let mut notes = note.filter_map(|line| line.strip_prefix("conversation conv_"));
    format!("conv_{}", notes.next().unwrap())
}

/// Snapshot settings that hide times, ids and costs besides.
pub(super) fn hidden() -> insta::Settings {
    let mut settings = settings();
    for (pattern, replacement) in [
        (r"\b(conv|run|flow)_[0-9a-hjkmnp-tv-z]{13}\b", "${1}_[id]"),
        (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "[clock]"),
        (
            r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            "[uuid]",
        ),
        (r"(cost_ms\s+)\d+", "$1[ms]"),
        (
            r"(node-api-1 +(?:ok|[a-z]+\.[a-z_]+) +)\d+( +\d+ )",
            "$1[ms]$2",
        ),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings
}
