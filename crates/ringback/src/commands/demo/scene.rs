//! What the demo plays with: a client of the server, the business, and the things made for it.

use std::path::Path;
use std::time::{Duration, Instant};

use http::Method;
use ringback_dialect::standard::SigningKey;
use ringback_types::{Clock, Random, Secret};
use serde_json::{Value, json};
use url::Url;

use super::business::Business;
use super::desk::Desk;
use super::zone::Zone;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::ready_file::Ready;

/// The source that receives what the platform half pushes.
pub(super) const SOURCE: &str = "orders";
/// The endpoint that its events are delivered to.
pub(super) const ENDPOINT: &str = "billing";
/// The endpoint that its callbacks are forwarded to.
const CARDS: &str = "cards";
/// The ladder of the endpoint: the one that Feishu itself has, so that its offsets are well known.
const LADDER_MS: [u64; 4] = [15_000, 300_000, 3_600_000, 21_600_000];

/// Server, business and what has been noted so far.
pub(super) struct Scene {
    client: Client,
    clock: Clock,
    output: Output,
    url: String,
    app: String,
    pub(super) business: Business,
    /// What the WeCom half plays with.
    pub(super) zone: Zone,
    /// What Desk plays with.
    pub(super) desk: Desk,
    /// The delivery that goes through the ladder, for the steps after it.
    pub(super) dead: Option<String>,
}

impl Scene {
    /// Makes the endpoints and the source; `directory` is where the server has its data.
    pub(super) async fn set(
        ready: &Ready,
        directory: &Path,
        output: Output,
    ) -> Result<Self, Failure> {
        let key = SigningKey::text_of(Random::system().secret());
        let business = Business::start(SigningKey::parse(&key)?).await?;
        let base = Url::parse(&ready.url).map_err(Failure::internal)?;
        let scene = Self {
            client: Client::new(base, Secret::from(ready.admin_token.as_str())),
            clock: Clock::real(),
            url: ready.url.clone(),
            app: ready.feishu.app_id.clone(),
            output,
            business,
            zone: Zone::set(ready, directory).await?,
            desk: Desk::set(ready).await?,
            dead: None,
        };
        scene.make_endpoints(&key).await?;
        scene.make_source(ready).await?;
        Ok(scene)
    }

    async fn make_endpoints(&self, key: &Secret) -> Result<(), Failure> {
        let key = key.expose_str().unwrap_or_default();
        let endpoint = |name: &str, path: &str, routed: bool| {
            json!({
                "name": name, "url": self.business.url(path), "dialect": "standard",
                "routed": routed, "key": key,
                "policy": { "ladder_ms": LADDER_MS, "jitter_percent": 0 },
            })
        };
        // The endpoint is limited to the source below, which does not exist yet.
        let _: Value = self
            .client
            .post("endpoints", &endpoint(CARDS, "/cards", false))
            .await?;
        let _: Value = self
            .client
            .post("endpoints", &endpoint(ENDPOINT, "/hooks", true))
            .await?;
        Ok(())
    }

    async fn make_source(&self, ready: &Ready) -> Result<(), Failure> {
        let source = json!({
            "name": SOURCE,
            "dialect": "feishu",
            "secrets": {
                "verification_token": ready.feishu.verification_token,
                "encrypt_key": ready.feishu.encrypt_key,
            },
            "settings": { "call_endpoint": CARDS },
        });
        let _: Value = self.client.post("sources", &source).await?;
        let change = json!({ "sources": [SOURCE] });
        let path = format!("endpoints/{ENDPOINT}");
        let _: Value = self.client.ask(Method::PATCH, &path, Some(&change)).await?;
        Ok(())
    }

    /// Gives endpoint and business another key, the old one void at once.
    pub(super) async fn rotate_key(&self) -> Result<(), Failure> {
        let key = SigningKey::text_of(Random::system().secret());
        let body = json!({ "key": key.expose_str(), "overlap_ms": 0 });
        self.post(&format!("endpoints/{ENDPOINT}/rotate-secret"), body)
            .await?;
        self.business.trust(SigningKey::parse(&key)?);
        Ok(())
    }

    /// How the demo prints.
    pub(super) fn output(&self) -> Output {
        self.output
    }

    /// One line of the story.
    pub(super) fn tell(&self, text: impl std::fmt::Display) {
        if !self.output.is_json() {
            self.output.line(format_args!("   {text}"));
        }
    }

    /// A line of what is done.
    pub(super) fn act(&self, text: impl std::fmt::Display) {
        self.tell(self.output.style(Style::Faint, format_args!("→ {text}")));
    }

    /// The receive path.
    pub(super) fn receiving(&self) -> String {
        format!("{}/in/{SOURCE}", self.url)
    }

    /// The path of the app.
    pub(super) fn app(&self) -> String {
        format!("feishu/apps/{}", self.app)
    }

    /// Below the path of the app.
    pub(super) fn app_path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.app())
    }

    /// A monotonic reading.
    pub(super) fn now(&self) -> Instant {
        self.clock.monotonic()
    }

    /// Asks the server.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.client.get(path).await
    }

    /// Sends to the server.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.client.post(path, &body).await
    }

    /// Changes something at the server.
    pub(super) async fn patch(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.client.ask(Method::PATCH, path, Some(&body)).await
    }

    /// Sets something at the server.
    pub(super) async fn put(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.client.ask(Method::PUT, path, Some(&body)).await
    }

    /// Sends lines of JSON to the server.
    pub(super) async fn post_lines(&self, path: &str, lines: String) -> Result<Value, Failure> {
        self.client.post_lines(path, lines.into()).await
    }

    /// Saves one of the app's URLs.
    pub(super) async fn save_url(&self, which: &str, url: &str) -> Result<Value, Failure> {
        self.put(&self.app_path(which), json!({ "url": url })).await
    }

    /// Makes an event and waits until everything that follows from it now is done.
    pub(super) async fn trigger(&self, event_type: &str) -> Result<Value, Failure> {
        let made = self
            .post(&self.app_path("trigger"), json!({ "type": event_type }))
            .await?;
        self.advance(Duration::ZERO).await?;
        made.pointer("/events/0")
            .cloned()
            .ok_or_else(|| Failure::internal("no event was made"))
    }

    /// Plays schedule time on; answers what ran once everything is quiet.
    pub(super) async fn advance(&self, by: Duration) -> Result<Value, Failure> {
        self.post("clock/advance", json!({ "by_ms": by.as_millis() as u64 }))
            .await
    }

    /// The newest delivery to the endpoint.
    pub(super) async fn newest_delivery(&self) -> Result<Value, Failure> {
        let page = self
            .get(&format!("log?endpoint={ENDPOINT}&limit=1"))
            .await?;
        page.pointer("/entries/0")
            .cloned()
            .ok_or_else(|| Failure::internal("the log has no delivery to the endpoint"))
    }

    /// The platform's own log row of its last push.
    pub(super) async fn last_push(&self) -> Result<Value, Failure> {
        let page = self.get(&self.app_path("events?limit=1")).await?;
        page.pointer("/rows/0")
            .cloned()
            .ok_or_else(|| Failure::internal("the platform's event log is empty"))
    }
}
