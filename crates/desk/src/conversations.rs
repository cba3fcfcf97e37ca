//! Conversations: started, talked in, read, closed, and in the end forgotten.

use std::sync::{Arc, Weak};

use ringback_flow::Variables;
use ringback_types::{ConversationId, RunId, ScheduleTime};
use serde::Deserialize;

use crate::app::App;
use crate::conversation::{CloseReason, Conversation, ConversationState, Message, Step, StoredRun};
use crate::desk::{Desk, Inner};
use crate::error::{ConversationError, LoadError};
use crate::records::{conversations, runs};
use crate::talk::Talk;

/// How long a message of a user may be, in characters.
const MESSAGE_CHARACTERS: usize = 4_000;
const NAME_CHARACTERS: usize = 128;
/// How many interrupted runs are read at once.
const TAKEN_UP_AT_ONCE: i64 = 100;
/// How many conversations one step of the retention forgets.
const FORGOTTEN_AT_ONCE: i64 = 50;

/// A conversation to be started.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewDeskConversation)]
pub struct NewConversation {
    /// The user who asks.
    #[schema(example = "user517")]
    pub client_user_id: Option<String>,
    /// The one flow that it is for, by name; every published one when left out.
    pub flow: Option<String>,
    /// Whether the newest versions run, published or not.
    pub draft: bool,
    /// The service account; the app's own when left out.
    pub customer_service_id: Option<String>,
    /// The kind of channel; the app's own when left out.
    pub channel_type: Option<String>,
    /// Session variables that are set from the beginning.
    pub variables: Variables,
}

impl Desk {
    /// Starts a conversation.
    pub(crate) async fn start_conversation(
        &self,
        sdk_app_id: &str,
        new: NewConversation,
    ) -> Result<Conversation, ConversationError> {
        let app = self.app(sdk_app_id)?;
        let conversation = self.drafted(&app, new)?;
        let mut talk = Talk::of(self, app, conversation);
        talk.write_new().await?;
        Ok(talk.into_parts().0)
    }

    fn drafted(&self, app: &App, new: NewConversation) -> Result<Conversation, ConversationError> {
        let settings = &app.settings;
        let client_user_id = new.client_user_id.unwrap_or_else(|| "user1".to_owned());
        let customer_service_id = new.customer_service_id;
        let customer_service_id =
            customer_service_id.unwrap_or_else(|| settings.customer_service_id.clone());
        let channel_type = new
            .channel_type
            .unwrap_or_else(|| settings.channel_type.clone());
        for (member, text) in [
            ("client_user_id", &client_user_id),
            ("customer_service_id", &customer_service_id),
            ("channel_type", &channel_type),
        ] {
            check_text(member, text, NAME_CHARACTERS)?;
        }
        for (name, value) in &new.variables {
            check_text("variables", name, NAME_CHARACTERS)?;
            if value.chars().count() > MESSAGE_CHARACTERS {
                let limit = MESSAGE_CHARACTERS;
                return Err(ConversationError::Text {
                    member: "variables",
                    limit,
                });
            }
        }
        let flow = new.flow.map(|name| self.flow(app, &name)).transpose()?;
        Ok(Conversation {
            id: self.store().next_id(),
            app: app.id,
            session_id: self.uuid(),
            client_user_id,
            customer_service_id,
            channel_type,
            flow: flow.map(|flow| flow.id),
            draft: new.draft,
            state: ConversationState::Chatbot,
            agent: None,
            variables: new.variables,
            run: None,
            messages: 0,
            idle_at: None,
            created_at: self.store().clock().schedule(),
            closed_at: None,
            closed_because: None,
        })
    }

    /// The user says something; answers everything that was said then, the user's own message first.
    ///
    /// Messages of one conversation are worked on in the order in which they came. The work goes on to
    /// its end even if whoever asked does not wait for it.
    pub(crate) async fn say(
        &self,
        id: ConversationId,
        text: &str,
    ) -> Result<(Conversation, Vec<Message>), ConversationError> {
        check_text("text", text, MESSAGE_CHARACTERS)?;
        let place = self.enter().ok_or(ConversationError::Busy)?;
        let turn = self.0.turns.take(id).await;
        let (desk, text) = (self.clone(), text.to_owned());
        let working = tokio::spawn(async move {
            let _held = (place, turn);
            let mut talk = Talk::open(&desk, id).await?;
            talk.hear(&text).await?;
            Ok(talk.into_parts())
        });
        working.await.unwrap_or(Err(ConversationError::Broken))
    }

    /// Closes a conversation because somebody asked for it.
    pub(crate) async fn close_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ConversationError> {
        let turn = self.0.turns.take(id).await;
        let desk = self.clone();
        let working = tokio::spawn(async move {
            let _held = turn;
            let mut talk = Talk::open(&desk, id).await?;
            talk.close(CloseReason::Asked).await?;
            Ok(talk.into_parts().0)
        });
        working.await.unwrap_or(Err(ConversationError::Broken))
    }

    /// Closes a conversation that has been quiet for too long, unless something is said in it at the
    /// moment: who rings for it must not wait for that.
    pub(crate) async fn close_idle(&self, id: ConversationId) -> Result<(), ConversationError> {
        let Some(_turn) = self.0.turns.take_free(id) else {
            return Ok(());
        };
        match Talk::open(self, id).await {
            Ok(mut talk) if talk.is_idle() => talk.close(CloseReason::Idle).await,
            Ok(_) | Err(ConversationError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The conversation of this id.
    pub(crate) async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ConversationError> {
        let found = conversations::find(self.store(), id).await?;
        found.ok_or_else(|| ConversationError::NotFound(id.to_string()))
    }

    /// The conversations of an app before `before`, newest first.
    pub(crate) async fn conversations(
        &self,
        app: &App,
        before: Option<ConversationId>,
        limit: i64,
    ) -> Result<Vec<Conversation>, ConversationError> {
        Ok(conversations::page(self.store(), app.id, before, limit).await?)
    }

    /// What was said after the message of number `after`.
    pub(crate) async fn messages(
        &self,
        id: ConversationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Message>, ConversationError> {
        Ok(conversations::messages(self.store(), id, after, limit).await?)
    }

    /// The runs of a conversation, newest first.
    pub(crate) async fn runs(
        &self,
        id: ConversationId,
        limit: i64,
    ) -> Result<Vec<StoredRun>, ConversationError> {
        Ok(runs::of_conversation(self.store(), id, limit).await?)
    }

    /// The run of this id.
    pub(crate) async fn run(&self, id: RunId) -> Result<StoredRun, ConversationError> {
        let found = runs::find(self.store(), id).await?;
        found.ok_or_else(|| ConversationError::NotFound(id.to_string()))
    }

    /// The nodes that a run has passed after the step of number `after`.
    pub(crate) async fn steps(
        &self,
        id: RunId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Step>, ConversationError> {
        Ok(runs::steps(self.store(), id, after, limit).await?)
    }

    /// Forgets some conversations that were closed long enough ago; answers how many.
    pub async fn forget_old(&self) -> Result<usize, LoadError> {
        let now = self.store().clock().schedule();
        let life = i64::try_from(self.options().conversation_life.as_millis()).unwrap_or(i64::MAX);
        let before = ScheduleTime::from_millis(now.as_millis().saturating_sub(life));
        let old = conversations::old(self.store(), before, FORGOTTEN_AT_ONCE).await?;
        for id in &old {
            let mut statements = Vec::from(runs::delete(*id));
            statements.extend(conversations::delete(*id));
            self.store().write_bulk(statements).await?;
        }
        Ok(old.len())
    }

    /// Goes on with what was under way in a conversation when the process ended.
    async fn settle(&self, id: ConversationId) -> Result<(), ConversationError> {
        let _turn = self.0.turns.take(id).await;
        match Talk::open(self, id).await {
            Ok(mut talk) => talk.settle().await,
            Err(ConversationError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn check_text(member: &'static str, text: &str, limit: usize) -> Result<(), ConversationError> {
    let control =
        |character: char| character.is_control() && !matches!(character, '\n' | '\t' | '\r');
    let fits =
        !text.trim().is_empty() && text.chars().count() <= limit && !text.chars().any(control);
    if fits {
        return Ok(());
    }
    Err(ConversationError::Text { member, limit })
}

/// Goes on with every run that waited for the business when the process ended, and every conversation
/// that waited for a person. A message that comes before does the same for its own conversation.
pub(crate) async fn take_up_interrupted(desk: Weak<Inner>) {
    let (mut run, mut assigning) = (None, None);
    loop {
        let Some(desk) = desk.upgrade().map(Desk) else {
            return;
        };
        match interrupted(&desk, &mut run, &mut assigning).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "interrupted runs could not be taken up; each goes on with its conversation's next message");
                return;
            }
        }
    }
}

async fn interrupted(
    desk: &Desk,
    run: &mut Option<RunId>,
    assigning: &mut Option<ConversationId>,
) -> Result<usize, LoadError> {
    let calling = runs::calling(desk.store(), *run, TAKEN_UP_AT_ONCE).await?;
    *run = calling.last().map(|run| run.id).or(*run);
    let waiting = conversations::assigning(desk.store(), *assigning, TAKEN_UP_AT_ONCE).await?;
    *assigning = waiting.last().copied().or(*assigning);
    let all: Vec<ConversationId> = calling
        .iter()
        .map(|run| run.conversation)
        .chain(waiting)
        .collect();
    for conversation in &all {
        if let Err(error) = desk.settle(*conversation).await {
            tracing::warn!(%conversation, %error, "an interrupted conversation could not be taken up");
        }
    }
    Ok(all.len())
}

/// For whoever holds only the app.
pub(crate) fn app_of(
    desk: &Desk,
    conversation: &Conversation,
) -> Result<Arc<App>, ConversationError> {
    Ok(desk.app_by_id(conversation.app)?)
}
