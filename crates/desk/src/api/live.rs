//! The live view of a conversation: server-sent events.
//!
//! Told that something happened, it reads what; so a slow reader costs no memory and misses nothing.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use ringback_types::{Caller, ConversationId, Problem, Role, RunId};
use tokio::sync::watch;

use super::{LARGEST_PAGE, TAG};
use crate::conversation::ConversationState;
use crate::conversations::app_of;
use crate::desk::Desk;
use crate::error::ConversationError;
use crate::view::{ConversationView, MessageView};

/// What happens in a conversation, as server-sent events: `message`, `step` (with its call) and `state`.
/// Each message's event has its number as id: whoever comes back with `Last-Event-ID` misses none. Ends
/// when the conversation is closed.
#[utoipa::path(get, path = "/api/v1/desk/conversations/{conversation}/live", tag = TAG, operation_id = "desk_live",
    params(("conversation" = String, Path), ("last-event-id" = Option<i64>, Header)),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub(super) async fn watch(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.require(Role::Operator)?;
    // Watched before anything is read, so that nothing falls between.
    let changes = desk.0.watchers.watch(id);
    desk.conversation(id).await?;
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let view = LiveView {
        desk,
        id,
        changes,
        message: last.unwrap_or(0),
        run: None,
        step: 0,
        shown: None,
        waiting: VecDeque::new(),
        first: true,
        over: false,
    };
    let events = unfold(view, |mut view| async move {
        let event = view.next().await?;
        Some((Ok(event), view))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

struct LiveView {
    desk: Desk,
    id: ConversationId,
    changes: watch::Receiver<()>,
    /// The number of the last message that was shown.
    message: i64,
    /// The run whose steps are shown, and the last of them.
    run: Option<RunId>,
    step: i64,
    shown: Option<(ConversationState, Option<RunId>)>,
    waiting: VecDeque<Event>,
    first: bool,
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
            if !std::mem::take(&mut self.first) && self.changes.changed().await.is_err() {
                return None;
            }
            if let Err(error) = self.read().await {
                tracing::warn!(conversation = %self.id, %error, "a live view ends");
                return None;
            }
        }
    }

    /// Reads what has come since the last time.
    async fn read(&mut self) -> Result<(), ConversationError> {
        let conversation = self.desk.conversation(self.id).await?;
        self.read_steps(conversation.run).await?;
        loop {
            let messages = self
                .desk
                .messages(self.id, self.message, LARGEST_PAGE)
                .await?;
            let Some(last) = messages.last() else {
                break;
            };
            self.message = last.number;
            let events = messages.into_iter().map(|message| {
                let number = message.number.to_string();
                event("message", &MessageView::from(message)).id(number)
            });
            self.waiting.extend(events);
        }
        let now = (conversation.state, conversation.run);
        if self.shown.replace(now) != Some(now) {
            let app = app_of(&self.desk, &conversation)?;
            let view = ConversationView::new(&conversation, &app);
            self.waiting.push_back(event("state", &view));
        }
        self.over = conversation.state == ConversationState::Closed;
        Ok(())
    }

    async fn read_steps(&mut self, current: Option<RunId>) -> Result<(), ConversationError> {
        // The steps of a run that is over since are those of the newest run.
        let newest = match current {
            Some(run) => Some(run),
            None => self.desk.runs(self.id, 1).await?.first().map(|run| run.id),
        };
        for run in [self.run, newest].into_iter().flatten() {
            if self.run != Some(run) {
                (self.run, self.step) = (Some(run), 0);
            }
            let steps = self.desk.steps(run, self.step, LARGEST_PAGE).await?;
            self.step = steps.last().map_or(self.step, |step| step.seq);
            self.waiting
                .extend(steps.iter().map(|step| event("step", step)));
        }
        Ok(())
    }
}

fn event(name: &'static str, data: &impl serde::Serialize) -> Event {
    let text = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(text)
}
