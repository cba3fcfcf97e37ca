//! The data callback URL: the platform checks it with GET and brings notices with POST.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use ringback_dialect::wecom::{EncodingAesKey, ProgramNotify, Receiver, Secrets};
use ringback_dialect::{Incoming, Received, Reply, refusal_reply};
use ringback_types::Clock;
use tokio::sync::mpsc;

use crate::eprint;
use crate::settings::Settings;

/// A callback is a kilobyte or two.
const MOST_BYTES: usize = 1024 * 1024;

/// What verifies and decrypts: token, key, and the corp that everything must be for.
pub(crate) fn receiver(settings: &Settings) -> anyhow::Result<Receiver> {
    let aes_key = EncodingAesKey::parse(&settings.encoding_aes_key);
    Ok(Receiver::new(Secrets {
        token: settings.token.clone(),
        aes_key: aes_key.context("--encoding-aes-key is not one")?,
        receive_id: settings.corpid.clone(),
    }))
}

/// Takes callbacks at every path and passes the notify_ids on.
pub(crate) fn router(receiver: Receiver, notices: mpsc::Sender<String>) -> Router {
    let state = (Arc::new(receiver), notices);
    Router::new().fallback(take).with_state(state)
}

async fn take(
    State((receiver, notices)): State<(Arc<Receiver>, mpsc::Sender<String>)>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MOST_BYTES).collect().await else {
        return answer(refusal_reply());
    };
    let callback = Received {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query(),
        headers: &head.headers,
        body: &body.to_bytes(),
    };
    match receiver.receive(&callback, Clock::real().wire()) {
        Ok(Incoming::Challenge(reply)) => answer(reply),
        Ok(Incoming::Event(message)) => {
            let notify_id = message.dedupe_key;
            if let Some(id) = notify_id.filter(|_| message.event_type == ProgramNotify::EVENT)
                && notices.try_send(id).is_err()
            {
                // Not acknowledged, so it comes again.
                return status(StatusCode::SERVICE_UNAVAILABLE);
            }
            // At once: the platform waits five seconds, and what follows may take longer.
            answer(receiver.acknowledgement())
        }
        Ok(Incoming::Call(_)) => status(StatusCode::NOT_FOUND),
        Err(refusal) => {
            eprint(&format_args!("a callback is refused: {refusal}"));
            answer(refusal_reply())
        }
    }
}

fn answer(reply: Reply) -> Response<Body> {
    let mut response = status(reply.status);
    if let Some(content_type) = reply.content_type {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    *response.body_mut() = Body::from(reply.body);
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::new()));
    *response.status_mut() = status;
    response
}
