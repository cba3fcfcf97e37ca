//! A Feishu app: its credentials, subscriptions, URLs and the two endpoints it is reached by.

use std::collections::BTreeSet;

use ringback_dialect::feishu::Secrets;
use ringback_types::{AppId, EndpointId, Random, ScheduleTime, Secret, SourceId};
use serde::Deserialize;
use url::Url;

use crate::error::AppError;
use crate::generate;
use crate::options::Settings;

/// The longest name, tenant key or event type.
const NAME_BYTES: usize = 128;
/// The longest secret; those that the platform makes have 32 characters (section 1.1).
const SECRET_BYTES: usize = 256;
/// More than the platform has event types.
const SUBSCRIPTIONS: usize = 1_000;

/// The callbacks there are (section 4.4).
pub(crate) const CALLBACKS: [&str; 2] = ["card.action.trigger", "url.preview.get"];
/// Pushed to every app that has a request URL, without a subscription (section 4.3).
pub(crate) const ALWAYS_SUBSCRIBED: &str = "app_ticket";

/// One app as the platform half knows it.
#[derive(Debug, Clone)]
pub struct App {
    /// Ringback's own number of it.
    pub id: AppId,
    /// The platform's id: `cli_` and 16 hexadecimal digits.
    pub app_id: String,
    /// What people call it.
    pub name: String,
    /// The tenant it is installed in.
    pub tenant_key: String,
    /// The built-in source that its events come in through.
    pub source: SourceId,
    /// Where its events go.
    pub event_endpoint: EndpointId,
    /// Where its callbacks go.
    pub callback_endpoint: EndpointId,
    /// The event types it is subscribed to, of both schemas.
    pub events: BTreeSet<String>,
    /// The callbacks it is subscribed to.
    pub callbacks: BTreeSet<String>,
    /// Where events are pushed; it has passed the challenge.
    pub request_url: Option<Url>,
    /// Where callbacks are sent; it has passed the challenge.
    pub callback_url: Option<Url>,
    /// Its own timings.
    pub settings: Settings,
    /// When it was made.
    pub created_at: ScheduleTime,
    /// What it and its server both know.
    pub credentials: Credentials,
}

impl App {
    /// Whether events of this type are pushed to it.
    pub fn subscribes(&self, event_type: &str) -> bool {
        event_type == ALWAYS_SUBSCRIBED || self.events.contains(event_type)
    }

    /// The secrets as the dialect takes them.
    pub fn secrets(&self) -> Secrets {
        self.credentials.secrets()
    }
}

/// What an app and its server both know.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Proves the app towards the open API.
    pub app_secret: Secret,
    /// Stands in every challenge, event and callback.
    pub verification_token: Secret,
    /// Encrypts and signs; none where the app has not set one.
    pub encrypt_key: Option<Secret>,
}

impl Credentials {
    /// The secrets as the dialect takes them.
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.encrypt_key.as_ref(), self.verification_token.clone())
    }

    fn check(&self) -> Result<(), AppError> {
        check_secret("app_secret", &self.app_secret)?;
        check_secret("verification_token", &self.verification_token)?;
        self.encrypt_key
            .iter()
            .try_for_each(|key| check_secret("encrypt_key", key))
    }
}

/// An app to be made; what is left out is generated.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// `cli_` and 16 hexadecimal digits.
    #[serde(default)]
    pub app_id: Option<String>,
    /// What people call it; the app id when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// The tenant it is installed in.
    #[serde(default)]
    pub tenant_key: Option<String>,
    /// Proves the app towards the open API.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub app_secret: Option<Secret>,
    /// Stands in every challenge, event and callback.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub verification_token: Option<Secret>,
    /// Encrypts and signs; left out or empty, nothing is encrypted.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub encrypt_key: Option<Secret>,
    /// The event types to subscribe to, of both schemas.
    #[serde(default)]
    pub events: BTreeSet<String>,
    /// The callbacks to subscribe to; all of them when left out.
    #[serde(default)]
    pub callbacks: Option<BTreeSet<String>>,
    /// Its own timings; the platform's when left out.
    #[serde(default)]
    pub settings: Settings,
}

/// What is known of a new app before it has numbers of its own.
pub(crate) struct Draft {
    pub(crate) app_id: String,
    pub(crate) name: String,
    pub(crate) tenant_key: String,
    pub(crate) events: BTreeSet<String>,
    pub(crate) callbacks: BTreeSet<String>,
    pub(crate) settings: Settings,
    pub(crate) credentials: Credentials,
}

impl NewApp {
    /// Checks what was given and generates what was left out.
    pub(crate) fn complete(self, random: &Random) -> Result<Draft, AppError> {
        let generated = || Secret::from(generate::secret(random));
        let app_id = self.app_id.unwrap_or_else(|| generate::app_id(random));
        check_app_id(&app_id)?;
        let draft = Draft {
            name: self.name.unwrap_or_else(|| app_id.clone()),
            tenant_key: self
                .tenant_key
                .unwrap_or_else(|| generate::tenant_key(random)),
            events: self.events,
            callbacks: self.callbacks.unwrap_or_else(all_callbacks),
            settings: self.settings,
            credentials: Credentials {
                app_secret: self.app_secret.unwrap_or_else(generated),
                verification_token: self.verification_token.unwrap_or_else(generated),
                encrypt_key: self.encrypt_key.filter(|key| !key.is_empty()),
            },
            app_id,
        };
        check_names(&draft.name, &draft.tenant_key)?;
        check_subscriptions(&draft.events, &draft.callbacks)?;
        check_settings(&draft.settings)?;
        draft.credentials.check()?;
        Ok(draft)
    }
}

/// A change of an app; what is left out stays. Secrets change by [`Rotation`], URLs by their own
/// routes, because they must pass a challenge.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AppChange {
    /// What people call it.
    pub name: Option<String>,
    /// The tenant it is installed in.
    pub tenant_key: Option<String>,
    /// All event types it is subscribed to from now on.
    pub events: Option<BTreeSet<String>>,
    /// All callbacks it is subscribed to from now on.
    pub callbacks: Option<BTreeSet<String>>,
    /// Its own timings from now on.
    pub settings: Option<Settings>,
}

impl AppChange {
    /// The app as it will be, if it may be so.
    pub(crate) fn apply(self, app: &App) -> Result<App, AppError> {
        let mut changed = app.clone();
        replace(&mut changed.name, self.name);
        replace(&mut changed.tenant_key, self.tenant_key);
        replace(&mut changed.events, self.events);
        replace(&mut changed.callbacks, self.callbacks);
        replace(&mut changed.settings, self.settings);
        check_names(&changed.name, &changed.tenant_key)?;
        check_subscriptions(&changed.events, &changed.callbacks)?;
        check_settings(&changed.settings)?;
        Ok(changed)
    }
}

fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Which secret of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretName {
    /// Proves the app towards the open API.
    AppSecret,
    /// Stands in every challenge, event and callback.
    VerificationToken,
    /// Encrypts and signs.
    EncryptKey,
}

impl SecretName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AppSecret => "app_secret",
            Self::VerificationToken => "verification_token",
            Self::EncryptKey => "encrypt_key",
        }
    }
}

/// A secret to be replaced. It holds at once for every attempt from then on, as on the platform; no
/// URL is challenged again (section 1.1, ND).
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Which one.
    pub secret: SecretName,
    /// The new one; generated when left out. An empty `encrypt_key` switches encryption off.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub value: Option<Secret>,
}

impl Rotation {
    /// The credentials as they will be, if they may be so.
    pub(crate) fn apply(self, app: &App, random: &Random) -> Result<Credentials, AppError> {
        let mut credentials = app.credentials.clone();
        let value = self
            .value
            .unwrap_or_else(|| generate::secret(random).into());
        match self.secret {
            SecretName::AppSecret => credentials.app_secret = value,
            SecretName::VerificationToken => credentials.verification_token = value,
            SecretName::EncryptKey => {
                credentials.encrypt_key = Some(value).filter(|key| !key.is_empty());
            }
        }
        credentials.check()?;
        Ok(credentials)
    }
}

/// Every callback there is.
pub(crate) fn all_callbacks() -> BTreeSet<String> {
    CALLBACKS.map(str::to_owned).into()
}

/// The official Node SDK refuses to start with any other form (section 7.5).
fn check_app_id(app_id: &str) -> Result<(), AppError> {
    let fits = app_id.strip_prefix("cli_").is_some_and(|digits| {
        digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if fits {
        return Ok(());
    }
    Err(AppError::BadAppId(
        app_id.chars().take(NAME_BYTES).collect(),
    ))
}

fn check_names(name: &str, tenant_key: &str) -> Result<(), AppError> {
    for (member, text) in [("name", name), ("tenant_key", tenant_key)] {
        if text.is_empty() || text.len() > NAME_BYTES || text.chars().any(char::is_control) {
            return Err(AppError::BadText {
                member,
                limit: NAME_BYTES,
            });
        }
    }
    Ok(())
}

fn check_subscriptions(
    events: &BTreeSet<String>,
    callbacks: &BTreeSet<String>,
) -> Result<(), AppError> {
    if events.len() > SUBSCRIPTIONS {
        return Err(AppError::TooManySubscriptions(SUBSCRIPTIONS));
    }
    for event_type in events {
        check_event_type(event_type)?;
    }
    match callbacks
        .iter()
        .find(|name| !CALLBACKS.contains(&name.as_str()))
    {
        Some(unknown) => Err(AppError::UnknownCallback(unknown.clone())),
        None => Ok(()),
    }
}

/// An event type is a word of letters, digits, `.`, `_`; a callback is not an event.
pub(crate) fn check_event_type(event_type: &str) -> Result<(), AppError> {
    let fits = (1..=NAME_BYTES).contains(&event_type.len())
        && event_type
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if !fits {
        return Err(AppError::BadEventType(
            event_type.chars().take(NAME_BYTES).collect(),
        ));
    }
    if CALLBACKS.contains(&event_type) {
        return Err(AppError::CallbackAsEvent(event_type.to_owned()));
    }
    Ok(())
}

fn check_settings(settings: &Settings) -> Result<(), AppError> {
    if !(1..=120_000).contains(&settings.challenge_deadline_ms) {
        return Err(AppError::BadSetting {
            setting: "challenge_deadline_ms",
            range: "1 to 120000",
        });
    }
    settings.event.policy().check()?;
    settings.callback.policy().check()?;
    Ok(())
}

fn check_secret(member: &'static str, secret: &Secret) -> Result<(), AppError> {
    let fits = secret.expose_str().is_some_and(|text| {
        (1..=SECRET_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
    });
    if fits {
        return Ok(());
    }
    Err(AppError::BadText {
        member,
        limit: SECRET_BYTES,
    })
}
