//! Access tokens; kept, so that a restart leaves them good.

use ringback_store::{Row, Statement, Store, Value};
use ringback_types::{AppId, ScheduleTime, Secret};

use super::{damaged, secret};
use crate::error::LoadError;

ringback_store::statements! {
    SELECT = "SELECT app, token, expires_at FROM zone_token WHERE expires_at > $1 ORDER BY id";
    INSERT = "INSERT INTO zone_token (id, app, token, expires_at) VALUES ($1, $2, $3, $4)";
    DELETE_BEFORE = "DELETE FROM zone_token WHERE app = $1 AND expires_at <= $2";
    DELETE_OF_APP = "DELETE FROM zone_token WHERE app = $1";
}

/// Every token that ended after `since`.
pub(crate) async fn load(
    store: &Store,
    since: ScheduleTime,
) -> Result<Vec<(AppId, Secret, ScheduleTime)>, LoadError> {
    let rows = store.read(SELECT, [Value::from(since)]).await?;
    rows.iter().map(|row| of(store, row)).collect()
}

fn of(store: &Store, row: &Row) -> Result<(AppId, Secret, ScheduleTime), LoadError> {
    let app: AppId = row.id(0)?;
    let thing = app.to_string();
    let token = secret(store, row, 1, &thing)?.ok_or_else(|| damaged(&thing, "token"))?;
    Ok((app, token, row.time(2)?))
}

/// A new token; those that ended before `gone` are forgotten in the same write.
pub(crate) fn insert(
    store: &Store,
    app: AppId,
    token: &Secret,
    expires_at: ScheduleTime,
    gone: ScheduleTime,
) -> Vec<Statement> {
    let id: ringback_types::EventId = store.next_id();
    let values = [
        Value::from(id),
        Value::from(app),
        Value::from(store.vault().seal(token)),
        Value::from(expires_at),
    ];
    vec![
        Statement::new(DELETE_BEFORE, [Value::from(app), Value::from(gone)]),
        Statement::new(INSERT, values).expecting(1),
    ]
}

pub(crate) fn delete_of(app: AppId) -> Statement {
    Statement::new(DELETE_OF_APP, [Value::from(app)])
}
