//! The shop: the sample's interface, one that answers plain JSON, and what takes notifications.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use desk_order_status::Settings;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::ready_file::DeskCredentials;

/// The shop. Cheap to clone.
#[derive(Clone)]
pub(super) struct Shop(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    asked: AtomicUsize,
    hanging: AtomicBool,
    told: Mutex<Vec<Told>>,
}

/// One notification.
pub(super) struct Told {
    pub(super) body: Value,
    pub(super) request_id: Option<String>,
}

impl Shop {
    /// Listens on a free port of loopback.
    pub(super) async fn start(app: &DeskCredentials) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(Failure::internal)?;
        let shop = Self(Arc::new(Inner {
            address: listener.local_addr().map_err(Failure::internal)?,
            asked: AtomicUsize::new(0),
            hanging: AtomicBool::new(false),
            told: Mutex::default(),
        }));
        let settings = Settings::new(app.sdkappid.clone(), Some(app.token.clone()));
        let sample = desk_order_status::router(settings);
        let routes = sample
            .route_layer(from_fn_with_state(shop.clone(), count))
            .route("/orders", post(orders))
            .route("/told", post(take).with_state(shop.clone()));
        // It lives as long as the process; the demo has no use for its end.
        tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(shop)
    }

    /// The URL of one of its paths.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.address)
    }

    /// How often the sample's interface was asked.
    pub(super) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::Acquire)
    }

    /// Whether it never answers from now on.
    pub(super) fn hang(&self, hanging: bool) {
        self.0.hanging.store(hanging, Ordering::Release);
    }

    /// What it was told since the last time this was asked.
    pub(super) fn told(&self) -> Vec<Told> {
        std::mem::take(&mut *self.0.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts what the sample is asked, and hangs when told to.
async fn count(State(shop): State<Shop>, request: Request, next: Next) -> Response {
    shop.0.asked.fetch_add(1, Ordering::AcqRel);
    if shop.0.hanging.load(Ordering::Acquire) {
        return pending().await;
    }
    next.run(request).await
}

/// An interface that knows nothing of the platform's frame.
async fn orders() -> Json<Value> {
    Json(json!({ "OrderFound": "yes", "OrderStatus": "on the van", "OrderEta": "today" }))
}

async fn take(State(shop): State<Shop>, RawQuery(query): RawQuery, body: Bytes) -> &'static str {
    let query = query.unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut ids = pairs.filter(|(name, _)| name == "RequestID");
    let told = Told {
        body: serde_json::from_slice(&body).unwrap_or_default(),
        request_id: ids.next().map(|(_, id)| id.into_owned()),
    };
    let mut all = shop.0.told.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(told);
    r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#
}
