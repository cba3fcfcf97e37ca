//! Changes of configuration: the statements, the revision and the audit row in one write
//! (design, sections 8 and 10).

use std::sync::Arc;

use ringback_types::{EventId, ScheduleTime};
use serde::Serialize;

use crate::error::{ReadError, WriteError};
use crate::statement::{Statement, Value};
use crate::store::{Store, apply};
use crate::writer::Lane;

crate::statements! {
    in pub(crate),

    /// One step on; every reader of configuration reloads when it sees a new number.
    BUMP_REVISION = "UPDATE store_revision SET revision = revision + 1 WHERE id = 1";
    READ_REVISION = "SELECT revision FROM store_revision WHERE id = 1";
    INSERT_AUDIT = "INSERT INTO store_audit (id, at, caller, action, target, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    READ_AUDIT = "SELECT id, at, caller, action, target, detail FROM store_audit WHERE id < $1 ORDER BY id DESC LIMIT $2";
}

/// Who changes what; becomes the audit row.
#[derive(Debug, Clone)]
pub struct Change {
    /// The name of the token, or `system`.
    pub caller: Arc<str>,
    /// What is done, such as `endpoint.create`.
    pub action: &'static str,
    /// To what.
    pub target: String,
    /// The change itself, without secrets.
    pub detail: serde_json::Value,
}

/// One row of the audit.
#[derive(Debug, Clone, Serialize)]
pub struct AuditEntry {
    /// Its number, growing.
    pub id: i64,
    /// When.
    pub at: ScheduleTime,
    /// Who.
    pub caller: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// The change itself.
    pub detail: serde_json::Value,
}

impl Store {
    /// Applies a change of configuration whole or not at all, and tells every reader of
    /// [`Store::revision`], even when whoever asked has gone away meanwhile. Answers the new revision.
    pub async fn change(
        &self,
        change: Change,
        mut statements: Vec<Statement>,
    ) -> Result<i64, WriteError> {
        statements.push(Statement::new(BUMP_REVISION, []).expecting(1));
        statements.push(self.audit_row(change));
        let store = self.clone();
        let written = tokio::spawn(async move {
            let revision = store
                .submit(Lane::Urgent, true, move |connection| {
                    apply(connection, &statements)?;
                    let revision = connection
                        .prepare_cached(READ_REVISION.for_sqlite())?
                        .query_row([], |row| row.get(0))?;
                    Ok(revision)
                })
                .await?;
            store.announce_revision(revision);
            Ok(revision)
        });
        written.await.unwrap_or(Err(WriteError::Closed))
    }

    /// Leaves an audit row for what a person does without changing configuration.
    pub async fn note(&self, change: Change) -> Result<(), WriteError> {
        self.write(vec![self.audit_row(change)]).await.map(drop)
    }

    fn audit_row(&self, change: Change) -> Statement {
        Statement::new(
            INSERT_AUDIT,
            [
                Value::from(self.next_id::<EventId>()),
                Value::from(self.clock().schedule()),
                Value::from(&*change.caller),
                Value::from(change.action),
                Value::from(change.target),
                Value::from(change.detail.to_string()),
            ],
        )
    }

    /// The audit, newest first: `limit` rows below `before`.
    pub async fn audit(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, ReadError> {
        let values = [Value::Int(before.unwrap_or(i64::MAX)), Value::from(limit)];
        let rows = self.read(READ_AUDIT, values).await?;
        rows.iter()
            .map(|row| {
                Ok(AuditEntry {
                    id: row.int(0)?,
                    at: row.time(1)?,
                    caller: row.text(2)?.to_owned(),
                    action: row.text(3)?.to_owned(),
                    target: row.text(4)?.to_owned(),
                    detail: serde_json::from_str(row.text(5)?).unwrap_or_default(),
                })
            })
            .collect()
    }
}
