//! A program of the zone and an app's callback server, as short as they can be.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use ringback_dialect::wecom::{EncodingAesKey, Receiver, Secrets};
use ringback_dialect::zone::{Credentials, Flow, Head, Message, Outcome, RequestFrame, open, seal};
use ringback_dialect::{Incoming, Received};
use ringback_types::{Clock, Random, Secret};
use serde_json::Value;
use tokio::net::TcpListener;

/// Serves on a free port of loopback for as long as the test runs.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn parts(request: Request) -> (axum::http::request::Parts, Bytes) {
    let (parts, body) = request.into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

/// A program whose every ability answers what it was sent, once it has its credentials.
pub(super) struct Program {
    pub(super) url: String,
    credentials: Arc<Mutex<Option<Credentials>>>,
}

impl Program {
    pub(super) async fn start() -> Self {
        let credentials = Arc::new(Mutex::new(None));
        let router = Router::new()
            .fallback(echo)
            .with_state(Arc::clone(&credentials));
        Self {
            url: serve(router).await,
            credentials,
        }
    }

    /// Takes the file of its instance, as the API shows it.
    pub(super) fn take(&self, credentials: Value) {
        *self.credentials.lock().unwrap() = Some(serde_json::from_value(credentials).unwrap());
    }
}

async fn echo(
    State(credentials): State<Arc<Mutex<Option<Credentials>>>>,
    request: Request,
) -> Response {
    let (parts, body) = parts(request).await;
    let credentials = credentials.lock().unwrap().clone().unwrap();
    let (ring, now) = (credentials.ring(), Clock::real().wire());
    let head = Head::read(&parts.headers, Flow::Request, now).unwrap();
    let keys = ring.of(head.version).unwrap();
    let plaintext = open(keys, Flow::Request, "/", &head, &body).unwrap();
    let frame: RequestFrame = serde_json::from_slice(&plaintext).unwrap();
    let newest = ring.newest();
    let message = Message {
        flow: Flow::Reply,
        target: "/",
        key_id: ring.key_id(),
        version: newest,
        request_id: &head.request_id,
        outcome: Some(Outcome::Ok),
        plaintext: frame.data.as_bytes(),
    };
    let nonce = Random::system().secret();
    let reply = seal(ring.of(newest).unwrap(), &message, now, nonce);
    (reply.headers, reply.body).into_response()
}

/// An app's callback server that knows these secrets.
pub(super) async fn callback_server(token: &str, encoding_aes_key: &str, corpid: &str) -> String {
    let secrets = Secrets {
        token: Secret::from(token),
        aes_key: EncodingAesKey::parse(&Secret::from(encoding_aes_key)).unwrap(),
        receive_id: corpid.to_owned(),
    };
    let receiver = Arc::new(Receiver::new(secrets));
    serve(Router::new().fallback(receive).with_state(receiver)).await
}

async fn receive(State(receiver): State<Arc<Receiver>>, request: Request) -> Response {
    let (parts, body) = parts(request).await;
    let incoming = Received {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
        body: &body,
    };
    match receiver.receive(&incoming, Clock::real().wire()) {
        Ok(Incoming::Challenge(reply)) => (reply.status, reply.body).into_response(),
        Ok(_) => StatusCode::OK.into_response(),
        Err(refusal) => (StatusCode::FORBIDDEN, refusal.to_string()).into_response(),
    }
}
