//! The room as the binary wires it.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::routing::any;
use metrics::Histogram;
use ringback_deliver::Engine;
use ringback_types::Clock;
use utoipa_axum::router::OpenApiRouter;

use crate::api;
use crate::error::LoadError;
use crate::limit::{Budget, InFlight};
use crate::options::{Limits, Options};
use crate::receive;
use crate::refusals::{Cause, Refusals};
use crate::sources::Sources;

/// The receiving room. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

/// What every request and every handler shares.
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) sources: Sources,
    pub(crate) limits: ArcSwap<Limits>,
    pub(crate) in_flight: InFlight,
    /// What the bodies of requests under way take.
    pub(crate) bodies: Budget,
    /// What comes in under names that no source has.
    pub(crate) unknown: Refusals,
    /// From the arrival of an event to its acknowledgement.
    pub(crate) acknowledge_seconds: Histogram,
}

impl Inner {
    pub(crate) fn clock(&self) -> &Clock {
        self.engine.record().store().clock()
    }
}

impl Gateway {
    /// Loads the sources and follows their changes. Needs a tokio runtime.
    pub async fn new(engine: Engine, options: Options) -> Result<Self, LoadError> {
        let sources = Sources::open(engine.clone()).await?;
        let inner = Inner {
            engine,
            sources,
            limits: ArcSwap::from_pointee(options.limits),
            in_flight: InFlight::default(),
            bodies: Budget::default(),
            unknown: Refusals::new(api::NO_SOURCE),
            acknowledge_seconds: metrics::histogram!("ringback_acknowledge_seconds"),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The receiving routes: `/in/{source}`.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/in/{source}", any(receive::receive))
            .with_state(Arc::clone(&self.inner))
    }

    /// The management routes: `/api/v1/sources…`.
    pub fn api(&self) -> OpenApiRouter {
        api::router(Arc::clone(&self.inner))
    }

    /// The sources and how to change them.
    pub fn sources(&self) -> &Sources {
        &self.inner.sources
    }

    /// Puts new limits into force; requests under way keep the old ones.
    pub fn set_limits(&self, limits: Limits) {
        self.inner.limits.store(Arc::new(limits));
    }

    /// Counts, logs and remembers a request that was refused for its `Host`, before any source saw it.
    pub fn refused_host(&self, peer: Option<SocketAddr>) {
        let inner = &self.inner;
        inner.unknown.refused(Cause::Host, inner, peer, 0);
    }

    /// How many requests are under way.
    pub fn in_flight(&self) -> usize {
        self.inner.in_flight.count()
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Gateway")
            .field("sources", &self.inner.sources)
            .finish_non_exhaustive()
    }
}
