//! The zone in memory, as one snapshot that is replaced whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ringback_dialect::wecom;
use ringback_dialect::zone::{KeyRing, Keys, Nonces};
use ringback_store::Store;
use ringback_types::{AppId, EndpointId, ScheduleTime, SourceId};
use tokio::sync::{Mutex, Semaphore};

use crate::app::App;
use crate::association::Association;
use crate::corp::Corp;
use crate::error::{LoadError, ZoneError};
use crate::program::Program;
use crate::records;
use crate::route::{NotifyRoute, ProgramRoute, Route};
use crate::unverified::Unverified;

/// The zone in memory.
#[derive(Debug)]
pub(crate) struct Registry {
    store: Store,
    snapshot: ArcSwap<Snapshot>,
    /// One change or reload at a time: an older snapshot never replaces a newer one, and a change is
    /// made of what is there.
    turn: Mutex<()>,
}

/// Everything a call or an event needs to find its way, without waiting.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    corps: BTreeMap<String, Arc<Corp>>,
    apps: BTreeMap<AppId, Arc<App>>,
    programs: BTreeMap<String, Arc<Program>>,
    associations: HashMap<AppId, BTreeMap<String, Arc<Association>>>,
    routes: HashMap<EndpointId, Route>,
    /// The live keys of every program instance and debug session, by key id.
    rings: HashMap<String, Speaker>,
}

/// Who speaks by a key id.
#[derive(Debug, Clone)]
pub(crate) struct Speaker {
    pub(crate) ring: Arc<KeyRing>,
    /// The live versions, ascending.
    versions: Vec<u32>,
    pub(crate) program_id: Arc<str>,
    /// The app whose debug session it is; `None` for an instance, which serves them all.
    pub(crate) debugs: Option<AppId>,
    pub(crate) traffic: Arc<Traffic>,
}

/// What is counted and remembered of a key while the process runs, over changes of the zone.
#[derive(Debug)]
pub(crate) struct Traffic {
    /// How many verified requests of this key may be under way at the door.
    pub(crate) places: Arc<Semaphore>,
    /// The one place for a request to it, where its replies may be unbound.
    pub(crate) alone: Arc<Semaphore>,
    /// Room for its requests that are not verified yet.
    pub(crate) unverified: Unverified,
    /// Of its requests at the door.
    pub(crate) nonces: Nonces,
    /// Of its replies, where nothing else makes one count once.
    pub(crate) unbound: Arc<Nonces>,
}

/// How many nonces of requests are remembered for each key.
const REQUEST_NONCES: usize = 1 << 21;
/// How many nonces of unbound replies; one at a time comes in.
const UNBOUND_NONCES: usize = 1 << 20;

impl Traffic {
    fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            alone: Arc::new(Semaphore::new(1)),
            unverified: Unverified::new(places),
            nonces: Nonces::new(REQUEST_NONCES),
            unbound: Arc::new(Nonces::new(UNBOUND_NONCES)),
        }
    }
}

impl Registry {
    pub(crate) async fn load(store: Store, places: usize) -> Result<Self, LoadError> {
        let registry = Self {
            store,
            snapshot: ArcSwap::default(),
            turn: Mutex::new(()),
        };
        registry.turn().await.reload(places).await?;
        Ok(registry)
    }

    /// Held while something is changed.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn {
            registry: self,
            _held: self.turn.lock().await,
        }
    }

    pub(crate) fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }
}

/// The right to change the zone.
pub(crate) struct Turn<'a> {
    registry: &'a Registry,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Reads the zone from the store again.
    pub(crate) async fn reload(&self, places: usize) -> Result<(), LoadError> {
        let store = &self.registry.store;
        let loaded = Loaded {
            corps: records::corps::load(store).await?,
            apps: records::apps::load(store).await?,
            programs: records::programs::load(store).await?,
            associations: records::associations::load(store).await?,
            secrets: records::programs::load_secrets(store).await?,
        };
        let snapshot = loaded.into_snapshot(&self.registry.snapshot.load(), places);
        self.registry.snapshot.store(Arc::new(snapshot));
        Ok(())
    }
}

struct Loaded {
    corps: Vec<Corp>,
    apps: Vec<App>,
    programs: Vec<Program>,
    associations: Vec<Association>,
    secrets: records::programs::Secrets,
}

impl Loaded {
    fn into_snapshot(self, before: &Snapshot, places: usize) -> Snapshot {
        let mut snapshot = Snapshot {
            corps: by(self.corps, |corp| corp.corpid.clone()),
            apps: by(self.apps, |app| app.id),
            programs: by(self.programs, |program| program.program_id.clone()),
            ..Snapshot::default()
        };
        for ((program_id, instance), versions) in self.secrets {
            let keys = versions.iter().map(|(version, secret)| (*version, secret));
            let key_id = format!("{program_id}/{instance}");
            snapshot.speak(before, key_id, &program_id, keys, None, places);
        }
        for association in self.associations {
            snapshot.associate(before, association, places);
        }
        let notifying: Vec<_> = snapshot.apps.values().map(NotifyRoute::of).collect();
        let notifying = notifying
            .into_iter()
            .map(|(id, route)| (id, Route::App(route)));
        snapshot.routes.extend(notifying);
        snapshot
    }
}

fn by<K: Ord, T>(things: Vec<T>, key: impl Fn(&T) -> K) -> BTreeMap<K, Arc<T>> {
    things
        .into_iter()
        .map(|thing| (key(&thing), Arc::new(thing)))
        .collect()
}

/// A ring with other versions than before; which one its peer uses is still known.
fn ring_of<'k>(
    key_id: &str,
    versions: impl Iterator<Item = (u32, &'k ringback_types::Secret)>,
    before: Option<&Speaker>,
) -> KeyRing {
    let keys = versions.map(|(version, secret)| (version, Keys::new(secret)));
    let ring = KeyRing::new(key_id, keys);
    if let Some(known) = before.filter(|known| known.ring.is_settled()) {
        ring.note_used(known.ring.used());
    }
    ring
}

impl Snapshot {
    /// A live key. A ring whose versions have not changed is kept: it knows which one its peer uses.
    fn speak<'k>(
        &mut self,
        before: &Self,
        key_id: String,
        program_id: &str,
        versions: impl Iterator<Item = (u32, &'k ringback_types::Secret)> + Clone,
        debugs: Option<AppId>,
        places: usize,
    ) {
        let known = before.rings.get(&key_id);
        let numbers: Vec<u32> = versions.clone().map(|(version, _)| version).collect();
        let same = known.filter(|known| known.versions == numbers);
        let speaker = same.cloned().unwrap_or_else(|| Speaker {
            versions: numbers,
            ring: Arc::new(ring_of(&key_id, versions, known)),
            program_id: program_id.into(),
            debugs,
            traffic: known.map_or_else(
                || Arc::new(Traffic::new(places)),
                |known| Arc::clone(&known.traffic),
            ),
        });
        self.rings.insert(key_id, speaker);
    }

    fn associate(&mut self, before: &Self, mut association: Association, places: usize) {
        let program = self.programs.get(&association.program_id).cloned();
        let app = self.apps.get(&association.app).cloned();
        let (Some(app), Some(program)) = (app, program) else {
            return;
        };
        let corp = self.corps.get(&app.corpid);
        association.may_debug = corp.is_some_and(|corp| app.may_test(corp));
        let association = Arc::new(association);
        if let Some(session) = &association.session {
            let key_id = session.key_id(&association.program_id);
            let keys = std::iter::once((1, &session.secret));
            let program_id = &association.program_id;
            self.speak(before, key_id, program_id, keys, Some(app.id), places);
        }
        let earlier = match before.routes.get(&association.endpoint) {
            Some(Route::Program(route)) => Some(route),
            _ => None,
        };
        let route = ProgramRoute::new(app, program, Arc::clone(&association), earlier);
        self.routes
            .insert(association.endpoint, Route::Program(Arc::new(route)));
        let of_app = self.associations.entry(association.app).or_default();
        of_app.insert(association.program_id.clone(), association);
    }

    pub(crate) fn corps(&self) -> impl Iterator<Item = &Arc<Corp>> {
        self.corps.values()
    }

    pub(crate) fn corp(&self, corpid: &str) -> Result<Arc<Corp>, ZoneError> {
        let found = self.corps.get(corpid).cloned();
        found.ok_or_else(|| not_found("corp", corpid))
    }

    pub(crate) fn apps(&self) -> impl Iterator<Item = &Arc<App>> {
        self.apps.values()
    }

    pub(crate) fn app_by_id(&self, id: AppId) -> Option<&Arc<App>> {
        self.apps.get(&id)
    }

    pub(crate) fn app(&self, corpid: &str, agentid: i64) -> Result<Arc<App>, ZoneError> {
        let found = self.find_app(corpid, agentid).cloned();
        found.ok_or_else(|| not_found("app", &format!("{corpid}/{agentid}")))
    }

    pub(crate) fn find_app(&self, corpid: &str, agentid: i64) -> Option<&Arc<App>> {
        let fits = |app: &&Arc<App>| app.agentid == agentid && app.corpid == corpid;
        self.apps.values().find(fits)
    }

    pub(crate) fn programs(&self) -> impl Iterator<Item = &Arc<Program>> {
        self.programs.values()
    }

    pub(crate) fn program(&self, program_id: &str) -> Result<Arc<Program>, ZoneError> {
        let found = self.programs.get(program_id).cloned();
        found.ok_or_else(|| not_found("program", program_id))
    }

    pub(crate) fn find_program(&self, program_id: &str) -> Option<&Arc<Program>> {
        self.programs.get(program_id)
    }

    pub(crate) fn association(&self, app: AppId, program_id: &str) -> Option<&Arc<Association>> {
        self.associations.get(&app)?.get(program_id)
    }

    pub(crate) fn associations_of(&self, app: AppId) -> impl Iterator<Item = &Arc<Association>> {
        self.associations
            .get(&app)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    pub(crate) fn associations(&self) -> impl Iterator<Item = &Arc<Association>> {
        self.associations.values().flat_map(BTreeMap::values)
    }

    pub(crate) fn route(&self, endpoint: EndpointId) -> Option<&Route> {
        self.routes.get(&endpoint)
    }

    pub(crate) fn program_route(&self, app: AppId, program_id: &str) -> Option<&Arc<ProgramRoute>> {
        match self.route(self.association(app, program_id)?.endpoint)? {
            Route::Program(route) => Some(route),
            Route::App(_) => None,
        }
    }

    pub(crate) fn speaker(&self, key_id: &str) -> Option<&Speaker> {
        self.rings.get(key_id)
    }

    /// The same, if its key still holds: that of a debug session ends with the session.
    pub(crate) fn live_speaker(&self, key_id: &str, now: ScheduleTime) -> Option<&Speaker> {
        self.speaker(key_id).filter(|speaker| {
            let Some(app) = speaker.debugs else {
                return true;
            };
            let association = self.association(app, &speaker.program_id);
            let program = self.find_program(&speaker.program_id);
            let (Some(association), Some(program)) = (association, program) else {
                return false;
            };
            association.live_session(program, now).is_some()
        })
    }

    /// The source of this name, as [`Snapshot::source_name`] gives it; an app's own is that of its events.
    pub(crate) fn source_named(&self, name: &str) -> Option<SourceId> {
        let of_app = self.apps.values().find(|app| app.label() == name);
        let of_program = || {
            let fits = |association: &&Arc<Association>| {
                self.source_name(association.source).as_deref() == Some(name)
            };
            self.associations()
                .find(fits)
                .map(|association| association.source)
        };
        of_app.map(|app| app.event_source).or_else(of_program)
    }

    /// Whose source this is: an app's, or a program as an app uses it.
    pub(crate) fn source_name(&self, source: SourceId) -> Option<String> {
        let of_app = self.apps.values().find_map(|app| {
            (app.event_source == source || app.notify_source == source).then(|| app.label())
        });
        let of_program = || {
            let fits = |association: &&Arc<Association>| association.source == source;
            let found = self.associations().find(fits)?;
            let app = self.apps.get(&found.app)?;
            Some(format!("{}:{}", app.label(), found.program_id))
        };
        of_app.or_else(of_program)
    }
}

fn not_found(kind: &'static str, name: &str) -> ZoneError {
    ZoneError::NotFound {
        kind,
        name: name.chars().take(64).collect(),
    }
}

/// The secrets of an app's callback, ready to be sent with.
pub(crate) fn callback_secrets(app: &App) -> Option<wecom::Secrets> {
    app.callback.as_ref()?.secrets(&app.corpid).ok()
}
