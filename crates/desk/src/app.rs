//! A Desk app as a value: its SDKAppID, its URLs, its secrets and settings, each checked on saving.

use std::collections::BTreeMap;

use ringback_deliver::guard::check_url;
use ringback_types::{AppId, EndpointId, ScheduleTime, Secret, SourceId};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::AppError;
use crate::options::Settings;

const NAME_CHARACTERS: usize = 64;
/// The platform's own have four digits (section 2.8).
const FIRST_TASK_ID: i64 = 1_001;
/// Section 3.6: a callback token has 1 to 128 characters.
const TOKEN_BYTES: usize = 128;
const KEY_BYTES: usize = 512;
const TEXT_CHARACTERS: usize = 1_000;
const WORD_BYTES: usize = 128;

ringback_types::words! {
    /// What an endpoint of an app is for; each has a switch of its own on the platform (section 3).
    #[derive(PartialOrd, Ord, utoipa::ToSchema)]
    #[schema(as = DeskUrlUse)]
    UrlUse {
        /// `Chatbot.TaskFlowEventNotify`.
        FlowEvents = "flow-events",
        /// `Desk.SessionEventNotify`.
        SessionEvents = "session-events",
        /// `ChatBot.OnAssignHuman`, or the older `ChatBot.OnAssignAgent`.
        Assign = "assign",
        /// `Chatbot.OnC2CSignalMessage`, `Bot.OnC2CMessage`, `Bot.OnGroupMessage`.
        Webhook = "webhook",
    }
}

/// The endpoints of an app: one for the calls of API-call nodes, whose URL stands in the node, and one
/// for each [`UrlUse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    pub(crate) invocation: EndpointId,
    pub(crate) flow_events: EndpointId,
    pub(crate) session_events: EndpointId,
    pub(crate) assign: EndpointId,
    pub(crate) webhook: EndpointId,
}

impl Endpoints {
    pub(crate) fn of(&self, which: UrlUse) -> EndpointId {
        match which {
            UrlUse::FlowEvents => self.flow_events,
            UrlUse::SessionEvents => self.session_events,
            UrlUse::Assign => self.assign,
            UrlUse::Webhook => self.webhook,
        }
    }

    pub(crate) fn all(&self) -> [EndpointId; 5] {
        [
            self.invocation,
            self.flow_events,
            self.session_events,
            self.assign,
            self.webhook,
        ]
    }
}

/// A Desk app.
#[derive(Debug, Clone)]
pub struct App {
    /// Ringback's id of it.
    pub id: AppId,
    /// The platform's id of it: digits.
    pub sdk_app_id: String,
    /// What people call it.
    pub name: String,
    /// The built-in source that its events come in through.
    pub source: SourceId,
    pub(crate) endpoints: Endpoints,
    /// Where each kind of callback goes; what is not there is switched off.
    pub urls: BTreeMap<UrlUse, Url>,
    /// Its settings.
    pub settings: Settings,
    /// Signs (section 4.4); without one nothing is signed.
    pub token: Option<Secret>,
    /// The key of the model that it may ask.
    pub model_key: Option<Secret>,
    /// When it was made.
    pub created_at: ScheduleTime,
    /// The last `TaskId` that was given to a flow of it.
    pub(crate) last_task_id: i64,
}

/// An app to be made.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDeskApp)]
pub struct NewApp {
    /// The platform's id of it: digits; made when left out.
    #[serde(default)]
    pub sdk_app_id: Option<String>,
    /// What people call it; its id when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// Signs; nothing is signed when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    pub token: Option<Secret>,
    /// The key of the model that it may ask.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    pub model_key: Option<Secret>,
    /// Where each kind of callback goes.
    #[serde(default)]
    pub urls: BTreeMap<UrlUse, String>,
    /// Settings that differ from the defaults.
    #[serde(default)]
    pub settings: Settings,
}

/// What is to be changed about an app; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeskAppChange)]
pub struct AppChange {
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// The token; an empty one takes it away.
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub token: Option<Secret>,
    /// The key of the model; an empty one takes it away.
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub model_key: Option<Secret>,
    /// Other URLs, whole; `{}` takes all away.
    #[serde(default)]
    pub urls: Option<BTreeMap<UrlUse, String>>,
    /// Settings, whole.
    #[serde(default)]
    pub settings: Option<Settings>,
}

impl NewApp {
    /// The app as it will be, with ids of `next`, if it may be so.
    pub(crate) fn complete(
        self,
        sdk_app_id: String,
        numbers: Numbers,
        created_at: ScheduleTime,
    ) -> Result<App, AppError> {
        let app = App {
            id: numbers.app,
            name: self.name.unwrap_or_else(|| sdk_app_id.clone()),
            sdk_app_id,
            source: numbers.source,
            endpoints: numbers.endpoints,
            urls: read_urls(self.urls)?,
            settings: self.settings,
            token: self.token.filter(|token| !token.is_empty()),
            model_key: self.model_key.filter(|key| !key.is_empty()),
            created_at,
            last_task_id: FIRST_TASK_ID - 1,
        };
        app.check()?;
        Ok(app)
    }
}

/// The ids of a new app.
pub(crate) struct Numbers {
    pub(crate) app: AppId,
    pub(crate) source: SourceId,
    pub(crate) endpoints: Endpoints,
}

impl AppChange {
    pub(crate) fn apply(self, app: &App) -> Result<App, AppError> {
        let mut changed = app.clone();
        if let Some(name) = self.name {
            changed.name = name;
        }
        if let Some(token) = self.token {
            changed.token = Some(token).filter(|token| !token.is_empty());
        }
        if let Some(key) = self.model_key {
            changed.model_key = Some(key).filter(|key| !key.is_empty());
        }
        if let Some(urls) = self.urls {
            changed.urls = read_urls(urls)?;
        }
        if let Some(settings) = self.settings {
            changed.settings = settings;
        }
        changed.check()?;
        Ok(changed)
    }
}

fn read_urls(given: BTreeMap<UrlUse, String>) -> Result<BTreeMap<UrlUse, Url>, AppError> {
    let read = |(which, text): (UrlUse, String)| {
        let url = check_url(&text).map_err(|cause| AppError::Url { which, cause })?;
        Ok((which, url))
    };
    given.into_iter().map(read).collect()
}

impl App {
    fn check(&self) -> Result<(), AppError> {
        check_sdk_app_id(&self.sdk_app_id)?;
        check_text("name", &self.name, NAME_CHARACTERS)?;
        check_secret("token", self.token.as_ref(), TOKEN_BYTES)?;
        check_secret("model_key", self.model_key.as_ref(), KEY_BYTES)?;
        self.check_settings()
    }

    fn check_settings(&self) -> Result<(), AppError> {
        let settings = &self.settings;
        for (member, word) in [
            ("robot_id", &settings.robot_id),
            ("customer_service_id", &settings.customer_service_id),
            ("channel_type", &settings.channel_type),
            ("environment", &settings.environment),
            ("draft_environment", &settings.draft_environment),
            ("step_event", &settings.step_event),
            ("end_event", &settings.end_event),
            ("client_ip", &settings.client_ip),
        ] {
            check_text(member, word, WORD_BYTES)?;
        }
        for (member, text) in settings.texts.named() {
            check_text(member, text, TEXT_CHARACTERS)?;
        }
        if settings.idle_seconds > 30 * 24 * 60 * 60 {
            return Err(AppError::BadSetting {
                setting: "idle_seconds",
                range: "0 to 2592000",
            });
        }
        settings.call_policy(None).check()?;
        settings.notification_policy().check()?;
        if let Some(model) = &settings.model {
            check_text("model.name", &model.name, WORD_BYTES)?;
            check_url(&model.base_url).map_err(AppError::ModelUrl)?;
            if !(1..=60_000).contains(&model.deadline_ms) {
                return Err(AppError::BadSetting {
                    setting: "model.deadline_ms",
                    range: "1 to 60000",
                });
            }
        }
        Ok(())
    }
}

/// Digits, as the platform's ids are.
fn check_sdk_app_id(text: &str) -> Result<(), AppError> {
    if (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(AppError::BadSdkAppId(text.chars().take(64).collect()))
}

fn check_text(member: &'static str, text: &str, limit: usize) -> Result<(), AppError> {
    if is_text(text, limit) {
        return Ok(());
    }
    Err(AppError::BadText { member, limit })
}

/// Something that a person can read, in so many characters at most, without control characters but those
/// of lines.
pub(crate) fn is_text(text: &str, limit: usize) -> bool {
    let control =
        |character: char| character.is_control() && !matches!(character, '\n' | '\t' | '\r');
    !text.trim().is_empty() && text.chars().count() <= limit && !text.chars().any(control)
}

fn check_secret(
    member: &'static str,
    secret: Option<&Secret>,
    limit: usize,
) -> Result<(), AppError> {
    match secret.map(Secret::expose_str) {
        None => Ok(()),
        Some(Some(text)) => check_text(member, text, limit),
        Some(None) => Err(AppError::BadText { member, limit }),
    }
}
