//! `/api/v1/tokens…`: who may use the management API. Needs the role `admin`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json as Answer};
use ringback_types::extract::Json;
use ringback_types::{Caller, CallerId, Problem, Role, ScheduleTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::faces::Inner;
use crate::tokens::Token;

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    #[schema(value_type = String, example = "key_0c2m9qk4vwx3e")]
    id: CallerId,
    /// Who or what holds it.
    name: String,
    /// What it may do.
    role: Role,
    /// When it was made.
    created_at: String,
    /// When it was last used, since the process began.
    last_used_at: Option<String>,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            role: token.role,
            created_at: token.created_at.to_rfc3339(),
            last_used_at: token.last_used_at.map(ScheduleTime::to_rfc3339),
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// Oldest first.
    tokens: Vec<TokenView>,
}

/// List the tokens. Needs the role `admin`.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, body = TokenList), (status = 403, body = Problem)))]
pub(crate) async fn list_tokens(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
) -> Result<Answer<TokenList>, Problem> {
    caller.require(Role::Admin)?;
    let tokens = faces.tokens.list().into_iter().map(TokenView::from);
    Ok(Answer(TokenList {
        tokens: tokens.collect(),
    }))
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenInput {
    /// Who or what will hold it.
    #[schema(example = "ci")]
    name: String,
    /// What it may do.
    role: Role,
}

/// A token just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// What may be shown of it later.
    #[serde(flatten)]
    shown: TokenView,
    /// Its text, this once: `Authorization: Bearer …`.
    token: String,
}

/// Make a token; its text is in this answer only. Needs the role `admin`.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenInput,
    responses((status = 201, body = MadeToken), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create_token(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Json(input): Json<TokenInput>,
) -> Result<(StatusCode, Answer<MadeToken>), Problem> {
    caller.require(Role::Admin)?;
    let made = faces
        .tokens
        .create(&caller, &input.name, input.role)
        .await?;
    let answer = MadeToken {
        shown: made.token.into(),
        token: String::from_utf8_lossy(made.secret.expose()).into_owned(),
    };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Revoke a token; it is refused from now on. Needs the role `admin`.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn revoke_token(
    State(faces): State<Arc<Inner>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Admin)?;
    let unknown =
        |_| Problem::not_found("token", &id).with_hint("`ringback token list` shows them all");
    let id = id.parse().map_err(unknown)?;
    faces.tokens.revoke(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
