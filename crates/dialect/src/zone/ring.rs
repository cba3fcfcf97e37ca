//! The live versions of one key id.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::Keys;

/// The live versions of one key id's keys, and which of them the peer is known to have.
///
/// A program signs with the newest; the zone goes on with the one that the instance has itself
/// used, because a new credentials file may not have been read yet.
#[derive(Debug)]
pub struct KeyRing {
    key_id: Arc<str>,
    /// Ascending.
    versions: Vec<(u32, Keys)>,
    used: AtomicU32,
    heard: AtomicBool,
}

impl KeyRing {
    /// The ring of these versions; of two with the same number the first counts.
    pub fn new(
        key_id: impl Into<Arc<str>>,
        versions: impl IntoIterator<Item = (u32, Keys)>,
    ) -> Self {
        let mut versions: Vec<_> = versions.into_iter().collect();
        versions.sort_by_key(|(version, _)| *version);
        versions.dedup_by_key(|(version, _)| *version);
        let lowest = versions.first().map_or(0, |(version, _)| *version);
        Self {
            key_id: key_id.into(),
            versions,
            used: AtomicU32::new(lowest),
            heard: AtomicBool::new(false),
        }
    }

    /// Whose keys these are.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The keys of a version that is live.
    pub fn of(&self, version: u32) -> Option<&Keys> {
        self.versions
            .iter()
            .find(|(of, _)| *of == version)
            .map(|(_, keys)| keys)
    }

    /// The newest version; 0 where there is none.
    pub fn newest(&self) -> u32 {
        self.versions.last().map_or(0, |(version, _)| *version)
    }

    /// The highest version that the peer has used; until it has used one, the lowest there is.
    pub fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether it is known which version the peer uses: there is one only, or the peer was heard.
    pub fn is_settled(&self) -> bool {
        self.versions.len() < 2 || self.heard.load(Ordering::Relaxed)
    }

    /// Says that a message of this version has been verified; goes upwards only.
    pub fn note_used(&self, version: u32) {
        if self.of(version).is_some() {
            self.heard.store(true, Ordering::Relaxed);
            self.used.fetch_max(version, Ordering::Relaxed);
        }
    }
}
