//! `upload_media`: a multipart form with the part `media` (app sheet, 2.12).

use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use bytes::Bytes;

use super::{Caller, parameter};
use crate::errcode::{self, Refusal};
use crate::media::MOST_BYTES;
use crate::zone::Zone;

/// What a form has besides the file: its part headers.
const FORM_BYTES: usize = 64 << 10;

pub(super) fn route() -> MethodRouter<Zone> {
    post(upload).layer(DefaultBodyLimit::max(MOST_BYTES + FORM_BYTES))
}

async fn upload(State(zone): State<Zone>, caller: Caller, request: Request) -> Response {
    let answered = async {
        let kind = parameter(request.uri().query().unwrap_or_default(), "type");
        if kind.as_deref() != Some("file") {
            return Err(errcode::BAD_MEDIA_TYPE.into());
        }
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(|_| Refusal::from(errcode::MEDIA_MISSING))?;
        let (filename, content) = file(form).await?;
        zone.upload(&caller.app, filename, &content).await
    };
    caller.answered(answered.await)
}

/// The first part called `media`.
async fn file(mut form: Multipart) -> Result<(String, Bytes), Refusal> {
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        if field.name() != Some("media") {
            continue;
        }
        let filename = field.file_name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(|error| broken(&error))?;
        return Ok((filename, content));
    }
    Err(errcode::MEDIA_MISSING.into())
}

fn broken(error: &MultipartError) -> Refusal {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return errcode::MEDIA_TOO_LARGE.into();
    }
    errcode::MEDIA_MISSING.because(error.to_string())
}
