//! The apps and tokens of the platform half in the store.

use std::collections::BTreeSet;

use ringback_store::{Row, Schema, Statement, Store, Value};
use ringback_types::{AppId, ScheduleTime, Secret};
use url::Url;

use crate::app::{App, Credentials};
use crate::error::LoadError;
use crate::token::Token;

/// The tables of this room. Secrets and tokens are sealed by the store's vault.
pub const SCHEMA: Schema = Schema {
    room: "feishu",
    steps: &["CREATE TABLE feishu_app (
         id {id},
         app_id TEXT NOT NULL UNIQUE,
         name TEXT NOT NULL,
         tenant_key TEXT NOT NULL,
         source {int} NOT NULL,
         event_endpoint {int} NOT NULL,
         callback_endpoint {int} NOT NULL,
         events TEXT NOT NULL,
         callbacks TEXT NOT NULL,
         request_url TEXT,
         callback_url TEXT,
         settings TEXT NOT NULL,
         app_secret {bytes} NOT NULL,
         verification_token {bytes} NOT NULL,
         encrypt_key {bytes},
         created_at {int} NOT NULL
     ) {strict};
     CREATE TABLE feishu_token (
         id {id},
         app {int} NOT NULL,
         token {bytes} NOT NULL,
         expires_at {int} NOT NULL
     ) {strict};
     CREATE INDEX feishu_token_app ON feishu_token (app, expires_at)"],
};

ringback_store::statements! {
    /// All apps, in the order of [`app_of`].
    SELECT_APPS = "SELECT id, app_id, name, tenant_key, source, event_endpoint, callback_endpoint, events, callbacks, request_url, callback_url, settings, app_secret, verification_token, encrypt_key, created_at FROM feishu_app ORDER BY id";
    /// A new app, unless its app id is taken.
    INSERT_APP = "INSERT INTO feishu_app (id, app_id, name, tenant_key, source, event_endpoint, callback_endpoint, events, callbacks, request_url, callback_url, settings, app_secret, verification_token, encrypt_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (app_id) DO NOTHING";
    /// What a change may have changed but secrets and URLs, which have their own statements so that
    /// two changes at once do not undo each other.
    UPDATE_APP = "UPDATE feishu_app SET name = $1, tenant_key = $2, events = $3, callbacks = $4, settings = $5 WHERE id = $6";
    UPDATE_SECRETS = "UPDATE feishu_app SET app_secret = $1, verification_token = $2, encrypt_key = $3 WHERE id = $4";
    UPDATE_REQUEST_URL = "UPDATE feishu_app SET request_url = $1 WHERE id = $2";
    UPDATE_CALLBACK_URL = "UPDATE feishu_app SET callback_url = $1 WHERE id = $2";
    DELETE_APP = "DELETE FROM feishu_app WHERE id = $1";
    DELETE_TOKENS = "DELETE FROM feishu_token WHERE app = $1";
    /// Live tokens, in the order of [`token_of`].
    SELECT_TOKENS = "SELECT app, token, expires_at FROM feishu_token WHERE expires_at > $1 ORDER BY id";
    INSERT_TOKEN = "INSERT INTO feishu_token (id, app, token, expires_at) VALUES ($1, $2, $3, $4)";
    DELETE_EXPIRED_TOKENS = "DELETE FROM feishu_token WHERE app = $1 AND expires_at <= $2";
}

/// Reads every app.
pub(crate) async fn load_apps(store: &Store) -> Result<Vec<App>, LoadError> {
    let rows = store.read(SELECT_APPS, []).await?;
    rows.iter().map(|row| app_of(store, row)).collect()
}

fn app_of(store: &Store, row: &Row) -> Result<App, LoadError> {
    let app_id = row.text(1)?;
    let damaged = |member| LoadError::Row {
        app_id: app_id.to_owned(),
        member,
    };
    let names = |column, member| -> Result<BTreeSet<String>, LoadError> {
        serde_json::from_str(row.text(column)?).map_err(|_| damaged(member))
    };
    let url = |column, member| -> Result<Option<Url>, LoadError> {
        let text = row.maybe_text(column)?;
        text.map(|text| Url::parse(text).map_err(|_| damaged(member)))
            .transpose()
    };
    Ok(App {
        id: row.id(0)?,
        app_id: app_id.to_owned(),
        name: row.text(2)?.to_owned(),
        tenant_key: row.text(3)?.to_owned(),
        source: row.id(4)?,
        event_endpoint: row.id(5)?,
        callback_endpoint: row.id(6)?,
        events: names(7, "events")?,
        callbacks: names(8, "callbacks")?,
        request_url: url(9, "request_url")?,
        callback_url: url(10, "callback_url")?,
        settings: serde_json::from_str(row.text(11)?).map_err(|_| damaged("settings"))?,
        credentials: credentials_of(store, row, app_id)?,
        created_at: row.time(15)?,
    })
}

fn credentials_of(store: &Store, row: &Row, app_id: &str) -> Result<Credentials, LoadError> {
    let open = |sealed: &[u8]| {
        store
            .vault()
            .open_sealed(sealed)
            .map_err(|source| LoadError::Secret {
                app_id: app_id.to_owned(),
                source,
            })
    };
    Ok(Credentials {
        app_secret: open(&row.bytes(12)?)?,
        verification_token: open(&row.bytes(13)?)?,
        encrypt_key: row
            .maybe_bytes(14)?
            .map(|sealed| open(&sealed))
            .transpose()?,
    })
}

pub(crate) fn insert_app(store: &Store, app: &App) -> Statement {
    let [app_secret, verification_token, encrypt_key] = sealed(store, &app.credentials);
    let values = [
        Value::from(app.id),
        Value::from(&app.app_id),
        Value::from(&app.name),
        Value::from(&app.tenant_key),
        Value::from(app.source),
        Value::from(app.event_endpoint),
        Value::from(app.callback_endpoint),
        json(&app.events),
        json(&app.callbacks),
        url_value(app.request_url.as_ref()),
        url_value(app.callback_url.as_ref()),
        json(&app.settings),
        app_secret,
        verification_token,
        encrypt_key,
        Value::from(app.created_at),
    ];
    Statement::new(INSERT_APP, values).expecting(1)
}

pub(crate) fn update_app(app: &App) -> Statement {
    let values = [
        Value::from(&app.name),
        Value::from(&app.tenant_key),
        json(&app.events),
        json(&app.callbacks),
        json(&app.settings),
        Value::from(app.id),
    ];
    Statement::new(UPDATE_APP, values).expecting(1)
}

pub(crate) fn update_secrets(store: &Store, app: AppId, credentials: &Credentials) -> Statement {
    let [app_secret, verification_token, encrypt_key] = sealed(store, credentials);
    let values = [
        app_secret,
        verification_token,
        encrypt_key,
        Value::from(app),
    ];
    Statement::new(UPDATE_SECRETS, values).expecting(1)
}

pub(crate) fn update_request_url(app: AppId, url: Option<&Url>) -> Statement {
    Statement::new(UPDATE_REQUEST_URL, [url_value(url), Value::from(app)]).expecting(1)
}

pub(crate) fn update_callback_url(app: AppId, url: Option<&Url>) -> Statement {
    Statement::new(UPDATE_CALLBACK_URL, [url_value(url), Value::from(app)]).expecting(1)
}

/// An app goes with its tokens.
pub(crate) fn delete_app(app: AppId) -> [Statement; 2] {
    [
        Statement::new(DELETE_APP, [Value::from(app)]).expecting(1),
        Statement::new(DELETE_TOKENS, [Value::from(app)]),
    ]
}

/// Reads every token that is still good at `now`.
pub(crate) async fn load_tokens(
    store: &Store,
    now: ScheduleTime,
) -> Result<Vec<(AppId, Token)>, LoadError> {
    let rows = store.read(SELECT_TOKENS, [Value::from(now)]).await?;
    rows.iter().map(|row| token_of(store, row)).collect()
}

fn token_of(store: &Store, row: &Row) -> Result<(AppId, Token), LoadError> {
    let app: AppId = row.id(0)?;
    let text = store
        .vault()
        .open_sealed(&row.bytes(1)?)
        .map_err(|source| LoadError::Secret {
            app_id: app.to_string(),
            source,
        })?;
    Ok((
        app,
        Token {
            text,
            expires_at: row.time(2)?,
        },
    ))
}

/// A new token; those of the app that are over at `now` go with the same write.
pub(crate) fn insert_token(
    store: &Store,
    app: AppId,
    token: &Token,
    now: ScheduleTime,
) -> Vec<Statement> {
    let values = [
        Value::from(store.next_id::<AppId>()),
        Value::from(app),
        seal(store, &token.text),
        Value::from(token.expires_at),
    ];
    vec![
        Statement::new(INSERT_TOKEN, values).expecting(1),
        Statement::new(DELETE_EXPIRED_TOKENS, [Value::from(app), Value::from(now)]),
    ]
}

fn sealed(store: &Store, credentials: &Credentials) -> [Value; 3] {
    [
        seal(store, &credentials.app_secret),
        seal(store, &credentials.verification_token),
        credentials
            .encrypt_key
            .as_ref()
            .map_or(Value::Null, |key| seal(store, key)),
    ]
}

fn seal(store: &Store, secret: &Secret) -> Value {
    Value::from(store.vault().seal(secret))
}

fn url_value(url: Option<&Url>) -> Value {
    Value::from(url.map(|url| url.as_str().to_owned()))
}

fn json(value: &impl serde::Serialize) -> Value {
    Value::from(
        serde_json::to_string(value).expect("sets of text and plain settings always serialise"),
    )
}
