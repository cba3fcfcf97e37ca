//! A server of an app on loopback: it answers challenges, keeps what it gets, and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use ringback_dialect::feishu::{self, Secrets};
use ringback_dialect::{Incoming, Message, Received};
use ringback_types::{Clock, Secret};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::stage::{KEY, TOKEN};

/// What the server knows and what it got.
#[derive(Clone)]
struct Memory {
    dialect: Arc<Mutex<feishu::Receiver>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    got: Arc<Mutex<Vec<Got>>>,
}

/// A push that verified.
#[derive(Clone)]
pub(crate) struct Got {
    pub(crate) message: Message,
    pub(crate) headers: HeaderMap,
    pub(crate) wire: Bytes,
}

impl Got {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.message.body).unwrap()
    }
}

/// A server that runs until it is stopped or dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    memory: Memory,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn secrets(encrypted: bool) -> Secrets {
    let key = Secret::from(KEY);
    Secrets::new(encrypted.then_some(&key), TOKEN.into())
}

impl Server {
    /// One that verifies with the secrets of the app of most scenes.
    pub(crate) async fn start(encrypted: bool) -> Self {
        let memory = Memory {
            dialect: Arc::new(Mutex::new(feishu::Receiver::new(secrets(encrypted)))),
            answers: Arc::default(),
            got: Arc::default(),
        };
        let router = Router::new()
            .route("/event", post(receive))
            .with_state(memory.clone());
        let (address, task) = serve(router).await;
        Self {
            url: format!("http://{address}/event"),
            memory,
            task,
        }
    }

    /// Answers the next pushes with these statuses, and 200 after them.
    pub(crate) fn answer_statuses(&self, statuses: &[u16]) {
        for status in statuses {
            self.answer(*status, "{}");
        }
    }

    /// Answers the next push so.
    pub(crate) fn answer(&self, status: u16, body: &str) {
        self.memory
            .answers
            .lock()
            .unwrap()
            .push_back((status, body.to_owned()));
    }

    /// From now on verifies with these secrets.
    pub(crate) fn expect(&self, secrets: Secrets) {
        *self.memory.dialect.lock().unwrap() = feishu::Receiver::new(secrets);
    }

    /// What came since this was asked last.
    pub(crate) fn got(&self) -> Vec<Got> {
        std::mem::take(&mut *self.memory.got.lock().unwrap())
    }

    /// Stops listening.
    pub(crate) async fn stop(mut self) -> String {
        self.task.abort();
        // The listener is closed once the task is gone.
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
        self.url.clone()
    }
}

async fn receive(State(memory): State<Memory>, headers: HeaderMap, wire: Bytes) -> Response {
    let received = Received {
        method: &Method::POST,
        path: "/event",
        query: None,
        headers: &headers,
        body: &wire,
    };
    let now = Clock::real().wire();
    let incoming = memory.dialect.lock().unwrap().receive(&received, now);
    let message = match incoming {
        Ok(Incoming::Challenge(reply)) => return (reply.status, reply.body).into_response(),
        Ok(Incoming::Event(message) | Incoming::Call(message)) => message,
        Err(refusal) => return (StatusCode::UNAUTHORIZED, refusal.to_string()).into_response(),
    };
    memory.got.lock().unwrap().push(Got {
        message,
        headers: headers.clone(),
        wire: wire.clone(),
    });
    let (status, body) = memory
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or_else(|| (200, r#"{"msg":"success"}"#.to_owned()));
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

/// Serves any router on a free port.
pub(crate) async fn serve(router: Router) -> (std::net::SocketAddr, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, task)
}
