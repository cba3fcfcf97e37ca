//! An app of a corp: its credentials, its callback URL, and who may do what.

use ringback_dialect::wecom;
use ringback_types::{AppId, EndpointId, ScheduleTime, Secret, SourceId};
use serde::Deserialize;
use url::Url;

use crate::corp::Corp;

ringback_types::words! {
    /// Who made the app; who may call what differs (app sheet, section 2).
    #[derive(Default, utoipa::ToSchema)]
    AppKind {
        /// By the corp for itself.
        #[default]
        SelfBuilt = "self_built",
        /// By a provider for any corp.
        ThirdParty = "third_party",
        /// By a provider for this corp.
        ProviderDeveloped = "provider_developed",
    }

    /// How a third-party app is installed (app sheet, section 6).
    #[derive(Default, utoipa::ToSchema)]
    Install {
        /// To try it: programs that are not online may be used.
        Test = "test",
        /// For good.
        #[default]
        Full = "full",
    }

    /// Where an app stands on its way to being listed.
    #[derive(Default, utoipa::ToSchema)]
    AppState {
        /// Being developed.
        #[default]
        Draft = "draft",
        /// Submitted; all its programs were deployed then.
        Submitted = "submitted",
    }
}

/// One app of one corp as the zone knows it.
#[derive(Debug, Clone)]
pub struct App {
    /// Ringback's own number of it.
    pub id: AppId,
    /// The corp it is in.
    pub corpid: String,
    /// The platform's number of it in its corp.
    pub agentid: i64,
    /// What people call it.
    pub name: String,
    /// Who made it.
    pub kind: AppKind,
    /// How it is installed.
    pub install: Install,
    /// Where it stands.
    pub state: AppState,
    /// Whether it may use the zone at all.
    pub zone_permission: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Proves the app to `gettoken`.
    pub secret: Secret,
    /// Where platform events for its receiving program come in.
    pub event_source: SourceId,
    /// Where notifications of its programs come in.
    pub notify_source: SourceId,
    /// Where notifications go: its data-callback URL.
    pub notify_endpoint: EndpointId,
    /// Its data-callback URL with its secrets; saved only after the check.
    pub callback: Option<Callback>,
    /// The program that receives platform events (app sheet, 2.4).
    pub receiving_program: Option<String>,
    /// When it was made.
    pub created_at: ScheduleTime,
}

/// Where an app is told of notifications (app sheet, section 5).
#[derive(Debug, Clone)]
pub struct Callback {
    /// The data-callback URL.
    pub url: Url,
    /// Signs.
    pub token: Secret,
    /// Encrypts: 43 letters and digits.
    pub encoding_aes_key: Secret,
}

impl Callback {
    /// The secrets as the dialect takes them; they were checked when they were saved.
    pub(crate) fn secrets(&self, corpid: &str) -> Result<wecom::Secrets, wecom::KeyError> {
        Ok(wecom::Secrets {
            token: self.token.clone(),
            aes_key: wecom::EncodingAesKey::parse(&self.encoding_aes_key)?,
            receive_id: corpid.to_owned(),
        })
    }
}

impl App {
    /// How the log names it: `corpid/agentid`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.corpid, self.agentid)
    }

    /// Whether it may use programs that are not online, and debug mode (app sheet, 2.5 and 7.3).
    pub fn may_test(&self, corp: &Corp) -> bool {
        match self.kind {
            AppKind::SelfBuilt => true,
            AppKind::ThirdParty => self.install == Install::Test || corp.test,
            AppKind::ProviderDeveloped => corp.test,
        }
    }
}

/// An app to be made; what is left out is generated.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewZoneApp)]
pub struct NewApp {
    /// The corp it is in.
    pub corpid: String,
    /// The platform's number of it; the next free one when left out.
    #[serde(default)]
    pub agentid: Option<i64>,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Who made it.
    #[serde(default)]
    pub kind: AppKind,
    /// How it is installed.
    #[serde(default)]
    pub install: Install,
    /// Whether it may use the zone; yes when left out.
    #[serde(default = "yes")]
    pub zone_permission: bool,
    /// Proves the app to `gettoken`.
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub secret: Option<Secret>,
}

fn yes() -> bool {
    true
}

/// What of an app is to be otherwise; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ZoneAppChange)]
pub struct AppChange {
    /// What people call it.
    pub name: Option<String>,
    /// Who made it.
    pub kind: Option<AppKind>,
    /// How it is installed.
    pub install: Option<Install>,
    /// Whether it may use the zone.
    pub zone_permission: Option<bool>,
    /// Whether it is switched on.
    pub enabled: Option<bool>,
}

/// The data-callback URL to be saved, with what encrypts towards it.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCallback {
    /// `http` or `https`.
    pub url: String,
    /// Letters and digits, at most 32; generated when left out and none is saved yet.
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub token: Option<Secret>,
    /// 43 letters and digits; generated when left out and none is saved yet.
    #[schema(value_type = Option<String>, write_only)]
    #[serde(default)]
    pub encoding_aes_key: Option<Secret>,
}
