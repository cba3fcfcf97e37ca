//! The business behind the receiver: verifies what it gets, and is unreliable when told to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use ringback_dialect::Received;
use ringback_dialect::standard::{Receiver, SigningKey};
use ringback_types::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::failure::Failure;

/// How far a timestamp may be from now; every request here is a moment old.
const TOLERANCE: Duration = Duration::from_mins(1);

/// The business. Cheap to clone.
#[derive(Clone)]
pub(super) struct Business(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    receiver: ArcSwap<Receiver>,
    clock: Clock,
    failing: AtomicBool,
    got: Mutex<Vec<Got>>,
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub(super) struct Got {
    /// `webhook-id`: the same for every attempt and replay of an event.
    pub(super) id: String,
    /// Whether that signature held.
    pub(super) verified: bool,
    /// Whether it was taken, or answered with an error.
    pub(super) taken: bool,
    /// When it came.
    pub(super) at: Instant,
}

impl Business {
    /// Listens on a free port of loopback.
    pub(super) async fn start(key: SigningKey) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(Failure::internal)?;
        let business = Self(Arc::new(Inner {
            address: listener.local_addr().map_err(Failure::internal)?,
            receiver: ArcSwap::from_pointee(receiver(key)),
            clock: Clock::real(),
            failing: AtomicBool::new(false),
            got: Mutex::default(),
        }));
        let routes = Router::new()
            .route("/hooks", post(hook))
            .route("/cards", post(card))
            .with_state(business.clone());
        // It lives as long as the process; the demo has no use for its end.
        tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(business)
    }

    /// The URL of one of its paths.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.address)
    }

    /// Trusts this key alone from now on.
    pub(super) fn trust(&self, key: SigningKey) {
        self.0.receiver.store(Arc::new(receiver(key)));
    }

    /// Whether it answers 503 from now on.
    pub(super) fn fail(&self, failing: bool) {
        self.0.failing.store(failing, Ordering::Release);
    }

    /// What has arrived since the last time this was asked.
    pub(super) fn take(&self) -> Vec<Got> {
        std::mem::take(&mut *self.0.got.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn arrived(&self, headers: &HeaderMap, body: &Bytes) -> Got {
        let received = Received {
            method: &Method::POST,
            path: "/hooks",
            query: None,
            headers,
            body,
        };
        let verified = self
            .0
            .receiver
            .load()
            .receive(&received, self.0.clock.wire())
            .is_ok();
        let id = headers
            .get("webhook-id")
            .and_then(|value| value.to_str().ok());
        Got {
            id: id.unwrap_or_default().to_owned(),
            taken: verified && !self.0.failing.load(Ordering::Acquire),
            verified,
            at: self.0.clock.monotonic(),
        }
    }
}

fn receiver(key: SigningKey) -> Receiver {
    Receiver::new(vec![key]).with_tolerance(Some(TOLERANCE))
}

async fn hook(State(business): State<Business>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let got = business.arrived(&headers, &body);
    let status = match (got.verified, got.taken) {
        (false, _) => StatusCode::UNAUTHORIZED,
        (true, false) => StatusCode::SERVICE_UNAVAILABLE,
        (true, true) => StatusCode::NO_CONTENT,
    };
    business
        .0
        .got
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(got);
    status
}

/// Answers a card's button with a toast, as a bot would.
async fn card(body: Bytes) -> Json<Value> {
    let action: Value = serde_json::from_slice(&body).unwrap_or_default();
    let pressed = action
        .pointer("/event/action/value/key")
        .and_then(Value::as_str);
    let content = format!("order {}", pressed.unwrap_or("unknown"));
    Json(json!({ "toast": { "type": "success", "content": content } }))
}
