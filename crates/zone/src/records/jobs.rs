//! Async jobs and tasks, and the nonces of requests that changed something.

use ringback_store::{ReadError, Row, Statement, Store, Value};
use ringback_types::ScheduleTime;

use crate::job::{Job, JobKind, JobState};

ringback_store::statements! {
    /// One job, in the order of [`of`].
    SELECT = "SELECT jobid, kind, app, program_id, ability_id, caller, event, state, errcode, result, failures, created_at, ended_at FROM zone_job WHERE jobid = $1";
    INSERT = "INSERT INTO zone_job (jobid, kind, app, program_id, ability_id, caller, event, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8) ON CONFLICT (jobid) DO NOTHING";
    /// The one final report, or the one failure: whichever comes first.
    FINISH = "UPDATE zone_job SET state = $2, errcode = $3, result = $4, ended_at = $5 WHERE jobid = $1 AND state = 'waiting'";
    /// What of the messages could not be used, found when the task was rendered.
    SET_FAILURES = "UPDATE zone_job SET failures = $2 WHERE jobid = $1";
    /// The result goes first, the row later.
    CLEAR = "UPDATE zone_job SET result = NULL WHERE ended_at <= $1 AND result IS NOT NULL";
    DELETE = "DELETE FROM zone_job WHERE created_at <= $1";
    /// Refused where the request has been seen.
    INSERT_NONCE = "INSERT INTO zone_nonce (nonce, expires_at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING";
    DELETE_NONCES = "DELETE FROM zone_nonce WHERE expires_at <= $1";
}

pub(crate) async fn find(store: &Store, jobid: &str) -> Result<Option<Job>, ReadError> {
    let rows = store.read(SELECT, [Value::from(jobid)]).await?;
    rows.first().map(of).transpose()
}

fn of(row: &Row) -> Result<Job, ReadError> {
    let bad = |column, wanted| ReadError::Shape { column, wanted };
    Ok(Job {
        jobid: row.text(0)?.to_owned(),
        kind: JobKind::parse(row.text(1)?).ok_or_else(|| bad(1, "a kind of job"))?,
        app: row.id(2)?,
        program_id: row.text(3)?.to_owned(),
        ability_id: row.text(4)?.to_owned(),
        caller: row.maybe_text(5)?.map(str::to_owned),
        event: row.id(6)?,
        state: JobState::parse(row.text(7)?).ok_or_else(|| bad(7, "a state of a job"))?,
        errcode: row.maybe_int(8)?,
        result: row.maybe_bytes(9)?,
        failures: row.maybe_text(10)?.map(str::to_owned),
        created_at: row.time(11)?,
        ended_at: row.maybe_int(12)?.map(ScheduleTime::from_millis),
    })
}

pub(crate) fn insert(job: &Job) -> Statement {
    let values = [
        Value::from(&job.jobid),
        Value::from(job.kind.as_str()),
        Value::from(job.app),
        Value::from(&job.program_id),
        Value::from(&job.ability_id),
        Value::from(job.caller.as_deref()),
        Value::from(job.event),
        Value::from(job.created_at),
    ];
    Statement::new(INSERT, values).expecting(1)
}

/// Ends the job, unless it has ended; the write is refused then.
pub(crate) fn finish(
    jobid: &str,
    state: JobState,
    errcode: i64,
    result: Option<Vec<u8>>,
    now: ScheduleTime,
) -> Statement {
    let values = [
        Value::from(jobid),
        Value::from(state.as_str()),
        Value::from(errcode),
        Value::from(result),
        Value::from(now),
    ];
    Statement::new(FINISH, values).expecting(1)
}

pub(crate) fn set_failures(jobid: &str, failures: &str) -> Statement {
    Statement::new(SET_FAILURES, [Value::from(jobid), Value::from(failures)])
}

/// What is over: results after `results`, jobs after `jobs`, nonces that are too old to come again.
pub(crate) fn prune(
    now: ScheduleTime,
    results: ScheduleTime,
    jobs: ScheduleTime,
) -> [Statement; 3] {
    [
        Statement::new(CLEAR, [Value::from(results)]),
        Statement::new(DELETE, [Value::from(jobs)]),
        Statement::new(DELETE_NONCES, [Value::from(now)]),
    ]
}

pub(crate) fn insert_nonce(nonce: Vec<u8>, expires_at: ScheduleTime) -> Statement {
    let values = [Value::from(nonce), Value::from(expires_at)];
    Statement::new(INSERT_NONCE, values).expecting(1)
}
