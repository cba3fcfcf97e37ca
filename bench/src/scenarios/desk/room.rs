//! A Desk app with flows and conversations in a running Ringback.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::management::Management;
use crate::process::Ringback;
use crate::scenarios::{Bench, scratch};

/// The word that every flow here begins with.
const BEGIN: &str = "order";
/// The choice that takes a turn through a flow.
const GO: &str = "go";
/// How many conversations are begun at once.
const AT_ONCE: usize = 64;

/// A Ringback of its own, on a directory that goes away with it.
pub(super) struct Room {
    pub(super) ringback: Ringback,
    pub(super) management: Management,
    _directory: TempDir,
}

impl Room {
    pub(super) async fn open(bench: &Bench<'_>) -> Result<Self> {
        let directory = tempfile::tempdir_in(scratch()?)?;
        let ringback = Ringback::start(&bench.arguments.binary, directory.path(), &[]).await?;
        Ok(Self {
            management: Management::new(&ringback),
            ringback,
            _directory: directory,
        })
    }

    /// An app whose calls are signed and whose deadline a busy machine does not reach.
    pub(super) async fn app(&self, id: &str, urls: &Value) -> Result<()> {
        self.post("/api/v1/desk/apps", app(id, urls)).await?;
        Ok(())
    }

    pub(super) async fn publish(&self, app: &str, flow: Value) -> Result<()> {
        let path = format!("/api/v1/desk/apps/{app}/flows?publish=true");
        self.post(&path, flow).await?;
        Ok(())
    }

    /// Conversations whose run waits for a choice; answers their ids.
    pub(super) async fn converse(&self, app: &str, count: usize) -> Result<Vec<String>> {
        let begin = |_| async move {
            let path = format!("/api/v1/desk/apps/{app}/conversations");
            let started = self.post(&path, json!({})).await?;
            let id = started["id"].as_str().context("an id")?.to_owned();
            let path = format!("/api/v1/desk/conversations/{id}/messages");
            let said = self.post(&path, json!({ "text": BEGIN })).await?;
            let waits = said["messages"][1]["choices"][0] == GO;
            anyhow::ensure!(waits, "the flow does not wait for a choice: {said}");
            anyhow::Ok(id)
        };
        stream::iter(0..count)
            .map(begin)
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.management.send("POST", path, Some(body)).await
    }

    /// A whole request to this path.
    pub(super) fn request(&self, path: &str, body: &Value) -> Bytes {
        let (body, address) = (body.to_string(), self.ringback.address);
        let (token, length) = (&self.ringback.admin_token, body.len());
        Bytes::from(format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    /// So many turns, one in each conversation after the other.
    pub(super) fn turns(&self, conversations: &[String], count: usize) -> Arc<Vec<Bytes>> {
        let turn = |id: &String| {
            let path = format!("/api/v1/desk/conversations/{id}/messages");
            self.request(&path, &json!({ "text": GO }))
        };
        Arc::new(conversations.iter().cycle().take(count).map(turn).collect())
    }
}

/// The body that makes an app.
pub(super) fn app(id: &str, urls: &Value) -> Value {
    json!({
        "sdk_app_id": id, "token": "bench-token", "urls": urls,
        "settings": { "call_deadline_ms": 60_000, "notification_deadline_ms": 60_000 },
    })
}

/// A flow that waits for a choice, goes through these nodes, and waits again. `nodes` lead to `choose`.
pub(super) fn looping(name: &str, first: &str, nodes: Vec<Value>) -> Value {
    let mut all = vec![
        json!({ "id": "start", "type": "start", "trigger": { "intent": "", "examples": [BEGIN] }, "next": "choose" }),
        json!({ "id": "choose", "type": "branch", "text": "What now?", "options": [{ "text": GO, "next": first }] }),
    ];
    all.extend(nodes);
    json!({ "name": name, "nodes": all })
}

/// What a call sends.
pub(super) const VALUES: [(&str, &str); 4] = [
    ("user", "user517"),
    ("session", "207cac25-f49e-4ada-9c9f-301cea31dcf2"),
    ("OrderID", "20260817000123"),
    ("type", "1"),
];

/// The flow whose every turn calls the business at this URL once.
pub(super) fn calling(name: &str, url: &str) -> Value {
    let inputs =
        VALUES.map(|(name, value)| json!({ "name": name, "kind": "fixed", "value": value }));
    let call = json!({
        "id": "call", "type": "api_call", "url": url, "next": "tell",
        "inputs": inputs, "outputs": ["OrderFound", "OrderStatus"],
    });
    let tell =
        json!({ "id": "tell", "type": "reply", "text": "It is ${OrderStatus}.", "next": "choose" });
    looping(name, "call", vec![call, tell])
}
