//! The endpoints as the store keeps them: the only SQL of this crate.

use std::sync::{Arc, OnceLock};

use ringback_store::{ReadError, Row, Schema, Statement, Store, Value, Vault};
use ringback_types::{EndpointId, RecordId as _, ScheduleTime, Secret, SourceId};
use serde::{Deserialize, Serialize};

use crate::endpoint::{
    DisableReason, Endpoint, EndpointDialect, PauseReason, Room, Secrets, TypeFilter,
};

/// The tables of this room.
pub const SCHEMA: Schema = Schema {
    room: "deliver",
    steps: &[
        "CREATE TABLE deliver_endpoint (
         id {id}, name TEXT NOT NULL UNIQUE,
         room TEXT NOT NULL CHECK (room IN ('own', 'feishu')),
         sources TEXT NOT NULL, types TEXT NOT NULL,
         dialect TEXT NOT NULL CHECK (dialect IN ('feishu', 'standard', 'raw')),
         url TEXT, policy TEXT NOT NULL, secrets {bytes}, routed {int} NOT NULL,
         paused TEXT CHECK (paused IN ('asked', 'failing', 'dead_head')),
         disabled TEXT CHECK (disabled IN ('gone')),
         created_at {int} NOT NULL
     ) {strict}",
        // The zone's words. A check cannot be changed in place, so the rows move to a new table.
        "ALTER TABLE deliver_endpoint RENAME TO deliver_endpoint_before;
     CREATE TABLE deliver_endpoint (
         id {id}, name TEXT NOT NULL UNIQUE,
         room TEXT NOT NULL CHECK (room IN ('own', 'feishu', 'zone')),
         sources TEXT NOT NULL, types TEXT NOT NULL,
         dialect TEXT NOT NULL CHECK (dialect IN ('feishu', 'standard', 'raw', 'wecom', 'zone')),
         url TEXT, policy TEXT NOT NULL, secrets {bytes}, routed {int} NOT NULL,
         paused TEXT CHECK (paused IN ('asked', 'failing', 'dead_head')),
         disabled TEXT CHECK (disabled IN ('gone')),
         created_at {int} NOT NULL
     ) {strict};
     INSERT INTO deliver_endpoint (id, name, room, sources, types, dialect, url, policy, secrets,
         routed, paused, disabled, created_at)
         SELECT id, name, room, sources, types, dialect, url, policy, secrets,
         routed, paused, disabled, created_at FROM deliver_endpoint_before;
     DROP TABLE deliver_endpoint_before",
        // Desk's words, the same way.
        "ALTER TABLE deliver_endpoint RENAME TO deliver_endpoint_before;
     CREATE TABLE deliver_endpoint (
         id {id}, name TEXT NOT NULL UNIQUE,
         room TEXT NOT NULL CHECK (room IN ('own', 'feishu', 'zone', 'desk')),
         sources TEXT NOT NULL, types TEXT NOT NULL,
         dialect TEXT NOT NULL CHECK (dialect IN ('feishu', 'standard', 'raw', 'wecom', 'zone', 'desk')),
         url TEXT, policy TEXT NOT NULL, secrets {bytes}, routed {int} NOT NULL,
         paused TEXT CHECK (paused IN ('asked', 'failing', 'dead_head')),
         disabled TEXT CHECK (disabled IN ('gone')),
         created_at {int} NOT NULL
     ) {strict};
     INSERT INTO deliver_endpoint (id, name, room, sources, types, dialect, url, policy, secrets,
         routed, paused, disabled, created_at)
         SELECT id, name, room, sources, types, dialect, url, policy, secrets,
         routed, paused, disabled, created_at FROM deliver_endpoint_before;
     DROP TABLE deliver_endpoint_before",
    ],
};

ringback_store::statements! {
    /// Writes an endpoint, new or changed. Whether it is paused or disabled has statements of its own,
    /// so that a change made at the same time never undoes a pause.
    SAVE = "INSERT INTO deliver_endpoint \
         (id, name, room, sources, types, dialect, url, policy, secrets, routed, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, sources = excluded.sources, \
         types = excluded.types, url = excluded.url, policy = excluded.policy, \
         secrets = excluded.secrets, routed = excluded.routed";
    /// Takes an endpoint away.
    DELETE = "DELETE FROM deliver_endpoint WHERE id = $1";
    /// Pauses an endpoint.
    PAUSE = "UPDATE deliver_endpoint SET paused = $2 WHERE id = $1";
    /// Disables an endpoint.
    DISABLE = "UPDATE deliver_endpoint SET disabled = $2 WHERE id = $1";
    /// Opens an endpoint again.
    RESUME = "UPDATE deliver_endpoint SET paused = NULL, disabled = NULL WHERE id = $1";
    /// All endpoints.
    ALL = "SELECT id, name, room, sources, types, dialect, url, policy, secrets, routed, paused, \
         disabled, created_at FROM deliver_endpoint ORDER BY id";
}

pub(crate) fn save(endpoint: &Endpoint, vault: &Vault) -> Statement {
    let sources: Vec<i64> = endpoint.sources.iter().map(|source| source.raw()).collect();
    let values: Vec<Value> = vec![
        endpoint.id.into(),
        (&endpoint.name).into(),
        endpoint.room.as_str().into(),
        json(&sources).into(),
        json(endpoint.types.patterns()).into(),
        endpoint.dialect.as_str().into(),
        endpoint.url.clone().into(),
        json(&*endpoint.policy).into(),
        seal(&endpoint.secrets, vault).into(),
        endpoint.routed.into(),
        endpoint.created_at.into(),
    ];
    Statement::new(SAVE, values).expecting(1)
}

pub(crate) fn delete(id: EndpointId) -> Statement {
    Statement::new(DELETE, [id.into()]).expecting(1)
}

pub(crate) fn pause(id: EndpointId, reason: PauseReason) -> Statement {
    Statement::new(PAUSE, [id.into(), reason.as_str().into()]).expecting(1)
}

pub(crate) fn disable(id: EndpointId, reason: DisableReason) -> Statement {
    Statement::new(DISABLE, [id.into(), reason.as_str().into()]).expecting(1)
}

pub(crate) fn resume(id: EndpointId) -> Statement {
    Statement::new(RESUME, [id.into()]).expecting(1)
}

/// All endpoints of the store.
pub(crate) async fn all(store: &Store) -> Result<Vec<Endpoint>, ReadError> {
    let rows = store.read(ALL, []).await?;
    rows.iter()
        .map(|row| endpoint(row, store.vault()))
        .collect()
}

fn endpoint(row: &Row, vault: &Vault) -> Result<Endpoint, ReadError> {
    let sources: Vec<i64> = parsed(row, 3)?;
    let sealed = row.maybe_bytes(8)?;
    Ok(Endpoint {
        id: row.id(0)?,
        name: row.text(1)?.to_owned(),
        room: word(row, 2, Room::parse)?,
        sources: sources.into_iter().map(SourceId::from_raw).collect(),
        types: TypeFilter::new(parsed(row, 4)?).map_err(|_| shape(4, "globs"))?,
        dialect: word(row, 5, EndpointDialect::parse)?,
        url: row.maybe_text(6)?.map(str::to_owned),
        policy: Arc::new(parsed(row, 7)?),
        secrets: sealed.map_or_else(|| Ok(Secrets::default()), |sealed| open(&sealed, vault))?,
        routed: row.flag(9)?,
        paused: maybe_word(row, 10, PauseReason::parse)?,
        disabled: maybe_word(row, 11, DisableReason::parse)?,
        created_at: row.time(12)?,
        prepared: OnceLock::new(),
        meters: OnceLock::new(),
    })
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("lists, numbers and structs of them always are JSON")
}

fn parsed<T: for<'de> Deserialize<'de>>(row: &Row, column: usize) -> Result<T, ReadError> {
    serde_json::from_str(row.text(column)?).map_err(|_| shape(column, "JSON of its kind"))
}

fn word<T>(row: &Row, column: usize, parse: fn(&str) -> Option<T>) -> Result<T, ReadError> {
    parse(row.text(column)?).ok_or_else(|| shape(column, "a known word"))
}

fn maybe_word<T>(
    row: &Row,
    column: usize,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, ReadError> {
    let Some(text) = row.maybe_text(column)? else {
        return Ok(None);
    };
    parse(text)
        .map(Some)
        .ok_or_else(|| shape(column, "a known word"))
}

const fn shape(column: usize, wanted: &'static str) -> ReadError {
    ReadError::Shape { column, wanted }
}

/// The secrets as they are sealed; never leaves this module unsealed.
#[derive(Serialize, Deserialize)]
struct Unsealed<'a> {
    #[serde(borrow)]
    key: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    token: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    previous: Option<(std::borrow::Cow<'a, str>, i64)>,
}

fn seal(secrets: &Secrets, vault: &Vault) -> Option<Vec<u8>> {
    if *secrets == Secrets::default() {
        return None;
    }
    let unsealed = Unsealed {
        key: secrets.key.as_ref().map(text),
        token: secrets.token.as_ref().map(text),
        previous: secrets
            .previous
            .as_ref()
            .map(|(key, until)| (text(key), until.as_millis())),
    };
    Some(vault.seal(&Secret::from(json(&unsealed))))
}

fn text(secret: &Secret) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(secret.expose())
}

fn open(sealed: &[u8], vault: &Vault) -> Result<Secrets, ReadError> {
    let opened = vault
        .open_sealed(sealed)
        .map_err(|_| shape(8, "secrets sealed with this master key"))?;
    let unsealed: Unsealed<'_> =
        serde_json::from_slice(opened.expose()).map_err(|_| shape(8, "secrets"))?;
    let secret = |text: std::borrow::Cow<'_, str>| Secret::from(&*text);
    Ok(Secrets {
        key: unsealed.key.map(secret),
        token: unsealed.token.map(secret),
        previous: unsealed
            .previous
            .map(|(key, until)| (secret(key), ScheduleTime::from_millis(until))),
    })
}
