//! The apps in memory, as one snapshot that is replaced whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ringback_deliver::Target;
use ringback_dialect::Sender;
use ringback_store::Store;
use ringback_types::EndpointId;
use tokio::sync::Mutex;

use crate::app::App;
use crate::error::LoadError;
use crate::records;

/// The apps in memory.
#[derive(Debug)]
pub(crate) struct Registry {
    store: Store,
    snapshot: ArcSwap<Snapshot>,
    /// One change or reload at a time: an older snapshot never replaces a newer one, and a change is
    /// made of what is there.
    turn: Mutex<()>,
}

#[derive(Debug, Default)]
struct Snapshot {
    by_app_id: BTreeMap<String, Arc<App>>,
    routes: HashMap<EndpointId, Arc<Route>>,
}

/// How an endpoint of an app is reached.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) app: Arc<App>,
    /// Taken apart once, not at every attempt.
    pub(crate) target: Option<Target>,
    pub(crate) sender: Sender,
}

impl Registry {
    pub(crate) async fn load(store: Store) -> Result<Self, LoadError> {
        let snapshot = Snapshot::new(records::load_apps(&store).await?);
        Ok(Self {
            store,
            snapshot: ArcSwap::from_pointee(snapshot),
            turn: Mutex::new(()),
        })
    }

    /// Held while an app is changed.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn {
            registry: self,
            _held: self.turn.lock().await,
        }
    }

    pub(crate) fn app(&self, app_id: &str) -> Option<Arc<App>> {
        self.snapshot.load().by_app_id.get(app_id).cloned()
    }

    pub(crate) fn apps(&self) -> Vec<Arc<App>> {
        self.snapshot.load().by_app_id.values().cloned().collect()
    }

    pub(crate) fn route(&self, endpoint: EndpointId) -> Option<Arc<Route>> {
        self.snapshot.load().routes.get(&endpoint).cloned()
    }
}

/// The right to change apps.
pub(crate) struct Turn<'a> {
    registry: &'a Registry,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Reads the apps from the store again.
    pub(crate) async fn reload(&self) -> Result<(), LoadError> {
        let apps = records::load_apps(&self.registry.store).await?;
        self.registry.snapshot.store(Arc::new(Snapshot::new(apps)));
        Ok(())
    }
}

impl Snapshot {
    fn new(apps: Vec<App>) -> Self {
        let mut snapshot = Self::default();
        for app in apps.into_iter().map(Arc::new) {
            let sender = Sender::Feishu(ringback_dialect::feishu::Sender::new(app.secrets()));
            let urls = [
                (app.event_endpoint, &app.request_url),
                (app.callback_endpoint, &app.callback_url),
            ];
            for (endpoint, url) in urls {
                let route = Route {
                    app: Arc::clone(&app),
                    target: url.clone().map(Target::from),
                    sender: sender.clone(),
                };
                snapshot.routes.insert(endpoint, Arc::new(route));
            }
            snapshot.by_app_id.insert(app.app_id.clone(), app);
        }
        snapshot
    }
}
