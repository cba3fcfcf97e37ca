//! Flows and their versions.

use ringback_store::{ReadError, Row, Statement, Store, Value};
use ringback_types::{AppId, FlowId, ScheduleTime};

use crate::error::LoadError;
use crate::flows::{StoredFlow, Version};

ringback_store::statements! {
    in pub(crate),
    /// All flows, in the order of [`flow_of`].
    SELECT_FLOWS = "SELECT id, app, name, task_id, latest, published, created_at, updated_at FROM desk_flow ORDER BY app, name";
    INSERT_FLOW = "INSERT INTO desk_flow (id, app, name, task_id, latest, published, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (app, name) DO NOTHING";
    /// A new version, unless another has come in between.
    UPDATE_LATEST = "UPDATE desk_flow SET latest = $2, published = $3, updated_at = $4 WHERE id = $1 AND latest = $2 - 1";
    UPDATE_PUBLISHED = "UPDATE desk_flow SET published = $2, updated_at = $3 WHERE id = $1";
    DELETE_FLOW = "DELETE FROM desk_flow WHERE id = $1";
    DELETE_VERSIONS = "DELETE FROM desk_flow_version WHERE flow = $1";
    INSERT_VERSION = "INSERT INTO desk_flow_version (flow, version, document, created_at, created_by) VALUES ($1, $2, $3, $4, $5)";
    SELECT_DOCUMENT = "SELECT document FROM desk_flow_version WHERE flow = $1 AND version = $2";
    SELECT_VERSIONS = "SELECT version, created_at, created_by FROM desk_flow_version WHERE flow = $1 ORDER BY version DESC LIMIT $2";
}

pub(crate) async fn load(store: &Store) -> Result<Vec<StoredFlow>, LoadError> {
    let rows = store.read(SELECT_FLOWS, []).await?;
    Ok(rows.iter().map(flow_of).collect::<Result<_, _>>()?)
}

fn flow_of(row: &Row) -> Result<StoredFlow, ReadError> {
    Ok(StoredFlow {
        id: row.id(0)?,
        app: row.id(1)?,
        name: row.text(2)?.to_owned(),
        task_id: row.int(3)?,
        latest: row.int(4)?,
        published: row.maybe_int(5)?,
        created_at: row.time(6)?,
        updated_at: row.time(7)?,
    })
}

pub(crate) fn insert(flow: &StoredFlow) -> Statement {
    let values = [
        Value::from(flow.id),
        Value::from(flow.app),
        Value::from(&flow.name),
        Value::from(flow.task_id),
        Value::from(flow.latest),
        Value::from(flow.published),
        Value::from(flow.created_at),
    ];
    Statement::new(INSERT_FLOW, values).expecting(1)
}

pub(crate) fn update_latest(flow: &StoredFlow, now: ScheduleTime) -> Statement {
    let values = [
        Value::from(flow.id),
        Value::from(flow.latest),
        Value::from(flow.published),
        Value::from(now),
    ];
    Statement::new(UPDATE_LATEST, values).expecting(1)
}

pub(crate) fn update_published(
    flow: FlowId,
    published: Option<i64>,
    now: ScheduleTime,
) -> Statement {
    let values = [Value::from(flow), Value::from(published), Value::from(now)];
    Statement::new(UPDATE_PUBLISHED, values).expecting(1)
}

pub(crate) fn insert_version(
    flow: FlowId,
    version: i64,
    document: &str,
    by: &str,
    now: ScheduleTime,
) -> Statement {
    let values = [
        Value::from(flow),
        Value::from(version),
        Value::from(document),
        Value::from(now),
        Value::from(by),
    ];
    Statement::new(INSERT_VERSION, values).expecting(1)
}

pub(crate) fn delete(flow: FlowId) -> [Statement; 2] {
    [
        Statement::new(DELETE_FLOW, [Value::from(flow)]).expecting(1),
        Statement::new(DELETE_VERSIONS, [Value::from(flow)]),
    ]
}

/// The flows of an app go with it.
pub(crate) fn delete_all(flows: &[StoredFlow], app: AppId) -> Vec<Statement> {
    let of_app = flows.iter().filter(|flow| flow.app == app);
    of_app.flat_map(|flow| delete(flow.id)).collect()
}

pub(crate) async fn document(
    store: &Store,
    flow: FlowId,
    version: i64,
) -> Result<Option<String>, ReadError> {
    let values = [Value::from(flow), Value::from(version)];
    let rows = store.read(SELECT_DOCUMENT, values).await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// The newest versions, newest first.
pub(crate) async fn versions(
    store: &Store,
    flow: FlowId,
    limit: i64,
) -> Result<Vec<Version>, ReadError> {
    let values = [Value::from(flow), Value::from(limit)];
    let rows = store.read(SELECT_VERSIONS, values).await?;
    let version = |row: &Row| {
        Ok(Version {
            version: row.int(0)?,
            created_at: row.time(1)?,
            created_by: row.text(2)?.to_owned(),
        })
    };
    rows.iter().map(version).collect()
}
