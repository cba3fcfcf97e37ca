//! Which app may use which program, and the two halves of debug mode.

use ringback_store::{Row, Statement, Store, Value};
use ringback_types::AppId;

use super::{damaged, secret};
use crate::association::{Association, Session};
use crate::error::LoadError;

ringback_store::statements! {
    /// All associations, in the order of [`of`].
    SELECT = "SELECT app, program_id, source, endpoint, debug_opened, session, session_secret, session_credential, session_token, session_expires_at FROM zone_association ORDER BY app, program_id";
    INSERT = "INSERT INTO zone_association (app, program_id, source, endpoint, debug_opened) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (app, program_id) DO NOTHING";
    DELETE = "DELETE FROM zone_association WHERE app = $1 AND program_id = $2";
    SET_OPENED = "UPDATE zone_association SET debug_opened = $3 WHERE app = $1 AND program_id = $2";
    /// With another credential each app opens again.
    CLOSE_ALL = "UPDATE zone_association SET debug_opened = 0 WHERE program_id = $1";
    SET_SESSION = "UPDATE zone_association SET session = $3, session_secret = $4, session_credential = $5, session_token = $6, session_expires_at = $7 WHERE app = $1 AND program_id = $2";
}

pub(crate) async fn load(store: &Store) -> Result<Vec<Association>, LoadError> {
    let rows = store.read(SELECT, []).await?;
    rows.iter().map(|row| of(store, row)).collect()
}

fn of(store: &Store, row: &Row) -> Result<Association, LoadError> {
    let program_id = row.text(1)?;
    Ok(Association {
        app: row.id(0)?,
        program_id: program_id.to_owned(),
        source: row.id(2)?,
        endpoint: row.id(3)?,
        debug_opened: row.flag(4)?,
        session: session_of(store, row, program_id)?,
        may_debug: false,
    })
}

fn session_of(store: &Store, row: &Row, thing: &str) -> Result<Option<Session>, LoadError> {
    let Some(id) = row.maybe_text(5)? else {
        return Ok(None);
    };
    Ok(Some(Session {
        id: id.to_owned(),
        secret: secret(store, row, 6, thing)?.ok_or_else(|| damaged(thing, "session_secret"))?,
        credential: row.text(7)?.to_owned(),
        token_hash: row.bytes(8)?.to_vec(),
        expires_at: row.time(9)?,
    }))
}

pub(crate) fn insert(association: &Association) -> Statement {
    let values = [
        Value::from(association.app),
        Value::from(&association.program_id),
        Value::from(association.source),
        Value::from(association.endpoint),
    ];
    Statement::new(INSERT, values).expecting(1)
}

pub(crate) fn delete(app: AppId, program_id: &str) -> Statement {
    Statement::new(DELETE, [Value::from(app), Value::from(program_id)]).expecting(1)
}

pub(crate) fn set_opened(app: AppId, program_id: &str, opened: bool) -> Statement {
    let values = [
        Value::from(app),
        Value::from(program_id),
        Value::from(opened),
    ];
    Statement::new(SET_OPENED, values).expecting(1)
}

pub(crate) fn close_all(program_id: &str) -> Statement {
    Statement::new(CLOSE_ALL, [Value::from(program_id)])
}

pub(crate) fn set_session(
    store: &Store,
    app: AppId,
    program_id: &str,
    session: &Session,
) -> Statement {
    let values = [
        Value::from(app),
        Value::from(program_id),
        Value::from(&session.id),
        Value::from(store.vault().seal(&session.secret)),
        Value::from(&session.credential),
        Value::from(session.token_hash.clone()),
        Value::from(session.expires_at),
    ];
    Statement::new(SET_SESSION, values).expecting(1)
}
