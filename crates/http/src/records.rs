//! The table of management tokens: names, roles and hashes, never the tokens.

use bytes::Bytes;
use ringback_store::{ReadError, Row, Schema, Statement, Store, Value};
use ringback_types::{CallerId, Role, ScheduleTime};

/// The faces' table.
pub const SCHEMA: Schema = Schema {
    room: "http",
    steps: &["CREATE TABLE http_token (
         id {id}, name TEXT NOT NULL UNIQUE,
         role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'auditor', 'admin')),
         hash {bytes} NOT NULL, created_at {int} NOT NULL
     ) {strict}"],
};

ringback_store::statements! {
    /// Touches no row when the name is taken.
    INSERT_TOKEN = "INSERT INTO http_token (id, name, role, hash, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING";
    DELETE_TOKEN = "DELETE FROM http_token WHERE id = $1";
    READ_TOKENS = "SELECT id, name, role, hash, created_at FROM http_token ORDER BY id";
}

/// A token as the store has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredToken {
    pub(crate) id: CallerId,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// SHA-256 of the whole token.
    pub(crate) hash: Bytes,
    pub(crate) created_at: ScheduleTime,
}

/// Writes a new token; refused when its name is taken.
pub(crate) fn insert(token: &StoredToken) -> Statement {
    let values = [
        Value::from(token.id),
        Value::from(&token.name),
        Value::from(role_text(token.role)),
        Value::from(token.hash.clone()),
        Value::from(token.created_at),
    ];
    Statement::new(INSERT_TOKEN, values).expecting(1)
}

/// Takes a token away.
pub(crate) fn delete(id: CallerId) -> Statement {
    Statement::new(DELETE_TOKEN, [Value::from(id)]).expecting(1)
}

/// All tokens, oldest first.
pub(crate) async fn load(store: &Store) -> Result<Vec<StoredToken>, ReadError> {
    let rows = store.read(READ_TOKENS, []).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredToken, ReadError> {
    Ok(StoredToken {
        id: row.id(0)?,
        name: row.text(1)?.to_owned(),
        role: role_of(row.text(2)?).ok_or(ReadError::Shape {
            column: 2,
            wanted: "a role",
        })?,
        hash: row.bytes(3)?,
        created_at: row.time(4)?,
    })
}

const ROLES: [(Role, &str); 4] = [
    (Role::Viewer, "viewer"),
    (Role::Operator, "operator"),
    (Role::Auditor, "auditor"),
    (Role::Admin, "admin"),
];

fn role_text(role: Role) -> &'static str {
    let found = ROLES.iter().find(|(known, _)| *known == role);
    found.map_or("viewer", |(_, text)| text)
}

fn role_of(text: &str) -> Option<Role> {
    let found = ROLES.iter().find(|(_, known)| *known == text);
    found.map(|(role, _)| *role)
}
