//! One message of a user worked on to its end: the run goes on, the business is called, everything is
//! written.
//!
//! What happens between two needs of the outside is one write: state, messages, steps and notifications,
//! whole or not at all. Before the business is called the run is written as `calling`, so that after a
//! crash the call is known to have been made perhaps, and is not made again.

mod runs;
mod transfer;

use std::sync::Arc;

use ringback_deliver::Arrival;
use ringback_flow::{Next, System};
use ringback_store::Statement;
use ringback_types::{ConversationId, ScheduleTime};

use crate::app::App;
use crate::conversation::{
    CallSeen, CloseReason, Conversation, ConversationState, Message, RunEnding, RunState, Speaker,
    Step, StoredRun,
};
use crate::desk::Desk;
use crate::error::ConversationError;
use crate::flows::StoredFlow;
use crate::library::Edition;
use crate::notices::SessionWord;
use crate::records::{conversations, runs as run_records};

/// A conversation that is worked on; whoever has it holds its turn.
pub(crate) struct Talk<'a> {
    desk: &'a Desk,
    app: Arc<App>,
    conversation: Conversation,
    system: System,
    /// How many messages the store has.
    written: i64,
    active: Option<Active>,
    /// Everything that was said since the talk was opened.
    said: Vec<Message>,
    /// Not written yet.
    steps: Vec<Step>,
    arrivals: Vec<Arrival>,
    /// A run that ended without its flow.
    lost: Option<StoredRun>,
    /// The call of the node that is passed next.
    call: Option<CallSeen>,
}

/// The run that is under way.
struct Active {
    stored: StoredRun,
    flow: StoredFlow,
    edition: Arc<Edition>,
    /// Not in the store yet.
    fresh: bool,
}

impl<'a> Talk<'a> {
    /// The conversation as it is in the store.
    pub(crate) async fn open(
        desk: &'a Desk,
        id: ConversationId,
    ) -> Result<Self, ConversationError> {
        let found = conversations::find(desk.store(), id).await?;
        let conversation = found.ok_or_else(|| ConversationError::NotFound(id.to_string()))?;
        if conversation.state == ConversationState::Closed {
            return Err(ConversationError::Closed);
        }
        let app = desk.app_by_id(conversation.app)?;
        let mut talk = Self::of(desk, app, conversation);
        talk.load_run().await?;
        Ok(talk)
    }

    /// A conversation that begins.
    pub(crate) fn of(desk: &'a Desk, app: Arc<App>, conversation: Conversation) -> Self {
        Self {
            desk,
            app,
            system: conversation.system(),
            written: conversation.messages,
            conversation,
            active: None,
            said: Vec::new(),
            steps: Vec::new(),
            arrivals: Vec::new(),
            lost: None,
            call: None,
        }
    }

    /// What was said since the talk was opened, and how the conversation stands.
    pub(crate) fn into_parts(self) -> (Conversation, Vec<Message>) {
        (self.conversation, self.said)
    }

    /// The user says something.
    pub(crate) async fn hear(&mut self, text: &str) -> Result<(), ConversationError> {
        // What the process was doing when it ended comes first.
        self.settle().await?;
        let message = self.message(Speaker::User, None, text.to_owned(), Vec::new());
        let with_bot = self.conversation.state == ConversationState::Chatbot;
        let word = if with_bot {
            SessionWord::UserMessage
        } else {
            SessionWord::UserMessageToAgent
        };
        self.say(word, message);
        if !with_bot {
            return self.write(Vec::new()).await;
        }
        let next = match self.active.take() {
            Some(active) => self.go_on(active, text),
            None => self.begin(text).await?,
        };
        self.drive(next).await
    }

    /// Goes on with what was under way when the process ended: the business's answer is not known, so
    /// the call counts as failed, and a person who was looked for was not found.
    pub(crate) async fn settle(&mut self) -> Result<(), ConversationError> {
        if self.conversation.state == ConversationState::Assigning {
            return self.not_transferred().await;
        }
        let interrupted = self
            .active
            .as_ref()
            .is_some_and(|active| active.stored.state == RunState::Calling);
        if interrupted {
            let next = self.interrupted();
            self.drive(next).await?;
        }
        Ok(())
    }

    /// Nobody says anything in it any more.
    pub(crate) async fn close(&mut self, reason: CloseReason) -> Result<(), ConversationError> {
        self.end_run(RunEnding::Closed);
        let (text, message_type, word) = match reason {
            CloseReason::Asked => (
                self.app.settings.closed(),
                "proactiveClosure",
                SessionWord::End,
            ),
            CloseReason::Idle => (
                self.app.settings.idle(),
                "timeoutAutoClosure",
                SessionWord::Timeout,
            ),
        };
        let text = text.to_owned();
        self.robot(message_type, text, Vec::new());
        self.tell(word);
        if word != SessionWord::End {
            self.tell(SessionWord::End);
        }
        self.conversation.state = ConversationState::Closed;
        self.conversation.closed_at = Some(self.now());
        self.conversation.closed_because = Some(reason);
        self.write(Vec::new()).await
    }

    /// Whether it has been quiet for long enough to be closed.
    pub(crate) fn is_idle(&self) -> bool {
        self.conversation.idle_at.is_some_and(|at| at <= self.now())
    }

    /// Does what the run needs until it waits for the user or is over.
    async fn drive(&mut self, next: Option<Next>) -> Result<(), ConversationError> {
        let mut next = next;
        while let Some(need) = next {
            next = match need {
                Next::User => None,
                Next::Pick(pick) => self.pick(&pick).await,
                Next::Call { node, values } => {
                    self.write(Vec::new()).await?;
                    self.call(node, &values).await
                }
                Next::Over(ending) => {
                    self.end_run(ending.into());
                    if ending == ringback_flow::Ending::Transferred {
                        return self.transfer().await;
                    }
                    None
                }
            };
        }
        self.write(Vec::new()).await
    }

    fn now(&self) -> ScheduleTime {
        self.desk.store().clock().schedule()
    }

    fn message(
        &mut self,
        speaker: Speaker,
        message_type: Option<&str>,
        text: String,
        choices: Vec<String>,
    ) -> Message {
        self.conversation.messages += 1;
        Message {
            number: self.conversation.messages,
            speaker,
            message_type: message_type.map(str::to_owned),
            text,
            choices,
            at: self.now(),
        }
    }

    /// The bot says something.
    fn robot(&mut self, message_type: &str, text: String, choices: Vec<String>) {
        let message = self.message(Speaker::Robot, Some(message_type), text, choices);
        self.say(SessionWord::RobotMessage, message);
    }

    fn say(&mut self, word: SessionWord, message: Message) {
        let told = self
            .desk
            .session_event(&self.app, &self.conversation, word, Some(&message));
        self.arrivals.extend(told);
        self.said.push(message);
    }

    fn tell(&mut self, word: SessionWord) {
        let told = self
            .desk
            .session_event(&self.app, &self.conversation, word, None);
        self.arrivals.extend(told);
    }

    /// Everything that is not written yet, and `more`, in one write.
    async fn write(&mut self, more: Vec<Statement>) -> Result<(), ConversationError> {
        let idle_seconds = i64::try_from(self.app.settings.idle_seconds).unwrap_or(i64::MAX / 1000);
        let open = self.conversation.state != ConversationState::Closed && idle_seconds > 0;
        self.conversation.idle_at = open.then(|| self.now().plus_millis(idle_seconds * 1000));
        let mut statements = more;
        let is_new = !statements.is_empty();
        if !is_new {
            statements.push(conversations::update(&self.conversation, self.written));
        }
        let unwritten = self
            .said
            .iter()
            .filter(|message| message.number > self.written);
        let id = self.conversation.id;
        statements.extend(unwritten.map(|message| conversations::insert_message(id, message)));
        if let Some(active) = &mut self.active {
            let fresh = std::mem::take(&mut active.fresh);
            let run = &active.stored;
            statements.push(if fresh {
                run_records::insert(run)
            } else {
                run_records::update(run)
            });
            let steps = std::mem::take(&mut self.steps);
            statements.extend(
                steps
                    .iter()
                    .map(|step| run_records::insert_step(run.id, step)),
            );
        }
        statements.extend(self.lost.take().as_ref().map(run_records::update));
        let arrivals = std::mem::take(&mut self.arrivals);
        self.desk.engine().accept_all(arrivals, statements).await?;
        self.written = self.conversation.messages;
        if self
            .active
            .as_ref()
            .is_some_and(|active| active.stored.state == RunState::Over)
        {
            self.active = None;
        }
        if let Some(at) = self.conversation.idle_at
            && self.desk.0.idle.due(at)
        {
            self.desk.engine().nudge();
        }
        self.desk.0.watchers.changed(id);
        Ok(())
    }

    /// Writes a conversation that has just begun.
    pub(crate) async fn write_new(&mut self) -> Result<(), ConversationError> {
        self.tell(SessionWord::Begin);
        let idle_seconds = i64::try_from(self.app.settings.idle_seconds).unwrap_or(i64::MAX / 1000);
        self.conversation.idle_at =
            (idle_seconds > 0).then(|| self.now().plus_millis(idle_seconds * 1000));
        let insert = conversations::insert(&self.conversation);
        self.write(vec![insert]).await
    }
}
