//! The sources in memory, and how they change.
//!
//! Requests read one snapshot without a lock; a change writes the store first, then everybody reloads
//! (the one who changed at once, the others when they see the new revision).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use ringback_deliver::Engine;
use ringback_store::{Change, Store, WriteError};
use ringback_types::{Caller, EndpointId, SourceId};
use serde_json::json;

use crate::error::{LoadError, SourceError};
use crate::live::{Live, State, receivers};
use crate::records;
use crate::source::{NewSource, SecretsInput, Settings, SettingsChange, Source};

/// All sources by name, as they were at one revision.
pub(crate) type Snapshot = HashMap<String, Arc<Live>>;

/// The sources and how to change them. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    snapshot: ArcSwap<Snapshot>,
    /// What outlives a reload: counts, refusals, watchers.
    states: Mutex<HashMap<SourceId, Arc<State>>>,
    /// One change or reload at a time: no change is lost under another, and an older snapshot never
    /// replaces a newer one.
    turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let snapshot = self.inner.snapshot.load();
        formatter
            .debug_struct("Sources")
            .field("names", &snapshot.keys())
            .finish()
    }
}

impl Sources {
    pub(crate) async fn open(engine: Engine) -> Result<Self, LoadError> {
        let sources = Self {
            inner: Arc::new(Inner {
                engine,
                snapshot: ArcSwap::default(),
                states: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
            }),
        };
        // Subscribed before the sources are read, so that no change falls between.
        let revision = sources.store().revision();
        sources.reload().await?;
        let held = Arc::downgrade(&sources.inner);
        ringback_store::follow(revision, "the sources", held, |inner| async move {
            (Self { inner }).reload().await
        });
        Ok(sources)
    }

    /// Every source, by name.
    pub fn all(&self) -> Vec<Source> {
        let snapshot = self.inner.snapshot.load();
        let mut sources: Vec<_> = snapshot.values().map(|live| live.source.clone()).collect();
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }

    /// The source of that name.
    pub fn by_name(&self, name: &str) -> Option<Source> {
        self.live(name).map(|live| live.source.clone())
    }

    /// The source with that id.
    pub fn by_id(&self, id: SourceId) -> Option<Source> {
        let snapshot = self.inner.snapshot.load();
        snapshot
            .values()
            .find(|live| live.source.id == id)
            .map(|live| live.source.clone())
    }

    pub(crate) fn live(&self, name: &str) -> Option<Arc<Live>> {
        self.inner.snapshot.load().get(name).cloned()
    }

    /// Makes a source.
    pub async fn create(&self, caller: &Caller, new: NewSource) -> Result<Source, SourceError> {
        let _turn = self.inner.turn.lock().await;
        Source::check_name(&new.name)?;
        let secrets = new.secrets.check(new.dialect)?;
        new.settings.check(new.dialect)?;
        let endpoint = self.call_endpoint(new.settings.call_endpoint.as_deref(), None)?;
        let detail = json!({ "dialect": new.dialect, "settings": new.settings });
        let source = Source {
            id: self.store().next_id(),
            settings: Settings::of(new.dialect).changed(new.settings, endpoint)?,
            name: new.name,
            dialect: new.dialect,
            secrets,
            previous: None,
            created_at: self.store().clock().schedule(),
        };
        receivers(&source)?;
        let insert = records::insert(self.store(), &source);
        self.change(caller, "source.create", &source.name, detail, insert)
            .await
            .map_err(|error| name_taken(error, &source.name))?;
        Ok(source)
    }

    /// Changes settings; what the change does not name stays.
    pub async fn update(
        &self,
        caller: &Caller,
        name: &str,
        change: SettingsChange,
    ) -> Result<Source, SourceError> {
        let _turn = self.inner.turn.lock().await;
        let mut source = self.get(name)?;
        change.check(source.dialect)?;
        let detail = json!(change);
        let endpoint = self.call_endpoint(
            change.call_endpoint.as_deref(),
            source.settings.call_endpoint,
        )?;
        source.settings = source.settings.changed(change, endpoint)?;
        self.write(caller, "source.update", &source, detail).await?;
        Ok(source)
    }

    /// Puts new secrets into force; the old ones are accepted for `overlap` more.
    pub async fn rotate(
        &self,
        caller: &Caller,
        name: &str,
        secrets: SecretsInput,
        overlap: Duration,
    ) -> Result<Source, SourceError> {
        let _turn = self.inner.turn.lock().await;
        let mut source = self.get(name)?;
        let secrets = secrets.check(source.dialect)?;
        let until = self.store().clock().schedule().plus(overlap);
        let old = std::mem::replace(&mut source.secrets, secrets);
        source.previous = (!overlap.is_zero()).then_some((old, until));
        receivers(&source)?;
        let detail = json!({
            "secrets": source.secrets.names(),
            "previous_until": source.previous.as_ref().map(|(_, until)| until.to_rfc3339()),
        });
        self.write(caller, "source.rotate", &source, detail).await?;
        Ok(source)
    }

    /// Takes a source away; its events stay in the log.
    pub async fn delete(&self, caller: &Caller, name: &str) -> Result<(), SourceError> {
        let _turn = self.inner.turn.lock().await;
        let source = self.get(name)?;
        let delete = records::delete(source.id);
        let detail = json!({ "id": source.id });
        self.change(caller, "source.delete", name, detail, delete)
            .await
    }

    fn get(&self, name: &str) -> Result<Source, SourceError> {
        self.by_name(name).ok_or_else(|| SourceError::NotFound {
            name: name.to_owned(),
        })
    }

    /// The endpoint meant by a name or id; empty for none, absent for the one there was.
    fn call_endpoint(
        &self,
        given: Option<&str>,
        before: Option<EndpointId>,
    ) -> Result<Option<EndpointId>, SourceError> {
        match given {
            None => Ok(before),
            Some("") => Ok(None),
            Some(name) => {
                let endpoints = self.inner.engine.endpoints();
                let by_id = || endpoints.by_id(name.parse().ok()?);
                let found = endpoints.by_name(name).or_else(by_id);
                found
                    .map(|endpoint| Some(endpoint.id))
                    .ok_or_else(|| SourceError::CallEndpoint {
                        name: name.to_owned(),
                    })
            }
        }
    }

    async fn write(
        &self,
        caller: &Caller,
        action: &'static str,
        source: &Source,
        detail: serde_json::Value,
    ) -> Result<(), SourceError> {
        let update = records::update(self.store(), source);
        self.change(caller, action, &source.name, detail, update)
            .await
    }

    async fn change(
        &self,
        caller: &Caller,
        action: &'static str,
        target: &str,
        detail: serde_json::Value,
        statement: ringback_store::Statement,
    ) -> Result<(), SourceError> {
        let change = Change {
            caller: Arc::clone(&caller.name),
            action,
            target: target.to_owned(),
            detail,
        };
        self.store().change(change, vec![statement]).await?;
        Ok(self.reload_in_turn().await?)
    }

    fn store(&self) -> &Store {
        self.inner.engine.record().store()
    }

    async fn reload(&self) -> Result<(), LoadError> {
        let _turn = self.inner.turn.lock().await;
        self.reload_in_turn().await
    }

    /// Reads all sources and puts them into force. A source that cannot be used is left out and said.
    async fn reload_in_turn(&self) -> Result<(), LoadError> {
        let sources = records::load(self.store()).await?;
        let mut states = self
            .inner
            .states
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        states.retain(|id, _| sources.iter().any(|source| source.id == *id));
        let mut snapshot = Snapshot::new();
        for source in sources {
            let name = source.name.clone();
            let state = states
                .entry(source.id)
                .or_insert_with(|| Arc::new(State::new(&name)));
            match Live::new(source, Arc::clone(state)) {
                Ok(live) => drop(snapshot.insert(name, Arc::new(live))),
                Err(error) => tracing::error!(source.name = name, %error, "source cannot be used"),
            }
        }
        self.inner.snapshot.store(Arc::new(snapshot));
        Ok(())
    }
}

fn name_taken(error: SourceError, name: &str) -> SourceError {
    match error {
        SourceError::Write(WriteError::Unexpected { statement: 0, .. }) => SourceError::NameTaken {
            name: name.to_owned(),
        },
        other => other,
    }
}
