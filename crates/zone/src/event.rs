//! Platform events for programs (app sheet, 4.3): the nine types, and making one by hand.

use std::collections::BTreeMap;

use ringback_archive::{Owner, TokenKind};
use ringback_deliver::{Arrival, Receipt};
use ringback_dialect::zone::{CallType, RequestFrame};
use ringback_types::{Code, Coded, DeliveryId, EventId, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::errcode::{self, Refusal};
use crate::error::ZoneError;
use crate::zone::Zone;

ringback_types::words! {
    /// The types there are.
    #[derive(utoipa::ToSchema)]
    EventType {
        /// There are new messages; carries a token for `sync_msg`.
        ConversationNewMessage = "conversation_new_message",
        /// A message hit a rule; carries a token for `get_hit_msg_list`.
        HitKeyword = "hit_keyword",
        /// A customer agreed to archiving in a single chat.
        AuditApprovedSingle = "chat_archive_audit_approved_single",
        /// A customer agreed to archiving in a group chat.
        AuditApprovedRoom = "chat_archive_audit_approved_room",
        /// A knowledge base was authorised.
        AuthKnowledgeBase = "auth_knowledge_base",
        /// The authorisation was withdrawn.
        UnauthKnowledgeBase = "unauth_knowledge_base",
        /// An authorised knowledge base was deleted.
        DeleteKnowledgeBase = "delete_knowledge_base",
        /// A document was learnt, or could not be.
        KnowledgeBaseLearnDone = "knowledge_base_learn_done",
        /// An export job is done.
        ExportFinished = "chat_archive_export_finished",
    }
}

impl EventType {
    /// The member that holds the payload; both consents share one.
    fn payload_key(self) -> &'static str {
        match self {
            Self::AuditApprovedSingle | Self::AuditApprovedRoom => "chat_archive_audit_approved",
            other => other.as_str(),
        }
    }

    /// What the event carries where nobody says otherwise; the tokens are put in where it is made.
    pub(crate) fn sample(self) -> Value {
        let knowledge = || json!({ "knowledge_base_id": "kbAAAAAAAAAAAAAAAA", "knowledge_base_name": "Product questions" });
        match self {
            Self::ConversationNewMessage | Self::HitKeyword => json!({}),
            Self::AuditApprovedSingle => {
                json!({ "userid": "woAAAAAAAAAAAAAAAA", "external_userid": "wmAAAAAAAAAAAAAAAA" })
            }
            Self::AuditApprovedRoom => {
                json!({ "external_userid": "wmAAAAAAAAAAAAAAAA", "chatid": "wrAAAAAAAAAAAAAAAA" })
            }
            Self::AuthKnowledgeBase | Self::UnauthKnowledgeBase | Self::DeleteKnowledgeBase => {
                knowledge()
            }
            Self::KnowledgeBaseLearnDone => {
                let mut payload = knowledge();
                payload["doc_id"] = json!(1);
                payload["learn_status"] = json!(0);
                payload
            }
            Self::ExportFinished => json!({ "jobid": "EXPORTJOBAAAAAAAAAAAAAAAA" }),
        }
    }

    fn token_kind(self) -> Option<TokenKind> {
        match self {
            Self::ConversationNewMessage => Some(TokenKind::NewMessage),
            Self::HitKeyword => Some(TokenKind::HitKeyword),
            _ => None,
        }
    }
}

/// An event to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ZoneTrigger)]
pub struct Trigger {
    /// The corp; may be left out where there is one.
    #[serde(default)]
    pub corpid: Option<String>,
    /// The app; may be left out where the corp has one.
    #[serde(default)]
    pub agentid: Option<i64>,
    /// Which type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Members of the payload to replace.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

/// An event that was made.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ZoneTriggered)]
pub struct Triggered {
    /// Ringback's id of it.
    #[schema(value_type = String)]
    pub event: EventId,
    /// Its delivery to the receiving program.
    #[schema(value_type = Option<String>)]
    pub delivery: Option<DeliveryId>,
    /// The program that receives it.
    pub program_id: String,
}

/// Why no event was made.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// There is no such type.
    #[error("`{0}` is not an event type of the zone")]
    UnknownType(String),
    /// Which app is meant is not clear.
    #[error("name the app: there is not exactly one")]
    WhichApp,
    /// The app has no receiving program.
    #[error("the app `{0}` has no receiving program, so it gets no events")]
    NoReceiver(String),
    /// More than one trigger may make.
    #[error("a trigger makes 1 to {0} events")]
    Count(u32),
    /// The event would not be made on the platform either, or the store did not take it.
    #[error("{}", .0.errmsg)]
    Refused(Refusal),
    /// What was named is not there.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

impl Coded for TriggerError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::UnknownType(_) => "zone.unknown_event_type",
            Self::WhichApp => "zone.which_app",
            Self::NoReceiver(_) => "zone.no_receiver",
            Self::Count(_) => "zone.trigger_count",
            Self::Refused(_) => "zone.event_refused",
            Self::Zone(error) => return error.code(),
        })
    }

    fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self {
            Self::UnknownType(_) => {
                let names: Vec<_> = EventType::ALL.iter().map(|it| it.as_str()).collect();
                Some(format!("the types are {}", names.join(", ")).into())
            }
            Self::WhichApp => Some("name it with `--app CORPID/AGENTID`".into()),
            Self::NoReceiver(_) => Some(
                "`ringback app receive PROGRAM`, or `set_receive_callback` from the app".into(),
            ),
            Self::Count(_) | Self::Refused(_) => None,
            Self::Zone(error) => error.hint(),
        }
    }
}

impl From<TriggerError> for Problem {
    fn from(error: TriggerError) -> Self {
        match error {
            TriggerError::Zone(error) => error.into(),
            TriggerError::Refused(ref refusal) if refusal.errcode == errcode::BUSY.number => {
                Self::from_error(503, &error)
            }
            TriggerError::NoReceiver(_) | TriggerError::Refused(_) => Self::from_error(409, &error),
            _ => Self::from_error(422, &error),
        }
    }
}

impl Zone {
    /// Makes events for an app's receiving program.
    pub async fn trigger(&self, trigger: &Trigger) -> Result<Vec<Triggered>, TriggerError> {
        let unknown = || TriggerError::UnknownType(trigger.event_type.chars().take(64).collect());
        let event_type = EventType::parse(&trigger.event_type).ok_or_else(unknown)?;
        let most = self.options().trigger_limit;
        if !(1..=most).contains(&trigger.count) {
            return Err(TriggerError::Count(most));
        }
        let app = self.meant(trigger.corpid.as_deref(), trigger.agentid)?;
        let program_id = app.receiving_program.clone();
        let program_id = program_id.ok_or_else(|| TriggerError::NoReceiver(app.label()))?;
        let mut made = Vec::new();
        for _ in 0..trigger.count {
            let payload = self.payload(&app, &program_id, event_type, &trigger.set);
            let receipt = self.emit(&app, event_type, payload, None).await;
            let receipt = receipt.map_err(TriggerError::Refused)?;
            made.push(Triggered {
                event: receipt.event,
                delivery: receipt.deliveries.first().map(|(delivery, _)| *delivery),
                program_id: program_id.clone(),
            });
        }
        Ok(made)
    }

    /// The app that is meant: the named one, or the only one.
    pub(crate) fn meant(
        &self,
        corpid: Option<&str>,
        agentid: Option<i64>,
    ) -> Result<std::sync::Arc<App>, TriggerError> {
        let snapshot = self.snapshot();
        if let Some(corpid) = corpid {
            snapshot.corp(corpid)?;
        }
        let fits = |app: &&std::sync::Arc<App>| {
            corpid.is_none_or(|corpid| app.corpid == corpid)
                && agentid.is_none_or(|agentid| app.agentid == agentid)
        };
        let mut found = snapshot.apps().filter(fits);
        match (found.next(), found.next()) {
            (Some(app), None) => Ok(std::sync::Arc::clone(app)),
            (None, _) if corpid.is_some() && agentid.is_some() => {
                let named = (corpid.unwrap_or_default(), agentid.unwrap_or_default());
                Ok(snapshot.app(named.0, named.1)?)
            }
            _ => Err(TriggerError::WhichApp),
        }
    }

    fn payload(
        &self,
        app: &App,
        program_id: &str,
        event_type: EventType,
        set: &BTreeMap<String, Value>,
    ) -> Value {
        let mut payload = event_type.sample();
        if let Some(kind) = event_type.token_kind() {
            let owner = Owner {
                corp: app.corpid.clone(),
                agentid: app.agentid,
                program: program_id.to_owned(),
            };
            payload["token"] = self.archive().issue_token(&owner, kind).into();
        }
        for (member, value) in set {
            payload[member.as_str()] = value.clone();
        }
        payload
    }

    /// Writes an event for the app's receiving program; delivery goes on in the background.
    pub(crate) async fn emit(
        &self,
        app: &App,
        event_type: EventType,
        payload: Value,
        dedupe_key: Option<String>,
    ) -> Result<Receipt, Refusal> {
        app.may_use_zone()?;
        let mut event = Map::new();
        event.insert("event_type".to_owned(), event_type.as_str().into());
        event.insert("timestamp".to_owned(), self.now().as_seconds().into());
        event.insert(event_type.payload_key().to_owned(), payload);
        let frame = RequestFrame {
            corpid: app.corpid.clone(),
            agentid: app.agentid,
            call_type: CallType::Event,
            data: Value::Object(event).to_string(),
            is_async: false,
            job_info: String::new(),
            ability_id: String::new(),
            notify_id: String::new(),
        };
        let arrival = Arrival {
            id: None,
            source: app.event_source,
            event_type: event_type.as_str().to_owned(),
            app: Some(app.label()),
            dedupe_key,
            order_key: None,
            headers: None,
            body: self.sealed(&frame),
            raw: None,
            alongside: Vec::new(),
        };
        Ok(self.engine().accept(arrival).await?)
    }
}
