//! Access tokens (app sheet, 1.1): one live token an app, the same until near its end.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest};
use ringback_store::{Store, WriteError};
use ringback_types::{AppId, Random, ScheduleTime, Secret};

use crate::errcode::{self, Refusal};
use crate::options::Options;
use crate::records;

/// How long after its end a token is still known as an expired one (42001 instead of 40014).
const KNOWN_AFTER: std::time::Duration = std::time::Duration::from_hours(24);

/// What a token is looked up by; the tokens themselves are kept sealed.
pub(crate) type Hash = [u8; 32];

/// The hash of a token's text.
pub(crate) fn hash(token: &str) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// Whose a token is and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owned {
    pub(crate) app: AppId,
    pub(crate) expires_at: ScheduleTime,
}

/// A token as `gettoken` answers it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    pub(crate) expires_at: ScheduleTime,
}

/// The tokens of all apps.
#[derive(Debug)]
pub(crate) struct Tokens {
    known: RwLock<Known>,
    /// Held while a token is made, so that two requests at once get the same.
    making: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    owners: HashMap<Hash, Owned>,
    newest: HashMap<AppId, Token>,
}

impl Known {
    fn add(&mut self, app: AppId, token: Token) {
        let text = token.text.expose_str().unwrap_or_default();
        let expires_at = token.expires_at;
        self.owners.insert(hash(text), Owned { app, expires_at });
        self.newest.insert(app, token);
    }
}

impl Tokens {
    pub(crate) async fn load(store: &Store) -> Result<Self, crate::LoadError> {
        let now = store.clock().schedule();
        let since = now.plus_millis(-(KNOWN_AFTER.as_millis() as i64));
        let mut known = Known::default();
        for (app, text, expires_at) in records::tokens::load(store, since).await? {
            known.add(app, Token { text, expires_at });
        }
        Ok(Self {
            known: RwLock::new(known),
            making: tokio::sync::Mutex::default(),
        })
    }

    /// The app's token: the newest while enough of its life is left, else a new one beside it.
    pub(crate) async fn current(
        &self,
        app: AppId,
        store: &Store,
        random: &Random,
        options: &Options,
    ) -> Result<Token, WriteError> {
        let _making = self.making.lock().await;
        let now = store.clock().schedule();
        let newest = self.read().newest.get(&app).cloned();
        let fresh = |token: &Token| token.expires_at.since(now) > options.token_renewal;
        if let Some(token) = newest.filter(fresh) {
            return Ok(token);
        }
        let token = Token {
            text: random.alphanumeric::<64>().into(),
            expires_at: now.plus(options.token_life),
        };
        let gone = now.plus_millis(-(KNOWN_AFTER.as_millis() as i64));
        let statements = records::tokens::insert(store, app, &token.text, token.expires_at, gone);
        store.write(statements).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.owners.retain(|_, owned| owned.expires_at > gone);
        known.add(app, token.clone());
        Ok(token)
    }

    /// Whose token this is.
    pub(crate) fn owner(&self, text: &str, now: ScheduleTime) -> Result<Owned, Refusal> {
        let known = self.read().owners.get(&hash(text)).copied();
        match known {
            Some(owned) if owned.expires_at > now => Ok(owned),
            Some(_) => Err(errcode::TOKEN_EXPIRED.into()),
            None => Err(errcode::BAD_TOKEN.into()),
        }
    }

    /// Forgets the tokens of an app that is no more.
    pub(crate) fn forget(&self, app: AppId) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.owners.retain(|_, owned| owned.app != app);
        known.newest.remove(&app);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}
