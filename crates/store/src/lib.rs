//! The durable record (event, delivery, attempt) and the engine under it.
//!
//! [`Store`] is the query face every room writes through: a write is a list of [`Statement`]s, each
//! with the row count it expects, applied whole or refused whole and answered only after it is on the
//! disk; a read is one statement. [`Record`] is the delivery record built on it: accept, claim,
//! finish, replay, search, retention. Promises: design, section 4.

mod change;
mod disk;
mod error;
mod follow;
mod reader;
pub mod record;
mod rotation;
mod schema;
mod sqlite;
mod statement;
mod store;
mod vault;
mod writer;

pub use change::{AuditEntry, Change};
pub use error::{OpenError, ReadError, WriteError};
pub use follow::follow;
pub use record::Record;
pub use rotation::rotate_master_key;
pub use schema::Schema;
#[doc(hidden)]
pub use statement::question_marks;
pub use statement::{Expect, Row, Sql, Statement, Value};
pub use store::{Options, Status, Store};
pub use vault::{MasterKey, Vault, VaultError};

/// The store's own tables, in the order they are made.
pub const SCHEMAS: &[Schema] = &[store::SCHEMA, record::SCHEMA];

/// Every statement of this room, for the preparation check on PostgreSQL.
pub fn statements() -> impl Iterator<Item = Sql> {
    record::statements().chain(change::STATEMENTS.iter().copied())
}
