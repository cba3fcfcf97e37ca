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
    CallSeen, CloseReason, Conversation, ConversationState, Message, RunState, Speaker, Step,
    StoredRun,
};
use crate::desk::Desk;
use crate::error::ConversationError;
use crate::flows::StoredFlow;
use crate::library::Edition;
use crate::notices::SessionWord;
use crate::records::{conversations, runs as run_records};

/// The person who answers where nobody has said who does.
const PLAYED_AGENT: &str = "agent@desk.example";

/// A conversation that is worked on; whoever has it holds its turn.
pub(crate) struct Talk<'a> {
    desk: &'a Desk,
    app: Arc<App>,
    conversation: Conversation,
    system: System,
    /// The moment of everything that is written together.
    at: ScheduleTime,
    /// How many messages the store has; nothing where it does not have the conversation yet.
    written: Option<i64>,
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
        let conversation = found.ok_or(ConversationError::NotFound(id))?;
        if conversation.state == ConversationState::Closed {
            return Err(ConversationError::Closed);
        }
        let app = desk.app_by_id(conversation.app)?;
        let mut talk = Self::of(desk, app, conversation);
        talk.written = Some(talk.conversation.messages);
        talk.load_run().await?;
        Ok(talk)
    }

    /// A conversation that begins; it is not written yet.
    pub(crate) fn new(desk: &'a Desk, app: Arc<App>, conversation: Conversation) -> Self {
        let mut talk = Self::of(desk, app, conversation);
        talk.tell(SessionWord::Begin);
        talk
    }

    fn of(desk: &'a Desk, app: Arc<App>, conversation: Conversation) -> Self {
        Self {
            desk,
            app,
            system: conversation.system(),
            at: desk.store().clock().schedule(),
            written: None,
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
            return self.write().await;
        }
        let next = match self.active.take() {
            Some(active) => self.go_on(active, text),
            None => self.begin(text).await?,
        };
        self.drive(next).await
    }

    /// The person who has the conversation says something; in a queue, takes it.
    pub(crate) async fn hear_agent(&mut self, text: &str) -> Result<(), ConversationError> {
        self.settle().await?;
        match self.conversation.state {
            ConversationState::Agent => {}
            ConversationState::Queuing => {
                self.conversation.state = ConversationState::Agent;
                self.conversation.agent = Some(PLAYED_AGENT.to_owned());
                self.connected();
            }
            ConversationState::Chatbot
            | ConversationState::Assigning
            | ConversationState::Closed => return Err(ConversationError::NoAgent),
        }
        let message = self.message(Speaker::Agent, None, text.to_owned(), Vec::new());
        self.say(SessionWord::AgentMessage, message);
        self.write().await
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
            return self.drive(next).await;
        }
        if self.lost.is_some() {
            return self.write().await;
        }
        Ok(())
    }

    /// Nobody says anything in it any more.
    pub(crate) async fn close(&mut self, reason: CloseReason) -> Result<(), ConversationError> {
        self.break_off();
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
        self.conversation.closed_at = Some(self.at);
        self.conversation.closed_because = Some(reason);
        self.write().await
    }

    /// Whether it has been quiet for long enough to be closed.
    pub(crate) fn is_idle(&self) -> bool {
        self.conversation.idle_at.is_some_and(|at| at <= self.at)
    }

    /// Does what the run needs until it waits for the user or is over.
    async fn drive(&mut self, next: Option<Next>) -> Result<(), ConversationError> {
        let mut next = next;
        while let Some(need) = next {
            next = match need {
                Next::User => None,
                Next::Pick(pick) => self.pick(&pick).await,
                Next::Call { node, values } => {
                    self.write().await?;
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
        self.write().await
    }

    /// Time has passed: what happens from here on belongs to another moment.
    fn wait_is_over(&mut self) {
        self.at = self.desk.store().clock().schedule();
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
            at: self.at,
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

    /// Everything that is not written yet, in one write.
    pub(crate) async fn write(&mut self) -> Result<(), ConversationError> {
        self.set_idle();
        let statements = self.statements();
        let arrivals = std::mem::take(&mut self.arrivals);
        self.desk.engine().accept_all(arrivals, statements).await?;
        self.wait_is_over();
        self.written = Some(self.conversation.messages);
        if let Some(active) = &mut self.active {
            active.fresh = false;
        }
        let over = |active: &Active| active.stored.state == RunState::Over;
        if self.active.as_ref().is_some_and(over) {
            self.active = None;
        }
        if let Some(at) = self.conversation.idle_at
            && self.desk.0.idle.due(at)
        {
            self.desk.engine().nudge();
        }
        self.desk.0.watchers.changed(self.conversation.id);
        Ok(())
    }

    fn set_idle(&mut self) {
        let seconds = i64::try_from(self.app.settings.idle_seconds).unwrap_or(i64::MAX / 1000);
        let open = self.conversation.state != ConversationState::Closed && seconds > 0;
        self.conversation.idle_at = open.then(|| self.at.plus_millis(seconds * 1000));
    }

    fn statements(&mut self) -> Vec<Statement> {
        let id = self.conversation.id;
        let mut statements = vec![match self.written {
            None => conversations::insert(&self.conversation),
            Some(written) => conversations::update(&self.conversation, written),
        }];
        let written = self.written.unwrap_or(0);
        let unwritten = self.said.iter().filter(|message| message.number > written);
        statements.extend(unwritten.map(|message| conversations::insert_message(id, message)));
        if let Some(active) = &self.active {
            let run = &active.stored;
            statements.push(if active.fresh {
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
        statements
    }
}
