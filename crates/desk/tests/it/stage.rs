//! A whole platform half in a temporary directory.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use axum::{Extension, Router};
use http_body_util::BodyExt as _;
use ringback_deliver::{Engine, EngineOptions, Guard};
use ringback_desk::{Desk, Options};
use ringback_store::{MasterKey, Record, Store};
use ringback_types::{Caller, Clock, Random, Role};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The app that most scenes have.
pub(crate) const APP: &str = "1400000001";
pub(crate) const TOKEN: &str = "stage-token";

/// A platform half that runs.
pub(crate) struct Stage {
    pub(crate) desk: Desk,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    directory: tempfile::TempDir,
}

/// What is left of a stage that was stopped.
pub(crate) struct Struck {
    clock: Clock,
    directory: tempfile::TempDir,
}

impl Stage {
    /// One that may call loopback, with virtual time.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::open(directory, Clock::virtual_from_now(), options).await
    }

    async fn open(directory: tempfile::TempDir, clock: Clock, options: Options) -> Self {
        let schemas = [
            ringback_deliver::records::SCHEMA,
            ringback_desk::records::SCHEMA,
        ];
        let place = ringback_store::Options::new(directory.path());
        let store = Store::open(place, clock.clone(), &MasterKey::Beside, &schemas).unwrap();
        let record = Record::new(store.clone());
        let settings = EngineOptions {
            faults: true,
            ..EngineOptions::default()
        };
        let engine = Engine::start(settings, record, Guard::development(), Random::seeded(1));
        let engine = engine.await.unwrap();
        let desk = Desk::new(engine.clone(), Random::seeded(2), options)
            .await
            .unwrap();
        Self {
            desk,
            engine,
            store,
            clock,
            directory,
        }
    }

    /// Ends it as a crash would: nothing of what is under way is finished.
    pub(crate) async fn strike(self) -> Struck {
        let Self {
            desk,
            engine,
            store,
            clock,
            directory,
        } = self;
        // No write is taken any more, so what is under way comes to nothing.
        store.close().await;
        drop((desk, engine));
        Struck { clock, directory }
    }

    /// Everything the room serves, for a caller of this role.
    pub(crate) fn router(&self, role: Role) -> Router {
        let caller = Caller {
            name: "tester".into(),
            role,
        };
        Router::from(self.desk.api()).layer(Extension(caller))
    }

    pub(crate) async fn respond(
        &self,
        role: Role,
        method: Method,
        path: &str,
        body: Body,
    ) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .unwrap();
        self.router(role).oneshot(request).await.unwrap()
    }

    pub(crate) async fn send_as(
        &self,
        role: Role,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let response = self.respond(role, method, path, body).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
        )
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        self.send_as(Role::Admin, method, path, body).await
    }

    /// Sends what must succeed.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(method.clone(), path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.done(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.done(Method::POST, path, body).await
    }

    /// Makes the app of most scenes. It is patient, because a test machine may be busy.
    pub(crate) async fn app(&self, urls: Value) {
        let settings = json!({
            "call_deadline_ms": 60_000, "notification_deadline_ms": 60_000, "language": "en",
        });
        self.app_with(urls, settings).await;
    }

    pub(crate) async fn app_with(&self, urls: Value, settings: Value) {
        let app = json!({
            "sdk_app_id": APP, "name": "Stage", "token": TOKEN, "urls": urls, "settings": settings,
        });
        self.post("/api/v1/desk/apps", app).await;
    }

    /// Saves and publishes.
    pub(crate) async fn publish(&self, document: &Value) -> Value {
        self.post(&of_app("/flows?publish=true"), document.clone())
            .await
    }

    /// Starts a conversation, and answers its id.
    pub(crate) async fn converse(&self, new: Value) -> String {
        let started = self.post(&of_app("/conversations"), new).await;
        started["id"].as_str().unwrap().to_owned()
    }

    /// The user says something; the whole answer.
    pub(crate) async fn said(&self, conversation: &str, text: &str) -> Value {
        let path = format!("/api/v1/desk/conversations/{conversation}/messages");
        self.post(&path, json!({ "text": text })).await
    }

    /// The user says something; what the bot says then.
    pub(crate) async fn hears(&self, conversation: &str, text: &str) -> Vec<String> {
        let answer = self.said(conversation, text).await;
        let messages = answer["messages"].as_array().unwrap();
        let of_robot = messages
            .iter()
            .filter(|message| message["speaker"] == "robot");
        of_robot
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn conversation(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/desk/conversations/{id}")).await
    }

    /// The newest run of a conversation, with its path.
    pub(crate) async fn run(&self, conversation: &str) -> Value {
        let runs = self
            .get(&format!("/api/v1/desk/conversations/{conversation}/runs"))
            .await;
        let id = runs[0]["id"].as_str().unwrap();
        self.get(&format!("/api/v1/desk/runs/{id}")).await
    }
}

impl Struck {
    /// Starts on what the crash has left.
    pub(crate) async fn rise(self) -> Stage {
        Stage::open(self.directory, self.clock, Options::default()).await
    }
}

/// A path below the app of most scenes.
pub(crate) fn of_app(rest: &str) -> String {
    format!("/api/v1/desk/apps/{APP}{rest}")
}

/// The ids of the nodes that a run has passed.
pub(crate) fn way(run: &Value) -> Vec<&str> {
    let path = run["path"].as_array().unwrap();
    path.iter()
        .map(|step| step["node"].as_str().unwrap())
        .collect()
}

/// Waits until `holds` says so, looking again after each turn of the runtime.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .unwrap();
}

/// A flow that begins with `start`, and has these nodes.
pub(crate) fn flow(name: &str, examples: &[&str], nodes: &Value) -> Value {
    let mut all = vec![json!({
        "id": "start", "type": "start", "next": nodes[0]["id"],
        "trigger": { "intent": "", "examples": examples },
    })];
    all.extend(nodes.as_array().unwrap().iter().cloned());
    json!({ "name": name, "kind": "standard", "nodes": all })
}
