//! Conversations come in: real ones as NDJSON, or synthetic ones.

use axum::Extension;
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use ringback_archive::{Archive, Generate, ImportError};
use ringback_types::{Caller, Code, Problem, Role, extract};
use serde::Deserialize;
use serde_json::json;

use super::{Path, TAG, note, whole};
use crate::view::ImportedView;
use crate::zone::Zone;

/// What is read of an import before the archive says how much a chunk may have.
const BODY_BYTES: usize = 16 << 20;
/// How much is generated into one chunk.
const CHUNK_BYTES: usize = 256 << 10;
/// What one request may generate; more is made with more requests.
const MOST_MESSAGES: usize = 200_000;
const MOST_PEOPLE: usize = 5_000;
const MOST_DAYS: u32 = 3_660;

fn refused(error: &ImportError) -> Problem {
    let status = match error {
        ImportError::NoPublicKey { .. } => 409,
        ImportError::ChunkTooLarge { .. } => 413,
        ImportError::Store(_) => 503,
        ImportError::LineTooLong { .. }
        | ImportError::NotJson { .. }
        | ImportError::Member { .. } => 422,
    };
    Problem::from_error(status, error)
}

/// Imports a chunk of NDJSON into the archive of a corp, whole or not at all; importing it again counts
/// its messages as duplicates.
#[utoipa::path(post, path = "/api/v1/wecom/corps/{corpid}/archive/import", operation_id = "import_archive", tag = TAG,
    params(("corpid" = String, Path)),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = ImportedView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn import(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(corpid): Path<String>,
    request: Request,
) -> Result<Json<ImportedView>, Problem> {
    caller.require(Role::Operator)?;
    zone.corp(&corpid)?;
    let lines = to_bytes(request.into_body(), BODY_BYTES).await;
    let lines = lines.map_err(|_| too_large())?;
    let detail = json!({ "bytes": lines.len() });
    note(&zone, &caller, "archive.import", corpid.clone(), detail).await?;
    let imported = zone.archive().import(&corpid, &lines).await;
    Ok(Json(imported.map_err(|error| refused(&error))?.into()))
}

fn too_large() -> Problem {
    let message = format!("the body did not arrive whole or is above {BODY_BYTES} bytes");
    Problem::new(413, Code::new("api.body_too_large"), message)
        .with_hint("send it in smaller parts")
}

/// What synthetic conversations are to be like; what is left out is as the archive's defaults are.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GenerateRequest {
    /// The same seed makes the same conversations; another one each time when left out.
    seed: Option<u64>,
    /// How many messages, at most 200000.
    messages: Option<usize>,
    /// Members of the corp, at most 5000.
    members: Option<usize>,
    /// Customers, at most 5000.
    customers: Option<usize>,
    /// Group chats with customers, at most 5000.
    groups: Option<usize>,
    /// Over how many days before now the messages are spread, at most 3660.
    days: Option<u32>,
}

impl GenerateRequest {
    fn wish(&self, zone: &Zone) -> Result<Generate, Problem> {
        let wish = Generate::new(zone.now());
        let wish = Generate {
            messages: self.messages.unwrap_or(wish.messages),
            members: self.members.unwrap_or(wish.members),
            customers: self.customers.unwrap_or(wish.customers),
            groups: self.groups.unwrap_or(wish.groups),
            days: self.days.unwrap_or(wish.days),
            ..wish
        };
        let people = wish.members.max(wish.customers).max(wish.groups);
        if wish.messages <= MOST_MESSAGES && people <= MOST_PEOPLE && wish.days <= MOST_DAYS {
            return Ok(wish);
        }
        let message = "this is more than one request may generate";
        Err(
            Problem::new(422, Code::new("zone.generate_limit"), message).with_hint(format!(
                "at most {MOST_MESSAGES} messages, {MOST_PEOPLE} of the others and {MOST_DAYS} days; use several seeds"
            )),
        )
    }
}

/// Makes synthetic conversations and imports them.
#[utoipa::path(post, path = "/api/v1/wecom/corps/{corpid}/archive/generate", operation_id = "generate_archive", tag = TAG,
    params(("corpid" = String, Path)), request_body = GenerateRequest,
    responses((status = 200, body = ImportedView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn generate(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(corpid): Path<String>,
    extract::Json(request): extract::Json<GenerateRequest>,
) -> Result<Json<ImportedView>, Problem> {
    caller.require(Role::Operator)?;
    zone.corp(&corpid)?;
    let wish = request.wish(&zone)?;
    let seed = request.seed;
    let seed = seed.unwrap_or_else(|| u32::from_be_bytes(zone.random().secret()).into());
    let detail = json!({ "seed": seed, "messages": wish.messages });
    note(&zone, &caller, "archive.generate", corpid.clone(), detail).await?;
    let archive = zone.archive().clone();
    let making = whole(async move { import_made(&archive, &corpid, seed, &wish).await });
    making.await?.map(Json).map_err(|error| refused(&error))
}

/// Imports what is generated, chunk by chunk, so that neither memory nor the store's writer has it all.
async fn import_made(
    archive: &Archive,
    corpid: &str,
    seed: u64,
    wish: &Generate,
) -> Result<ImportedView, ImportError> {
    let mut lines = Archive::generate(seed, wish).peekable();
    let mut imported = ImportedView::default();
    let mut chunk = String::new();
    while let Some(line) = lines.next() {
        chunk.push_str(&line);
        chunk.push('\n');
        if chunk.len() >= CHUNK_BYTES || lines.peek().is_none() {
            imported += archive.import(corpid, chunk.as_bytes()).await?.into();
            chunk.clear();
        }
    }
    Ok(imported)
}
