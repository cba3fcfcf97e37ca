//! The platform half as one handle.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use ringback_deliver::{Engine, Room};
use ringback_store::{Store, WriteError};
use ringback_types::{AppId, Random};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, NewApp};
use crate::error::{AppError, LoadError};
use crate::options::Options;
use crate::registry::Registry;
use crate::resolve::AppResolver;
use crate::token::{Token, Tokens};
use crate::{api, open_api, records};

/// The Feishu platform half. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Feishu(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    random: Random,
    options: Options,
    registry: Arc<Registry>,
    tokens: Tokens,
    /// Places for requests of the open API that are under way.
    places: ArcSwap<Semaphore>,
}

/// An app that must be there: `dev` starts with well-known credentials.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The app; its `app_id` must be given.
    pub app: NewApp,
}

impl Feishu {
    /// Loads the apps, follows their changes, and resolves their endpoints for `engine`.
    pub async fn new(engine: Engine, random: Random, options: Options) -> Result<Self, LoadError> {
        let store = engine.record().store().clone();
        // Subscribed before the apps are read, so that no change falls between.
        let revision = store.revision();
        let registry = Arc::new(Registry::load(store.clone()).await?);
        let now = store.clock().schedule();
        let tokens = Tokens::new(records::load_tokens(&store, now).await?);
        let held = Arc::downgrade(&registry);
        ringback_store::follow(revision, "Feishu apps", held, |registry| async move {
            registry.turn().await.reload().await
        });
        engine.register_resolver(
            Room::Feishu,
            Arc::new(AppResolver::new(Arc::clone(&registry))),
        );
        Ok(Self(Arc::new(Inner {
            engine,
            random,
            places: ArcSwap::from_pointee(Semaphore::new(options.in_flight)),
            options,
            registry,
            tokens,
        })))
    }

    /// What an app's server calls: `/open-apis/…`.
    pub fn routes(&self) -> Router {
        open_api::routes(self)
    }

    /// What the console does: `/api/v1/feishu/…`.
    pub fn api(&self) -> OpenApiRouter {
        api::routes(self)
    }

    /// How many requests of the open API may be under way from now on; those under way go on besides.
    pub fn set_in_flight(&self, limit: usize) {
        self.0.places.store(Arc::new(Semaphore::new(limit)));
    }

    /// A place among the requests under way, or nothing when all are taken.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.0.places.load_full().try_acquire_owned().ok()
    }

    /// Every app, by app id.
    pub fn apps(&self) -> Vec<Arc<App>> {
        self.0.registry.apps()
    }

    /// The app of this id.
    pub fn app(&self, app_id: &str) -> Result<Arc<App>, AppError> {
        self.0
            .registry
            .app(app_id)
            .ok_or_else(|| AppError::NotFound(app_id.chars().take(64).collect()))
    }

    /// Makes the app unless there is one of its id.
    pub async fn seed(&self, seed: Seed) -> Result<Arc<App>, AppError> {
        if let Some(app) = seed
            .app
            .app_id
            .as_deref()
            .and_then(|id| self.0.registry.app(id))
        {
            return Ok(app);
        }
        self.create_app("seed", seed.app).await
    }

    /// The app's token, as `tenant_access_token/internal` answers it.
    pub(crate) async fn token(&self, app: &App) -> Result<Token, WriteError> {
        self.0
            .tokens
            .current(app.id, self.store(), &self.0.random, &self.0.options)
            .await
    }

    /// The app whose live token this is.
    pub(crate) fn token_owner(&self, text: &str) -> Option<AppId> {
        self.0.tokens.owner(text, self.store().clock().schedule())
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn store(&self) -> &Store {
        self.0.engine.record().store()
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }
}
