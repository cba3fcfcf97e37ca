//! Conversations: started, talked in, read, closed, and in the end forgotten.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ringback_flow::{Variables, is_variable_name};
use ringback_types::{ConversationId, RecordId as _, RunId, ScheduleTime};
use serde::Deserialize;

use crate::app::{App, is_text};
use crate::conversation::{CloseReason, Conversation, ConversationState, Message, Step, StoredRun};
use crate::desk::{Desk, Inner};
use crate::error::{ConversationError, LoadError};
use crate::records::{conversations, runs};
use crate::talk::Talk;

/// How long a message of a user may be, in characters.
const MESSAGE_CHARACTERS: usize = 4_000;
const NAME_CHARACTERS: usize = 128;
/// How many interrupted runs are read at once, and how many conversations that waited for a person.
const TAKEN_UP_AT_ONCE: i64 = 100;
const MOST_ASSIGNING: i64 = 10_000;
/// How soon and how often a conversation is settled after a write was refused.
const TRY_AGAIN: Duration = Duration::from_secs(2);
const MOST_TRIES: u32 = 300;
/// How many conversations one step of the retention forgets.
const FORGOTTEN_AT_ONCE: i64 = 50;

ringback_types::words! {
    /// Who says something from outside.
    #[derive(Default, utoipa::ToSchema)]
    #[schema(as = DeskSpeaking)]
    Speaking {
        /// The user.
        #[default]
        User = "user",
        /// The person who has the conversation; in a queue, the one who takes it.
        Agent = "agent",
    }
}

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
        let mut talk = Talk::new(self, app, conversation);
        talk.write().await?;
        Ok(talk.into_parts().0)
    }

    fn drafted(&self, app: &App, new: NewConversation) -> Result<Conversation, ConversationError> {
        let settings = &app.settings;
        let given = |given: Option<String>, usual: &str| given.unwrap_or_else(|| usual.to_owned());
        let conversation = Conversation {
            id: self.store().next_id(),
            app: app.id,
            session_id: self.uuid(),
            client_user_id: given(new.client_user_id, "user1"),
            customer_service_id: given(new.customer_service_id, &settings.customer_service_id),
            channel_type: given(new.channel_type, &settings.channel_type),
            flow: new
                .flow
                .map(|name| self.flow(app, &name))
                .transpose()?
                .map(|flow| flow.id),
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
        };
        self.check_new(&conversation)?;
        Ok(conversation)
    }

    fn check_new(&self, conversation: &Conversation) -> Result<(), ConversationError> {
        for (member, text) in [
            ("client_user_id", &conversation.client_user_id),
            ("customer_service_id", &conversation.customer_service_id),
            ("channel_type", &conversation.channel_type),
        ] {
            check_text(member, text, NAME_CHARACTERS)?;
        }
        let limit = self.options().variables_bytes;
        let named = conversation
            .variables
            .keys()
            .all(|name| is_variable_name(name));
        let clean = conversation
            .variables
            .values()
            .all(|value| !value.contains('\0'));
        if !named || !clean || size_of(&conversation.variables) > limit {
            return Err(ConversationError::Variables { limit });
        }
        Ok(())
    }

    /// Somebody says something; answers everything that was said then, that message among it.
    ///
    /// Messages of one conversation are worked on in the order in which they came. The work goes on to
    /// its end even if whoever asked does not wait for it.
    pub(crate) async fn say(
        &self,
        id: ConversationId,
        by: Speaking,
        text: &str,
    ) -> Result<(Conversation, Vec<Message>), ConversationError> {
        check_text("text", text, MESSAGE_CHARACTERS)?;
        let place = self.enter().ok_or(ConversationError::Busy)?;
        let turn = self.0.turns.take(id).await.ok_or(ConversationError::Busy)?;
        let (desk, text) = (self.clone(), text.to_owned());
        let working = tokio::spawn(async move {
            let _held = (place, turn);
            let mut talk = Talk::open(&desk, id).await?;
            let heard = match by {
                Speaking::User => talk.hear(&text).await,
                Speaking::Agent => talk.hear_agent(&text).await,
            };
            if let Err(error @ ConversationError::Write(_)) = heard {
                // A call that was made is not forgotten because its answer could not be written.
                tokio::spawn(settle_soon(Arc::downgrade(&desk.0), id));
                return Err(error);
            }
            heard?;
            Ok(talk.into_parts())
        });
        working.await.unwrap_or(Err(ConversationError::Broken))
    }

    /// Closes a conversation because somebody asked for it.
    pub(crate) async fn close_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ConversationError> {
        let turn = self.0.turns.take(id).await.ok_or(ConversationError::Busy)?;
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
            // Its app is gone, or what lies in the store cannot be read: nobody will say more in it.
            Err(ConversationError::App(_) | ConversationError::Load(LoadError::Row { .. })) => {
                let now = self.store().clock().schedule();
                self.store()
                    .write(conversations::close(id, now).into())
                    .await?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The conversation of this id.
    pub(crate) async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, ConversationError> {
        let found = conversations::find(self.store(), id).await?;
        found.ok_or(ConversationError::NotFound(id))
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

    /// The runs of a conversation from this one on, in order.
    pub(crate) async fn runs_from(
        &self,
        id: ConversationId,
        from: RunId,
        limit: i64,
    ) -> Result<Vec<StoredRun>, ConversationError> {
        Ok(runs::from_run(self.store(), id, from, limit).await?)
    }

    /// The run of this id.
    pub(crate) async fn run(&self, id: RunId) -> Result<StoredRun, ConversationError> {
        let found = runs::find(self.store(), id).await?;
        found.ok_or(ConversationError::NoRun(id))
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

    /// Goes on with what was under way in a conversation and is not any more.
    async fn settle(&self, id: ConversationId) -> Result<(), ConversationError> {
        // Where many wait, one of them does it.
        let Some(_turn) = self.0.turns.take(id).await else {
            return Ok(());
        };
        match Talk::open(self, id).await {
            Ok(mut talk) => talk.settle().await,
            Err(ConversationError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// How many bytes variables take.
pub(crate) fn size_of(variables: &Variables) -> usize {
    variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum()
}

fn check_text(member: &'static str, text: &str, limit: usize) -> Result<(), ConversationError> {
    if is_text(text, limit) {
        return Ok(());
    }
    Err(ConversationError::Text { member, limit })
}

/// Goes on with every run that waited for the business when the process ended, and every conversation
/// that waited for a person; `before` is the first run of this process. A message that comes before does
/// the same for its own conversation.
pub(crate) async fn take_up_interrupted(desk: Weak<Inner>, before: RunId) {
    let Some(desk) = desk.upgrade().map(Desk) else {
        return;
    };
    if let Err(error) = take_up(&desk, before).await {
        tracing::error!(%error, "interrupted runs could not be taken up; each goes on with its conversation's next message");
    }
}

async fn take_up(desk: &Desk, before: RunId) -> Result<(), LoadError> {
    for conversation in conversations::assigning(desk.store(), MOST_ASSIGNING).await? {
        settle_or_warn(desk, conversation).await;
    }
    let mut after = RunId::from_raw(0);
    loop {
        let calling = runs::calling(desk.store(), after, before, TAKEN_UP_AT_ONCE).await?;
        let Some(last) = calling.last() else {
            return Ok(());
        };
        after = last.id;
        for run in calling {
            settle_or_warn(desk, run.conversation).await;
        }
    }
}

async fn settle_or_warn(desk: &Desk, conversation: ConversationId) {
    if let Err(error) = desk.settle(conversation).await {
        tracing::warn!(%conversation, %error, "an interrupted conversation could not be taken up");
    }
}

/// Tries again until the store takes writes once more, or the conversation goes on otherwise.
async fn settle_soon(desk: Weak<Inner>, conversation: ConversationId) {
    for _ in 0..MOST_TRIES {
        tokio::time::sleep(TRY_AGAIN).await;
        let Some(desk) = desk.upgrade().map(Desk) else {
            return;
        };
        match desk.settle(conversation).await {
            Err(ConversationError::Write(_)) => {}
            Err(error) => {
                tracing::warn!(%conversation, %error, "an interrupted conversation could not be taken up");
                return;
            }
            Ok(()) => return,
        }
    }
}

/// For whoever holds only the app.
pub(crate) fn app_of(
    desk: &Desk,
    conversation: &Conversation,
) -> Result<Arc<App>, ConversationError> {
    Ok(desk.app_by_id(conversation.app)?)
}
