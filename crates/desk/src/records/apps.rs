//! The table of apps.

use ringback_store::{Row, Statement, Store, Value};
use ringback_types::{AppId, Secret};

use super::{json, read_json};
use crate::app::App;
use crate::error::LoadError;

ringback_store::statements! {
    in pub(crate),
    /// All apps, in the order of [`app_of`].
    SELECT_APPS = "SELECT id, sdk_app_id, name, source, endpoints, urls, settings, token, model_key, created_at, last_task_id FROM desk_app ORDER BY id";
    /// A new app, unless its id is taken.
    INSERT_APP = "INSERT INTO desk_app (id, sdk_app_id, name, source, endpoints, urls, settings, token, model_key, created_at, last_task_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (sdk_app_id) DO NOTHING";
    UPDATE_APP = "UPDATE desk_app SET name = $2, urls = $3, settings = $4, token = $5, model_key = $6 WHERE id = $1";
    /// Task ids are never given out twice, whatever becomes of their flows.
    TAKE_TASK_ID = "UPDATE desk_app SET last_task_id = $2 WHERE id = $1 AND last_task_id = $2 - 1";
    DELETE_APP = "DELETE FROM desk_app WHERE id = $1";
}

pub(crate) async fn load(store: &Store) -> Result<Vec<App>, LoadError> {
    let rows = store.read(SELECT_APPS, []).await?;
    rows.iter().map(|row| app_of(store, row)).collect()
}

fn app_of(store: &Store, row: &Row) -> Result<App, LoadError> {
    let sdk_app_id = row.text(1)?;
    let what = || format!("the Desk app `{sdk_app_id}`");
    let secret = |column| -> Result<Option<Secret>, LoadError> {
        let open = |sealed: bytes::Bytes| {
            let opened = store.vault().open_sealed(&sealed);
            opened.map_err(|source| LoadError::Secret {
                sdk_app_id: sdk_app_id.to_owned(),
                source,
            })
        };
        row.maybe_bytes(column)?.map(open).transpose()
    };
    Ok(App {
        id: row.id(0)?,
        sdk_app_id: sdk_app_id.to_owned(),
        name: row.text(2)?.to_owned(),
        source: row.id(3)?,
        endpoints: read_json(row.text(4)?, what, "endpoints")?,
        urls: read_json(row.text(5)?, what, "urls")?,
        settings: read_json(row.text(6)?, what, "settings")?,
        token: secret(7)?,
        model_key: secret(8)?,
        created_at: row.time(9)?,
        last_task_id: row.int(10)?,
    })
}

pub(crate) fn insert(store: &Store, app: &App) -> Statement {
    let values = [
        Value::from(app.id),
        Value::from(&app.sdk_app_id),
        Value::from(&app.name),
        Value::from(app.source),
        json(&app.endpoints),
        json(&app.urls),
        json(&app.settings),
        sealed(store, app.token.as_ref()),
        sealed(store, app.model_key.as_ref()),
        Value::from(app.created_at),
        Value::from(app.last_task_id),
    ];
    Statement::new(INSERT_APP, values).expecting(1)
}

pub(crate) fn update(store: &Store, app: &App) -> Statement {
    let values = [
        Value::from(app.id),
        Value::from(&app.name),
        json(&app.urls),
        json(&app.settings),
        sealed(store, app.token.as_ref()),
        sealed(store, app.model_key.as_ref()),
    ];
    Statement::new(UPDATE_APP, values).expecting(1)
}

pub(crate) fn take_task_id(app: AppId, task_id: i64) -> Statement {
    let values = [Value::from(app), Value::from(task_id)];
    Statement::new(TAKE_TASK_ID, values).expecting(1)
}

pub(crate) fn delete(app: AppId) -> Statement {
    Statement::new(DELETE_APP, [Value::from(app)]).expecting(1)
}

fn sealed(store: &Store, secret: Option<&Secret>) -> Value {
    Value::from(secret.map(|secret| store.vault().seal(secret)))
}
