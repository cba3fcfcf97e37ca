//! Management tokens: named, hashed, revocable, with a role (design, section 10).
//!
//! A token is `rbk_`, the digits of its id, `_` and 256 random bits in hexadecimal. Only its SHA-256
//! is kept: nobody guesses 256 bits, so a slow hash would protect nothing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use ringback_store::{Change, ReadError, Statement, Store, WriteError};
use ringback_types::{Caller, CallerId, Random, Role, ScheduleTime, Secret};
use serde_json::json;

use crate::error::TokenError;
use crate::records::{self, StoredToken};

const PREFIX: &str = "rbk_";
const LONGEST_NAME: usize = 64;
/// How the process's own token is called in the audit.
const PROCESS_NAME: &str = "process";

/// A token as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: CallerId,
    /// Who or what holds it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: ScheduleTime,
    /// When it was last used, since the process began.
    pub last_used_at: Option<ScheduleTime>,
}

/// A token just made: its text is known this once.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What may be shown of it later.
    pub token: Token,
    /// What goes into `Authorization: Bearer …`.
    pub secret: Secret,
}

/// The tokens in force. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    store: Store,
    random: Random,
    /// Hash of the token that lives as long as the process.
    process: Option<[u8; 32]>,
    known: ArcSwap<HashMap<CallerId, Known>>,
    /// One change or reload at a time.
    turn: tokio::sync::Mutex<()>,
    used: Mutex<HashMap<CallerId, Arc<AtomicI64>>>,
}

#[derive(Debug, Clone)]
struct Known {
    stored: StoredToken,
    caller: Caller,
    /// Milliseconds of schedule time; 0 for not yet.
    used: Arc<AtomicI64>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.known.load().len();
        formatter
            .debug_struct("Tokens")
            .field("count", &count)
            .finish()
    }
}

impl Tokens {
    pub(crate) async fn open(
        store: Store,
        random: Random,
        process: Option<Secret>,
    ) -> Result<Self, ReadError> {
        let tokens = Self(Arc::new(Inner {
            store,
            random,
            process: process.map(|secret| sha256(secret.expose())),
            known: ArcSwap::default(),
            turn: tokio::sync::Mutex::default(),
            used: Mutex::default(),
        }));
        // Subscribed before the tokens are read, so that no change falls between.
        let revision = tokens.0.store.revision();
        tokens.reload().await?;
        let held = Arc::downgrade(&tokens.0);
        ringback_store::follow(revision, "the tokens", held, |inner| async move {
            Self(inner).reload().await
        });
        Ok(tokens)
    }

    /// Who holds this token.
    pub(crate) fn caller(&self, presented: &str) -> Option<Caller> {
        let hash = sha256(presented.as_bytes());
        if let Some(process) = &self.0.process
            && verify_slices_are_equal(process, &hash).is_ok()
        {
            return Some(Caller {
                name: PROCESS_NAME.into(),
                role: Role::Admin,
            });
        }
        let known = self.0.known.load();
        let token = known.get(&id_in(presented)?)?;
        verify_slices_are_equal(&token.stored.hash, &hash).ok()?;
        let now = self.0.store.clock().schedule().as_millis();
        token.used.store(now, Ordering::Relaxed);
        Some(token.caller.clone())
    }

    /// All tokens, oldest first; the process's own is not among them.
    pub fn list(&self) -> Vec<Token> {
        let mut tokens: Vec<_> = self.0.known.load().values().map(shown).collect();
        tokens.sort_by_key(|token| token.id);
        tokens
    }

    /// Makes a token; its text is shown this once.
    pub async fn create(
        &self,
        caller: &Caller,
        name: &str,
        role: Role,
    ) -> Result<NewToken, TokenError> {
        let _turn = self.0.turn.lock().await;
        self.create_in_turn(caller, name, role).await
    }

    /// Makes the first token with the role `admin`; `None` where there is one.
    pub async fn first_admin(&self) -> Result<Option<NewToken>, TokenError> {
        let _turn = self.0.turn.lock().await;
        if self.admins() > 0 {
            return Ok(None);
        }
        let system = Caller {
            name: "system".into(),
            role: Role::Admin,
        };
        let taken = |name: &str| self.list().iter().any(|token| token.name == name);
        let name = if taken("admin") {
            "first-admin"
        } else {
            "admin"
        };
        self.create_in_turn(&system, name, Role::Admin)
            .await
            .map(Some)
    }

    /// Takes a token away; it is refused from now on.
    pub async fn revoke(&self, caller: &Caller, id: CallerId) -> Result<(), TokenError> {
        let _turn = self.0.turn.lock().await;
        let known = self.0.known.load();
        let token = known
            .get(&id)
            .ok_or(TokenError::NotFound { id })?
            .stored
            .clone();
        if token.role == Role::Admin && self.admins() == 1 && self.0.process.is_none() {
            return Err(TokenError::LastAdmin { name: token.name });
        }
        let change = change(caller, "token.revoke", &token);
        self.apply(change, records::delete(id)).await
    }

    async fn create_in_turn(
        &self,
        caller: &Caller,
        name: &str,
        role: Role,
    ) -> Result<NewToken, TokenError> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(TokenError::NameForm);
        }
        let id = self.0.store.next_id();
        let secret = text_of(id, &self.0.random.secret());
        let stored = StoredToken {
            id,
            name: name.to_owned(),
            role,
            hash: Bytes::copy_from_slice(&sha256(secret.expose())),
            created_at: self.0.store.clock().schedule(),
        };
        let change = change(caller, "token.create", &stored);
        let applied = self.apply(change, records::insert(&stored)).await;
        applied.map_err(|error| name_taken(error, name))?;
        Ok(NewToken {
            token: shown(&self.known(stored)),
            secret,
        })
    }

    async fn apply(&self, change: Change, statement: Statement) -> Result<(), TokenError> {
        self.0.store.change(change, vec![statement]).await?;
        Ok(self.reload_in_turn().await?)
    }

    fn admins(&self) -> usize {
        let known = self.0.known.load();
        known
            .values()
            .filter(|token| token.stored.role == Role::Admin)
            .count()
    }

    async fn reload(&self) -> Result<(), ReadError> {
        let _turn = self.0.turn.lock().await;
        self.reload_in_turn().await
    }

    async fn reload_in_turn(&self) -> Result<(), ReadError> {
        let stored = records::load(&self.0.store).await?;
        let known = stored
            .into_iter()
            .map(|token| (token.id, self.known(token)));
        let known: HashMap<_, _> = known.collect();
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|id, _| known.contains_key(id));
        self.0.known.store(Arc::new(known));
        Ok(())
    }

    fn known(&self, stored: StoredToken) -> Known {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        Known {
            caller: Caller {
                name: stored.name.as_str().into(),
                role: stored.role,
            },
            used: Arc::clone(used.entry(stored.id).or_default()),
            stored,
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The token of this id and these random bytes, as text.
fn text_of(id: CallerId, random: &[u8; 32]) -> Secret {
    let id = id.to_string();
    let digits = id.split_once('_').map_or("", |(_, digits)| digits);
    let mut text = format!("{PREFIX}{digits}_");
    for byte in random {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Secret::from(text)
}

fn id_in(presented: &str) -> Option<CallerId> {
    let (digits, _) = presented.strip_prefix(PREFIX)?.split_once('_')?;
    format!("key_{digits}").parse().ok()
}

fn shown(known: &Known) -> Token {
    let used = known.used.load(Ordering::Relaxed);
    Token {
        id: known.stored.id,
        name: known.stored.name.clone(),
        role: known.stored.role,
        created_at: known.stored.created_at,
        last_used_at: (used > 0).then(|| ScheduleTime::from_millis(used)),
    }
}

fn change(caller: &Caller, action: &'static str, token: &StoredToken) -> Change {
    Change {
        caller: Arc::clone(&caller.name),
        action,
        target: token.name.clone(),
        detail: json!({ "id": token.id, "role": token.role }),
    }
}

fn name_taken(error: TokenError, name: &str) -> TokenError {
    match error {
        TokenError::Write(WriteError::Unexpected { statement: 0, .. }) => TokenError::NameTaken {
            name: name.to_owned(),
        },
        other => other,
    }
}
