//! Conversations and what was said in them.

use ringback_flow::Variables;
use ringback_store::{ReadError, Row, Statement, Store, Value};
use ringback_types::{AppId, ConversationId, RecordId as _, ScheduleTime};

use super::{json, read_json};
use crate::conversation::{CloseReason, Conversation, ConversationState, Message, Speaker};
use crate::error::LoadError;

ringback_store::statements! {
    in pub(crate),
    INSERT = "INSERT INTO desk_conversation (id, app, session_id, client_user_id, customer_service_id, channel_type, flow, draft, state, variables, messages, idle_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (session_id) DO NOTHING";
    /// Refused when somebody else has said something meanwhile.
    UPDATE = "UPDATE desk_conversation SET state = $3, agent = $4, variables = $5, run = $6, messages = $7, idle_at = $8, closed_at = $9, closed_because = $10 WHERE id = $1 AND messages = $2";
    /// In the order of [`conversation_of`].
    SELECT = "SELECT id, app, session_id, client_user_id, customer_service_id, channel_type, flow, draft, state, agent, variables, run, messages, idle_at, created_at, closed_at, closed_because FROM desk_conversation WHERE id = $1";
    SELECT_PAGE = "SELECT id, app, session_id, client_user_id, customer_service_id, channel_type, flow, draft, state, agent, variables, run, messages, idle_at, created_at, closed_at, closed_because FROM desk_conversation WHERE app = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    SELECT_IDLE = "SELECT id FROM desk_conversation WHERE idle_at IS NOT NULL AND idle_at <= $1 ORDER BY idle_at LIMIT $2";
    NEXT_IDLE = "SELECT idle_at FROM desk_conversation WHERE idle_at IS NOT NULL ORDER BY idle_at LIMIT 1";
    SELECT_ASSIGNING = "SELECT id FROM desk_conversation WHERE state = 'assigning' ORDER BY id LIMIT $1";
    /// What cannot be closed in good order any more: its app is gone.
    CLOSE = "UPDATE desk_conversation SET state = 'closed', run = NULL, idle_at = NULL, closed_at = $2, closed_because = 'idle' WHERE id = $1 AND state <> 'closed'";
    CLOSE_RUNS = "UPDATE desk_run SET state = 'over', ending = 'closed', ended_at = $2 WHERE conversation = $1 AND state <> 'over'";
    CLOSE_ALL = "UPDATE desk_conversation SET state = 'closed', run = NULL, idle_at = NULL, closed_at = $2, closed_because = 'asked' WHERE app = $1 AND state <> 'closed'";
    CLOSE_ALL_RUNS = "UPDATE desk_run SET state = 'over', ending = 'closed', ended_at = $2 WHERE state <> 'over' AND conversation IN (SELECT id FROM desk_conversation WHERE app = $1)";
    SELECT_OLD = "SELECT id FROM desk_conversation WHERE closed_at IS NOT NULL AND closed_at < $1 ORDER BY closed_at LIMIT $2";
    DELETE = "DELETE FROM desk_conversation WHERE id = $1";
    DELETE_MESSAGES = "DELETE FROM desk_message WHERE conversation = $1";
    INSERT_MESSAGE = "INSERT INTO desk_message (conversation, number, speaker, message_type, text, choices, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SELECT_MESSAGES = "SELECT number, speaker, message_type, text, choices, at FROM desk_message WHERE conversation = $1 AND number > $2 ORDER BY number LIMIT $3";
}

pub(crate) fn insert(conversation: &Conversation) -> Statement {
    let values = [
        Value::from(conversation.id),
        Value::from(conversation.app),
        Value::from(&conversation.session_id),
        Value::from(&conversation.client_user_id),
        Value::from(&conversation.customer_service_id),
        Value::from(&conversation.channel_type),
        Value::from(conversation.flow),
        Value::from(conversation.draft),
        Value::from(conversation.state.as_str()),
        json(&conversation.variables),
        Value::from(conversation.messages),
        Value::from(conversation.idle_at),
        Value::from(conversation.created_at),
    ];
    Statement::new(INSERT, values).expecting(1)
}

/// Writes what may change over what was there when it had `before` messages.
pub(crate) fn update(conversation: &Conversation, before: i64) -> Statement {
    let values = [
        Value::from(conversation.id),
        Value::from(before),
        Value::from(conversation.state.as_str()),
        Value::from(conversation.agent.clone()),
        json(&conversation.variables),
        Value::from(conversation.run),
        Value::from(conversation.messages),
        Value::from(conversation.idle_at),
        Value::from(conversation.closed_at),
        Value::from(conversation.closed_because.map(CloseReason::as_str)),
    ];
    Statement::new(UPDATE, values).expecting(1)
}

pub(crate) async fn find(
    store: &Store,
    id: ConversationId,
) -> Result<Option<Conversation>, LoadError> {
    let rows = store.read(SELECT, [Value::from(id)]).await?;
    rows.first().map(conversation_of).transpose()
}

/// The conversations of an app before `before`, newest first.
pub(crate) async fn page(
    store: &Store,
    app: AppId,
    before: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<Conversation>, LoadError> {
    let before = before.map_or(i64::MAX, ringback_types::RecordId::raw);
    let values = [Value::from(app), Value::from(before), Value::from(limit)];
    let rows = store.read(SELECT_PAGE, values).await?;
    rows.iter().map(conversation_of).collect()
}

fn conversation_of(row: &Row) -> Result<Conversation, LoadError> {
    let id: ConversationId = row.id(0)?;
    let what = || format!("the conversation `{id}`");
    let word = |member| LoadError::Row {
        what: what(),
        member,
    };
    let state = ConversationState::parse(row.text(8)?).ok_or_else(|| word("state"))?;
    let variables: Variables = read_json(row.text(10)?, what, "variables")?;
    let time = |column| {
        row.maybe_int(column)
            .map(|at| at.map(ScheduleTime::from_millis))
    };
    Ok(Conversation {
        id,
        app: row.id(1)?,
        session_id: row.text(2)?.to_owned(),
        client_user_id: row.text(3)?.to_owned(),
        customer_service_id: row.text(4)?.to_owned(),
        channel_type: row.text(5)?.to_owned(),
        flow: row.maybe_int(6)?.map(ringback_types::FlowId::from_raw),
        draft: row.flag(7)?,
        state,
        agent: row.maybe_text(9)?.map(str::to_owned),
        variables,
        run: row.maybe_int(11)?.map(ringback_types::RunId::from_raw),
        messages: row.int(12)?,
        idle_at: time(13)?,
        created_at: row.time(14)?,
        closed_at: time(15)?,
        closed_because: row.maybe_text(16)?.and_then(CloseReason::parse),
    })
}

async fn ids(
    store: &Store,
    sql: ringback_store::Sql,
    from: i64,
    limit: i64,
) -> Result<Vec<ConversationId>, ReadError> {
    let rows = store
        .read(sql, [Value::from(from), Value::from(limit)])
        .await?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Those that have been quiet for too long at `now`.
pub(crate) async fn idle(
    store: &Store,
    now: ScheduleTime,
    limit: i64,
) -> Result<Vec<ConversationId>, ReadError> {
    ids(store, SELECT_IDLE, now.as_millis(), limit).await
}

/// When the next will have been quiet for too long.
pub(crate) async fn next_idle(store: &Store) -> Result<Option<ScheduleTime>, ReadError> {
    let rows = store.read(NEXT_IDLE, []).await?;
    rows.first().map(|row| row.time(0)).transpose()
}

/// Those that waited for the business to say who shall have them.
pub(crate) async fn assigning(store: &Store, limit: i64) -> Result<Vec<ConversationId>, ReadError> {
    let rows = store.read(SELECT_ASSIGNING, [Value::from(limit)]).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Closes a conversation whose app or flow is not there to say so.
pub(crate) fn close(id: ConversationId, now: ScheduleTime) -> [Statement; 2] {
    let values = || [Value::from(id), Value::from(now)];
    [CLOSE, CLOSE_RUNS].map(|sql| Statement::new(sql, values()))
}

/// Closes every conversation of an app that goes.
pub(crate) fn close_all(app: AppId, now: ScheduleTime) -> [Statement; 2] {
    let values = || [Value::from(app), Value::from(now)];
    [CLOSE_ALL_RUNS, CLOSE_ALL].map(|sql| Statement::new(sql, values()))
}

/// Those that were closed before `before`.
pub(crate) async fn old(
    store: &Store,
    before: ScheduleTime,
    limit: i64,
) -> Result<Vec<ConversationId>, ReadError> {
    ids(store, SELECT_OLD, before.as_millis(), limit).await
}

pub(crate) fn delete(id: ConversationId) -> [Statement; 2] {
    [DELETE_MESSAGES, DELETE].map(|sql| Statement::new(sql, [Value::from(id)]))
}

pub(crate) fn insert_message(conversation: ConversationId, message: &Message) -> Statement {
    let choices = (!message.choices.is_empty()).then(|| json(&message.choices));
    let values = [
        Value::from(conversation),
        Value::from(message.number),
        Value::from(message.speaker.as_str()),
        Value::from(message.message_type.clone()),
        Value::from(&message.text),
        choices.unwrap_or(Value::Null),
        Value::from(message.at),
    ];
    Statement::new(INSERT_MESSAGE, values).expecting(1)
}

/// What was said after the message of number `after`, in order.
pub(crate) async fn messages(
    store: &Store,
    conversation: ConversationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, LoadError> {
    let values = [
        Value::from(conversation),
        Value::from(after),
        Value::from(limit),
    ];
    let rows = store.read(SELECT_MESSAGES, values).await?;
    let message = |row: &Row| {
        let what = || format!("a message of the conversation `{conversation}`");
        let choices = row.maybe_text(4)?;
        Ok(Message {
            number: row.int(0)?,
            speaker: Speaker::parse(row.text(1)?).ok_or_else(|| LoadError::Row {
                what: what(),
                member: "speaker",
            })?,
            message_type: row.maybe_text(2)?.map(str::to_owned),
            text: row.text(3)?.to_owned(),
            choices: choices
                .map(|text| read_json(text, what, "choices"))
                .transpose()?
                .unwrap_or_default(),
            at: row.time(5)?,
        })
    };
    rows.iter().map(message).collect()
}
