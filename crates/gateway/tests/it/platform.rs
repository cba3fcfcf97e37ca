//! What a platform sends, made with the dialects' own send halves.

use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use ringback_dialect::standard::SigningKey;
use ringback_dialect::{Outgoing, WireRequest, feishu, standard};
use ringback_types::{Clock, Random, Secret, WireTime};
use serde_json::json;

use crate::stage::Push;

pub(crate) const TOKEN: &str = "gateway-verification-token";
pub(crate) const KEY: &str = "gateway encrypt key";
pub(crate) const SIGNING_KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

impl From<WireRequest> for Push {
    fn from(request: WireRequest) -> Self {
        Self {
            headers: request.headers,
            body: request.body,
        }
    }
}

impl Push {
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        let header = HeaderName::from_static(name);
        self.headers.insert(header, HeaderValue::from_static(value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }
}

pub(crate) fn secrets(key: Option<&str>, token: &str) -> feishu::Secrets {
    feishu::Secrets::new(key.map(Secret::from).as_ref(), Secret::from(token))
}

/// An encrypted and signed push of a Feishu body.
pub(crate) fn feishu_push(body: &str) -> Push {
    feishu_push_with(&secrets(Some(KEY), TOKEN), body, Clock::real().wire())
}

pub(crate) fn feishu_push_with(secrets: &feishu::Secrets, body: &str, now: WireTime) -> Push {
    let body = Bytes::from(body.to_owned());
    let outgoing = Outgoing {
        event_id: "unused",
        event_type: "unused",
        body: &body,
        raw: None,
    };
    let sender = feishu::Sender::new(secrets.clone());
    sender.encode(&outgoing, now, iv()).into()
}

pub(crate) fn challenge(key: Option<&str>, token: &str) -> Push {
    feishu::challenge(&secrets(key, token), "ajls384kdj", iv()).into()
}

/// A v2 event body without token, as a sender hands it to its encoder.
pub(crate) fn event(id: &str, event_type: &str) -> String {
    json!({
        "schema": "2.0",
        "header": {
            "event_id": id, "token": "", "create_time": "1700000000000", "event_type": event_type,
            "tenant_key": "2ca1d211f64f6438", "app_id": "cli_a1b2c3d4e5f60718",
        },
        "event": { "text": "你好" },
    })
    .to_string()
}

pub(crate) fn standard_push(key: &str, id: &str, body: &str) -> Push {
    let body = Bytes::from(body.to_owned());
    let outgoing = Outgoing {
        event_id: id,
        event_type: "unused",
        body: &body,
        raw: None,
    };
    let key = SigningKey::parse(&Secret::from(key)).unwrap();
    let sender = standard::Sender::new(vec![key]);
    sender
        .encode(&outgoing, Clock::real().wire())
        .unwrap()
        .into()
}

/// Always the same: what comes of decrypting with another key depends on it, now and then.
fn iv() -> [u8; 32] {
    Random::seeded(1).bytes()
}
