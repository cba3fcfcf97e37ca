//! The engine: accept, attempt, judge, record, and go on.
//!
//! An event is written with its deliveries, and those for which a slot was free are attempted by the
//! very task that wrote them. Everything else waits in the record until the [`Scheduler`] says that its
//! endpoint may take it. No lock is held across an await; the scheduler's is held for a few steps.

mod accept;
mod attempt;
mod call;
mod corrupt;
mod exchange;
mod flights;
mod model;
mod replay;
mod time;
mod turn;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_store::record::{Record, Released};
use ringback_store::{ReadError, Statement, WriteError};
use ringback_types::{Clock, ClockError, DeliveryId, EndpointId, Random, ScheduleTime};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::endpoint::{Endpoint, PauseReason, Room};
use crate::faults::Faults;
use crate::guard::Guard;
use crate::health::{Health, HealthState};
use crate::own::OwnResolver;
use crate::probe::Probe;
use crate::registry::{EndpointError, Endpoints, Watch};
use crate::scheduler::Scheduler;
use crate::seam::{Alarm, Resolve, Transport};
use crate::transport::{Http, Tls};

pub use self::model::{
    Advanced, Arrival, Call, CallError, CallOutcome, EngineOptions, Receipt, ReplayError,
    ReplayReport, Replaying,
};

/// The delivery engine. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    record: Record,
    clock: Clock,
    random: Random,
    endpoints: Endpoints,
    faults: Faults,
    guard: Guard,
    probe: Probe,
    http: Http,
    rooms: Mutex<Rooms>,
    schedule: Mutex<Schedule>,
    /// Told whenever nothing is in flight.
    idle: Notify,
    /// Told when something is due before the sleeper would wake.
    wake: Arc<Notify>,
    tally: time::Tally,
    flights: flights::Flights,
    /// One advance of the clock at a time.
    advancing: tokio::sync::Mutex<()>,
    /// One ringing of the alarms at a time: whoever comes second finds what the first has done.
    ringing: tokio::sync::Mutex<()>,
    runtime: Handle,
}

/// What the rooms above have registered.
struct Rooms {
    resolvers: HashMap<Room, Arc<dyn Resolve>>,
    transports: HashMap<&'static str, Arc<dyn Transport>>,
    alarms: Vec<Arc<dyn Alarm>>,
}

impl Rooms {
    fn clear(&mut self) {
        self.resolvers.clear();
        self.transports.clear();
        self.alarms.clear();
    }
}

/// The scheduler, and until when the sleeper means to sleep.
struct Schedule {
    scheduler: Scheduler,
    sleeps_until: ScheduleTime,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let endpoints = self.0.endpoints.all().len();
        formatter
            .debug_struct("Engine")
            .field("endpoints", &endpoints)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Loads the endpoints, takes up what is due, and goes on in the background. Needs a tokio runtime.
    ///
    /// Deliveries to endpoints of a room wait until its resolver is registered. A recorder of metrics
    /// must be there before: each endpoint's handles are made once.
    pub async fn start(
        options: EngineOptions,
        record: Record,
        guard: Guard,
        random: Random,
    ) -> Result<Self, ReadError> {
        // Subscribed before the endpoints are read, so that no change falls between.
        let moves = time::Moves::of(record.store());
        let endpoints = Endpoints::load(record.store().clone()).await?;
        let engine = Self(Arc::new(Inner::new(
            &options, record, guard, random, endpoints,
        )));
        let watch: Arc<dyn Watch> = engine.0.clone();
        engine.0.endpoints.watched_by(&watch);
        engine.0.rescan_all().await;
        // The process may have ended between deleting an endpoint and giving up what waited for it.
        for waiting in engine.0.record.waiting_endpoints().await? {
            if engine.0.endpoint(waiting).is_none() {
                engine
                    .0
                    .runtime
                    .spawn(Arc::clone(&engine.0).abandon_late(waiting));
            }
        }
        let wake = Arc::clone(&engine.0.wake);
        tokio::spawn(time::keep_time(Arc::downgrade(&engine.0), wake, moves));
        Ok(engine)
    }

    /// Says who resolves the endpoints of a room, and takes up what waited for it.
    pub fn register_resolver(&self, room: Room, resolver: Arc<dyn Resolve>) {
        self.0.rooms().resolvers.insert(room, resolver);
        Watch::endpoints_changed(Arc::clone(&self.0), &self.0.endpoints.snapshot());
    }

    /// Adds work that is due at a time and is no delivery.
    pub fn register_alarm(&self, alarm: Arc<dyn Alarm>) {
        self.0.rooms().alarms.push(alarm);
        self.nudge();
    }

    /// Wakes the sleeper: a room has something to do sooner than it had said.
    pub fn nudge(&self) {
        self.0.wake.notify_one();
    }

    /// An HTTP transport with its own guard and its own rule for how long a connection may be idle and
    /// still be used again, and with header names in lower case; for [`Engine::register_transport`] and
    /// [`Target::Through`](crate::Target).
    pub fn http_transport(&self, guard: Guard, idle_for: Duration) -> Arc<dyn Transport> {
        Arc::new(self.0.http.beside(guard, idle_for))
    }

    /// Adds a transport for [`Target::Named`](crate::Target::Named) and
    /// [`Target::Through`](crate::Target::Through).
    pub fn register_transport(&self, name: &'static str, transport: Arc<dyn Transport>) {
        self.0.rooms().transports.insert(name, transport);
    }

    /// The record.
    pub fn record(&self) -> &Record {
        &self.0.record
    }

    /// The endpoints.
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    /// The faults.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The outbound guard.
    pub fn guard(&self) -> &Guard {
        &self.0.guard
    }

    /// The client for challenges and the doctor.
    pub fn probe(&self) -> &Probe {
        &self.0.probe
    }

    /// The clock of this process.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Writes an event and a delivery per matching endpoint; attempts go on in the background.
    pub async fn accept(&self, arrival: Arrival) -> Result<Receipt, WriteError> {
        Arc::clone(&self.0).accept(arrival).await
    }

    /// Writes several events, each with a delivery per matching endpoint, and what a room writes alongside,
    /// in one write, whole or not at all; answers their receipts in the order given.
    pub async fn accept_all(
        &self,
        arrivals: Vec<Arrival>,
        alongside: Vec<Statement>,
    ) -> Result<Vec<Receipt>, WriteError> {
        Arc::clone(&self.0).accept_all(arrivals, alongside).await
    }

    /// Exchanges once and hands the answer back; recorded lazily.
    pub async fn call(&self, call: Call) -> CallOutcome {
        Arc::clone(&self.0).call(call).await
    }

    /// Delivers again, re-signed and outside order; a dry run only says what it would choose.
    pub async fn replay(
        &self,
        what: Replaying,
        to: Option<EndpointId>,
        dry_run: bool,
    ) -> Result<ReplayReport, ReplayError> {
        self.0.replay(what, to, dry_run).await
    }

    /// Takes a delivery back that is due or held; whether it was.
    pub async fn cancel(&self, delivery: DeliveryId) -> Result<bool, WriteError> {
        self.0.cancel(delivery).await
    }

    /// Pauses an endpoint because a person asked for it.
    pub async fn pause(&self, caller: &str, endpoint: EndpointId) -> Result<(), EndpointError> {
        self.0
            .endpoints
            .pause(caller, endpoint, PauseReason::Asked)
            .await
    }

    /// Opens a paused or disabled endpoint again.
    pub async fn resume(&self, caller: &str, endpoint: EndpointId) -> Result<(), EndpointError> {
        self.0.endpoints.resume(caller, endpoint).await
    }

    /// Takes an endpoint away and gives up what waits for it; answers how many deliveries that were.
    pub async fn delete_endpoint(
        &self,
        caller: &str,
        endpoint: EndpointId,
    ) -> Result<u64, EndpointError> {
        self.0.endpoints.delete(caller, endpoint).await?;
        Ok(self.abandon(endpoint).await?)
    }

    /// Gives up what waits for an endpoint that its room has taken away.
    pub async fn abandon(&self, endpoint: EndpointId) -> Result<u64, WriteError> {
        self.0.record.abandon(endpoint).await
    }

    /// How an endpoint is doing; `None` when there is none of that id.
    pub fn health(&self, endpoint: EndpointId) -> Option<Health> {
        let settings = self.0.endpoints.by_id(endpoint)?;
        let mut health = self.0.schedule().scheduler.health(endpoint)?;
        if settings.disabled.is_some() {
            health.state = HealthState::Disabled;
        } else if settings.paused.is_some() {
            health.state = HealthState::Paused;
        }
        Some(health)
    }

    /// Plays schedule time on by `by`: goes to each next due time in turn, lets every attempt then due
    /// finish, and answers when the engine is quiet (design, section 9).
    pub async fn advance(&self, by: Duration) -> Result<Advanced, ClockError> {
        self.0.advance(by).await
    }

    /// Takes up successors that something other than an attempt let go, such as retention.
    pub fn take_up(&self, released: &[Released]) {
        for successor in released {
            self.0.queued(successor.endpoint, successor.due_at);
        }
    }

    /// Waits until nothing is under way and nothing that may be tried is due now.
    pub async fn quiet(&self) {
        self.0.quiet().await;
    }

    /// Makes no further attempts, lets those under way finish for `drain`, and stops.
    pub async fn shutdown(&self, drain: Duration) {
        self.0.shutdown(drain).await;
    }
}

impl Inner {
    fn new(
        options: &EngineOptions,
        record: Record,
        guard: Guard,
        random: Random,
        endpoints: Endpoints,
    ) -> Self {
        let clock = record.store().clock().clone();
        let tls = Tls::new(options.extra_roots.clone());
        let own: Arc<dyn Resolve> = Arc::new(OwnResolver::new(clock.clone()));
        Self {
            endpoints,
            faults: Faults::new(options.faults, clock.clone(), random.clone()),
            probe: Probe::trusting(tls.clone(), guard.clone(), clock.clone()),
            http: Http::new(guard.clone(), tls, clock.clone(), options),
            rooms: Mutex::new(Rooms {
                resolvers: HashMap::from([(Room::Own, own)]),
                transports: HashMap::new(),
                alarms: Vec::new(),
            }),
            schedule: Mutex::new(Schedule {
                scheduler: Scheduler::new(options.concurrency),
                sleeps_until: clock.schedule(),
            }),
            idle: Notify::new(),
            wake: Arc::default(),
            tally: time::Tally::default(),
            flights: flights::Flights::default(),
            advancing: tokio::sync::Mutex::default(),
            ringing: tokio::sync::Mutex::default(),
            runtime: Handle::current(),
            record,
            clock,
            random,
            guard,
        }
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self, id: EndpointId) -> Option<Arc<Endpoint>> {
        self.endpoints.by_id(id)
    }
}
