//! Apps and flows in memory, as one snapshot that is replaced whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ringback_deliver::Target;
use ringback_dialect::desk::{Account, Sender};
use ringback_store::Store;
use ringback_types::{AppId, EndpointId, FlowId};
use tokio::sync::Mutex;

use crate::app::{App, UrlUse};
use crate::error::LoadError;
use crate::flows::StoredFlow;
use crate::records;

/// Apps and flows in memory.
#[derive(Debug)]
pub(crate) struct Registry {
    store: Store,
    snapshot: ArcSwap<Snapshot>,
    /// One change or reload at a time: an older snapshot never replaces a newer one, and a change is
    /// made of what is there.
    turn: Mutex<()>,
}

/// What there is at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    apps: BTreeMap<String, Arc<App>>,
    by_id: HashMap<AppId, Arc<App>>,
    routes: HashMap<EndpointId, Arc<Route>>,
    flows: Vec<StoredFlow>,
}

/// How an endpoint of an app is reached.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) app: Arc<App>,
    /// What it is for; nothing for the calls of API-call nodes, whose target stands in the node.
    pub(crate) which: Option<UrlUse>,
    /// Taken apart once, not at every attempt.
    pub(crate) target: Option<Target>,
    pub(crate) sender: Sender,
}

impl Registry {
    pub(crate) async fn load(store: Store) -> Result<Self, LoadError> {
        let snapshot = Snapshot::read(&store).await?;
        Ok(Self {
            store,
            snapshot: ArcSwap::from_pointee(snapshot),
            turn: Mutex::new(()),
        })
    }

    /// Held while something is changed.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn {
            registry: self,
            _held: self.turn.lock().await,
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(crate) fn route(&self, endpoint: EndpointId) -> Option<Arc<Route>> {
        self.snapshot.load().routes.get(&endpoint).cloned()
    }
}

/// The right to change apps and flows.
pub(crate) struct Turn<'a> {
    registry: &'a Registry,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Reads everything from the store again.
    pub(crate) async fn reload(&self) -> Result<(), LoadError> {
        let snapshot = Snapshot::read(&self.registry.store).await?;
        self.registry.snapshot.store(Arc::new(snapshot));
        Ok(())
    }
}

impl Snapshot {
    async fn read(store: &Store) -> Result<Self, LoadError> {
        let mut snapshot = Self {
            flows: records::flows::load(store).await?,
            ..Self::default()
        };
        for app in records::apps::load(store).await? {
            snapshot.add(Arc::new(app));
        }
        Ok(snapshot)
    }

    fn add(&mut self, app: Arc<App>) {
        let settings = &app.settings;
        let sender = Sender::new(Account {
            sdk_app_id: app.sdk_app_id.clone(),
            token: app.token.clone(),
            client_ip: settings.client_ip.clone(),
            opt_platform: settings.opt_platform,
            content_type: settings.content_type,
        });
        let mut route = |endpoint, which, target| {
            let route = Route {
                app: Arc::clone(&app),
                which,
                target,
                sender: sender.clone(),
            };
            self.routes.insert(endpoint, Arc::new(route));
        };
        route(app.endpoints.invocation, None, None);
        for which in UrlUse::ALL {
            let target = app.urls.get(which).cloned().map(Target::from);
            route(app.endpoints.of(*which), Some(*which), target);
        }
        self.by_id.insert(app.id, Arc::clone(&app));
        self.apps.insert(app.sdk_app_id.clone(), app);
    }

    pub(crate) fn apps(&self) -> Vec<Arc<App>> {
        self.apps.values().cloned().collect()
    }

    pub(crate) fn app(&self, sdk_app_id: &str) -> Option<Arc<App>> {
        self.apps.get(sdk_app_id).cloned()
    }

    pub(crate) fn app_by_id(&self, id: AppId) -> Option<Arc<App>> {
        self.by_id.get(&id).cloned()
    }

    /// The flows of an app, by name.
    pub(crate) fn flows_of(&self, app: AppId) -> impl Iterator<Item = &StoredFlow> {
        self.flows.iter().filter(move |flow| flow.app == app)
    }

    pub(crate) fn flows(&self) -> &[StoredFlow] {
        &self.flows
    }

    pub(crate) fn flow(&self, app: AppId, name: &str) -> Option<&StoredFlow> {
        self.flows_of(app).find(|flow| flow.name == name)
    }

    pub(crate) fn flow_by_id(&self, id: FlowId) -> Option<&StoredFlow> {
        self.flows.iter().find(|flow| flow.id == id)
    }
}
