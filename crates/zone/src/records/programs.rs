//! Programs, and the secrets of their instances.

use std::collections::BTreeMap;

use ringback_store::{Row, Statement, Store, Value};
use ringback_types::Secret;
use url::Url;

use super::{damaged, secret, word};
use crate::error::LoadError;
use crate::program::{
    AbilityInput, DebugCredential, DebugPage, LogLevel, Program, ProgramKind, ProgramState,
};

ringback_store::statements! {
    /// All programs, in the order of [`of`].
    SELECT = "SELECT program_id, name, kind, description, state, abilities, host, log_level, settings, debug_url, debug_id, debug_token, debug_expires_at, created_at FROM zone_program ORDER BY program_id";
    /// A new program, or what a person may change of one.
    SAVE = "INSERT INTO zone_program (program_id, name, kind, description, state, abilities, host, log_level, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (program_id) DO UPDATE SET name = excluded.name, kind = excluded.kind, description = excluded.description, state = excluded.state, abilities = excluded.abilities, host = excluded.host, settings = excluded.settings";
    SET_LOG_LEVEL = "UPDATE zone_program SET log_level = $2 WHERE program_id = $1";
    SET_DEBUG_URL = "UPDATE zone_program SET debug_url = $2 WHERE program_id = $1";
    SET_CREDENTIAL = "UPDATE zone_program SET debug_id = $2, debug_token = $3, debug_expires_at = $4 WHERE program_id = $1";
    DELETE = "DELETE FROM zone_program WHERE program_id = $1";
    SELECT_SECRETS = "SELECT program_id, instance, version, secret FROM zone_secret ORDER BY program_id, instance, version";
    INSERT_SECRET = "INSERT INTO zone_secret (program_id, instance, version, secret) VALUES ($1, $2, $3, $4) ON CONFLICT (program_id, instance, version) DO NOTHING";
    RETIRE_SECRETS = "DELETE FROM zone_secret WHERE program_id = $1 AND instance = $2 AND version <> $3";
    DELETE_SECRETS = "DELETE FROM zone_secret WHERE program_id = $1 AND instance > $2";
}

pub(crate) async fn load(store: &Store) -> Result<Vec<Program>, LoadError> {
    let rows = store.read(SELECT, []).await?;
    rows.iter().map(|row| of(store, row)).collect()
}

fn of(store: &Store, row: &Row) -> Result<Program, LoadError> {
    let thing = row.text(0)?;
    let written: Vec<AbilityInput> =
        serde_json::from_str(row.text(5)?).map_err(|_| damaged(thing, "abilities"))?;
    let abilities = written.into_iter().map(AbilityInput::compile);
    let abilities: Result<Vec<_>, _> = abilities.collect();
    let host = row.maybe_text(6)?.map(serde_json::from_str).transpose();
    Ok(Program {
        program_id: thing.to_owned(),
        name: row.text(1)?.to_owned(),
        kind: word(row, 2, ProgramKind::parse, thing, "kind")?,
        description: row.text(3)?.to_owned(),
        state: word(row, 4, ProgramState::parse, thing, "state")?,
        abilities: abilities.map_err(|_| damaged(thing, "abilities"))?.into(),
        host: host.map_err(|_| damaged(thing, "host"))?,
        log_level: word(row, 7, LogLevel::parse, thing, "log_level")?,
        settings: serde_json::from_str(row.text(8)?).map_err(|_| damaged(thing, "settings"))?,
        debug: debug_of(store, row, thing)?,
        created_at: row.time(13)?,
    })
}

fn debug_of(store: &Store, row: &Row, thing: &str) -> Result<DebugPage, LoadError> {
    let url = row.maybe_text(9)?.map(Url::parse).transpose();
    let credential = match (row.maybe_text(10)?, row.maybe_int(12)?) {
        (Some(id), Some(_)) => Some(DebugCredential {
            id: id.to_owned(),
            token: secret(store, row, 11, thing)?.ok_or_else(|| damaged(thing, "debug_token"))?,
            expires_at: row.time(12)?,
        }),
        _ => None,
    };
    Ok(DebugPage {
        url: url.map_err(|_| damaged(thing, "debug_url"))?,
        credential,
    })
}

pub(crate) fn save(program: &Program) -> Statement {
    let written: Vec<&AbilityInput> = program.abilities.iter().map(|it| &it.written).collect();
    let host = program.host.as_ref();
    let values = [
        Value::from(&program.program_id),
        Value::from(&program.name),
        Value::from(program.kind.as_str()),
        Value::from(&program.description),
        Value::from(program.state.as_str()),
        json(&written),
        host.map_or(Value::Null, |host| json(&host)),
        Value::from(program.log_level.as_str()),
        json(&program.settings),
        Value::from(program.created_at),
    ];
    Statement::new(SAVE, values).expecting(1)
}

/// Values of ours always serialise.
fn json(value: &impl serde::Serialize) -> Value {
    Value::from(serde_json::to_string(value).unwrap_or_default())
}

pub(crate) fn set_log_level(program_id: &str, level: LogLevel) -> Statement {
    let values = [Value::from(program_id), Value::from(level.as_str())];
    Statement::new(SET_LOG_LEVEL, values).expecting(1)
}

pub(crate) fn set_debug_url(program_id: &str, url: Option<&Url>) -> Statement {
    let values = [Value::from(program_id), Value::from(url.map(Url::as_str))];
    Statement::new(SET_DEBUG_URL, values).expecting(1)
}

pub(crate) fn set_credential(
    store: &Store,
    program_id: &str,
    credential: Option<&DebugCredential>,
) -> Statement {
    let values = [
        Value::from(program_id),
        Value::from(credential.map(|it| it.id.as_str())),
        Value::from(credential.map(|it| store.vault().seal(&it.token))),
        Value::from(credential.map(|it| it.expires_at)),
    ];
    Statement::new(SET_CREDENTIAL, values).expecting(1)
}

pub(crate) fn delete(program_id: &str) -> [Statement; 2] {
    [
        Statement::new(DELETE, [Value::from(program_id)]).expecting(1),
        keep_instances(program_id, 0),
    ]
}

/// The live secrets of every instance: program, instance number → version → secret.
pub(crate) type Secrets = BTreeMap<(String, u32), BTreeMap<u32, Secret>>;

pub(crate) async fn load_secrets(store: &Store) -> Result<Secrets, LoadError> {
    let rows = store.read(SELECT_SECRETS, []).await?;
    let mut secrets = Secrets::new();
    for row in &rows {
        let program_id = row.text(0)?.to_owned();
        let opened =
            secret(store, row, 3, &program_id)?.ok_or_else(|| damaged(&program_id, "secret"))?;
        let instance = (program_id, row.int(1)? as u32);
        let versions = secrets.entry(instance).or_default();
        versions.insert(row.int(2)? as u32, opened);
    }
    Ok(secrets)
}

pub(crate) fn insert_secret(
    store: &Store,
    program_id: &str,
    instance: u32,
    version: u32,
    secret: &Secret,
) -> Statement {
    let values = [
        Value::from(program_id),
        Value::from(instance),
        Value::from(version),
        Value::from(store.vault().seal(secret)),
    ];
    Statement::new(INSERT_SECRET, values).expecting(1)
}

/// Of the versions there are only `kept` stays valid.
pub(crate) fn retire_secrets(program_id: &str, instance: u32, kept: u32) -> Statement {
    let values = [
        Value::from(program_id),
        Value::from(instance),
        Value::from(kept),
    ];
    Statement::new(RETIRE_SECRETS, values)
}

/// Instances above `count` have no secrets.
pub(crate) fn keep_instances(program_id: &str, count: u32) -> Statement {
    let values = [Value::from(program_id), Value::from(count)];
    Statement::new(DELETE_SECRETS, values)
}
