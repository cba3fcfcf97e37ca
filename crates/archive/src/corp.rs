//! What is kept in memory of a corp: its public key, its editions, and who is in the authorised scope.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use ringback_types::ScheduleTime;

use crate::edition::{AuthEdition, EditionSet};
use crate::message::{Party, PartyType};
use crate::public_key::PublicKey;

#[derive(Debug)]
pub(crate) struct Corp {
    /// Its number; see [`crate::records`].
    pub(crate) id: i64,
    /// Its corp id.
    pub(crate) name: String,
    key: ArcSwapOption<PublicKey>,
    editions: ArcSwap<Vec<AuthEdition>>,
    authorised: RwLock<HashMap<String, EditionSet>>,
    /// Held while members, messages or editions are written, so that memory takes them in the order of
    /// the store, and no message is encrypted twice for nothing.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Corp {
    pub(crate) fn new(
        id: i64,
        name: String,
        key: Option<PublicKey>,
        editions: Vec<AuthEdition>,
    ) -> Self {
        Self {
            id,
            name,
            key: ArcSwapOption::from(key.map(Arc::new)),
            editions: ArcSwap::from_pointee(editions),
            authorised: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn key(&self) -> Option<Arc<PublicKey>> {
        self.key.load_full()
    }

    /// Takes a key that is in the store; of two at once the greater version stays.
    pub(crate) fn set_key(&self, key: &Arc<PublicKey>) {
        self.key.rcu(|known| match known {
            Some(known) if known.version >= key.version => Some(Arc::clone(known)),
            _ => Some(Arc::clone(key)),
        });
    }

    pub(crate) fn editions(&self) -> Arc<Vec<AuthEdition>> {
        self.editions.load_full()
    }

    pub(crate) fn set_editions(&self, editions: Vec<AuthEdition>) {
        self.editions.store(Arc::new(editions));
    }

    /// Takes members as the store has them now.
    pub(crate) fn set_members(&self, members: impl IntoIterator<Item = (String, EditionSet)>) {
        let mut authorised = self
            .authorised
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for (userid, editions) in members {
            if editions.is_empty() {
                authorised.remove(&userid);
            } else {
                authorised.insert(userid, editions);
            }
        }
    }

    /// How many members have an edition.
    pub(crate) fn member_count(&self, edition: u8) -> usize {
        let authorised = self
            .authorised
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        authorised
            .values()
            .filter(|editions| editions.has(edition))
            .count()
    }

    /// What is visible at `now`.
    pub(crate) fn scope(&self, now: ScheduleTime) -> Scope<'_> {
        let editions = self.editions.load();
        let active = editions.iter().filter(|edition| edition.is_active(now));
        Scope {
            corp: self,
            active: active.map(|edition| edition.edition).collect(),
            changed: None,
        }
    }
}

/// Which messages may be seen: those with a participant in the authorised scope whose edition covers
/// them (sheet wecom-zone-app, section 2.9).
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    corp: &'a Corp,
    active: EditionSet,
    /// Members that are about to change.
    changed: Option<&'a HashMap<String, EditionSet>>,
}

impl<'a> Scope<'a> {
    /// The scope as it is once these members are in the store.
    pub(crate) fn with(self, changed: &'a HashMap<String, EditionSet>) -> Self {
        Self {
            changed: Some(changed),
            ..self
        }
    }

    /// Whether a message of this type between these may be seen.
    pub(crate) fn covers<'p>(
        &self,
        msgtype: u8,
        parties: impl Iterator<Item = &'p Party> + Clone,
    ) -> bool {
        let outside = |party: &Party| party.kind == PartyType::External;
        let needed = EditionSet::needed(msgtype, parties.clone().any(outside));
        let granted = needed.and(self.active);
        let authorised = self
            .corp
            .authorised
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        parties
            .filter(|party| party.kind == PartyType::Member)
            .filter_map(|party| {
                let changed = self.changed.and_then(|changed| changed.get(&party.id));
                changed.or_else(|| authorised.get(&party.id))
            })
            .any(|editions| !editions.and(granted).is_empty())
    }
}
