//! `/api/v1/backup`: a copy of the store while it works. Needs the role `admin`.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json as Answer};
use ringback_types::extract::Json;
use ringback_types::{Caller, Code, Problem, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::note;
use crate::error::unwritten;
use crate::faces::Inner;

/// Where the copy goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupRequest {
    /// An absolute path on the server's host, where nothing is yet.
    #[schema(value_type = String, example = "/var/backups/ringback.db")]
    file: PathBuf,
}

/// A copy that is complete.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupAnswer {
    /// Where it is.
    #[schema(value_type = String)]
    file: PathBuf,
    /// How large it is, in bytes.
    bytes: u64,
}

/// Copy the store into one file on the server's host while it works on; never over another file. The
/// master key is not in it. Needs the role `admin`.
#[utoipa::path(post, path = "/api/v1/backup", tag = "server", request_body = BackupRequest,
    responses((status = 200, body = BackupAnswer), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn make_backup(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<BackupRequest>,
) -> Result<Answer<BackupAnswer>, Problem> {
    caller.require(Role::Admin)?;
    let file = request.file;
    if !file.is_absolute() {
        let message = format!("`{}` is not an absolute path", file.display());
        return Err(Problem::new(422, Code::new("backup.path"), message)
            .with_hint("the server does not share the caller's directory: name the whole path"));
    }
    if file.exists() {
        let message = format!("`{}` is already there", file.display());
        return Err(Problem::new(409, Code::new("backup.exists"), message)
            .with_hint("choose another name; a backup never overwrites"));
    }
    if !file.parent().is_some_and(std::path::Path::is_dir) {
        let message = format!("the directory of `{}` is not there", file.display());
        return Err(
            Problem::new(422, Code::new("backup.directory"), message).with_hint(
                "make it on the server's host first; the user that runs the server must be able to write there",
            ),
        );
    }
    note(
        &faces,
        &caller,
        "store.backup",
        &file.to_string_lossy(),
        json!({}),
    )
    .await?;
    faces
        .store()
        .backup(file.clone())
        .await
        .map_err(|error| unwritten(&error))?;
    let bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    Ok(Answer(BackupAnswer { file, bytes }))
}
