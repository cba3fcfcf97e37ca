//! The management API as the bench needs it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::process::Ringback;
use crate::workload::{ENCRYPT_KEY, TOKEN};

/// Slots of the endpoint: above what is under way at the peak, so that the engine is measured and not
/// the setting.
const CONCURRENCY: u32 = 256;
/// 24 bytes, as Standard Webhooks wants them.
const SIGNING_KEY: &str = "whsec_YmVuY2gtc2lnbmluZy1rZXktMjQtYnl0ZXM=";

/// A management client with the admin token.
pub(crate) struct Management {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    token: String,
}

impl Management {
    pub(crate) fn new(ringback: &Ringback) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address: ringback.address,
            token: ringback.admin_token.clone(),
        }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Full::from(body))?;
        let answer = self.client.request(request).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!(
                "{method} {path}: {status} {}",
                String::from_utf8_lossy(&bytes)
            );
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A Feishu source `bench` and an endpoint `sink` that takes its events as Standard Webhooks.
    pub(crate) async fn prepare(&self, target: SocketAddr, paused: bool) -> Result<()> {
        let source = json!({
            "name": "bench", "dialect": "feishu",
            "secrets": {"verification_token": TOKEN, "encrypt_key": ENCRYPT_KEY},
        });
        let made = self.send("POST", "/api/v1/sources", Some(source)).await?;
        let id = made["id"]
            .as_str()
            .context("the id of the source")?
            .to_owned();
        let endpoint = json!({
            "name": "sink", "url": format!("http://{target}/"), "dialect": "standard", "sources": [id],
            "key": SIGNING_KEY, "policy": {"concurrency": CONCURRENCY},
        });
        self.send("POST", "/api/v1/endpoints", Some(endpoint))
            .await?;
        if paused {
            self.send("POST", "/api/v1/endpoints/sink/pause", None)
                .await?;
        }
        Ok(())
    }

    /// Waits until nothing of the endpoint `sink` is open any more.
    pub(crate) async fn wait_until_final(&self, database: &std::path::Path) -> Result<Instant> {
        let connection = rusqlite::Connection::open(database)?;
        let limit = Instant::now() + Duration::from_mins(2);
        loop {
            let open: i64 = connection.query_row(
                // Both by their small indexes: the bench must not scan what it measures.
                "SELECT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_queue WHERE state = 'due')
                     OR EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_running WHERE state = 'running')",
                [],
                |row| row.get(0),
            )?;
            let now = Instant::now();
            if open == 0 {
                return Ok(now);
            }
            if now > limit {
                bail!("deliveries are still open after two minutes");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
