//! The live view of a conversation: server-sent events.
//!
//! Told that something happened, it reads what, a page at a time; so a slow reader costs no memory and
//! misses nothing.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::str::FromStr;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use ringback_types::extract::Path;
use ringback_types::{Caller, ConversationId, Problem, RecordId as _, Role, RunId};
use serde::Serialize;

use super::TAG;
use crate::conversation::{ConversationState, Message, Speaker, Step, StoredRun};
use crate::conversations::app_of;
use crate::desk::Desk;
use crate::error::ConversationError;
use crate::live::Watcher;
use crate::view::{ConversationView, MessageView};

/// How many messages, runs and steps of a run are read at once.
const PAGE: i64 = 100;

/// What happens in a conversation, as server-sent events: `message`, `step` (with its run and its call) and
/// `state`. Each has an id: whoever comes back with `Last-Event-ID` misses none and sees none again. Ends
/// when the conversation is closed.
#[utoipa::path(get, path = "/api/v1/desk/conversations/{conversation}/live", tag = TAG, operation_id = "desk_live",
    params(("conversation" = String, Path), ("last-event-id" = Option<String>, Header)),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub(super) async fn watch(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.require(Role::Operator)?;
    // Watched before anything is read, so that nothing falls between.
    let watcher = desk.0.watchers.watch(id);
    desk.conversation(id).await?;
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let view = LiveView {
        desk,
        id,
        watcher,
        seen: last.and_then(|last| last.parse().ok()).unwrap_or_default(),
        shown: None,
        waiting: VecDeque::new(),
        more: true,
        over: false,
    };
    let events = unfold(view, |mut view| async move {
        let event = view.next().await?;
        Some((Ok(event), view))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// How far somebody has seen: the last message, and the last step of the newest run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    message: i64,
    run: i64,
    step: i64,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}.{}", self.message, self.run, self.step)
    }
}

impl FromStr for Seen {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut numbers = text.splitn(3, '.');
        let mut next = || numbers.next().unwrap_or_default().parse();
        Ok(Self {
            message: next()?,
            run: next()?,
            step: next()?,
        })
    }
}

/// A step with the run that it is of.
#[derive(Serialize)]
struct RunStep<'a> {
    run: RunId,
    execution_id: &'a str,
    #[serde(flatten)]
    step: &'a Step,
}

struct LiveView {
    desk: Desk,
    id: ConversationId,
    watcher: Watcher,
    seen: Seen,
    shown: Option<(ConversationState, Option<RunId>)>,
    waiting: VecDeque<Event>,
    /// Whether there may be more to read.
    more: bool,
    over: bool,
}

impl LiveView {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            if !std::mem::take(&mut self.more) {
                self.watcher.changed().await;
            }
            if let Err(error) = self.read().await {
                tracing::warn!(conversation = %self.id, %error, "a live view ends");
                return None;
            }
        }
    }

    /// Reads what has come since the last time, or a part of it.
    async fn read(&mut self) -> Result<(), ConversationError> {
        // The state first: what it says has happened is then read below.
        let conversation = self.desk.conversation(self.id).await?;
        let messages = self.desk.messages(self.id, self.seen.message, PAGE).await?;
        let runs = self
            .desk
            .runs_from(self.id, RunId::from_raw(self.seen.run), PAGE)
            .await?;
        self.more = messages.len() >= PAGE as usize || runs.len() >= PAGE as usize;
        let mut steps = Vec::new();
        for run in &runs {
            let of_seen = run.id.raw() == self.seen.run;
            let after = if of_seen { self.seen.step } else { 0 };
            let page = self.desk.steps(run.id, after, PAGE).await?;
            let whole = page.len() < PAGE as usize;
            steps.extend(page.into_iter().map(|step| (run, step)));
            if !whole {
                // The rest of it comes before the run after it.
                self.more = true;
                break;
            }
        }
        self.show(messages, &steps);
        if self.more {
            return Ok(());
        }
        let now = (conversation.state, conversation.run);
        if self.shown.replace(now) != Some(now) {
            let app = app_of(&self.desk, &conversation)?;
            let view = ConversationView::new(&conversation, &app);
            self.waiting.push_back(self.event("state", &view));
        }
        self.over = conversation.state == ConversationState::Closed;
        Ok(())
    }

    /// Messages and steps in the order in which they came. What was written together has one moment: then
    /// what the user says comes first, and what the bot says to it last.
    fn show(&mut self, messages: Vec<Message>, steps: &[(&StoredRun, Step)]) {
        let mut messages = messages.into_iter().peekable();
        let mut steps = steps.iter().peekable();
        loop {
            let message_first = match (messages.peek(), steps.peek()) {
                (Some(message), Some((_, step))) => match message.at.cmp(&step.at) {
                    Ordering::Less => true,
                    Ordering::Equal => message.speaker == Speaker::User,
                    Ordering::Greater => false,
                },
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return,
            };
            if message_first && let Some(message) = messages.next() {
                self.seen.message = message.number;
                let event = self.event("message", &MessageView::from(message));
                self.waiting.push_back(event);
            } else if let Some((run, step)) = steps.next() {
                (self.seen.run, self.seen.step) = (run.id.raw(), step.seq);
                let execution_id = &run.execution_id;
                let run = run.id;
                let event = self.event(
                    "step",
                    &RunStep {
                        run,
                        execution_id,
                        step,
                    },
                );
                self.waiting.push_back(event);
            }
        }
    }

    fn event(&self, name: &'static str, data: &impl Serialize) -> Event {
        let text = serde_json::to_string(data).unwrap_or_default();
        Event::default()
            .id(self.seen.to_string())
            .event(name)
            .data(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back_as_it_was_said() {
        let seen = Seen {
            message: 3,
            run: 4_611,
            step: 2,
        };
        assert_eq!(seen.to_string().parse(), Ok(seen));
        for other in ["", "3", "3.4", "a.b.c", "1.2.3.4"] {
            assert!(other.parse::<Seen>().is_err(), "{other}");
        }
    }
}
