//! The zone in the store: the only SQL of this crate. Secrets are sealed by the store's vault.

pub(crate) mod apps;
pub(crate) mod associations;
pub(crate) mod corps;
pub(crate) mod jobs;
pub(crate) mod media;
pub(crate) mod notices;
pub(crate) mod programs;
pub(crate) mod tokens;

use ringback_store::{Row, Schema, Sql, Store};
use ringback_types::Secret;

use crate::error::LoadError;

/// The tables of this room.
pub const SCHEMA: Schema = Schema {
    room: "zone",
    steps: &["CREATE TABLE zone_corp (
         corpid TEXT PRIMARY KEY, name TEXT NOT NULL, test {int} NOT NULL, created_at {int} NOT NULL
     ) {strict};
     CREATE TABLE zone_app (
         id {id}, corpid TEXT NOT NULL, agentid {int} NOT NULL, name TEXT NOT NULL,
         kind TEXT NOT NULL CHECK (kind IN ('self_built', 'third_party', 'provider_developed')),
         install TEXT NOT NULL CHECK (install IN ('test', 'full')),
         state TEXT NOT NULL CHECK (state IN ('draft', 'submitted')),
         zone_permission {int} NOT NULL, enabled {int} NOT NULL, secret {bytes} NOT NULL,
         event_source {int} NOT NULL, notify_source {int} NOT NULL, notify_endpoint {int} NOT NULL,
         callback_url TEXT, callback_token {bytes}, callback_aes_key {bytes},
         receiving_program TEXT, created_at {int} NOT NULL,
         UNIQUE (corpid, agentid)
     ) {strict};
     CREATE TABLE zone_program (
         program_id TEXT PRIMARY KEY, name TEXT NOT NULL,
         kind TEXT NOT NULL CHECK (kind IN ('program', 'model')), description TEXT NOT NULL,
         state TEXT NOT NULL CHECK (state IN ('draft', 'in_review', 'approved', 'deployed')),
         abilities TEXT NOT NULL, host TEXT,
         log_level TEXT NOT NULL CHECK (log_level IN ('error', 'info', 'debug')),
         settings TEXT NOT NULL, debug_url TEXT, debug_id TEXT, debug_token {bytes},
         debug_expires_at {int}, created_at {int} NOT NULL
     ) {strict};
     CREATE TABLE zone_secret (
         program_id TEXT NOT NULL, instance {int} NOT NULL, version {int} NOT NULL,
         secret {bytes} NOT NULL, PRIMARY KEY (program_id, instance, version)
     ) {without_rowid};
     CREATE TABLE zone_association (
         app {int} NOT NULL, program_id TEXT NOT NULL, source {int} NOT NULL, endpoint {int} NOT NULL,
         debug_opened {int} NOT NULL, session TEXT, session_secret {bytes}, session_credential TEXT,
         session_token {bytes}, session_expires_at {int}, PRIMARY KEY (app, program_id)
     ) {without_rowid};
     CREATE TABLE zone_token (
         id {id}, app {int} NOT NULL, token {bytes} NOT NULL, expires_at {int} NOT NULL
     ) {strict};
     CREATE INDEX zone_token_app ON zone_token (app, expires_at);
     CREATE TABLE zone_job (
         jobid TEXT PRIMARY KEY,
         kind TEXT NOT NULL CHECK (kind IN ('async_call', 'program_task', 'model_task')),
         app {int} NOT NULL, program_id TEXT NOT NULL, ability_id TEXT NOT NULL, caller TEXT,
         event {int} NOT NULL, state TEXT NOT NULL CHECK (state IN ('waiting', 'reported', 'failed')),
         errcode {int}, result {bytes}, failures TEXT, created_at {int} NOT NULL, ended_at {int}
     ) {without_rowid};
     CREATE INDEX zone_job_created ON zone_job (created_at);
     CREATE TABLE zone_notify (
         notify_id TEXT PRIMARY KEY, app {int} NOT NULL, program_id TEXT NOT NULL,
         instance TEXT NOT NULL, scene {int}, expires_at {int} NOT NULL
     ) {without_rowid};
     CREATE INDEX zone_notify_expires ON zone_notify (expires_at);
     CREATE TABLE zone_nonce (
         nonce {bytes} PRIMARY KEY, expires_at {int} NOT NULL
     ) {without_rowid};
     CREATE INDEX zone_nonce_expires ON zone_nonce (expires_at);
     CREATE TABLE zone_media (
         media_id TEXT PRIMARY KEY, app {int} NOT NULL, filename TEXT NOT NULL, bytes {int} NOT NULL,
         created_at {int} NOT NULL, expires_at {int} NOT NULL
     ) {without_rowid};
     CREATE INDEX zone_media_expires ON zone_media (expires_at);
     CREATE TABLE zone_media_part (
         media_id TEXT NOT NULL, number {int} NOT NULL, part {bytes} NOT NULL,
         expires_at {int} NOT NULL, PRIMARY KEY (media_id, number)
     ) {without_rowid};
     CREATE INDEX zone_media_part_expires ON zone_media_part (expires_at);
     CREATE TABLE zone_masking (
         corpid TEXT NOT NULL, userid TEXT NOT NULL, mobile {int} NOT NULL, idcard {int} NOT NULL,
         bankno {int} NOT NULL, PRIMARY KEY (corpid, userid)
     ) {without_rowid}"],
};

/// Every statement of this room, for the preparation check on PostgreSQL.
pub fn statements() -> impl Iterator<Item = Sql> {
    [
        corps::STATEMENTS,
        apps::STATEMENTS,
        programs::STATEMENTS,
        associations::STATEMENTS,
        tokens::STATEMENTS,
        jobs::STATEMENTS,
        notices::STATEMENTS,
        media::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The row of a thing that this binary does not understand.
fn damaged(thing: &str, member: &'static str) -> LoadError {
    LoadError::Row {
        thing: thing.to_owned(),
        member,
    }
}

/// The word of a column as the enum that it stands for.
fn word<T>(
    row: &Row,
    column: usize,
    parse: impl Fn(&str) -> Option<T>,
    thing: &str,
    member: &'static str,
) -> Result<T, LoadError> {
    parse(row.text(column)?).ok_or_else(|| damaged(thing, member))
}

/// A secret column, where it holds one.
fn secret(
    store: &Store,
    row: &Row,
    column: usize,
    thing: &str,
) -> Result<Option<Secret>, LoadError> {
    let Some(sealed) = row.maybe_bytes(column)? else {
        return Ok(None);
    };
    let opened = store.vault().open_sealed(&sealed);
    opened.map(Some).map_err(|source| LoadError::Secret {
        thing: thing.to_owned(),
        source,
    })
}
