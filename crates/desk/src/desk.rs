//! The platform half as one handle.

use std::sync::Arc;

use arc_swap::ArcSwap;
use ringback_deliver::{Engine, Room};
use ringback_store::Store;
use ringback_types::{AppId, Random};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa_axum::router::OpenApiRouter;

use crate::api;
use crate::app::{App, NewApp};
use crate::error::{AppError, LoadError};
use crate::idle::Idle;
use crate::library::Library;
use crate::live::Watchers;
use crate::options::Options;
use crate::registry::Registry;
use crate::resolve::DeskResolver;
use crate::turns::Turns;

/// The Tencent Desk platform half. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Desk(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    engine: Engine,
    random: Random,
    options: Options,
    registry: Arc<Registry>,
    library: Arc<Library>,
    pub(crate) turns: Turns,
    pub(crate) watchers: Watchers,
    pub(crate) idle: Idle,
    /// Places for messages that are worked on.
    places: ArcSwap<Semaphore>,
}

impl Desk {
    /// Loads apps and flows, follows their changes, resolves their endpoints for `engine`, and goes on
    /// with the runs that waited for the business when the process ended.
    pub async fn new(engine: Engine, random: Random, options: Options) -> Result<Self, LoadError> {
        let store = engine.record().store().clone();
        // Subscribed before anything is read, so that no change falls between.
        let revision = store.revision();
        let registry = Arc::new(Registry::load(store.clone()).await?);
        let library = Arc::new(Library::new(store.clone()));
        let held = Arc::downgrade(&registry);
        ringback_store::follow(revision, "Desk apps", held, |registry| async move {
            registry.turn().await.reload().await
        });
        let resolver = DeskResolver::new(Arc::clone(&registry), Arc::clone(&library));
        engine.register_resolver(Room::Desk, Arc::new(resolver));
        let idle = Idle::new(crate::records::conversations::next_idle(&store).await?);
        let desk = Self(Arc::new(Inner {
            engine,
            random,
            places: ArcSwap::from_pointee(Semaphore::new(options.in_flight)),
            options,
            registry,
            library,
            turns: Turns::default(),
            watchers: Watchers::default(),
            idle,
        }));
        desk.engine().register_alarm(crate::idle::alarm(&desk));
        let before = desk.store().next_id();
        let interrupted =
            crate::conversations::take_up_interrupted(Arc::downgrade(&desk.0), before);
        tokio::spawn(interrupted);
        Ok(desk)
    }

    /// What the console does: `/api/v1/desk/…`.
    pub fn api(&self) -> OpenApiRouter {
        api::routes(self)
    }

    /// How many messages may be worked on at once from now on; those under way go on besides.
    pub fn set_in_flight(&self, limit: usize) {
        self.0.places.store(Arc::new(Semaphore::new(limit)));
    }

    /// A place among the messages that are worked on, or nothing when all are taken.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.0.places.load_full().try_acquire_owned().ok()
    }

    /// Every app, by its id.
    pub fn apps(&self) -> Vec<Arc<App>> {
        self.0.registry.snapshot().apps()
    }

    /// The app of this SDKAppID.
    pub fn app(&self, sdk_app_id: &str) -> Result<Arc<App>, AppError> {
        let found = self.0.registry.snapshot().app(sdk_app_id);
        found.ok_or_else(|| AppError::NotFound(sdk_app_id.chars().take(64).collect()))
    }

    pub(crate) fn app_by_id(&self, id: AppId) -> Result<Arc<App>, AppError> {
        let found = self.0.registry.snapshot().app_by_id(id);
        found.ok_or_else(|| AppError::NotFound(id.to_string()))
    }

    /// Makes the app unless there is one of its id, which must be given.
    pub async fn seed(&self, app: NewApp) -> Result<Arc<App>, AppError> {
        if let Some(there) = app.sdk_app_id.as_deref().and_then(|id| self.app(id).ok()) {
            return Ok(there);
        }
        self.create_app("seed", app).await
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

    pub(crate) fn library(&self) -> &Library {
        &self.0.library
    }

    /// A new id of the platform's form: a UUID of version 4. Never seeded: a seeded generator would draw the
    /// ids of the run before again, and what has an id that was there before is dropped as a repetition.
    pub(crate) fn uuid(&self) -> String {
        let mut bytes: [u8; 16] = self.random().secret();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = format!("{:032x}", u128::from_be_bytes(bytes));
        [
            &text[..8],
            &text[8..12],
            &text[12..16],
            &text[16..20],
            &text[20..],
        ]
        .join("-")
    }
}
