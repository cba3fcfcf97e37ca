//! Apps with their secrets and callback URLs.

use ringback_store::{Row, Statement, Store, Value};
use ringback_types::{AppId, RecordId as _, Secret};
use url::Url;

use super::{damaged, secret, word};
use crate::app::{App, AppKind, AppState, Callback, Install};
use crate::error::LoadError;

ringback_store::statements! {
    /// All apps, in the order of [`of`].
    SELECT = "SELECT id, corpid, agentid, name, kind, install, state, zone_permission, enabled, secret, event_source, notify_source, notify_endpoint, callback_url, callback_token, callback_aes_key, receiving_program, created_at FROM zone_app ORDER BY id";
    INSERT = "INSERT INTO zone_app (id, corpid, agentid, name, kind, install, state, zone_permission, enabled, secret, event_source, notify_source, notify_endpoint, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (corpid, agentid) DO NOTHING";
    UPDATE = "UPDATE zone_app SET name = $2, kind = $3, install = $4, state = $5, zone_permission = $6, enabled = $7 WHERE id = $1";
    SET_SECRET = "UPDATE zone_app SET secret = $2 WHERE id = $1";
    SET_CALLBACK = "UPDATE zone_app SET callback_url = $2, callback_token = $3, callback_aes_key = $4 WHERE id = $1";
    SET_RECEIVING = "UPDATE zone_app SET receiving_program = $2 WHERE id = $1";
    DELETE = "DELETE FROM zone_app WHERE id = $1";
}

pub(crate) async fn load(store: &Store) -> Result<Vec<App>, LoadError> {
    let rows = store.read(SELECT, []).await?;
    rows.iter().map(|row| of(store, row)).collect()
}

fn of(store: &Store, row: &Row) -> Result<App, LoadError> {
    let id: AppId = row.id(0)?;
    let thing = id.to_string();
    Ok(App {
        id,
        corpid: row.text(1)?.to_owned(),
        agentid: row.int(2)?,
        name: row.text(3)?.to_owned(),
        kind: word(row, 4, AppKind::parse, &thing, "kind")?,
        install: word(row, 5, Install::parse, &thing, "install")?,
        state: word(row, 6, AppState::parse, &thing, "state")?,
        zone_permission: row.flag(7)?,
        enabled: row.flag(8)?,
        secret: secret(store, row, 9, &thing)?.ok_or_else(|| damaged(&thing, "secret"))?,
        event_source: row.id(10)?,
        notify_source: row.id(11)?,
        notify_endpoint: row.id(12)?,
        callback: callback_of(store, row, &thing)?,
        receiving_program: row.maybe_text(16)?.map(str::to_owned),
        created_at: row.time(17)?,
    })
}

fn callback_of(store: &Store, row: &Row, thing: &str) -> Result<Option<Callback>, LoadError> {
    let Some(url) = row.maybe_text(13)? else {
        return Ok(None);
    };
    let missing = || damaged(thing, "callback");
    Ok(Some(Callback {
        url: Url::parse(url).map_err(|_| missing())?,
        token: secret(store, row, 14, thing)?.ok_or_else(missing)?,
        encoding_aes_key: secret(store, row, 15, thing)?.ok_or_else(missing)?,
    }))
}

pub(crate) fn insert(store: &Store, app: &App) -> Statement {
    let values = [
        Value::from(app.id),
        Value::from(&app.corpid),
        Value::from(app.agentid),
        Value::from(&app.name),
        Value::from(app.kind.as_str()),
        Value::from(app.install.as_str()),
        Value::from(app.state.as_str()),
        Value::from(app.zone_permission),
        Value::from(app.enabled),
        Value::from(store.vault().seal(&app.secret)),
        Value::from(app.event_source),
        Value::from(app.notify_source),
        Value::Int(app.notify_endpoint.raw()),
        Value::from(app.created_at),
    ];
    Statement::new(INSERT, values).expecting(1)
}

pub(crate) fn update(app: &App) -> Statement {
    let values = [
        Value::from(app.id),
        Value::from(&app.name),
        Value::from(app.kind.as_str()),
        Value::from(app.install.as_str()),
        Value::from(app.state.as_str()),
        Value::from(app.zone_permission),
        Value::from(app.enabled),
    ];
    Statement::new(UPDATE, values).expecting(1)
}

pub(crate) fn set_secret(store: &Store, app: AppId, secret: &Secret) -> Statement {
    let values = [Value::from(app), Value::from(store.vault().seal(secret))];
    Statement::new(SET_SECRET, values).expecting(1)
}

pub(crate) fn set_callback(store: &Store, app: AppId, callback: Option<&Callback>) -> Statement {
    let seal = |secret: &Secret| store.vault().seal(secret);
    let values = [
        Value::from(app),
        Value::from(callback.map(|callback| callback.url.as_str())),
        Value::from(callback.map(|callback| seal(&callback.token))),
        Value::from(callback.map(|callback| seal(&callback.encoding_aes_key))),
    ];
    Statement::new(SET_CALLBACK, values).expecting(1)
}

pub(crate) fn set_receiving(app: AppId, program_id: Option<&str>) -> Statement {
    let values = [Value::from(app), Value::from(program_id)];
    Statement::new(SET_RECEIVING, values).expecting(1)
}

pub(crate) fn delete(app: AppId) -> Statement {
    Statement::new(DELETE, [Value::from(app)]).expecting(1)
}
