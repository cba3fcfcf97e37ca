//! Notify ids: whose they are, until when, and which instance has what they stand for
//! (design, section 6; app sheet, 4.4).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ringback_deliver::Arrival;
use ringback_dialect::wecom::ProgramNotify;
use ringback_store::{ReadError, Statement, Store, WriteError};
use ringback_types::{AppId, ScheduleTime};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::errcode::{self, Refusal};
use crate::records;
use crate::route::ProgramRoute;
use crate::zone::Zone;

/// The longest id a program may give (app sheet, 4.4).
const NOTIFY_ID_BYTES: usize = 64;

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notify {
    pub(crate) id: String,
    pub(crate) app: AppId,
    pub(crate) program_id: String,
    /// What stands behind the slash of the key id that sent it.
    pub(crate) instance: String,
    pub(crate) scene: Option<u8>,
    pub(crate) expires_at: ScheduleTime,
}

impl Notify {
    /// Whether the same instance of the same program sent it on behalf of the same app.
    fn same_owner(&self, other: &Self) -> bool {
        self.app == other.app
            && self.program_id == other.program_id
            && self.instance == other.instance
    }
}

/// The live ones, to look up without waiting.
#[derive(Debug, Default)]
pub(crate) struct LiveNotifies(RwLock<HashMap<String, Notify>>);

impl LiveNotifies {
    pub(crate) async fn load(store: &Store) -> Result<Self, ReadError> {
        let live = records::notices::load_live(store, store.clock().schedule()).await?;
        let by_id = live.into_iter().map(|notify| (notify.id.clone(), notify));
        Ok(Self(RwLock::new(by_id.collect())))
    }

    fn keep(&self, notify: Notify) {
        let mut live = self.0.write().unwrap_or_else(PoisonError::into_inner);
        live.insert(notify.id.clone(), notify);
    }

    pub(crate) fn prune(&self, now: ScheduleTime) {
        let mut live = self.0.write().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, notify| notify.expires_at > now);
    }

    fn get(&self, notify_id: &str) -> Option<Notify> {
        let live = self.0.read().unwrap_or_else(PoisonError::into_inner);
        live.get(notify_id).cloned()
    }

    /// The instance that has what a live id stands for.
    pub(crate) fn instance(
        &self,
        notify_id: &str,
        route: &ProgramRoute,
        now: ScheduleTime,
    ) -> Option<u32> {
        if notify_id.is_empty() {
            return None;
        }
        let live = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let notify = live.get(notify_id)?;
        let fits = notify.expires_at > now && notify.program_id == route.program.program_id;
        let number: u32 = notify.instance.parse().ok().filter(|_| fits)?;
        (1..=route.program.instances())
            .contains(&number)
            .then_some(number)
    }
}

/// The request of `spec_notify_app`.
#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    notify_id: Option<String>,
    #[serde(default)]
    notify_scene: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    errcode: i32,
    errmsg: &'static str,
    notify_id: &'a str,
}

impl Zone {
    /// Refuses an id that is not a live one of this app and program.
    pub(crate) async fn check_notify(
        &self,
        notify_id: &str,
        app: AppId,
        program_id: &str,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let cause = match self.known_notify(notify_id).await? {
            Some(notify) if notify.expires_at <= now => "the notify_id has expired",
            Some(notify) if notify.app == app && notify.program_id == program_id => return Ok(()),
            Some(_) => "the notify_id belongs to another app or program",
            None => "the notify_id is unknown",
        };
        Err(errcode::BAD_NOTIFY_ID.because(cause))
    }

    /// The store has what memory has not yet: an app may be told of an id before the write that took it
    /// is answered, and another process may have taken it.
    async fn known_notify(&self, notify_id: &str) -> Result<Option<Notify>, Refusal> {
        let now = self.now();
        let live = |notify: &Notify| notify.expires_at > now;
        if let Some(notify) = self.notifies().get(notify_id).filter(live) {
            return Ok(Some(notify));
        }
        if notify_id.len() > NOTIFY_ID_BYTES || notify_id.contains('\0') {
            return Ok(None);
        }
        let found = records::notices::find(self.store(), notify_id).await?;
        if let Some(notify) = found.clone().filter(live) {
            self.notifies().keep(notify);
        }
        Ok(found)
    }

    /// `spec_notify_app` (app sheet, 4.4): the id lives ten minutes, and the app is called back once.
    pub(crate) async fn notify_app(
        &self,
        app: &App,
        program_id: &str,
        instance: &str,
        request: &str,
        nonce: Statement,
    ) -> Result<String, Refusal> {
        let request: Request = crate::face::parse_json(request.as_bytes())?;
        let now = self.now();
        let notify = Notify {
            id: self.given_id(request.notify_id)?,
            app: app.id,
            program_id: program_id.to_owned(),
            instance: instance.to_owned(),
            // Out of range it is ignored in silence (app sheet, 4.4).
            scene: request
                .notify_scene
                .and_then(|scene| u8::try_from(scene).ok()),
            expires_at: now.plus(self.options().notify_life),
        };
        let taken = self.take_notify(app, &notify, nonce, now).await?;
        let answer = Answer {
            errcode: 0,
            errmsg: "ok",
            notify_id: &taken.id,
        };
        Ok(serde_json::to_string(&answer).unwrap_or_default())
    }

    fn given_id(&self, given: Option<String>) -> Result<String, Refusal> {
        match given.filter(|id| !id.is_empty()) {
            None => Ok(self.random().alphanumeric::<43>()),
            Some(id) if id.len() <= NOTIFY_ID_BYTES && !id.chars().any(char::is_control) => Ok(id),
            Some(_) => Err(errcode::BAD_PARAMETER.saying("notify_id is at most 64 bytes")),
        }
    }

    /// Takes the id and makes the callback in one write. The same owner again gets the same answer and
    /// makes no second callback.
    async fn take_notify(
        &self,
        app: &App,
        notify: &Notify,
        nonce: Statement,
        now: ScheduleTime,
    ) -> Result<Notify, Refusal> {
        let mut arrival = self.notification(app, notify);
        arrival.alongside = vec![records::notices::take(notify, now), nonce];
        match self.engine().accept(arrival).await {
            Ok(_) => {
                self.notifies().keep(notify.clone());
                Ok(notify.clone())
            }
            Err(WriteError::Unexpected { statement: 0, .. }) => {
                let known = records::notices::find(self.store(), &notify.id).await?;
                let known = known.filter(|known| known.same_owner(notify));
                let known = known.ok_or_else(|| {
                    errcode::BAD_NOTIFY_ID.because("the notify_id belongs to somebody else")
                })?;
                self.notifies().keep(known.clone());
                Ok(known)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn notification(&self, app: &App, notify: &Notify) -> Arrival {
        let xml = ProgramNotify {
            corpid: &app.corpid,
            create_time: self.store().clock().wire(),
            notify_id: &notify.id,
            notify_scene: notify.scene,
        };
        Arrival {
            id: None,
            source: app.notify_source,
            event_type: ProgramNotify::EVENT.to_owned(),
            app: Some(app.label()),
            dedupe_key: None,
            order_key: None,
            headers: None,
            body: xml.to_xml(),
            raw: None,
            alongside: Vec::new(),
        }
    }
}
