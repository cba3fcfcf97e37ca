//! Corps and apps.

use ringback_types::{Caller, Secret};
use serde::Serialize;

use super::shown_url;
use crate::app::{App, AppKind, AppState, Install};
use crate::association::Association;
use crate::corp::Corp;
use crate::zone::Zone;

/// A corp.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CorpView {
    /// The platform's id of it.
    corpid: String,
    /// What people call it.
    name: String,
    /// Whether it is a test corp.
    test: bool,
    /// Version of the key that messages are encrypted to; without one none can be archived.
    public_key_ver: Option<i64>,
    /// How many apps it has.
    apps: usize,
    /// When it was made.
    created_at: String,
}

impl CorpView {
    pub(crate) fn new(zone: &Zone, corp: &Corp) -> Self {
        let snapshot = zone.snapshot();
        let of_corp = snapshot.apps().filter(|app| app.corpid == corp.corpid);
        Self {
            apps: of_corp.count(),
            public_key_ver: zone.archive().public_key_version(&corp.corpid),
            corpid: corp.corpid.clone(),
            name: corp.name.clone(),
            test: corp.test,
            created_at: corp.created_at.to_rfc3339(),
        }
    }
}

/// An app without its secrets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ZoneAppView)]
pub(crate) struct AppView {
    /// Ringback's own id of it.
    id: String,
    /// The corp it is in.
    corpid: String,
    /// The platform's number of it in its corp.
    agentid: i64,
    /// What people call it.
    name: String,
    /// Who made it.
    kind: AppKind,
    /// How it is installed.
    install: Install,
    /// Where it stands on its way to being listed.
    state: AppState,
    /// Whether it may use the zone.
    zone_permission: bool,
    /// Whether it is switched on.
    enabled: bool,
    /// Where notifications go; query values, which may be credentials, only for the role `operator`.
    callback_url: Option<String>,
    /// The program that receives platform events.
    receiving_program: Option<String>,
    /// The programs it may use.
    programs: Vec<AssociationView>,
    /// When it was made.
    created_at: String,
}

impl AppView {
    pub(crate) fn new(zone: &Zone, caller: &Caller, app: &App) -> Self {
        let callback = app.callback.as_ref();
        let programs = zone.programs_of(app);
        Self {
            id: app.id.to_string(),
            corpid: app.corpid.clone(),
            agentid: app.agentid,
            name: app.name.clone(),
            kind: app.kind,
            install: app.install,
            state: app.state,
            zone_permission: app.zone_permission,
            enabled: app.enabled,
            callback_url: callback.map(|callback| shown_url(&callback.url, caller)),
            receiving_program: app.receiving_program.clone(),
            programs: programs
                .iter()
                .map(|association| AssociationView::new(zone, app, association))
                .collect(),
            created_at: app.created_at.to_rfc3339(),
        }
    }
}

/// A program that an app may use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AssociationView {
    /// Which program.
    program_id: String,
    /// The endpoint of its calls, tasks and events, to pause, resume and look at.
    endpoint: String,
    /// Debug mode of this app and program.
    debug: DebugModeView,
}

/// The two halves of debug mode; it is on while both hold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DebugModeView {
    /// Whether the app has opened it.
    opened_by_app: bool,
    /// When the debug program's session ends; absent without a live one.
    session_expires_at: Option<String>,
    /// Whether calls and events go to the debug program.
    on: bool,
}

impl AssociationView {
    fn new(zone: &Zone, app: &App, association: &Association) -> Self {
        let now = zone.now();
        let session = association.session.as_ref();
        let live = session.filter(|session| session.expires_at > now);
        let snapshot = zone.snapshot();
        let program = snapshot.find_program(&association.program_id);
        Self {
            program_id: association.program_id.clone(),
            endpoint: Association::endpoint_name(app, &association.program_id),
            debug: DebugModeView {
                opened_by_app: association.debug_opened,
                session_expires_at: live.map(|session| session.expires_at.to_rfc3339()),
                on: program.is_some_and(|program| association.debugging(program, now).is_some()),
            },
        }
    }
}

/// The secrets of an app, for its owner alone: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ZoneCredentialsView)]
pub(crate) struct CredentialsView {
    /// The corp it is in.
    corpid: String,
    /// The platform's number of it.
    agentid: i64,
    /// Proves the app to `gettoken`.
    corpsecret: String,
    /// Signs notifications.
    token: Option<String>,
    /// Encrypts notifications.
    encoding_aes_key: Option<String>,
}

impl From<&App> for CredentialsView {
    fn from(app: &App) -> Self {
        let callback = app.callback.as_ref();
        Self {
            corpid: app.corpid.clone(),
            agentid: app.agentid,
            corpsecret: text(&app.secret),
            token: callback.map(|callback| text(&callback.token)),
            encoding_aes_key: callback.map(|callback| text(&callback.encoding_aes_key)),
        }
    }
}

/// Secrets of apps are visible ASCII.
pub(super) fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
