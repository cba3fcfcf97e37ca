//! Rotating the master key: the data keys are sealed anew, the secrets stay as they are
//! (design, section 10).

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::disk;
use crate::error::OpenError;
use crate::sqlite::{self, Purpose};
use crate::store::{database, read_keys};
use crate::vault::{self, MasterKey};

const CACHE_KIB: u32 = 1024;

/// Seals the data keys of the store in `directory` with a new master key, which is written to `to`, or
/// takes the place of the file beside the data. The store must not be in use. Answers where the new key is.
///
/// A crash leaves the store openable: the new file stands before the data keys change, and the old one
/// beside the data is replaced only after.
pub fn rotate_master_key(
    directory: &Path,
    current: &MasterKey,
    to: Option<PathBuf>,
) -> Result<PathBuf, OpenError> {
    let _lock = disk::lock(directory)?;
    let path = disk::database(directory);
    let connection =
        sqlite::open(&path, Purpose::Write, CACHE_KIB).map_err(|error| database(&error))?;
    let sealed = read_keys(&connection).map_err(|error| database(&error))?;
    let old = vault::load_master(current, directory, &sealed)?;
    let beside = to.is_none();
    let file = to.unwrap_or_else(|| vault::next_key(directory));
    vault::make_key(&file)?;
    let new = vault::load_master(&MasterKey::File(file.clone()), directory, &[])?;
    let mut renewed = Vec::with_capacity(sealed.len());
    for (id, key) in &sealed {
        renewed.push((*id, vault::reseal(&old, &new, *id, key)?));
    }
    replace(&connection, &renewed).map_err(|error| database(&error))?;
    if beside {
        Ok(vault::adopt_next_key(directory)?)
    } else {
        Ok(file)
    }
}

fn replace(connection: &Connection, keys: &[(u32, Vec<u8>)]) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for (id, sealed) in keys {
        connection.execute(
            "UPDATE store_key SET sealed = ?2 WHERE id = ?1",
            params![id, sealed],
        )?;
    }
    connection.execute_batch("COMMIT")
}
