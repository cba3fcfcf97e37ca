//! The table of sources. Secrets are sealed; settings are one JSON text, so that a new setting
//! needs no new column.

use ringback_store::{Row, Schema, Statement, Store, Value};
use ringback_types::{ScheduleTime, Secret, SourceId};
use serde::{Deserialize, Serialize};

use crate::error::LoadError;
use crate::source::{Settings, Source, SourceDialect, SourceSecrets};

/// The gateway's table.
pub const SCHEMA: Schema = Schema {
    room: "gateway",
    steps: &[
        "CREATE TABLE gateway_source (
         id {id}, name TEXT NOT NULL UNIQUE,
         dialect TEXT NOT NULL CHECK (dialect IN ('feishu', 'standard')),
         secrets {bytes} NOT NULL, previous {bytes}, previous_until {int},
         settings TEXT NOT NULL, created_at {int} NOT NULL
     ) {strict}",
        // The word `wecom`. A check cannot be changed in place, so the rows move to a new table.
        "ALTER TABLE gateway_source RENAME TO gateway_source_before;
     CREATE TABLE gateway_source (
         id {id}, name TEXT NOT NULL UNIQUE,
         dialect TEXT NOT NULL CHECK (dialect IN ('feishu', 'standard', 'wecom')),
         secrets {bytes} NOT NULL, previous {bytes}, previous_until {int},
         settings TEXT NOT NULL, created_at {int} NOT NULL
     ) {strict};
     INSERT INTO gateway_source (id, name, dialect, secrets, previous, previous_until, settings,
         created_at)
         SELECT id, name, dialect, secrets, previous, previous_until, settings, created_at
         FROM gateway_source_before;
     DROP TABLE gateway_source_before",
        // The word `desk`, the same way.
        "ALTER TABLE gateway_source RENAME TO gateway_source_before;
     CREATE TABLE gateway_source (
         id {id}, name TEXT NOT NULL UNIQUE,
         dialect TEXT NOT NULL CHECK (dialect IN ('feishu', 'standard', 'wecom', 'desk')),
         secrets {bytes} NOT NULL, previous {bytes}, previous_until {int},
         settings TEXT NOT NULL, created_at {int} NOT NULL
     ) {strict};
     INSERT INTO gateway_source (id, name, dialect, secrets, previous, previous_until, settings,
         created_at)
         SELECT id, name, dialect, secrets, previous, previous_until, settings, created_at
         FROM gateway_source_before;
     DROP TABLE gateway_source_before",
    ],
};

ringback_store::statements! {
    /// Touches no row when the name is taken.
    INSERT_SOURCE = "INSERT INTO gateway_source
        (id, name, dialect, secrets, previous, previous_until, settings, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING";
    UPDATE_SOURCE = "UPDATE gateway_source
        SET secrets = $2, previous = $3, previous_until = $4, settings = $5 WHERE id = $1";
    DELETE_SOURCE = "DELETE FROM gateway_source WHERE id = $1";
    READ_SOURCES = "SELECT id, name, dialect, secrets, previous, previous_until, settings, created_at
        FROM gateway_source ORDER BY name";
}

/// Writes a new source; refused as a whole when its name is taken.
pub(crate) fn insert(store: &Store, source: &Source) -> Statement {
    let (secrets, previous, until) = sealed(store, source);
    let values = [
        Value::from(source.id),
        Value::from(&source.name),
        Value::from(source.dialect.as_str()),
        secrets,
        previous,
        until,
        Value::from(settings_text(&source.settings)),
        Value::from(source.created_at),
    ];
    Statement::new(INSERT_SOURCE, values).expecting(1)
}

/// Writes a source's secrets and settings over the old ones.
pub(crate) fn update(store: &Store, source: &Source) -> Statement {
    let (secrets, previous, until) = sealed(store, source);
    let settings = Value::from(settings_text(&source.settings));
    let values = [Value::from(source.id), secrets, previous, until, settings];
    Statement::new(UPDATE_SOURCE, values).expecting(1)
}

/// Takes a source away.
pub(crate) fn delete(id: SourceId) -> Statement {
    Statement::new(DELETE_SOURCE, [Value::from(id)]).expecting(1)
}

/// All sources, by name.
pub(crate) async fn load(store: &Store) -> Result<Vec<Source>, LoadError> {
    let rows = store.read(READ_SOURCES, []).await?;
    rows.iter().map(|row| read(store, row)).collect()
}

fn read(store: &Store, row: &Row) -> Result<Source, LoadError> {
    let name = row.text(1)?.to_owned();
    let wrong = |cause: String| LoadError::Row {
        name: name.clone(),
        cause,
    };
    let dialect =
        SourceDialect::parse(row.text(2)?).ok_or_else(|| wrong("its dialect".to_owned()))?;
    let settings = serde_json::from_str(row.text(6)?).map_err(|error| wrong(error.to_string()))?;
    let secrets = unseal(store, dialect, &name, &row.bytes(3)?)?;
    let previous = match (row.maybe_bytes(4)?, row.maybe_int(5)?) {
        (Some(sealed), Some(until)) => Some((
            unseal(store, dialect, &name, &sealed)?,
            ScheduleTime::from_millis(until),
        )),
        _ => None,
    };
    Ok(Source {
        id: row.id(0)?,
        dialect,
        secrets,
        previous,
        settings,
        created_at: row.time(7)?,
        name,
    })
}

fn settings_text(settings: &Settings) -> String {
    serde_json::to_string(settings).expect("settings are strings, numbers and JSON")
}

fn sealed(store: &Store, source: &Source) -> (Value, Value, Value) {
    let seal = |secrets| Value::from(store.vault().seal(&written(secrets)));
    match &source.previous {
        Some((previous, until)) => (seal(&source.secrets), seal(previous), Value::from(*until)),
        None => (seal(&source.secrets), Value::Null, Value::Null),
    }
}

/// Secrets as they are sealed: one JSON object.
#[derive(Default, Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypt_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_aes_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk_app_id: Option<&'a str>,
}

/// The same on the way back; the texts go straight into [`Secret`]s.
#[derive(Deserialize)]
struct Kept {
    verification_token: Option<Secret>,
    encrypt_key: Option<Secret>,
    signing_key: Option<Secret>,
    token: Option<Secret>,
    encoding_aes_key: Option<Secret>,
    receive_id: Option<String>,
    sdk_app_id: Option<String>,
}

fn written(secrets: &SourceSecrets) -> Secret {
    let written = match secrets {
        SourceSecrets::Desk { sdk_app_id, token } => Written {
            sdk_app_id: Some(sdk_app_id),
            token: token.as_ref().and_then(Secret::expose_str),
            ..Written::default()
        },
        SourceSecrets::Feishu {
            verification_token,
            encrypt_key,
        } => Written {
            verification_token: verification_token.expose_str(),
            encrypt_key: encrypt_key.as_ref().and_then(Secret::expose_str),
            ..Written::default()
        },
        SourceSecrets::Standard { signing_key } => Written {
            signing_key: signing_key.expose_str(),
            ..Written::default()
        },
        SourceSecrets::Wecom {
            token,
            encoding_aes_key,
            receive_id,
        } => Written {
            token: token.expose_str(),
            encoding_aes_key: encoding_aes_key.expose_str(),
            receive_id: Some(receive_id),
            ..Written::default()
        },
    };
    Secret::from(serde_json::to_vec(&written).expect("texts are JSON"))
}

fn unseal(
    store: &Store,
    dialect: SourceDialect,
    name: &str,
    sealed: &[u8],
) -> Result<SourceSecrets, LoadError> {
    let opened = store
        .vault()
        .open_sealed(sealed)
        .map_err(|source| LoadError::Vault {
            name: name.to_owned(),
            source,
        })?;
    let wrong = || LoadError::Row {
        name: name.to_owned(),
        cause: "its secrets".to_owned(),
    };
    let kept: Kept = serde_json::from_slice(opened.expose()).map_err(|_| wrong())?;
    match dialect {
        SourceDialect::Desk => Ok(SourceSecrets::Desk {
            sdk_app_id: kept.sdk_app_id.ok_or_else(wrong)?,
            token: kept.token,
        }),
        SourceDialect::Feishu => Ok(SourceSecrets::Feishu {
            verification_token: kept.verification_token.ok_or_else(wrong)?,
            encrypt_key: kept.encrypt_key,
        }),
        SourceDialect::Standard => Ok(SourceSecrets::Standard {
            signing_key: kept.signing_key.ok_or_else(wrong)?,
        }),
        SourceDialect::Wecom => Ok(SourceSecrets::Wecom {
            token: kept.token.ok_or_else(wrong)?,
            encoding_aes_key: kept.encoding_aes_key.ok_or_else(wrong)?,
            receive_id: kept.receive_id.ok_or_else(wrong)?,
        }),
    }
}
