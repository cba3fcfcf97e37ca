//! Files that apps have uploaded, in sealed parts.

use ringback_store::{Statement, Store, Value};
use ringback_types::{ScheduleTime, Secret};

use crate::media::Media;

ringback_store::statements! {
    INSERT = "INSERT INTO zone_media (media_id, app, filename, bytes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_PART = "INSERT INTO zone_media_part (media_id, number, part, expires_at) VALUES ($1, $2, $3, $4)";
    DELETE = "DELETE FROM zone_media WHERE expires_at <= $1";
    DELETE_PARTS = "DELETE FROM zone_media_part WHERE expires_at <= $1";
}

/// One part; the media is there once its row is.
pub(crate) fn insert_part(store: &Store, media: &Media, number: usize, part: &[u8]) -> Statement {
    let values = [
        Value::from(&media.id),
        Value::Int(number as i64),
        Value::from(store.vault().seal(&Secret::from(part.to_vec()))),
        Value::from(media.expires_at),
    ];
    Statement::new(INSERT_PART, values).expecting(1)
}

pub(crate) fn insert(media: &Media) -> Statement {
    let values = [
        Value::from(&media.id),
        Value::from(media.app),
        Value::from(&media.filename),
        Value::Int(media.bytes as i64),
        Value::from(media.created_at),
        Value::from(media.expires_at),
    ];
    Statement::new(INSERT, values).expecting(1)
}

pub(crate) fn prune(now: ScheduleTime) -> [Statement; 2] {
    [
        Statement::new(DELETE, [Value::from(now)]),
        Statement::new(DELETE_PARTS, [Value::from(now)]),
    ]
}
