//! Who this program is towards the zone: the deployed instance of its credentials file, or a debug
//! session.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ringback_dialect::zone::{KeyRing, Keys, Reason};
use ringback_types::WireTime;

use crate::credentials::{self, Stamp};
use crate::error::Error;

/// One identity. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) ring: Arc<KeyRing>,
    /// Where its zone is, without a slash at the end.
    pub(crate) zone_url: Arc<str>,
    /// When it ends; a deployed instance's never does.
    pub(crate) ends: Option<WireTime>,
}

impl Identity {
    pub(crate) fn new(ring: KeyRing, zone_url: &str, ends: Option<WireTime>) -> Self {
        Self {
            ring: Arc::new(ring),
            zone_url: zone_url.trim_end_matches('/').into(),
            ends,
        }
    }

    fn live(self, now: WireTime) -> Result<Self, Error> {
        match self.ends {
            Some(ends) if now >= ends => Err(Error::SessionOver),
            _ => Ok(self),
        }
    }

    /// The version that this program signs with, and its keys.
    pub(crate) fn newest(&self) -> Result<(u32, &Keys), Error> {
        let version = self.ring.newest();
        // A file without versions is one that the host has not filled yet.
        let keys = self.ring.of(version).ok_or(Error::NoKey)?;
        Ok((version, keys))
    }
}

/// The identities of this process. A debug session goes before the credentials file: a process that
/// has opened debug mode is a debug program until it ends.
#[derive(Debug)]
pub(crate) struct Identities {
    path: Option<PathBuf>,
    deployed: RwLock<Option<(Identity, Stamp)>>,
    debug: RwLock<Option<Identity>>,
}

impl Identities {
    /// Reads the credentials file, where there is to be one.
    pub(crate) fn load(path: Option<PathBuf>) -> Result<Self, Error> {
        let deployed = path.as_deref().map(read).transpose()?;
        Ok(Self {
            path,
            deployed: RwLock::new(deployed),
            debug: RwLock::new(None),
        })
    }

    pub(crate) fn set_debug(&self, session: Identity) {
        *self.debug.write().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }

    /// Whether debug mode was opened.
    pub(crate) fn is_debug(&self) -> bool {
        self.debug().is_some()
    }

    /// The identity that this program speaks as.
    pub(crate) fn own(&self, now: WireTime) -> Result<Identity, Error> {
        if let Some(session) = self.debug() {
            return session.live(now);
        }
        self.reload();
        self.deployed().ok_or(Error::NoKey)
    }

    /// The live identity that a request is addressed to, with keys of that version.
    pub(crate) fn addressed(
        &self,
        key_id: &str,
        version: u32,
        now: WireTime,
    ) -> Result<Identity, Error> {
        self.reload();
        let fits = |one: &Identity| one.ring.key_id() == key_id;
        let known = [self.debug(), self.deployed()];
        let found = known.into_iter().flatten().find(fits);
        let refused = |reason| Error::Unverified { reason };
        let identity = found.ok_or_else(|| refused(Reason::KeyIdUnknown))?;
        if identity.ring.of(version).is_none() {
            return Err(refused(Reason::VersionUnknown));
        }
        identity.live(now)
    }

    /// Reads the credentials file again if it has changed; says whether it had. What cannot be read
    /// leaves the keys as they are. Looked at before every use of a key: the zone goes on with the
    /// old version of a secret until this program has used the new one, so nothing else would tell.
    pub(crate) fn reload(&self) -> bool {
        let Some(path) = &self.path else { return false };
        let mut deployed = self
            .deployed
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = deployed.as_ref().map(|(_, stamp)| *stamp);
        if Stamp::now(path) == before {
            return false;
        }
        let fresh = read(path).ok();
        let changed = fresh.is_some();
        *deployed = fresh.or_else(|| deployed.take());
        changed
    }

    fn deployed(&self) -> Option<Identity> {
        let deployed = self.deployed.read().unwrap_or_else(PoisonError::into_inner);
        deployed.as_ref().map(|(identity, _)| identity.clone())
    }

    fn debug(&self) -> Option<Identity> {
        self.debug
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn read(path: &Path) -> Result<(Identity, Stamp), Error> {
    let (credentials, stamp) = credentials::read(path)?;
    let identity = Identity::new(credentials.ring(), &credentials.zone_url, None);
    Ok((identity, stamp))
}
