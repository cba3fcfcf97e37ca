//! The endpoints in memory, and how they change.

mod error;
mod snapshot;

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use ringback_store::{Change, ReadError, Statement, Store};
use ringback_types::{EndpointId, SourceId};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::endpoint::{
    DisableReason, Endpoint, EndpointChange, EndpointDialect, NewEndpoint, PauseReason, Room,
    Secrets, TypeFilter,
};
use crate::guard::check_url;
use crate::own::senders;
use crate::policy::Policy;
use crate::records;

pub use self::error::EndpointError;
pub(crate) use self::snapshot::Snapshot;

/// Told of every new snapshot, at once: the scheduler behind it must not lag behind a pause.
pub(crate) trait Watch: Send + Sync {
    fn endpoints_changed(self: Arc<Self>, endpoints: &Snapshot);
}

/// The endpoints in memory. Cheap to clone; all clones are one.
///
/// A change is written, then loaded, before its method answers; a change that another part of the
/// process wrote is loaded as soon as the store's revision moves.
#[derive(Clone)]
pub struct Endpoints(Arc<Inner>);

struct Inner {
    store: Store,
    snapshot: ArcSwap<Snapshot>,
    /// One change or reload at a time: an older snapshot never replaces a newer one.
    turn: Mutex<()>,
    watch: OnceLock<Weak<dyn Watch>>,
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Endpoints")
            .field("count", &self.all().len())
            .finish()
    }
}

impl Endpoints {
    /// The endpoints of this store.
    pub(crate) async fn load(store: Store) -> Result<Self, ReadError> {
        let endpoints = Self(Arc::new(Inner {
            store,
            snapshot: ArcSwap::default(),
            turn: Mutex::new(()),
            watch: OnceLock::new(),
        }));
        endpoints.reload().await?;
        Ok(endpoints)
    }

    /// Tells `watch` of the snapshot there is and of every later one.
    pub(crate) fn watched_by(&self, watch: &Arc<dyn Watch>) {
        if self.0.watch.set(Arc::downgrade(watch)).is_ok() {
            Arc::clone(watch).endpoints_changed(&self.0.snapshot.load());
        }
    }

    /// Reads them from the store again.
    pub async fn reload(&self) -> Result<(), ReadError> {
        let _turn = self.0.turn.lock().await;
        self.load_in_turn().await
    }

    async fn load_in_turn(&self) -> Result<(), ReadError> {
        let endpoints = records::all(&self.0.store).await?;
        let snapshot = Arc::new(Snapshot::new(endpoints, &self.0.snapshot.load()));
        self.0.snapshot.store(Arc::clone(&snapshot));
        if let Some(watch) = self.0.watch.get().and_then(Weak::upgrade) {
            watch.endpoints_changed(&snapshot);
        }
        Ok(())
    }

    pub(crate) fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.snapshot.load()
    }

    /// The endpoint of this id.
    pub fn by_id(&self, id: EndpointId) -> Option<Arc<Endpoint>> {
        self.snapshot().by_id(id).map(Arc::clone)
    }

    /// The endpoint of this name.
    pub fn by_name(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.snapshot().by_name(name).map(Arc::clone)
    }

    /// All endpoints, oldest first.
    pub fn all(&self) -> Vec<Arc<Endpoint>> {
        self.snapshot().all().cloned().collect()
    }

    /// The endpoints that an event of this source and type is routed to.
    pub fn matching(&self, source: SourceId, event_type: &str) -> Vec<Arc<Endpoint>> {
        self.snapshot()
            .matching(source, event_type)
            .cloned()
            .collect()
    }

    /// Whether an endpoint that an event of this source and type is routed to wants its wire bytes.
    pub fn wants_raw(&self, source: SourceId, event_type: &str) -> bool {
        self.snapshot()
            .matching(source, event_type)
            .any(|endpoint| endpoint.policy.raw)
    }

    /// The endpoints that are paused or disabled: what waits for them may grow too old.
    pub fn closed(&self) -> Vec<EndpointId> {
        self.snapshot()
            .all()
            .filter(|endpoint| !endpoint.is_open())
            .map(|endpoint| endpoint.id)
            .collect()
    }

    /// The statements that write `endpoint`, new or changed, so that a room can write it in its own
    /// change; the registry loads it when the store's revision moves.
    pub fn statements_for(&self, endpoint: &Endpoint) -> Vec<Statement> {
        vec![records::save(endpoint, self.0.store.vault())]
    }

    /// The statements that take an endpoint away in a room's own change. Call
    /// [`Engine::abandon`](crate::Engine::abandon) afterwards for what still waits for it.
    pub fn statements_to_delete(&self, id: EndpointId) -> Vec<Statement> {
        vec![records::delete(id)]
    }

    /// Makes an endpoint.
    pub async fn create(
        &self,
        caller: &str,
        new: NewEndpoint,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let _turn = self.0.turn.lock().await;
        let endpoint = self.built(new)?;
        self.check(&endpoint)?;
        let detail = shown(&endpoint);
        self.save(caller, "endpoint.create", endpoint, detail).await
    }

    /// Changes an endpoint.
    pub async fn update(
        &self,
        caller: &str,
        id: EndpointId,
        change: EndpointChange,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let _turn = self.0.turn.lock().await;
        let endpoint = changed(&*self.of_own(id)?, change)?;
        self.check(&endpoint)?;
        let detail = shown(&endpoint);
        self.save(caller, "endpoint.update", endpoint, detail).await
    }

    /// Gives a `standard` endpoint a new key; the old one signs besides for `overlap`.
    pub async fn rotate(
        &self,
        caller: &str,
        id: EndpointId,
        key: ringback_types::Secret,
        overlap: Duration,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let _turn = self.0.turn.lock().await;
        let mut endpoint = copy(&*self.of_own(id)?);
        let until = self.0.store.clock().schedule().plus(overlap);
        let previous = endpoint.secrets.key.replace(key);
        endpoint.secrets.previous = previous.map(|previous| (previous, until));
        self.check(&endpoint)?;
        let detail = json!({ "overlap_ms": overlap.as_millis() as u64 });
        self.save(caller, "endpoint.rotate", endpoint, detail).await
    }

    /// Takes an endpoint away. What waits for it is given up by
    /// [`Engine::delete_endpoint`](crate::Engine::delete_endpoint), which calls this.
    pub async fn delete(&self, caller: &str, id: EndpointId) -> Result<(), EndpointError> {
        let _turn = self.0.turn.lock().await;
        self.of_own(id)?;
        self.apply(
            caller,
            "endpoint.delete",
            id,
            json!({}),
            records::delete(id),
        )
        .await
    }

    /// Pauses an endpoint: what is due waits; what arrives is accepted and waits too.
    pub async fn pause(
        &self,
        caller: &str,
        id: EndpointId,
        reason: PauseReason,
    ) -> Result<(), EndpointError> {
        let _turn = self.0.turn.lock().await;
        let detail = json!({ "reason": reason });
        self.apply(
            caller,
            "endpoint.pause",
            id,
            detail,
            records::pause(id, reason),
        )
        .await
    }

    /// Disables an endpoint until a person resumes it.
    pub async fn disable(
        &self,
        caller: &str,
        id: EndpointId,
        reason: DisableReason,
    ) -> Result<(), EndpointError> {
        let _turn = self.0.turn.lock().await;
        let detail = json!({ "reason": reason });
        self.apply(
            caller,
            "endpoint.disable",
            id,
            detail,
            records::disable(id, reason),
        )
        .await
    }

    /// Opens a paused or disabled endpoint again.
    pub async fn resume(&self, caller: &str, id: EndpointId) -> Result<(), EndpointError> {
        let _turn = self.0.turn.lock().await;
        self.apply(
            caller,
            "endpoint.resume",
            id,
            json!({}),
            records::resume(id),
        )
        .await
    }

    async fn apply(
        &self,
        caller: &str,
        action: &'static str,
        id: EndpointId,
        detail: Value,
        statement: Statement,
    ) -> Result<(), EndpointError> {
        let endpoint = self.by_id(id).ok_or(EndpointError::Unknown { id })?;
        let change = Change {
            caller: caller.into(),
            action,
            target: endpoint.name.clone(),
            detail,
        };
        self.0.store.change(change, vec![statement]).await?;
        self.load_in_turn().await?;
        Ok(())
    }

    async fn save(
        &self,
        caller: &str,
        action: &'static str,
        endpoint: Endpoint,
        detail: Value,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let id = endpoint.id;
        let change = Change {
            caller: caller.into(),
            action,
            target: endpoint.name.clone(),
            detail,
        };
        self.0
            .store
            .change(change, self.statements_for(&endpoint))
            .await?;
        self.load_in_turn().await?;
        self.by_id(id).ok_or(EndpointError::Unknown { id })
    }

    fn of_own(&self, id: EndpointId) -> Result<Arc<Endpoint>, EndpointError> {
        let endpoint = self.by_id(id).ok_or(EndpointError::Unknown { id })?;
        match endpoint.room {
            Room::Own => Ok(endpoint),
            Room::Desk | Room::Feishu | Room::Zone => Err(EndpointError::OfAnotherRoom {
                room: endpoint.room.as_str(),
            }),
        }
    }

    fn built(&self, new: NewEndpoint) -> Result<Endpoint, EndpointError> {
        let policy = default_policy(new.dialect).with(new.policy);
        let (id, now) = (self.0.store.next_id(), self.0.store.clock().schedule());
        Ok(Endpoint {
            sources: new.sources,
            types: TypeFilter::new(new.types)?,
            url: Some(new.url),
            secrets: Secrets {
                key: new.key,
                token: new.token,
                previous: None,
            },
            routed: new.routed,
            ..Endpoint::of_room(id, new.name, Room::Own, new.dialect, policy, now)
        })
    }

    /// What every endpoint must hold before it is written.
    fn check(&self, endpoint: &Endpoint) -> Result<(), EndpointError> {
        check_name(&endpoint.name)?;
        if self
            .by_name(&endpoint.name)
            .is_some_and(|other| other.id != endpoint.id)
        {
            return Err(EndpointError::NameTaken {
                name: endpoint.name.clone(),
            });
        }
        check_url(endpoint.url.as_deref().ok_or(EndpointError::NoUrl)?)?;
        endpoint.policy.check()?;
        senders(endpoint.dialect, &endpoint.secrets).map(drop)
    }
}

fn default_policy(dialect: EndpointDialect) -> Policy {
    match dialect {
        EndpointDialect::Desk => Policy::desk_own(),
        EndpointDialect::Feishu => Policy::feishu_event(),
        EndpointDialect::Standard => Policy::standard(),
        EndpointDialect::Raw => Policy::raw(),
        EndpointDialect::Wecom => Policy::wecom_callback(),
        EndpointDialect::Zone => Policy::zone_event(),
    }
}

fn check_name(name: &str) -> Result<(), EndpointError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(EndpointError::Name)
}

fn changed(endpoint: &Endpoint, change: EndpointChange) -> Result<Endpoint, EndpointError> {
    let mut changed = copy(endpoint);
    if let Some(name) = change.name {
        changed.name = name;
    }
    if let Some(url) = change.url {
        changed.url = Some(url);
    }
    if let Some(sources) = change.sources {
        changed.sources = sources;
    }
    if let Some(types) = change.types {
        changed.types = TypeFilter::new(types)?;
    }
    if let Some(routed) = change.routed {
        changed.routed = routed;
    }
    if let Some(key) = change.key {
        changed.secrets.key = key;
        changed.secrets.previous = None;
    }
    if let Some(token) = change.token {
        changed.secrets.token = token;
    }
    changed.policy = Arc::new(Policy::clone(&endpoint.policy).with(change.policy));
    Ok(changed)
}

/// The endpoint without what was prepared from its old name, URL and secrets.
fn copy(endpoint: &Endpoint) -> Endpoint {
    Endpoint {
        prepared: OnceLock::new(),
        meters: OnceLock::new(),
        ..endpoint.clone()
    }
}

/// The endpoint as the audit keeps it: no secrets, no query values.
fn shown(endpoint: &Endpoint) -> Value {
    let url = endpoint
        .url
        .as_deref()
        .and_then(|url| url.split('?').next());
    json!({
        "url": url,
        "dialect": endpoint.dialect,
        "sources": endpoint.sources,
        "types": endpoint.types.patterns(),
        "routed": endpoint.routed,
        "policy": *endpoint.policy,
    })
}
