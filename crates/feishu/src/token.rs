//! Tenant and app access tokens (section 8).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use ringback_store::{Store, WriteError};
use ringback_types::{AppId, Random, ScheduleTime, Secret};

use crate::generate;
use crate::options::Options;
use crate::records;

/// One token of an app: good for both token kinds, as for a custom app on the platform.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    pub(crate) expires_at: ScheduleTime,
}

impl Token {
    pub(crate) fn left(&self, now: ScheduleTime) -> Duration {
        self.expires_at.since(now)
    }
}

/// The live tokens; the store has them too, so that a restart keeps them good.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    live: RwLock<HashMap<AppId, Vec<Token>>>,
    /// Held while a token is made, so that two requests at once get the same.
    making: tokio::sync::Mutex<()>,
}

impl Tokens {
    pub(crate) fn new(tokens: Vec<(AppId, Token)>) -> Self {
        let mut live: HashMap<AppId, Vec<Token>> = HashMap::new();
        for (app, token) in tokens {
            live.entry(app).or_default().push(token);
        }
        Self {
            live: RwLock::new(live),
            making: tokio::sync::Mutex::default(),
        }
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
        if let Some(token) = self
            .newest(app)
            .filter(|token| token.left(now) >= options.token_renewal)
        {
            return Ok(token);
        }
        let token = Token {
            text: format!("t-{}", generate::secret(random)).into(),
            expires_at: now.plus(options.token_life),
        };
        store
            .write(records::insert_token(store, app, &token, now))
            .await?;
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let tokens = live.entry(app).or_default();
        tokens.retain(|token| token.expires_at > now);
        tokens.push(token.clone());
        Ok(token)
    }

    fn newest(&self, app: AppId) -> Option<Token> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.get(&app).and_then(|tokens| tokens.last()).cloned()
    }

    /// Whose token this is, if it is good at `now`. An app has two or three live ones.
    pub(crate) fn owner(&self, text: &str, now: ScheduleTime) -> Option<AppId> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let fits = |token: &Token| token.expires_at > now && token.text.matches(text.as_bytes());
        live.iter()
            .find(|(_, tokens)| tokens.iter().any(fits))
            .map(|(app, _)| *app)
    }

    /// Forgets the tokens of an app that is no more.
    pub(crate) fn forget(&self, app: AppId) {
        self.live
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&app);
    }
}
