//! Apps as the management API shows them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::app::{App, Credentials};
use crate::options::Settings;

/// An app without its secrets.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AppView {
    /// The platform's id of it.
    pub app_id: String,
    /// What people call it.
    pub name: String,
    /// The tenant it is installed in.
    pub tenant_key: String,
    /// Whether pushes are encrypted and signed.
    pub encrypted: bool,
    /// The event types it is subscribed to.
    pub events: BTreeSet<String>,
    /// The callbacks it is subscribed to.
    pub callbacks: BTreeSet<String>,
    /// Where events are pushed.
    pub request_url: Option<String>,
    /// Where callbacks are sent.
    pub callback_url: Option<String>,
    /// Its own timings.
    pub settings: Settings,
    /// The built-in source that its events come in through.
    pub source: String,
    /// The endpoint of its events, to pause, resume and look at.
    pub event_endpoint: String,
    /// The endpoint of its callbacks.
    pub callback_endpoint: String,
    /// When it was made.
    pub created_at: String,
}

impl From<&App> for AppView {
    fn from(app: &App) -> Self {
        let text = |url: &url::Url| url.as_str().to_owned();
        Self {
            app_id: app.app_id.clone(),
            name: app.name.clone(),
            tenant_key: app.tenant_key.clone(),
            encrypted: app.credentials.encrypt_key.is_some(),
            events: app.events.clone(),
            callbacks: app.callbacks.clone(),
            request_url: app.request_url.as_ref().map(text),
            callback_url: app.callback_url.as_ref().map(text),
            settings: app.settings.clone(),
            source: app.source.to_string(),
            event_endpoint: app.event_endpoint.to_string(),
            callback_endpoint: app.callback_endpoint.to_string(),
            created_at: app.created_at.to_rfc3339(),
        }
    }
}

/// The secrets of an app, for its owner alone: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CredentialsView {
    /// Proves the app towards the open API.
    pub app_secret: String,
    /// Stands in every challenge, event and callback.
    pub verification_token: String,
    /// Encrypts and signs.
    pub encrypt_key: Option<String>,
}

impl From<&Credentials> for CredentialsView {
    fn from(credentials: &Credentials) -> Self {
        let text =
            |secret: &ringback_types::Secret| String::from_utf8_lossy(secret.expose()).into_owned();
        Self {
            app_secret: text(&credentials.app_secret),
            verification_token: text(&credentials.verification_token),
            encrypt_key: credentials.encrypt_key.as_ref().map(text),
        }
    }
}
