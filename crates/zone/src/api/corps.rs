//! Corps, with their public keys and editions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_archive::{AuthEdition, KeyError, SetEditionsError};
use ringback_types::{Caller, Problem, Role, extract};
use serde::{Deserialize, Serialize};

use super::{Path, TAG};
use crate::corp::{CorpChange, NewCorp};
use crate::view::CorpView;
use crate::zone::Zone;

/// All corps.
#[utoipa::path(get, path = "/api/v1/wecom/corps", operation_id = "list_corps", tag = TAG,
    responses((status = 200, body = Vec<CorpView>)))]
pub(super) async fn list(State(zone): State<Zone>) -> Json<Vec<CorpView>> {
    let corps = zone.corps();
    Json(
        corps
            .iter()
            .map(|corp| CorpView::new(&zone, corp))
            .collect(),
    )
}

/// Makes a corp; what is left out is generated.
#[utoipa::path(post, path = "/api/v1/wecom/corps", operation_id = "create_corp", tag = TAG, request_body = NewCorp,
    responses((status = 201, body = CorpView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    extract::Json(new): extract::Json<NewCorp>,
) -> Result<(StatusCode, Json<CorpView>), Problem> {
    caller.require(Role::Operator)?;
    let corp = zone.create_corp(&caller.name, new).await?;
    Ok((StatusCode::CREATED, Json(CorpView::new(&zone, &corp))))
}

/// One corp.
#[utoipa::path(get, path = "/api/v1/wecom/corps/{corpid}", operation_id = "show_corp", tag = TAG,
    params(("corpid" = String, Path)),
    responses((status = 200, body = CorpView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(zone): State<Zone>,
    Path(corpid): Path<String>,
) -> Result<Json<CorpView>, Problem> {
    Ok(Json(CorpView::new(&zone, &*zone.corp(&corpid)?)))
}

/// Changes a corp; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/wecom/corps/{corpid}", operation_id = "update_corp", tag = TAG,
    params(("corpid" = String, Path)), request_body = CorpChange,
    responses((status = 200, body = CorpView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn update(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(corpid): Path<String>,
    extract::Json(change): extract::Json<CorpChange>,
) -> Result<Json<CorpView>, Problem> {
    caller.require(Role::Operator)?;
    let corp = zone.update_corp(&caller.name, &corpid, change).await?;
    Ok(Json(CorpView::new(&zone, &corp)))
}

/// Deletes a corp that has no apps; its archive stays until retention takes it.
#[utoipa::path(delete, path = "/api/v1/wecom/corps/{corpid}", operation_id = "delete_corp", tag = TAG,
    params(("corpid" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn delete(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(corpid): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Operator)?;
    zone.delete_corp(&caller.name, &corpid).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key that messages are encrypted to from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPublicKey {
    /// RSA with 2048 bits, as PEM with `BEGIN PUBLIC KEY`.
    public_key: String,
    /// Greater than that of the key before.
    public_key_ver: i64,
}

/// Sets the public key of a corp; older messages stay encrypted to the key of their time.
#[utoipa::path(put, path = "/api/v1/wecom/corps/{corpid}/public-key", operation_id = "set_public_key", tag = TAG,
    params(("corpid" = String, Path)), request_body = NewPublicKey,
    responses((status = 200, body = CorpView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_public_key(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(corpid): Path<String>,
    extract::Json(new): extract::Json<NewPublicKey>,
) -> Result<Json<CorpView>, Problem> {
    caller.require(Role::Operator)?;
    let corp = zone.corp(&corpid)?;
    let set =
        zone.archive()
            .set_public_key(&caller.name, &corpid, &new.public_key, new.public_key_ver);
    set.await.map_err(|error| key_refused(&error))?;
    Ok(Json(CorpView::new(&zone, &corp)))
}

fn key_refused(error: &KeyError) -> Problem {
    let status = match error {
        KeyError::Version { .. } => 409,
        KeyError::Store(_) => 503,
        KeyError::NotPem | KeyError::NotRsa | KeyError::Size { .. } => 422,
    };
    Problem::from_error(status, error)
}

/// What a corp has bought, as `get_corp_auth_info` lists it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Editions {
    /// Each edition at most once.
    #[schema(value_type = Vec<Object>)]
    auth_edition_list: Vec<AuthEdition>,
}

/// Sets the editions of a corp; one that is over, or has not begun, makes nothing visible.
#[utoipa::path(put, path = "/api/v1/wecom/corps/{corpid}/editions", operation_id = "set_editions", tag = TAG,
    params(("corpid" = String, Path)), request_body = Editions,
    responses((status = 200, body = Editions), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_editions(
    State(zone): State<Zone>,
    Extension(caller): Extension<Caller>,
    Path(corpid): Path<String>,
    extract::Json(editions): extract::Json<Editions>,
) -> Result<Json<Editions>, Problem> {
    caller.require(Role::Operator)?;
    zone.corp(&corpid)?;
    let archive = zone.archive();
    let set = archive.set_editions(&caller.name, &corpid, editions.auth_edition_list);
    set.await.map_err(|error| match error {
        SetEditionsError::Refused(_) => Problem::from_error(422, &error),
        SetEditionsError::Store(_) => Problem::from_error(503, &error),
    })?;
    let auth_edition_list = archive.auth_info(&corpid);
    Ok(Json(Editions { auth_edition_list }))
}
