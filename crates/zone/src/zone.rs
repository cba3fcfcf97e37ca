//! The platform half as one handle.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use ipnet::IpNet;
use ringback_archive::Archive;
use ringback_deliver::{Engine, Guard, Room};
use ringback_host::Hosts;
use ringback_store::{Change, Statement, Store, WriteError};
use ringback_types::{Random, ScheduleTime, SourceId};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa_axum::router::OpenApiRouter;

use crate::alarm::Notices;
use crate::error::{LoadError, ZoneError};
use crate::notify::LiveNotifies;
use crate::options::Options;
use crate::rate::{Counters, Rates};
use crate::registry::{Registry, Snapshot, Turn};
use crate::resolve::ZoneResolver;
use crate::token::Tokens;
use crate::unverified::Unverified;
use crate::{api, door, face, records};

/// Connections to programs are used again when they were not idle for longer (design, section 6).
const PROGRAM_IDLE: Duration = Duration::from_secs(1);
/// Carries requests to URLs that people name: behind the guard of all deliveries.
pub(crate) const OUTSIDE: &str = "program";
/// Carries requests to processes of ours: to loopback and nowhere else.
pub(crate) const INSIDE: &str = "process";

/// The WeCom platform half. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Zone(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    random: Random,
    options: Options,
    archive: Archive,
    hosts: Hosts,
    registry: Arc<Registry>,
    tokens: Tokens,
    notifies: Arc<LiveNotifies>,
    rates: Rates,
    /// How many refusals a second are told in the log; all are counted.
    told: Counters<()>,
    /// Nonces of requests that open debug mode.
    open_nonces: ringback_dialect::zone::Nonces,
    /// Room for those that are not verified yet.
    opening: Unverified,
    /// Places for requests of apps that are under way.
    places: ArcSwap<Semaphore>,
}

/// How many refusals a second are told in the log.
const REFUSALS_TOLD: u32 = 20;
/// How many openings of debug mode may come in at once.
const OPENING: usize = 64;
/// How many openings of debug mode are remembered.
const OPEN_NONCES: usize = 1 << 16;

impl Zone {
    /// Loads the zone, follows its changes, resolves its endpoints for `engine`, and starts the programs
    /// that run as processes.
    pub async fn new(
        engine: Engine,
        random: Random,
        archive: Archive,
        hosts: Hosts,
        options: Options,
    ) -> Result<Self, LoadError> {
        let store = engine.record().store().clone();
        // Subscribed before the zone is read, so that no change falls between.
        let revision = store.revision();
        let places = options.in_flight_per_key;
        let registry = Arc::new(Registry::load(store.clone(), places).await?);
        let notifies = Arc::new(LiveNotifies::load(&store).await?);
        let zone = Self(Arc::new(Inner {
            tokens: Tokens::load(&store).await?,
            notifies: Arc::clone(&notifies),
            rates: Rates::default(),
            told: Counters::default(),
            open_nonces: ringback_dialect::zone::Nonces::new(OPEN_NONCES),
            opening: Unverified::new(OPENING),
            places: ArcSwap::from_pointee(Semaphore::new(options.in_flight)),
            registry: Arc::clone(&registry),
            engine: engine.clone(),
            random: random.clone(),
            archive: archive.clone(),
            hosts: hosts.clone(),
            options,
        }));
        engine.register_transport(
            OUTSIDE,
            engine.http_transport(engine.guard().clone(), PROGRAM_IDLE),
        );
        engine.register_transport(INSIDE, engine.http_transport(inside(), PROGRAM_IDLE));
        let resolver = ZoneResolver::new(
            Arc::clone(&registry),
            notifies,
            store,
            random,
            archive,
            hosts,
        );
        engine.register_resolver(Room::Zone, Arc::new(resolver));
        engine.register_alarm(Arc::new(Notices::new(zone.downgrade())));
        let held = Arc::downgrade(&zone.0);
        ringback_store::follow(revision, "the zone", held, move |inner| async move {
            Zone(inner).turn().await.reload(places).await
        });
        zone.start_processes();
        Ok(zone)
    }

    fn downgrade(&self) -> WeakZone {
        WeakZone(Arc::downgrade(&self.0))
    }

    /// What an app's server calls: `/cgi-bin/…`; and what programs call: `/zone/…`.
    pub fn routes(&self) -> Router {
        face::routes(self).merge(door::routes(self))
    }

    /// What the console does: `/api/v1/wecom/…`.
    pub fn api(&self) -> OpenApiRouter {
        api::routes(self)
    }

    /// How many requests of apps may be under way from now on; those under way go on.
    pub fn set_in_flight(&self, limit: usize) {
        self.0.places.store(Arc::new(Semaphore::new(limit)));
    }

    /// Stops the programs that run as processes.
    pub async fn stop(&self) {
        self.0.hosts.stop_all().await;
    }

    /// A place among the requests under way, or nothing when all are taken.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.0.places.load_full().try_acquire_owned().ok()
    }

    /// Forgets what is over: results, jobs, notify ids, nonces, media, and in the archive.
    pub async fn prune(&self) -> Result<(), WriteError> {
        let now = self.now();
        let ago = |life: Duration| now.plus_millis(-(life.as_millis() as i64));
        let options = self.options();
        let results = ago(options.result_life);
        let jobs = ago(options.result_life + options.job_life + Duration::from_hours(24));
        let mut statements = Vec::from(records::jobs::prune(now, results, jobs));
        statements.push(records::notices::prune(now));
        statements.extend(records::media::prune(now));
        self.0.notifies.prune(now);
        self.store().write_bulk(statements).await?;
        self.0.archive.prune(now).await.map(drop)
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

    /// The settings of the zone.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The conversations.
    pub fn archive(&self) -> &Archive {
        &self.0.archive
    }

    /// The programs that run as processes.
    pub fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn notifies(&self) -> &LiveNotifies {
        &self.0.notifies
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    /// Whether one more refusal may be told in the log this second: strangers must not fill it.
    pub(crate) fn may_tell(&self) -> bool {
        // Real time: a virtual clock may stand still.
        let now = ScheduleTime::from_millis(self.store().clock().wire().as_millis());
        let told = self
            .0
            .told
            .count((), REFUSALS_TOLD, Duration::from_secs(1), now);
        told.is_ok()
    }

    /// What requests that open debug mode share.
    pub(crate) fn opening(&self) -> (&Unverified, &ringback_dialect::zone::Nonces) {
        (&self.0.opening, &self.0.open_nonces)
    }

    pub(crate) fn now(&self) -> ScheduleTime {
        self.store().clock().schedule()
    }

    /// What a source of the zone is called: `corpid/agentid`, or the same with `:program_id`.
    pub fn source_name(&self, source: SourceId) -> Option<String> {
        self.snapshot().source_name(source)
    }

    /// The source of that name.
    pub fn source_named(&self, name: &str) -> Option<SourceId> {
        self.snapshot().source_named(name)
    }

    pub(crate) fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.registry.snapshot()
    }

    pub(crate) async fn turn(&self) -> Turn<'_> {
        self.0.registry.turn().await
    }

    /// Writes a change of the zone and loads it, so that it holds when this answers.
    pub(crate) async fn change(
        &self,
        turn: &Turn<'_>,
        caller: &str,
        action: &'static str,
        target: String,
        detail: Value,
        statements: Vec<Statement>,
    ) -> Result<(), ZoneError> {
        let change = Change {
            caller: caller.into(),
            action,
            target,
            detail,
        };
        self.store().change(change, statements).await?;
        turn.reload(self.options().in_flight_per_key).await?;
        let endpoints = self.engine().endpoints();
        endpoints.reload().await.map_err(LoadError::from)?;
        Ok(())
    }
}

/// Only to this host: the addresses are those of processes that were started here.
fn inside() -> Guard {
    Guard::public().allowing(vec![IpNet::from(IpAddr::from(Ipv4Addr::LOCALHOST))])
}

/// A [`Zone`] that does not keep it alive.
#[derive(Debug, Clone)]
pub(crate) struct WeakZone(Weak<Inner>);

impl WeakZone {
    /// The zone as long as somebody else holds it.
    pub(crate) fn upgrade(&self) -> Option<Zone> {
        self.0.upgrade().map(Zone)
    }
}
