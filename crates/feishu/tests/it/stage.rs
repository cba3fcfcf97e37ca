//! A whole platform half in a temporary directory.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::{Extension, Router};
use http_body_util::BodyExt as _;
use ringback_deliver::{Engine, EngineOptions, Guard};
use ringback_feishu::{Feishu, Options};
use ringback_store::{MasterKey, Record, Store};
use ringback_types::{Caller, Clock, Random, Role};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A name that no resolver knows; its first label is too long to ask anybody about.
pub(crate) const NO_SUCH_NAME: &str =
    "no-such-name-0123456789-0123456789-0123456789-0123456789-0123456789.invalid";

/// The app that most scenes have.
pub(crate) const APP_ID: &str = "cli_a1b2c3d4e5f60718";
pub(crate) const APP_SECRET: &str = "stage-app-secret";
pub(crate) const TOKEN: &str = "stage-verification-token";
pub(crate) const KEY: &str = "stage encrypt key";

/// A platform half that runs.
pub(crate) struct Stage {
    pub(crate) feishu: Feishu,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    directory: tempfile::TempDir,
}

impl Stage {
    /// One that may push to loopback, with virtual time.
    pub(crate) async fn new() -> Self {
        Self::guarded(Guard::development()).await
    }

    pub(crate) async fn guarded(guard: Guard) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::open(directory, Clock::virtual_from_now(), guard).await
    }

    async fn open(directory: tempfile::TempDir, clock: Clock, guard: Guard) -> Self {
        let schemas = [
            ringback_deliver::records::SCHEMA,
            ringback_feishu::records::SCHEMA,
        ];
        let options = ringback_store::Options::new(directory.path());
        let store = Store::open(options, clock.clone(), &MasterKey::Beside, &schemas).unwrap();
        let record = Record::new(store.clone());
        let engine = Engine::start(EngineOptions::default(), record, guard, Random::seeded(1));
        let engine = engine.await.unwrap();
        let feishu = Feishu::new(engine.clone(), Random::seeded(2), Options::default());
        let feishu = feishu.await.unwrap();
        Self {
            feishu,
            engine,
            store,
            clock,
            directory,
        }
    }

    /// Stops it and starts it again on the same data and the same clock.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            feishu,
            engine,
            store,
            clock,
            directory,
        } = self;
        drop(feishu);
        engine.shutdown(Duration::from_secs(1)).await;
        drop(engine);
        store.close().await;
        Self::open(directory, clock, Guard::development()).await
    }

    /// Everything the room serves, for a caller of this role.
    pub(crate) fn router(&self, role: Role) -> Router {
        let caller = Caller {
            name: "tester".into(),
            role,
        };
        self.feishu
            .routes()
            .merge(Router::from(self.feishu.api()))
            .layer(Extension(caller))
    }

    pub(crate) async fn send_as(
        &self,
        role: Role,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .unwrap();
        let response = self.router(role).oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::String(text)),
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

    /// Makes the app of most scenes. It is patient, because a test machine may be busy.
    pub(crate) async fn app(&self, encrypted: bool, events: &[&str]) {
        let settings = json!({
            "challenge_deadline_ms": 60_000,
            "event": { "deadline_ms": 60_000 },
            "callback": { "deadline_ms": 60_000 },
        });
        self.app_with(encrypted, events, settings).await;
    }

    pub(crate) async fn app_with(&self, encrypted: bool, events: &[&str], settings: Value) {
        let key = encrypted.then_some(KEY);
        let app = json!({
            "app_id": APP_ID, "name": "Stage", "tenant_key": "2ca1d211f64f6438",
            "app_secret": APP_SECRET, "verification_token": TOKEN, "encrypt_key": key,
            "events": events, "settings": settings,
        });
        self.done(Method::POST, "/api/v1/feishu/apps", app).await;
    }

    /// A path below the app of most scenes.
    pub(crate) fn of_app(rest: &str) -> String {
        format!("/api/v1/feishu/apps/{APP_ID}{rest}")
    }

    pub(crate) async fn save_url(&self, which: &str, url: &str) -> (StatusCode, Value) {
        let path = Self::of_app(&format!("/{which}"));
        self.send(Method::PUT, &path, json!({ "url": url })).await
    }

    /// Saves what must pass.
    pub(crate) async fn saved_url(&self, which: &str, url: &str) {
        let (status, answer) = self.save_url(which, url).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    pub(crate) async fn trigger(&self, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, &Self::of_app("/trigger"), body)
            .await
    }

    /// Triggers what must be taken, and answers the platform's event ids.
    pub(crate) async fn triggered(&self, body: Value) -> Vec<String> {
        let (status, answer) = self.trigger(body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        let events = answer["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["event_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The rows of the event log, a page.
    pub(crate) async fn log(&self, query: &str) -> Vec<Value> {
        let page = self.get(&Self::of_app(&format!("/events{query}"))).await;
        page["rows"].as_array().unwrap().clone()
    }
}
