//! A business on loopback: it keeps what it gets, and answers as told.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The one value of this key of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} comes twice");
        value
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Json(Value),
    Raw(u16, &'static str),
    /// Never, until the business is told to go on: then with this.
    Held(Value),
    Never,
}

#[derive(Default)]
struct Memory {
    got: Mutex<Vec<Got>>,
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    arrived: Notify,
    released: Notify,
}

/// A server that runs until it is dropped.
pub(crate) struct Business {
    pub(crate) url: String,
    memory: Arc<Memory>,
    task: JoinHandle<()>,
}

impl Drop for Business {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn ok(body: &Value) -> Value {
    json!({ "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "Body": body })
}

impl Business {
    pub(crate) async fn start() -> Self {
        let memory: Arc<Memory> = Arc::default();
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&memory));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            url: format!("http://{address}"),
            memory,
            task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
        }
    }

    /// Answers the next request at this path so; without one, `OK` with nothing in it.
    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        let mut replies = self.memory.replies.lock().unwrap();
        replies.entry(path.to_owned()).or_default().push_back(reply);
    }

    /// What came to this path since this was asked last, in order.
    pub(crate) fn got(&self, path: &str) -> Vec<Got> {
        let mut all = self.memory.got.lock().unwrap();
        let (here, rest) = all.drain(..).partition(|got| got.path == path);
        *all = rest;
        here
    }

    /// Waits until a request has come.
    pub(crate) async fn arrived(&self) {
        self.memory.arrived.notified().await;
    }

    /// Lets the request that is held go on.
    pub(crate) fn release(&self) {
        self.memory.released.notify_one();
    }
}

async fn receive(
    State(memory): State<Arc<Memory>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    memory.got.lock().unwrap().push(Got {
        method,
        path: uri.path().to_owned(),
        query: query.into_owned().collect(),
        headers,
        body,
    });
    memory.arrived.notify_one();
    let reply = memory
        .replies
        .lock()
        .unwrap()
        .get_mut(uri.path())
        .and_then(VecDeque::pop_front);
    match reply.unwrap_or_else(|| Reply::Json(ok(&json!({})))) {
        Reply::Json(body) => body.to_string().into_response(),
        Reply::Raw(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Reply::Held(body) => {
            memory.released.notified().await;
            body.to_string().into_response()
        }
        Reply::Never => pending().await,
    }
}
