//! The archive as one handle.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ringback_store::{Row, Store, Value, WriteError};
use ringback_types::{Random, ScheduleTime};
use tokio::sync::watch;

use crate::corp::Corp;
use crate::edition::{AuthEdition, EditionSet};
use crate::error::{LoadError, StoreError};
use crate::limits::{Concurrency, Rate};
use crate::options::Options;
use crate::public_key::PublicKey;
use crate::records;

/// Members read at a time when the archive is loaded.
const MEMBERS_AT_ONCE: u32 = 10_000;

/// The zone's conversation store. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Archive(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    random: Random,
    options: Options,
    corps: RwLock<HashMap<String, Arc<Corp>>>,
    next_notice: watch::Sender<Option<ScheduleTime>>,
    /// Held while the next notice is looked up, so that the last look is the one that counts.
    noticing: tokio::sync::Mutex<()>,
    without_token: Rate,
    pages: Concurrency,
}

impl Archive {
    /// Loads keys, editions and the authorised scope of every corp.
    pub async fn load(store: Store, random: Random, options: Options) -> Result<Self, LoadError> {
        let mut corps = HashMap::new();
        for row in store.read(records::SELECT_CORPS, []).await? {
            let corp = Arc::new(corp_of(&row)?);
            load_members(&store, &corp).await?;
            corps.insert(corp.name.clone(), corp);
        }
        let archive = Self(Arc::new(Inner {
            store,
            random,
            corps: RwLock::new(corps),
            next_notice: watch::Sender::new(None),
            noticing: tokio::sync::Mutex::default(),
            without_token: Rate::new(options.calls_without_token),
            pages: Concurrency::new(options.page_concurrency),
            options,
        }));
        archive.look_for_notice().await?;
        Ok(archive)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn now(&self) -> ScheduleTime {
        self.0.store.clock().schedule()
    }

    pub(crate) fn next_notice_sender(&self) -> &watch::Sender<Option<ScheduleTime>> {
        &self.0.next_notice
    }

    pub(crate) fn noticing(&self) -> &tokio::sync::Mutex<()> {
        &self.0.noticing
    }

    pub(crate) fn without_token(&self) -> &Rate {
        &self.0.without_token
    }

    pub(crate) fn page_places(&self) -> &Concurrency {
        &self.0.pages
    }

    /// A corp that the archive knows.
    pub(crate) fn corp(&self, corp: &str) -> Option<Arc<Corp>> {
        let corps = self.0.corps.read().unwrap_or_else(PoisonError::into_inner);
        corps.get(corp).cloned()
    }

    pub(crate) fn corps(&self) -> Vec<Arc<Corp>> {
        let corps = self.0.corps.read().unwrap_or_else(PoisonError::into_inner);
        corps.values().cloned().collect()
    }

    /// The corp, made with default editions where it is not known yet.
    pub(crate) async fn corp_or_new(&self, corp: &str) -> Result<Arc<Corp>, StoreError> {
        if let Some(known) = self.corp(corp) {
            return Ok(known);
        }
        let editions = serde_json::json!(AuthEdition::defaults(self.now())).to_string();
        let insert = records::insert_corp(corp, &editions);
        self.0.store.write(vec![insert]).await?;
        let rows = self
            .0
            .store
            .read(records::SELECT_CORP, [Value::from(corp)])
            .await?;
        let row = rows
            .first()
            .ok_or_else(|| WriteError::Failed("a corp that was written is not there".into()))?;
        let made = Arc::new(corp_of(row)?);
        let mut corps = self.0.corps.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(corps.entry(corp.to_owned()).or_insert(made)))
    }
}

fn corp_of(row: &Row) -> Result<Corp, LoadError> {
    let name = row.text(1)?.to_owned();
    let damaged = |member| LoadError::Row {
        corp: name.clone(),
        member,
    };
    let version = row.int(3)?;
    let key = row
        .maybe_text(2)?
        .map(|pem| PublicKey::parse(pem, version))
        .transpose()
        .map_err(|_| damaged("public_key"))?;
    let editions = serde_json::from_str(row.text(4)?).map_err(|_| damaged("editions"))?;
    Ok(Corp::new(row.int(0)?, name, key, editions))
}

async fn load_members(store: &Store, corp: &Corp) -> Result<(), LoadError> {
    let mut after = String::new();
    loop {
        let values = [
            Value::Int(corp.id),
            Value::from(&after),
            Value::from(MEMBERS_AT_ONCE),
        ];
        let rows = store.read(records::SELECT_AUTHORISED, values).await?;
        let members = rows.iter().map(|row| {
            let editions = EditionSet::from_bits(row.int(1)?);
            Ok((row.text(0)?.to_owned(), editions))
        });
        let members: Vec<_> = members.collect::<Result<_, LoadError>>()?;
        let Some((last, _)) = members.last() else {
            return Ok(());
        };
        after.clone_from(last);
        corp.set_members(members);
    }
}

/// Runs to its end even when whoever asked goes away meanwhile, so that memory follows the store.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    let ended = tokio::spawn(work).await;
    ended.map_err(|_| WriteError::Closed.into())
}

/// Runs what takes the processor long off the async threads.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| WriteError::Closed.into())
}
