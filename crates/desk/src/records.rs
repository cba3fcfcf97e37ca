//! Desk in the store: the only SQL of this crate. Secrets are sealed by the store's vault.

pub(crate) mod apps;
pub(crate) mod conversations;
pub(crate) mod flows;
pub(crate) mod runs;

use ringback_store::{Schema, Sql, Value};

use crate::error::LoadError;

/// The tables of this room.
pub const SCHEMA: Schema = Schema {
    room: "desk",
    steps: &["CREATE TABLE desk_app (
         id {id}, sdk_app_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, source {int} NOT NULL,
         endpoints TEXT NOT NULL, urls TEXT NOT NULL, settings TEXT NOT NULL,
         token {bytes}, model_key {bytes}, created_at {int} NOT NULL, last_task_id {int} NOT NULL
     ) {strict};
     CREATE TABLE desk_flow (
         id {id}, app {int} NOT NULL, name TEXT NOT NULL, task_id {int} NOT NULL,
         latest {int} NOT NULL, published {int}, created_at {int} NOT NULL,
         updated_at {int} NOT NULL, UNIQUE (app, name)
     ) {strict};
     CREATE TABLE desk_flow_version (
         flow {int} NOT NULL, version {int} NOT NULL, document TEXT NOT NULL,
         created_at {int} NOT NULL, created_by TEXT NOT NULL, PRIMARY KEY (flow, version)
     ) {without_rowid};
     CREATE TABLE desk_conversation (
         id {id}, app {int} NOT NULL, session_id TEXT NOT NULL UNIQUE,
         client_user_id TEXT NOT NULL, customer_service_id TEXT NOT NULL,
         channel_type TEXT NOT NULL, flow {int}, draft {int} NOT NULL,
         state TEXT NOT NULL CHECK (state IN ('chatbot', 'assigning', 'queuing', 'agent', 'closed')),
         agent TEXT, variables TEXT NOT NULL, run {int}, messages {int} NOT NULL, idle_at {int},
         created_at {int} NOT NULL, closed_at {int},
         closed_because TEXT CHECK (closed_because IN ('asked', 'idle'))
     ) {strict};
     CREATE INDEX desk_conversation_app ON desk_conversation (app, id);
     CREATE INDEX desk_conversation_idle ON desk_conversation (idle_at) WHERE idle_at IS NOT NULL;
     CREATE INDEX desk_conversation_closed ON desk_conversation (closed_at) WHERE closed_at IS NOT NULL;
     CREATE INDEX desk_conversation_assigning ON desk_conversation (state) WHERE state = 'assigning';
     CREATE TABLE desk_run (
         id {id}, conversation {int} NOT NULL, flow {int} NOT NULL, version {int} NOT NULL,
         execution_id TEXT NOT NULL, seq {int} NOT NULL, run TEXT NOT NULL,
         state TEXT NOT NULL CHECK (state IN ('waiting', 'calling', 'over')),
         ending TEXT CHECK (ending IN ('ended', 'transferred', 'failed', 'closed', 'broken')),
         started_at {int} NOT NULL, ended_at {int}
     ) {strict};
     CREATE INDEX desk_run_conversation ON desk_run (conversation, id);
     CREATE INDEX desk_run_calling ON desk_run (state) WHERE state = 'calling';
     CREATE TABLE desk_step (
         run {int} NOT NULL, seq {int} NOT NULL, node TEXT NOT NULL, next TEXT,
         at {int} NOT NULL, call TEXT, PRIMARY KEY (run, seq)
     ) {without_rowid};
     CREATE TABLE desk_message (
         conversation {int} NOT NULL, number {int} NOT NULL,
         speaker TEXT NOT NULL CHECK (speaker IN ('user', 'robot', 'agent')),
         message_type TEXT, text TEXT NOT NULL, choices TEXT, at {int} NOT NULL,
         PRIMARY KEY (conversation, number)
     ) {without_rowid}"],
};

/// Every statement of this room, for the preparation check on PostgreSQL.
pub fn statements() -> impl Iterator<Item = Sql> {
    [
        apps::STATEMENTS,
        flows::STATEMENTS,
        conversations::STATEMENTS,
        runs::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn json(value: &impl serde::Serialize) -> Value {
    Value::from(serde_json::to_string(value).expect("texts, numbers and maps of text are JSON"))
}

fn read_json<T: serde::de::DeserializeOwned>(
    text: &str,
    what: impl FnOnce() -> String,
    member: &'static str,
) -> Result<T, LoadError> {
    serde_json::from_str(text).map_err(|_| LoadError::Row {
        what: what(),
        member,
    })
}
