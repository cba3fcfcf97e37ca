//! Notify ids: whose they are and until when.

use ringback_store::{ReadError, Row, Statement, Store, Value};
use ringback_types::ScheduleTime;

use crate::notify::Notify;

ringback_store::statements! {
    SELECT_LIVE = "SELECT notify_id, app, program_id, instance, scene, expires_at FROM zone_notify WHERE expires_at > $1";
    SELECT = "SELECT notify_id, app, program_id, instance, scene, expires_at FROM zone_notify WHERE notify_id = $1";
    /// Refused while the id lives, whoever has it.
    TAKE = "INSERT INTO zone_notify (notify_id, app, program_id, instance, scene, expires_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (notify_id) DO UPDATE SET app = excluded.app, program_id = excluded.program_id, instance = excluded.instance, scene = excluded.scene, expires_at = excluded.expires_at WHERE zone_notify.expires_at <= $7";
    DELETE_EXPIRED = "DELETE FROM zone_notify WHERE expires_at <= $1";
}

pub(crate) async fn load_live(store: &Store, now: ScheduleTime) -> Result<Vec<Notify>, ReadError> {
    let rows = store.read(SELECT_LIVE, [Value::from(now)]).await?;
    rows.iter().map(of).collect()
}

pub(crate) async fn find(store: &Store, notify_id: &str) -> Result<Option<Notify>, ReadError> {
    let rows = store.read(SELECT, [Value::from(notify_id)]).await?;
    rows.first().map(of).transpose()
}

fn of(row: &Row) -> Result<Notify, ReadError> {
    Ok(Notify {
        id: row.text(0)?.to_owned(),
        app: row.id(1)?,
        program_id: row.text(2)?.to_owned(),
        instance: row.text(3)?.to_owned(),
        scene: row.maybe_int(4)?.map(|scene| scene as u8),
        expires_at: row.time(5)?,
    })
}

pub(crate) fn take(notify: &Notify, now: ScheduleTime) -> Statement {
    let values = [
        Value::from(&notify.id),
        Value::from(notify.app),
        Value::from(&notify.program_id),
        Value::from(&notify.instance),
        Value::from(notify.scene.map(i64::from)),
        Value::from(notify.expires_at),
        Value::from(now),
    ];
    Statement::new(TAKE, values).expecting(1)
}

pub(crate) fn prune(now: ScheduleTime) -> Statement {
    Statement::new(DELETE_EXPIRED, [Value::from(now)])
}
