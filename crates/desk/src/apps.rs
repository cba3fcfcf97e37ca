//! Apps made and changed, each with its source and its endpoints in one write.

use std::sync::Arc;

use ringback_deliver::{Endpoint, EndpointDialect, Policy, Room, TypeFilter};
use ringback_dialect::desk::Command;
use ringback_store::{Change, Statement, WriteError};
use ringback_types::EndpointId;
use serde_json::{Value, json};

use crate::app::{App, AppChange, Endpoints, NewApp, Numbers, UrlUse};
use crate::desk::Desk;
use crate::error::AppError;
use crate::options::Settings;
use crate::records;
use crate::registry::Turn;

impl Desk {
    /// Makes an app.
    pub async fn create_app(&self, caller: &str, new: NewApp) -> Result<Arc<App>, AppError> {
        let turn = self.registry().turn().await;
        let sdk_app_id = match &new.sdk_app_id {
            Some(given) => given.clone(),
            None => self.free_sdk_app_id(),
        };
        if self.app(&sdk_app_id).is_ok() {
            return Err(AppError::Exists(sdk_app_id));
        }
        let app = new.complete(sdk_app_id, self.numbers(), self.store().clock().schedule())?;
        let mut statements = vec![records::apps::insert(self.store(), &app)];
        statements.extend(self.write_endpoints(&app));
        let detail =
            json!({ "name": app.name, "urls": shown_urls(&app), "signed": app.token.is_some() });
        self.change(&turn, caller, "desk_app.create", &app, detail, statements)
            .await?;
        self.app(&app.sdk_app_id)
    }

    fn numbers(&self) -> Numbers {
        let store = self.store();
        Numbers {
            app: store.next_id(),
            source: store.next_id(),
            endpoints: Endpoints {
                invocation: store.next_id(),
                flow_events: store.next_id(),
                session_events: store.next_id(),
                assign: store.next_id(),
                webhook: store.next_id(),
            },
        }
    }

    /// Ten digits that begin as the platform's do, and that no app has.
    fn free_sdk_app_id(&self) -> String {
        let mut number =
            1_400_000_000 + u64::from(u32::from_be_bytes(self.random().bytes())) % 100_000_000;
        while self.app(&number.to_string()).is_ok() {
            number += 1;
        }
        number.to_string()
    }

    /// Changes an app; what is left out stays.
    pub async fn update_app(
        &self,
        caller: &str,
        sdk_app_id: &str,
        change: AppChange,
    ) -> Result<Arc<App>, AppError> {
        let turn = self.registry().turn().await;
        let before = self.app(sdk_app_id)?;
        let app = change.apply(&before)?;
        let mut statements = vec![records::apps::update(self.store(), &app)];
        statements.extend(self.write_endpoints(&app));
        let detail = json!({
            "name": app.name, "urls": shown_urls(&app),
            "settings": changed_settings(&before.settings, &app.settings),
            "signed": app.token.is_some(), "token_changed": app.token != before.token,
        });
        self.change(&turn, caller, "desk_app.update", &app, detail, statements)
            .await?;
        self.app(sdk_app_id)
    }

    /// Deletes an app with its flows and endpoints; what still waits for it is given up.
    ///
    /// Goes on to its end even if whoever asked does not wait for it.
    pub async fn delete_app(&self, caller: &str, sdk_app_id: &str) -> Result<(), AppError> {
        let (desk, caller, sdk_app_id) = (self.clone(), caller.to_owned(), sdk_app_id.to_owned());
        let deleting = tokio::spawn(async move { desk.delete_whole(&caller, &sdk_app_id).await });
        let ended_abruptly = |error: tokio::task::JoinError| WriteError::Failed(error.to_string());
        deleting.await.map_err(ended_abruptly)?
    }

    async fn delete_whole(&self, caller: &str, sdk_app_id: &str) -> Result<(), AppError> {
        let turn = self.registry().turn().await;
        let app = self.app(sdk_app_id)?;
        let snapshot = self.registry().snapshot();
        let mut statements = vec![records::apps::delete(app.id)];
        statements.extend(records::flows::delete_all(snapshot.flows(), app.id));
        let now = self.store().clock().schedule();
        statements.extend(records::conversations::close_all(app.id, now));
        for endpoint in app.endpoints.all() {
            statements.extend(self.engine().endpoints().statements_to_delete(endpoint));
        }
        self.change(
            &turn,
            caller,
            "desk_app.delete",
            &app,
            json!({}),
            statements,
        )
        .await?;
        drop(turn);
        for endpoint in app.endpoints.all() {
            self.engine().abandon(endpoint).await?;
        }
        Ok(())
    }

    /// The app's endpoints as `deliver` keeps them: routing and policy; URLs and the token are resolved
    /// from the app.
    fn write_endpoints(&self, app: &App) -> Vec<Statement> {
        let settings = &app.settings;
        let mut all = vec![self.endpoint(
            app,
            app.endpoints.invocation,
            "invocation",
            settings.call_policy(None),
        )];
        for which in UrlUse::ALL {
            let policy = match which {
                UrlUse::Assign => settings.call_policy(None),
                UrlUse::FlowEvents | UrlUse::SessionEvents | UrlUse::Webhook => {
                    settings.notification_policy()
                }
            };
            let mut endpoint = self.endpoint(app, app.endpoints.of(*which), which.as_str(), policy);
            let url = app.urls.get(which);
            endpoint.url = url.map(|url| url.as_str().to_owned());
            endpoint.types = types_of(*which);
            // What has no URL is switched off.
            endpoint.routed = url.is_some() && *which != UrlUse::Assign;
            all.push(endpoint);
        }
        let endpoints = self.engine().endpoints();
        all.iter()
            .flat_map(|endpoint| endpoints.statements_for(endpoint))
            .collect()
    }

    fn endpoint(&self, app: &App, id: EndpointId, which: &str, policy: Policy) -> Endpoint {
        let mut endpoint = Endpoint::of_room(
            id,
            format!("desk.{}.{which}", app.sdk_app_id),
            Room::Desk,
            EndpointDialect::Desk,
            policy,
            self.store().clock().schedule(),
        );
        endpoint.sources = vec![app.source];
        endpoint.routed = false;
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
            target: app.sdk_app_id.clone(),
            detail,
        };
        match self.store().change(change, statements).await {
            Ok(_) => {}
            // The first statement is the one that makes the app.
            Err(WriteError::Unexpected { statement: 0, .. }) if action == "desk_app.create" => {
                return Err(AppError::Exists(app.sdk_app_id.clone()));
            }
            Err(error) => return Err(error.into()),
        }
        turn.reload().await?;
        self.engine().endpoints().reload().await?;
        Ok(())
    }
}

fn types_of(which: UrlUse) -> TypeFilter {
    let commands: &[Command] = match which {
        UrlUse::FlowEvents => &[Command::TaskFlowEventNotify],
        UrlUse::SessionEvents => &[Command::SessionEventNotify],
        UrlUse::Assign => &[Command::OnAssignHuman, Command::OnAssignAgent],
        UrlUse::Webhook => &[Command::OnC2CMessage, Command::OnGroupMessage],
    };
    let names = commands
        .iter()
        .map(|command| command.as_str().to_owned())
        .collect();
    TypeFilter::new(names).expect("a command word holds no character of a glob")
}

/// The names of the settings that were changed; their values may be credentials.
fn changed_settings(before: &Settings, after: &Settings) -> Value {
    let [before, after] = [before, after].map(|settings| json!(settings));
    let members = after.as_object().into_iter().flatten();
    let changed = members.filter(|(name, value)| before.get(name.as_str()) != Some(*value));
    changed
        .map(|(name, _)| Value::from(name.as_str()))
        .collect()
}

/// The URLs without what may be a credential in their query.
fn shown_urls(app: &App) -> Value {
    let shown = app.urls.iter().map(|(which, url)| {
        let text = url.as_str().split('?').next().unwrap_or_default();
        (which.as_str().to_owned(), Value::from(text))
    });
    Value::Object(shown.collect())
}
