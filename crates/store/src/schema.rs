//! Migrations: each room brings its own tables, numbered from 1, additive within a minor version.

/// The tables of one room.
///
/// A step is DDL in what both engines understand, with these words replaced per engine: `{id}` (the
/// row id: `INTEGER PRIMARY KEY` / `BIGINT PRIMARY KEY`), `{int}`, `{float}`, `{bytes}`,
/// `{without_rowid}` (clustered by the primary key where the engine can), `{strict}`.
/// A step may hold several statements separated by `;`.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Whose tables these are.
    pub room: &'static str,
    /// The steps in order; a released step never changes.
    pub steps: &'static [&'static str],
}

impl Schema {
    /// A step as SQLite reads it.
    pub fn for_sqlite(step: &str) -> String {
        step.replace("{id}", "INTEGER PRIMARY KEY")
            .replace("{int}", "INTEGER")
            .replace("{float}", "REAL")
            .replace("{bytes}", "BLOB")
            .replace("{without_rowid}", "WITHOUT ROWID, STRICT")
            .replace("{strict}", "STRICT")
    }

    /// A step as PostgreSQL reads it.
    pub fn for_postgres(step: &str) -> String {
        step.replace("{id}", "BIGINT PRIMARY KEY")
            .replace("{int}", "BIGINT")
            .replace("{float}", "DOUBLE PRECISION")
            .replace("{bytes}", "BYTEA")
            .replace("{without_rowid}", "")
            .replace("{strict}", "")
    }
}
