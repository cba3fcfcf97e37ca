//! Runs and the nodes that they passed.

use ringback_store::{Row, Statement, Store, Value};
use ringback_types::{ConversationId, FlowId, RecordId as _, RunId, ScheduleTime};

use super::{json, read_json};
use crate::conversation::{RunEnding, RunState, Step, StoredRun};
use crate::error::LoadError;

ringback_store::statements! {
    in pub(crate),
    INSERT = "INSERT INTO desk_run (id, conversation, flow, version, execution_id, seq, run, state, ending, started_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "UPDATE desk_run SET seq = $2, run = $3, state = $4, ending = $5, ended_at = $6 WHERE id = $1";
    /// In the order of [`run_of`].
    SELECT = "SELECT id, conversation, flow, version, execution_id, seq, run, state, ending, started_at, ended_at FROM desk_run WHERE id = $1";
    SELECT_OF = "SELECT id, conversation, flow, version, execution_id, seq, run, state, ending, started_at, ended_at FROM desk_run WHERE conversation = $1 ORDER BY id DESC LIMIT $2";
    SELECT_FROM = "SELECT id, conversation, flow, version, execution_id, seq, run, state, ending, started_at, ended_at FROM desk_run WHERE conversation = $1 AND id >= $2 ORDER BY id LIMIT $3";
    SELECT_CALLING = "SELECT id, conversation, flow, version, execution_id, seq, run, state, ending, started_at, ended_at FROM desk_run WHERE state = 'calling' AND id > $1 AND id < $2 ORDER BY id LIMIT $3";
    INSERT_STEP = "INSERT INTO desk_step (run, seq, node, next, at, call) VALUES ($1, $2, $3, $4, $5, $6)";
    SELECT_STEPS = "SELECT seq, node, next, at, call FROM desk_step WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    DELETE_STEPS = "DELETE FROM desk_step WHERE run IN (SELECT id FROM desk_run WHERE conversation = $1)";
    DELETE_RUNS = "DELETE FROM desk_run WHERE conversation = $1";
}

pub(crate) fn insert(run: &StoredRun) -> Statement {
    let values = [
        Value::from(run.id),
        Value::from(run.conversation),
        Value::from(run.flow),
        Value::from(run.version),
        Value::from(&run.execution_id),
        Value::from(run.seq),
        json(&run.run),
        Value::from(run.state.as_str()),
        Value::from(run.ending.map(RunEnding::as_str)),
        Value::from(run.started_at),
        Value::from(run.ended_at),
    ];
    Statement::new(INSERT, values).expecting(1)
}

pub(crate) fn update(run: &StoredRun) -> Statement {
    let values = [
        Value::from(run.id),
        Value::from(run.seq),
        json(&run.run),
        Value::from(run.state.as_str()),
        Value::from(run.ending.map(RunEnding::as_str)),
        Value::from(run.ended_at),
    ];
    Statement::new(UPDATE, values).expecting(1)
}

pub(crate) async fn find(store: &Store, id: RunId) -> Result<Option<StoredRun>, LoadError> {
    let rows = store.read(SELECT, [Value::from(id)]).await?;
    rows.first().map(run_of).transpose()
}

/// The runs of a conversation, newest first.
pub(crate) async fn of_conversation(
    store: &Store,
    conversation: ConversationId,
    limit: i64,
) -> Result<Vec<StoredRun>, LoadError> {
    let values = [Value::from(conversation), Value::from(limit)];
    let rows = store.read(SELECT_OF, values).await?;
    rows.iter().map(run_of).collect()
}

/// The runs between `after` and `before` that wait for the business.
pub(crate) async fn calling(
    store: &Store,
    after: RunId,
    before: RunId,
    limit: i64,
) -> Result<Vec<StoredRun>, LoadError> {
    let values = [Value::from(after), Value::from(before), Value::from(limit)];
    let rows = store.read(SELECT_CALLING, values).await?;
    rows.iter().map(run_of).collect()
}

/// The runs of a conversation from this one on, in order.
pub(crate) async fn from_run(
    store: &Store,
    conversation: ConversationId,
    from: RunId,
    limit: i64,
) -> Result<Vec<StoredRun>, LoadError> {
    let values = [
        Value::from(conversation),
        Value::from(from),
        Value::from(limit),
    ];
    let rows = store.read(SELECT_FROM, values).await?;
    rows.iter().map(run_of).collect()
}

fn run_of(row: &Row) -> Result<StoredRun, LoadError> {
    let id: RunId = row.id(0)?;
    let what = || format!("the run `{id}`");
    Ok(StoredRun {
        id,
        conversation: row.id(1)?,
        flow: FlowId::from_raw(row.int(2)?),
        version: row.int(3)?,
        execution_id: row.text(4)?.to_owned(),
        seq: row.int(5)?,
        run: read_json(row.text(6)?, what, "run")?,
        state: RunState::parse(row.text(7)?).ok_or_else(|| LoadError::Row {
            what: what(),
            member: "state",
        })?,
        ending: row.maybe_text(8)?.and_then(RunEnding::parse),
        started_at: row.time(9)?,
        ended_at: row.maybe_int(10)?.map(ScheduleTime::from_millis),
    })
}

pub(crate) fn insert_step(run: RunId, step: &Step) -> Statement {
    let values = [
        Value::from(run),
        Value::from(step.seq),
        Value::from(&step.node),
        Value::from(step.next.clone()),
        Value::from(step.at),
        step.call.as_ref().map_or(Value::Null, json),
    ];
    Statement::new(INSERT_STEP, values).expecting(1)
}

/// The nodes that a run has passed after the step of number `after`, in order.
pub(crate) async fn steps(
    store: &Store,
    run: RunId,
    after: i64,
    limit: i64,
) -> Result<Vec<Step>, LoadError> {
    let values = [Value::from(run), Value::from(after), Value::from(limit)];
    let rows = store.read(SELECT_STEPS, values).await?;
    let step = |row: &Row| {
        let what = || format!("a step of the run `{run}`");
        Ok(Step {
            seq: row.int(0)?,
            node: row.text(1)?.to_owned(),
            next: row.maybe_text(2)?.map(str::to_owned),
            at: row.time(3)?,
            call: row
                .maybe_text(4)?
                .map(|text| read_json(text, what, "call"))
                .transpose()?,
        })
    };
    rows.iter().map(step).collect()
}

/// The runs of a conversation go with it.
pub(crate) fn delete(conversation: ConversationId) -> [Statement; 2] {
    [DELETE_STEPS, DELETE_RUNS].map(|sql| Statement::new(sql, [Value::from(conversation)]))
}
