//! The routers, put together for one port or for several.

use std::sync::Arc;

use axum::routing::{MethodRouter, get};
use axum::{Router, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use ringback_deliver::Engine;
use ringback_desk::Desk;
use ringback_feishu::Feishu;
use ringback_gateway::Gateway;
use ringback_store::{ReadError, Store};
use ringback_types::{Random, Secret};
use ringback_zone::Zone;
use tokio::sync::{Semaphore, watch};
use utoipa::openapi::OpenApi;

use crate::host::{HostLayer, Hosts};
use crate::tokens::Tokens;
use crate::{api, auth, fallback, health, metrics};

/// How many management requests may be under way; more get 503 at once.
const MANAGEMENT_REQUESTS: usize = 256;

/// What the process sets for the faces, all with a default.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Names beside loopback and plain addresses that the management and platform faces answer to.
    pub hosts: Hosts,
    /// The same for `/in/…`; tunnels rewrite hosts, so [`Hosts::Any`] may be right here.
    pub receive_hosts: Hosts,
    /// A token with the role `admin` that lives only as long as the process (`dev`, `demo`, tests).
    pub process_token: Option<Secret>,
    /// The recorder's handle, for `/metrics`; without it `/metrics` answers 404.
    pub metrics: Option<PrometheusHandle>,
}

/// One of the faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// The platforms' own paths (`/open-apis/…`, `/cgi-bin/…`, `/zone/…`).
    Platform,
    /// `/api/v1/…` and `/metrics`.
    Management,
    /// `/in/…`.
    Receive,
}

impl Face {
    /// Every face there is.
    pub const ALL: [Self; 3] = [Self::Platform, Self::Management, Self::Receive];
}

/// The faces of one process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Faces {
    inner: Arc<Inner>,
}

/// What the handlers share.
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) gateway: Gateway,
    pub(crate) feishu: Feishu,
    pub(crate) zone: Zone,
    pub(crate) desk: Desk,
    pub(crate) tokens: Tokens,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) gauges: metrics::Refreshed,
    pub(crate) random: Random,
    /// Turns true once, when the process begins to stop.
    pub(crate) stopping: watch::Sender<bool>,
    /// Places for management requests under way.
    pub(crate) places: Semaphore,
    hosts: HostLayer,
}

impl Inner {
    pub(crate) fn store(&self) -> &Store {
        self.engine.record().store()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}

impl Faces {
    /// Loads the tokens and follows their changes. Needs a tokio runtime.
    pub async fn new(
        engine: Engine,
        gateway: Gateway,
        feishu: Feishu,
        zone: Zone,
        desk: Desk,
        random: Random,
        options: Options,
    ) -> Result<Self, ReadError> {
        let store = engine.record().store().clone();
        let tokens = Tokens::open(store, random.clone(), options.process_token).await?;
        if let Some(handle) = &options.metrics {
            metrics::keep_up(handle.clone());
        }
        Ok(Self {
            inner: Arc::new(Inner {
                hosts: HostLayer::new(options.hosts, options.receive_hosts, gateway.clone()),
                engine,
                gateway,
                feishu,
                zone,
                desk,
                tokens,
                metrics: options.metrics,
                gauges: metrics::Refreshed::default(),
                random,
                stopping: watch::Sender::new(false),
                places: Semaphore::new(MANAGEMENT_REQUESTS),
            }),
        })
    }

    /// Every face on one port.
    pub fn router(&self) -> Router {
        self.combined(&Face::ALL)
    }

    /// These faces on one port, with `/healthz` and `/readyz`; why it is not ready is for whoever runs
    /// the process, so it stands beside the management API only.
    pub fn combined(&self, faces: &[Face]) -> Router {
        let routes = faces.iter().map(|face| self.routes(*face));
        let ready = if faces.contains(&Face::Management) {
            get(health::ready)
        } else {
            get(health::ready_without_cause)
        };
        self.finish(routes.fold(Router::new(), Router::merge), ready)
    }

    fn routes(&self, face: Face) -> Router {
        match face {
            Face::Platform => self.inner.feishu.routes().merge(self.inner.zone.routes()),
            Face::Management => self.management_routes(),
            Face::Receive => self.inner.gateway.routes(),
        }
    }

    /// What the management API is, as OpenAPI.
    pub fn openapi(&self) -> OpenApi {
        api::assemble(&self.inner).1
    }

    /// The management tokens, to make the first one: [`Tokens::first_admin`].
    pub fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    /// From now on `/readyz` says that the process is stopping, and who watches requests is let go;
    /// everything else is still served.
    pub fn stopping(&self) {
        self.inner.stopping.send_replace(true);
    }

    fn management_routes(&self) -> Router {
        let (routes, document) = api::assemble(&self.inner);
        let guard = middleware::from_fn_with_state(Arc::clone(&self.inner), auth::authenticate);
        let open = Router::new()
            .route(api::DOCUMENT_PATH, get(api::serve_document(&document)))
            .route("/metrics", get(metrics::render))
            .with_state(Arc::clone(&self.inner));
        routes.route_layer(guard).merge(open)
    }

    /// What every face has: health, answers for what is not there, and the check of `Host`.
    fn finish(&self, routes: Router, ready: MethodRouter<Arc<Inner>>) -> Router {
        let health = Router::new()
            .route("/healthz", get(health::alive))
            .route("/readyz", ready)
            .with_state(Arc::clone(&self.inner));
        routes
            .merge(health)
            .fallback(fallback::not_found)
            .method_not_allowed_fallback(fallback::method_not_allowed)
            .layer(self.inner.hosts.clone())
    }
}

impl std::fmt::Debug for Faces {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Faces")
            .field("stopping", &self.inner.is_stopping())
            .finish_non_exhaustive()
    }
}
