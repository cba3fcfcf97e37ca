//! Apps made and changed, each with its source and its two endpoints in one write.

use std::sync::Arc;

use ringback_deliver::{Endpoint, EndpointDialect, Policy, Room};
use ringback_store::{Change, Statement, WriteError};
use ringback_types::{Coded as _, EndpointId};
use serde_json::{Value, json};
use url::Url;

use crate::app::{App, AppChange, Draft, NewApp, Rotation};
use crate::error::AppError;
use crate::feishu::Feishu;
use crate::records;
use crate::registry::Turn;
use crate::request_url::{self, Passed, UrlUse};

impl Feishu {
    /// Makes an app. It has no URL yet: each must pass a challenge first.
    pub async fn create_app(&self, caller: &str, new: NewApp) -> Result<Arc<App>, AppError> {
        let draft = new.complete(self.random())?;
        let turn = self.registry().turn().await;
        if self.registry().app(&draft.app_id).is_some() {
            return Err(AppError::Exists(draft.app_id));
        }
        let app = self.numbered(draft);
        let mut statements = vec![records::insert_app(self.store(), &app)];
        statements.extend(self.write_endpoint(&app, UrlUse::Events));
        statements.extend(self.write_endpoint(&app, UrlUse::Callbacks));
        let detail = json!({ "name": app.name, "events": app.events, "callbacks": app.callbacks });
        self.change(&turn, caller, "feishu_app.create", &app, detail, statements)
            .await?;
        self.app(&app.app_id)
    }

    fn numbered(&self, draft: Draft) -> App {
        let store = self.store();
        App {
            id: store.next_id(),
            app_id: draft.app_id,
            name: draft.name,
            tenant_key: draft.tenant_key,
            source: store.next_id(),
            event_endpoint: store.next_id(),
            callback_endpoint: store.next_id(),
            events: draft.events,
            callbacks: draft.callbacks,
            request_url: None,
            callback_url: None,
            settings: draft.settings,
            created_at: store.clock().schedule(),
            credentials: draft.credentials,
        }
    }

    /// Changes names, subscriptions and settings.
    pub async fn update_app(
        &self,
        caller: &str,
        app_id: &str,
        change: AppChange,
    ) -> Result<Arc<App>, AppError> {
        let turn = self.registry().turn().await;
        let app = change.apply(&*self.app(app_id)?)?;
        let mut statements = vec![records::update_app(&app)];
        statements.extend(self.write_endpoint(&app, UrlUse::Events));
        statements.extend(self.write_endpoint(&app, UrlUse::Callbacks));
        let detail = json!({
            "name": app.name, "tenant_key": app.tenant_key, "events": app.events,
            "callbacks": app.callbacks, "settings": app.settings,
        });
        self.change(&turn, caller, "feishu_app.update", &app, detail, statements)
            .await?;
        self.app(app_id)
    }

    /// Replaces one secret; it holds from the next attempt on.
    pub async fn rotate_secret(
        &self,
        caller: &str,
        app_id: &str,
        rotation: Rotation,
    ) -> Result<Arc<App>, AppError> {
        let turn = self.registry().turn().await;
        let app = self.app(app_id)?;
        let detail = json!({ "secret": rotation.secret.as_str() });
        let credentials = rotation.apply(&app, self.random())?;
        let statements = vec![records::update_secrets(self.store(), app.id, &credentials)];
        self.change(&turn, caller, "feishu_app.rotate", &app, detail, statements)
            .await?;
        self.app(app_id)
    }

    /// Deletes an app with its endpoints and tokens; what still waits for it is given up.
    ///
    /// Goes on to its end even if whoever asked does not wait for it.
    pub async fn delete_app(&self, caller: &str, app_id: &str) -> Result<(), AppError> {
        let (feishu, caller, app_id) = (self.clone(), caller.to_owned(), app_id.to_owned());
        let deleting = tokio::spawn(async move { feishu.delete_whole(&caller, &app_id).await });
        let ended_abruptly = |error: tokio::task::JoinError| WriteError::Failed(error.to_string());
        deleting.await.map_err(ended_abruptly)?
    }

    async fn delete_whole(&self, caller: &str, app_id: &str) -> Result<(), AppError> {
        let turn = self.registry().turn().await;
        let app = self.app(app_id)?;
        let endpoints = self.engine().endpoints();
        let mut statements = Vec::from(records::delete_app(app.id));
        statements.extend(endpoints.statements_to_delete(app.event_endpoint));
        statements.extend(endpoints.statements_to_delete(app.callback_endpoint));
        self.change(
            &turn,
            caller,
            "feishu_app.delete",
            &app,
            json!({}),
            statements,
        )
        .await?;
        drop(turn);
        self.tokens().forget(app.id);
        self.engine().abandon(app.event_endpoint).await?;
        self.engine().abandon(app.callback_endpoint).await?;
        Ok(())
    }

    /// Runs the challenge and keeps the URL only if it passes (section 1.1).
    pub async fn save_url(
        &self,
        caller: &str,
        app_id: &str,
        which: UrlUse,
        url: &str,
    ) -> Result<Passed, AppError> {
        let app = self.app(app_id)?;
        // Outside the turn: a server takes up to a second to answer.
        let checked = request_url::check(
            self.engine().probe(),
            url,
            &app.secrets(),
            self.random(),
            app.settings.challenge_deadline(),
        )
        .await;
        let result = checked
            .as_ref()
            .map_or_else(|refusal| refusal.code().as_str(), |_| "passed");
        metrics::counter!("ringback_feishu_challenges_total", "result" => result).increment(1);
        let passed = checked?;
        self.store_url(caller, app_id, which, Some(passed.url.clone()))
            .await?;
        Ok(passed)
    }

    /// Takes a URL away: events wait and fail, callbacks answer 200340.
    pub async fn clear_url(
        &self,
        caller: &str,
        app_id: &str,
        which: UrlUse,
    ) -> Result<Arc<App>, AppError> {
        self.store_url(caller, app_id, which, None).await?;
        self.app(app_id)
    }

    async fn store_url(
        &self,
        caller: &str,
        app_id: &str,
        which: UrlUse,
        url: Option<Url>,
    ) -> Result<(), AppError> {
        let turn = self.registry().turn().await;
        let mut app = App::clone(&*self.app(app_id)?);
        // Query values may be credentials of the app's server.
        let shown = url
            .as_ref()
            .map(|url| url.as_str().split('?').next().map(str::to_owned));
        let (action, statement) = match which {
            UrlUse::Events => {
                app.request_url = url;
                let statement = records::update_request_url(app.id, app.request_url.as_ref());
                ("feishu_app.request_url", statement)
            }
            UrlUse::Callbacks => {
                app.callback_url = url;
                let statement = records::update_callback_url(app.id, app.callback_url.as_ref());
                ("feishu_app.callback_url", statement)
            }
        };
        let mut statements = vec![statement];
        statements.extend(self.write_endpoint(&app, which));
        self.change(
            &turn,
            caller,
            action,
            &app,
            json!({ "url": shown }),
            statements,
        )
        .await
    }

    /// The app's endpoint of this use as `deliver` keeps it: routing and policy; URL and secrets are
    /// resolved from the app.
    fn write_endpoint(&self, app: &App, which: UrlUse) -> Vec<Statement> {
        let (id, url, policy) = match which {
            UrlUse::Events => (
                app.event_endpoint,
                &app.request_url,
                app.settings.event.policy(),
            ),
            UrlUse::Callbacks => (
                app.callback_endpoint,
                &app.callback_url,
                app.settings.callback.policy(),
            ),
        };
        let mut endpoint = self.endpoint(app, id, which, policy);
        endpoint.url = url.as_ref().map(|url| url.as_str().to_owned());
        self.engine().endpoints().statements_for(&endpoint)
    }

    fn endpoint(&self, app: &App, id: EndpointId, which: UrlUse, policy: Policy) -> Endpoint {
        let name = format!("feishu.{}.{}", app.app_id, which.as_str());
        let mut endpoint = Endpoint::of_room(
            id,
            name,
            Room::Feishu,
            EndpointDialect::Feishu,
            policy,
            self.store().clock().schedule(),
        );
        endpoint.sources = vec![app.source];
        // What an app is subscribed to is asked when an event is made, because a trigger may be forced.
        endpoint.routed = which == UrlUse::Events;
        endpoint
    }

    async fn change(
        &self,
        turn: &Turn<'_>,
        caller: &str,
        action: &'static str,
        app: &App,
        detail: Value,
        statements: Vec<Statement>,
    ) -> Result<(), AppError> {
        let change = Change {
            caller: caller.into(),
            action,
            target: app.app_id.clone(),
            detail,
        };
        match self.store().change(change, statements).await {
            Ok(_) => {}
            // The first statement is the one that makes the app.
            Err(WriteError::Unexpected { statement: 0, .. }) if action == "feishu_app.create" => {
                return Err(AppError::Exists(app.app_id.clone()));
            }
            Err(error) => return Err(error.into()),
        }
        turn.reload().await?;
        self.engine()
            .endpoints()
            .reload()
            .await
            .map_err(crate::LoadError::from)?;
        Ok(())
    }
}
