//! Apps: credentials, callback URL, receiving program, and which programs they may use.

use std::sync::Arc;

use ringback_deliver::{Endpoint, EndpointDialect, Room};
use ringback_store::Statement;
use ringback_types::Secret;
use serde_json::json;

use super::check_name;
use super::corps::exists;
use crate::app::{App, AppChange, AppState, Callback, NewApp, NewCallback};
use crate::association::Association;
use crate::callback_url::{self, UrlRefusal, check_token};
use crate::error::ZoneError;
use crate::options::notification_policy;
use crate::program::{Program, ProgramState};
use crate::records;
use crate::zone::Zone;

/// The first agent id that the platform gives out.
const FIRST_AGENTID: i64 = 1_000_002;
/// The longest secret; those that the platform makes have 43 characters.
const SECRET_BYTES: usize = 256;

impl Zone {
    /// Every app, oldest first.
    pub fn apps(&self) -> Vec<Arc<App>> {
        self.snapshot().apps().cloned().collect()
    }

    /// The app of this corp and number.
    pub fn app(&self, corpid: &str, agentid: i64) -> Result<Arc<App>, ZoneError> {
        self.snapshot().app(corpid, agentid)
    }

    /// The programs that an app may use.
    pub fn programs_of(&self, app: &App) -> Vec<Arc<Association>> {
        self.snapshot().associations_of(app.id).cloned().collect()
    }

    /// Makes an app with the endpoint that its notifications go to.
    pub async fn create_app(&self, caller: &str, new: NewApp) -> Result<Arc<App>, ZoneError> {
        let turn = self.turn().await;
        let app = self.new_app(new)?;
        let mut statements = vec![records::apps::insert(self.store(), &app)];
        statements.extend(self.notify_endpoint(&app));
        let detail = json!({ "kind": app.kind, "install": app.install });
        let made = self.change(
            &turn,
            caller,
            "zone_app.create",
            app.label(),
            detail,
            statements,
        );
        made.await
            .map_err(|error| exists(error, "an app", &app.label()))?;
        self.app(&app.corpid, app.agentid)
    }

    fn new_app(&self, new: NewApp) -> Result<App, ZoneError> {
        let snapshot = self.snapshot();
        snapshot.corp(&new.corpid)?;
        let of_corp = snapshot.apps().filter(|app| app.corpid == new.corpid);
        let next = of_corp
            .map(|app| app.agentid + 1)
            .max()
            .unwrap_or(FIRST_AGENTID);
        let agentid = new.agentid.unwrap_or(next);
        if !(1..=i64::from(u32::MAX)).contains(&agentid) {
            return Err(ZoneError::Text {
                member: "agentid",
                rule: "1 to 4294967295",
            });
        }
        let name = new
            .name
            .unwrap_or_else(|| format!("{}/{agentid}", new.corpid));
        check_name("name", &name)?;
        let secret = new
            .secret
            .unwrap_or_else(|| self.random().alphanumeric::<43>().into());
        check_secret(&secret)?;
        let store = self.store();
        Ok(App {
            id: store.next_id(),
            corpid: new.corpid,
            agentid,
            name,
            kind: new.kind,
            install: new.install,
            state: AppState::Draft,
            zone_permission: new.zone_permission,
            enabled: true,
            secret,
            event_source: store.next_id(),
            notify_source: store.next_id(),
            notify_endpoint: store.next_id(),
            callback: None,
            receiving_program: None,
            created_at: self.now(),
        })
    }

    fn notify_endpoint(&self, app: &App) -> Vec<Statement> {
        let mut endpoint = Endpoint::of_room(
            app.notify_endpoint,
            format!("zone:{}:callback", app.label()),
            Room::Zone,
            EndpointDialect::Wecom,
            notification_policy(),
            self.now(),
        );
        endpoint.sources = vec![app.notify_source];
        endpoint.url = app
            .callback
            .as_ref()
            .map(|callback| callback.url.to_string());
        self.engine().endpoints().statements_for(&endpoint)
    }

    /// Changes an app.
    pub async fn update_app(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
        change: AppChange,
    ) -> Result<Arc<App>, ZoneError> {
        let turn = self.turn().await;
        let mut app = App::clone(&*self.app(corpid, agentid)?);
        app.name = change.name.unwrap_or(app.name);
        app.kind = change.kind.unwrap_or(app.kind);
        app.install = change.install.unwrap_or(app.install);
        app.zone_permission = change.zone_permission.unwrap_or(app.zone_permission);
        app.enabled = change.enabled.unwrap_or(app.enabled);
        check_name("name", &app.name)?;
        let detail = json!({
            "name": app.name, "kind": app.kind, "install": app.install,
            "zone_permission": app.zone_permission, "enabled": app.enabled,
        });
        let statements = vec![records::apps::update(&app)];
        self.change(
            &turn,
            caller,
            "zone_app.update",
            app.label(),
            detail,
            statements,
        )
        .await?;
        self.app(corpid, agentid)
    }

    /// Submits an app: every program that it may use must be deployed (app sheet, 7.3).
    pub async fn submit_app(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
    ) -> Result<Arc<App>, ZoneError> {
        let turn = self.turn().await;
        let mut app = App::clone(&*self.app(corpid, agentid)?);
        for association in self.programs_of(&app) {
            let program = self.snapshot().program(&association.program_id)?;
            if program.state != ProgramState::Deployed {
                return Err(wrong_state(
                    &program,
                    "an app is submitted once its programs are deployed",
                ));
            }
        }
        app.state = AppState::Submitted;
        let statements = vec![records::apps::update(&app)];
        self.change(
            &turn,
            caller,
            "zone_app.submit",
            app.label(),
            json!({}),
            statements,
        )
        .await?;
        self.app(corpid, agentid)
    }

    /// Gives an app another secret; tokens that were given out stay good until they end.
    pub async fn rotate_app_secret(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
        secret: Option<Secret>,
    ) -> Result<Arc<App>, ZoneError> {
        let turn = self.turn().await;
        let app = self.app(corpid, agentid)?;
        let secret = secret.unwrap_or_else(|| self.random().alphanumeric::<43>().into());
        check_secret(&secret)?;
        let statements = vec![records::apps::set_secret(self.store(), app.id, &secret)];
        self.change(
            &turn,
            caller,
            "zone_app.rotate",
            app.label(),
            json!({}),
            statements,
        )
        .await?;
        self.app(corpid, agentid)
    }

    /// Deletes an app with its endpoints, tokens and associations.
    pub async fn delete_app(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
    ) -> Result<(), ZoneError> {
        let turn = self.turn().await;
        let app = self.app(corpid, agentid)?;
        let endpoints = self.engine().endpoints();
        let mut statements = vec![
            records::apps::delete(app.id),
            records::tokens::delete_of(app.id),
        ];
        let mut abandoned = vec![app.notify_endpoint];
        for association in self.programs_of(&app) {
            statements.push(records::associations::delete(
                app.id,
                &association.program_id,
            ));
            abandoned.push(association.endpoint);
        }
        for endpoint in &abandoned {
            statements.extend(endpoints.statements_to_delete(*endpoint));
        }
        self.change(
            &turn,
            caller,
            "zone_app.delete",
            app.label(),
            json!({}),
            statements,
        )
        .await?;
        drop(turn);
        self.tokens().forget(app.id);
        for endpoint in abandoned {
            self.engine().abandon(endpoint).await?;
        }
        Ok(())
    }

    /// Checks the data-callback URL and keeps it only if it passes (app sheet, 5.1).
    pub async fn save_callback(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
        new: NewCallback,
    ) -> Result<Arc<App>, ZoneError> {
        let app = self.app(corpid, agentid)?;
        let (known, well_known) = (app.callback.as_ref(), self.options().callback);
        let token = new
            .token
            .or_else(|| known.map(|callback| callback.token.clone()))
            .or_else(|| well_known.map(|callback| callback.token.into()));
        let key = new
            .encoding_aes_key
            .or_else(|| known.map(|it| it.encoding_aes_key.clone()))
            .or_else(|| well_known.map(|callback| callback.encoding_aes_key.into()));
        let mut callback = Callback {
            url: ringback_deliver::guard::check_url(&new.url).map_err(UrlRefusal::from)?,
            token: token.unwrap_or_else(|| self.random().alphanumeric::<32>().into()),
            encoding_aes_key: key.unwrap_or_else(|| self.random().alphanumeric::<43>().into()),
        };
        check_token(&callback.token)?;
        let secrets = callback.secrets(corpid).map_err(UrlRefusal::from)?;
        // Outside the turn: a server takes up to a second to answer.
        let checked = callback_url::check(
            self.engine().probe(),
            &new.url,
            &secrets,
            self.store().clock(),
            self.random(),
            self.options().url_check,
        );
        (callback.url, _) = checked.await?;
        self.store_callback(caller, &app, Some(callback)).await
    }

    /// Takes the data-callback URL away: notifications wait and fail.
    pub async fn clear_callback(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
    ) -> Result<Arc<App>, ZoneError> {
        let app = self.app(corpid, agentid)?;
        self.store_callback(caller, &app, None).await
    }

    async fn store_callback(
        &self,
        caller: &str,
        app: &App,
        callback: Option<Callback>,
    ) -> Result<Arc<App>, ZoneError> {
        let turn = self.turn().await;
        let mut app = App::clone(&*self.app(&app.corpid, app.agentid)?);
        app.callback = callback;
        // Query values may be credentials of the app's server.
        let url = app.callback.as_ref().map(|callback| callback.url.as_str());
        let detail = json!({ "url": url.and_then(|url| url.split('?').next()) });
        let statement = records::apps::set_callback(self.store(), app.id, app.callback.as_ref());
        let mut statements = vec![statement];
        statements.extend(self.notify_endpoint(&app));
        self.change(
            &turn,
            caller,
            "zone_app.callback_url",
            app.label(),
            detail,
            statements,
        )
        .await?;
        self.app(&app.corpid, app.agentid)
    }
}

fn check_secret(secret: &Secret) -> Result<(), ZoneError> {
    let text = secret.expose_str().unwrap_or_default();
    let fits =
        (8..=SECRET_BYTES).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
    fits.then_some(()).ok_or(ZoneError::Text {
        member: "secret",
        rule: "8 to 256 visible ASCII characters",
    })
}

pub(super) fn wrong_state(program: &Program, wanted: &'static str) -> ZoneError {
    ZoneError::State {
        program_id: program.program_id.clone(),
        state: program.state.as_str(),
        wanted,
    }
}
