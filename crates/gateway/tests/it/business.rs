//! A business endpoint that remembers what it got.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the endpoint does with the next requests.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    Answer(u16, &'static str),
    /// Takes the request and never answers.
    Silent,
}

#[derive(Clone)]
struct Shared {
    manner: Arc<Mutex<Manner>>,
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    queries: Arc<Mutex<Vec<String>>>,
}

/// An endpoint that runs.
pub(crate) struct Business {
    pub(crate) url: String,
    shared: Shared,
    server: JoinHandle<()>,
}

impl Drop for Business {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Business {
    pub(crate) async fn start(manner: Manner) -> Self {
        let shared = Shared {
            manner: Arc::new(Mutex::new(manner)),
            got: Arc::default(),
            queries: Arc::default(),
        };
        let router = Router::new().fallback(take).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            shared,
            server,
        }
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    pub(crate) fn got(&self) -> Vec<(HeaderMap, Bytes)> {
        self.shared.got.lock().unwrap().clone()
    }

    pub(crate) fn queries(&self) -> Vec<String> {
        self.shared.queries.lock().unwrap().clone()
    }
}

async fn take(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    shared.queries.lock().unwrap().push(query);
    shared.got.lock().unwrap().push((parts.headers, body));
    let manner = shared.manner.lock().unwrap().clone();
    match manner {
        Manner::Answer(status, body) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Manner::Silent => std::future::pending().await,
    }
}
