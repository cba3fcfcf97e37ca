//! The platform half as one handle.

use std::sync::{Arc, Weak};

use axum::Router;
use ringback_deliver::{Engine, Room};
use ringback_store::{Store, WriteError};
use ringback_types::{AppId, Random};
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
        let registry = Arc::new(Registry::load(store.clone()).await?);
        let now = store.clock().schedule();
        let tokens = Tokens::new(records::load_tokens(&store, now).await?);
        follow(&store, Arc::downgrade(&registry));
        engine.register_resolver(
            Room::Feishu,
            Arc::new(AppResolver::new(Arc::clone(&registry))),
        );
        Ok(Self(Arc::new(Inner {
            engine,
            random,
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

/// Reloads the apps whenever the store's revision moves, as long as they are in use.
fn follow(store: &Store, registry: Weak<Registry>) {
    let mut revision = store.revision();
    tokio::spawn(async move {
        while revision.changed().await.is_ok() {
            let Some(registry) = registry.upgrade() else {
                return;
            };
            if let Err(error) = registry.turn().await.reload().await {
                tracing::error!(%error, "the Feishu apps cannot be reloaded; the old ones hold");
            }
        }
    });
}
