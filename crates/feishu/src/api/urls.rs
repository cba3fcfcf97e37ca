//! The two URLs of an app, saved only when they pass the challenge.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ringback_types::{Caller, Coded as _, Problem, Role};
use serde::{Deserialize, Serialize};

use super::TAG;
use crate::error::AppError;
use crate::feishu::Feishu;
use crate::request_url::{Passed, Timing, UrlRefusal, UrlUse};
use crate::view::AppView;
use ringback_types::extract;

/// A URL to be saved.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUrl {
    /// Beginning with `http://` or `https://`.
    url: String,
}

/// A URL that passed and is in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SavedUrl {
    url: String,
    /// How long the challenge took.
    #[schema(value_type = Object)]
    timing: Timing,
}

/// A URL that did not pass: the old one stays in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RefusedUrl {
    /// The stable name of the precise cause.
    code: String,
    /// The precise cause.
    message: String,
    /// The sentence that fixes it.
    hint: Option<String>,
    /// What the platform's console shows, and nothing more.
    platform_message: &'static str,
    /// How far the challenge came.
    #[schema(value_type = Object)]
    timing: Timing,
}

impl From<Box<UrlRefusal>> for RefusedUrl {
    fn from(refusal: Box<UrlRefusal>) -> Self {
        Self {
            code: refusal.code().to_string(),
            message: refusal.to_string(),
            hint: refusal.hint().map(std::borrow::Cow::into_owned),
            platform_message: refusal.platform_message(),
            timing: refusal.timing,
        }
    }
}

/// Why a URL was not saved.
#[derive(Debug)]
pub(super) enum NotSaved {
    Refused(RefusedUrl),
    Problem(Problem),
}

impl From<AppError> for NotSaved {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Url(refusal) => Self::Refused(refusal.into()),
            other => Self::Problem(other.into()),
        }
    }
}

impl From<Problem> for NotSaved {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for NotSaved {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Json(refused)).into_response()
            }
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

impl From<Passed> for SavedUrl {
    fn from(passed: Passed) -> Self {
        Self {
            url: passed.url.into(),
            timing: passed.timing,
        }
    }
}

/// Challenges a URL and saves it as the request URL of events.
#[utoipa::path(put, path = "/api/v1/feishu/apps/{app_id}/request-url", tag = TAG,
    params(("app_id" = String, Path)), request_body = NewUrl,
    responses((status = 200, body = SavedUrl), (status = 404, body = Problem), (status = 422, body = RefusedUrl)))]
pub(super) async fn save_request_url(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Json(new): extract::Json<NewUrl>,
) -> Result<Json<SavedUrl>, NotSaved> {
    save(&feishu, &caller, &app_id, UrlUse::Events, &new).await
}

/// Challenges a URL and saves it as the request URL of callbacks.
#[utoipa::path(put, path = "/api/v1/feishu/apps/{app_id}/callback-url", tag = TAG,
    params(("app_id" = String, Path)), request_body = NewUrl,
    responses((status = 200, body = SavedUrl), (status = 404, body = Problem), (status = 422, body = RefusedUrl)))]
pub(super) async fn save_callback_url(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
    extract::Json(new): extract::Json<NewUrl>,
) -> Result<Json<SavedUrl>, NotSaved> {
    save(&feishu, &caller, &app_id, UrlUse::Callbacks, &new).await
}

async fn save(
    feishu: &Feishu,
    caller: &Caller,
    app_id: &str,
    which: UrlUse,
    new: &NewUrl,
) -> Result<Json<SavedUrl>, NotSaved> {
    caller.require(Role::Operator)?;
    let passed = feishu
        .save_url(&caller.name, app_id, which, &new.url)
        .await?;
    Ok(Json(passed.into()))
}

/// Takes the request URL of events away.
#[utoipa::path(delete, path = "/api/v1/feishu/apps/{app_id}/request-url", tag = TAG,
    params(("app_id" = String, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn clear_request_url(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
) -> Result<Json<AppView>, Problem> {
    clear(&feishu, &caller, &app_id, UrlUse::Events).await
}

/// Takes the request URL of callbacks away.
#[utoipa::path(delete, path = "/api/v1/feishu/apps/{app_id}/callback-url", tag = TAG,
    params(("app_id" = String, Path)),
    responses((status = 200, body = AppView), (status = 404, body = Problem)))]
pub(super) async fn clear_callback_url(
    State(feishu): State<Feishu>,
    Extension(caller): Extension<Caller>,
    Path(app_id): Path<String>,
) -> Result<Json<AppView>, Problem> {
    clear(&feishu, &caller, &app_id, UrlUse::Callbacks).await
}

async fn clear(
    feishu: &Feishu,
    caller: &Caller,
    app_id: &str,
    which: UrlUse,
) -> Result<Json<AppView>, Problem> {
    caller.require(Role::Operator)?;
    let app = feishu.clear_url(&caller.name, app_id, which).await?;
    Ok(Json(AppView::from(&*app)))
}
