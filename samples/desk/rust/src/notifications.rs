//! What the platform only tells: steps of a task flow, and the life of a session.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::State;

use crate::App;
use crate::answer::{Answer, Refusal};
use crate::callback::{Callback, text};

const COMMANDS: [&str; 2] = ["Chatbot.TaskFlowEventNotify", "Desk.SessionEventNotify"];
/// What a line shows, as far as it is there; never what people said.
const SHOWN: [&str; 9] = [
    "CallbackCommand",
    "Event",
    "ExecutionId",
    "MsgKey",
    "NextNodeId",
    "NodeId",
    "Seq",
    "SessionId",
    "TaskName",
];
/// How many notices are remembered. A retry comes within seconds, and memory must end somewhere.
const REMEMBERED: usize = 1000;

/// What tells a notice from another; the same for each try of one.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    /// `RequestID` of the URL.
    Request(String),
    /// `ExecutionId` and `Seq`: one step of one run.
    Step(String, String),
}

/// The newest notices that were taken.
#[derive(Debug, Default)]
pub(crate) struct Seen(VecDeque<Key>);

impl Seen {
    /// Whether a notice with this key comes for the first time, as far as that is remembered.
    fn is_new(&mut self, key: Key) -> bool {
        if self.0.contains(&key) {
            return false;
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(key);
        true
    }
}

/// Prints a notice that is new. One that came before is acknowledged too: otherwise it comes yet again.
pub(crate) async fn take(
    State(app): State<Arc<App>>,
    callback: Callback,
) -> Result<Json<Answer>, Refusal> {
    callback.must_be(
        &COMMANDS,
        "CallbackCommand is neither Chatbot.TaskFlowEventNotify nor Desk.SessionEventNotify",
    )?;
    let mut seen = app.seen.lock().unwrap_or_else(PoisonError::into_inner);
    if key(&callback).is_none_or(|key| seen.is_new(key)) {
        // Still locked, so that lines do not mix. A line that nobody reads is no reason to refuse.
        let _ = writeln!(std::io::stdout(), "{}", line(&callback));
    }
    Ok(Answer::ok(None))
}

/// An older page of `Desk.SessionEventNotify` has neither; such a notice is always new.
fn key(callback: &Callback) -> Option<Key> {
    let request_id = callback.query.get("RequestID");
    if !request_id.is_empty() {
        return Some(Key::Request(request_id.to_owned()));
    }
    let [execution_id, seq] = ["ExecutionId", "Seq"].map(|name| text(callback.fields.get(name)));
    (!execution_id.is_empty() && !seq.is_empty()).then_some(Key::Step(execution_id, seq))
}

/// JSON, so that no value can start a line of its own; sorted by name.
fn line(callback: &Callback) -> String {
    let shown = SHOWN.map(|name| (name, text(callback.fields.get(name))));
    let shown: BTreeMap<_, _> = shown
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect();
    serde_json::to_string(&shown).unwrap_or_default()
}
