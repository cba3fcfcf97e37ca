//! The management API as the harness uses it: every path and field name it knows stands here.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::http::{Answer, Connection};

/// The source that the load goes to.
pub(crate) const SOURCE: &str = "crash";
/// The endpoint that the events are delivered to.
pub(crate) const ENDPOINT: &str = "sink";
/// The Encrypt Key of that source; it guards nothing.
pub(crate) const ENCRYPT_KEY: &str = "crash walk encrypt key";
/// The Verification Token of that source.
pub(crate) const VERIFICATION_TOKEN: &str = "crash walk verification token";
/// The signing key of that endpoint.
const SIGNING_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How many entries of the log are asked for at a time.
const PAGE: usize = 200;

/// Where the load goes.
pub(crate) fn receive_path() -> String {
    format!("/in/{SOURCE}")
}

/// Where an event's one delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: String,
}

impl Standing {
    /// Whether nothing will happen to it any more.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "delivered" | "dead" | "cancelled")
    }
}

/// A caller of the management API.
#[derive(Debug)]
pub(crate) struct Api {
    connection: Connection,
    authorization: String,
}

impl Api {
    pub(crate) fn new(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::open(address)?,
            authorization: format!("Bearer {token}"),
        })
    }

    /// Makes the source and the endpoint of the walk. Every failed delivery is tried again soon, so
    /// that whatever is not final after a while is stuck.
    pub(crate) fn set_up(&mut self, sink: SocketAddr) -> anyhow::Result<()> {
        self.create(
            "sources",
            &json!({
                "name": SOURCE,
                "dialect": "feishu",
                "secrets": {"encrypt_key": ENCRYPT_KEY, "verification_token": VERIFICATION_TOKEN},
            }),
        )?;
        self.create(
            "endpoints",
            &json!({
                "name": ENDPOINT,
                "url": format!("http://{sink}/"),
                "dialect": "standard",
                "key": SIGNING_KEY,
                "policy": {"ladder_ms": vec![200; 32], "deadline_ms": 2000, "connect_ms": 1000},
            }),
        )
    }

    /// Whether the named thing exists.
    pub(crate) fn has(&mut self, kind: &str, name: &str) -> anyhow::Result<bool> {
        Ok(self
            .request("GET", &format!("/api/v1/{kind}/{name}"), None)?
            .status
            == 200)
    }

    /// The events of our source by the platform's own id, with where their delivery stands.
    pub(crate) fn events(&mut self) -> anyhow::Result<BTreeMap<String, Option<Standing>>> {
        let mut found = BTreeMap::new();
        let mut before = String::new();
        loop {
            let path = format!("/api/v1/log?source={SOURCE}&limit={PAGE}{before}");
            let answer = self.request("GET", &path, None)?;
            ensure!(
                answer.status == 200,
                "`GET {path}` was answered {}: {}",
                answer.status,
                text(&answer)
            );
            let page: Value =
                serde_json::from_slice(&answer.body).context("the log is not JSON")?;
            for entry in page["entries"]
                .as_array()
                .context("the log has no entries")?
            {
                let key = entry["platform_id"]
                    .as_str()
                    .context("an event without its id")?;
                let standing = entry["state"].as_str().map(|state| Standing {
                    state: state.to_owned(),
                });
                found.insert(key.to_owned(), standing);
            }
            match page["next"].as_str() {
                Some(cursor) => before = format!("&before={cursor}"),
                None => return Ok(found),
            }
        }
    }

    /// What `/readyz` answers.
    pub(crate) fn is_ready(&mut self) -> anyhow::Result<bool> {
        Ok(self.request("GET", "/readyz", None)?.status == 200)
    }

    fn create(&mut self, kind: &str, body: &Value) -> anyhow::Result<()> {
        let answer = self.request("POST", &format!("/api/v1/{kind}"), Some(body))?;
        ensure!(
            answer.status == 201,
            "making one of the {kind} was answered {}: {}",
            answer.status,
            text(&answer)
        );
        Ok(())
    }

    fn request(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let bytes = body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default();
        let headers = [
            ("Authorization", self.authorization.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.connection.exchange(method, path, &headers, &bytes)
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
