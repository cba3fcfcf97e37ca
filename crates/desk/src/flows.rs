//! Flows saved, published and taken back: versions, draft and published.

use std::sync::Arc;

use ringback_flow::{Fault, Flow, FlowKind};
use ringback_store::{Change, Statement};
use ringback_types::{AppId, FlowId, ScheduleTime};
use serde_json::{Value, json};

use crate::app::App;
use crate::desk::Desk;
use crate::error::FlowError;
use crate::library::Edition;
use crate::records;

/// How many versions a list shows.
const LISTED_VERSIONS: i64 = 100;

/// A flow without its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFlow {
    /// Ringback's id of it.
    pub id: FlowId,
    /// Its app.
    pub app: AppId,
    /// Its name, unique in the app.
    pub name: String,
    /// `TaskId`.
    pub task_id: i64,
    /// The newest version: the draft.
    pub latest: i64,
    /// The version that users meet.
    pub published: Option<i64>,
    /// When it was first saved.
    pub created_at: ScheduleTime,
    /// When it was last changed.
    pub updated_at: ScheduleTime,
}

/// One version of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub version: i64,
    /// When it was saved.
    pub created_at: ScheduleTime,
    /// By whom.
    pub created_by: String,
}

impl Desk {
    /// The flows of an app, by name.
    pub fn flows(&self, sdk_app_id: &str) -> Result<Vec<StoredFlow>, FlowError> {
        let app = self.app(sdk_app_id)?;
        Ok(self
            .registry()
            .snapshot()
            .flows_of(app.id)
            .cloned()
            .collect())
    }

    /// The flow of this name.
    pub fn flow(&self, app: &App, name: &str) -> Result<StoredFlow, FlowError> {
        let found = self.registry().snapshot().flow(app.id, name).cloned();
        found.ok_or_else(|| FlowError::NotFound {
            sdk_app_id: app.sdk_app_id.clone(),
            name: name.chars().take(64).collect(),
        })
    }

    /// Saves a document as the newest version, if it passes, and publishes it where that is asked for.
    pub async fn save_flow(
        &self,
        caller: &str,
        sdk_app_id: &str,
        document: &[u8],
        publish: bool,
    ) -> Result<StoredFlow, FlowError> {
        let flow = checked(document.to_vec())
            .await
            .map_err(FlowError::Invalid)?;
        let turn = self.registry().turn().await;
        let app = self.app(sdk_app_id)?;
        let now = self.store().clock().schedule();
        let text = serde_json::to_string(flow.document()).expect("a document is texts and lists");
        let (mut saved, mut statements) = self.versioned(&app, &flow.document().name, now);
        if publish {
            saved.published = Some(saved.latest);
        }
        statements.push(if saved.latest == 1 {
            records::flows::insert(&saved)
        } else {
            records::flows::update_latest(&saved, now)
        });
        let version = saved.latest;
        statements.push(records::flows::insert_version(
            saved.id, version, &text, caller, now,
        ));
        let detail = json!({ "version": version, "published": saved.published });
        self.change_flow(caller, "desk_flow.save", &saved, detail, statements)
            .await?;
        turn.reload().await?;
        self.flow(&app, &saved.name)
    }

    /// The flow of this name with one version more, and what has to be written for a new one.
    fn versioned(&self, app: &App, name: &str, now: ScheduleTime) -> (StoredFlow, Vec<Statement>) {
        if let Some(mut flow) = self.registry().snapshot().flow(app.id, name).cloned() {
            flow.latest += 1;
            return (flow, Vec::new());
        }
        let task_id = app.last_task_id + 1;
        let flow = StoredFlow {
            id: self.store().next_id(),
            app: app.id,
            name: name.to_owned(),
            task_id,
            latest: 1,
            published: None,
            created_at: now,
            updated_at: now,
        };
        (flow, vec![records::apps::take_task_id(app.id, task_id)])
    }

    /// Lets users meet this version, the newest when left out; an older one is a rollback.
    pub async fn publish_flow(
        &self,
        caller: &str,
        sdk_app_id: &str,
        name: &str,
        version: Option<i64>,
    ) -> Result<StoredFlow, FlowError> {
        let turn = self.registry().turn().await;
        let app = self.app(sdk_app_id)?;
        let flow = self.flow(&app, name)?;
        let version = version.unwrap_or(flow.latest);
        self.edition_of(&flow, version).await?;
        self.set_published(caller, &flow, Some(version)).await?;
        turn.reload().await?;
        self.flow(&app, name)
    }

    /// Lets no user meet the flow any more; runs under way go on.
    pub async fn unpublish_flow(
        &self,
        caller: &str,
        sdk_app_id: &str,
        name: &str,
    ) -> Result<StoredFlow, FlowError> {
        let turn = self.registry().turn().await;
        let app = self.app(sdk_app_id)?;
        let flow = self.flow(&app, name)?;
        self.set_published(caller, &flow, None).await?;
        turn.reload().await?;
        self.flow(&app, name)
    }

    async fn set_published(
        &self,
        caller: &str,
        flow: &StoredFlow,
        published: Option<i64>,
    ) -> Result<(), FlowError> {
        let now = self.store().clock().schedule();
        let statement = records::flows::update_published(flow.id, published, now);
        let detail = json!({ "version": published, "before": flow.published });
        self.change_flow(caller, "desk_flow.publish", flow, detail, vec![statement])
            .await
    }

    /// Deletes a flow with its versions; a run of it that is under way ends with the fallback message.
    pub async fn delete_flow(
        &self,
        caller: &str,
        sdk_app_id: &str,
        name: &str,
    ) -> Result<(), FlowError> {
        let turn = self.registry().turn().await;
        let app = self.app(sdk_app_id)?;
        let flow = self.flow(&app, name)?;
        let statements = Vec::from(records::flows::delete(flow.id));
        self.change_flow(caller, "desk_flow.delete", &flow, json!({}), statements)
            .await?;
        Ok(turn.reload().await?)
    }

    async fn change_flow(
        &self,
        caller: &str,
        action: &'static str,
        flow: &StoredFlow,
        detail: Value,
        statements: Vec<Statement>,
    ) -> Result<(), FlowError> {
        let change = Change {
            caller: caller.into(),
            action,
            target: flow.name.clone(),
            detail,
        };
        self.store().change(change, statements).await?;
        Ok(())
    }

    /// The newest versions of a flow, newest first.
    pub async fn flow_versions(&self, flow: FlowId) -> Result<Vec<Version>, FlowError> {
        Ok(records::flows::versions(self.store(), flow, LISTED_VERSIONS).await?)
    }

    /// This version of a flow, checked.
    pub(crate) async fn edition_of(
        &self,
        flow: &StoredFlow,
        version: i64,
    ) -> Result<Arc<Edition>, FlowError> {
        let found = self.library().get(flow.id, version).await?;
        found.ok_or_else(|| FlowError::NoVersion {
            name: flow.name.clone(),
            version,
        })
    }

    /// The version that runs: the newest of a draft, else the published one.
    pub(crate) async fn running_edition(
        &self,
        flow: &StoredFlow,
        draft: bool,
    ) -> Result<Arc<Edition>, FlowError> {
        let published = || {
            flow.published
                .ok_or_else(|| FlowError::NotPublished(flow.name.clone()))
        };
        let version = if draft { flow.latest } else { published()? };
        self.edition_of(flow, version).await
    }
}

/// Reads and checks a document beside the runtime: patterns of a large one take a while to make ready.
pub(crate) async fn checked(document: Vec<u8>) -> Result<Flow, Vec<Fault>> {
    let checking = tokio::task::spawn_blocking(move || Flow::parse(&document));
    // A check does not panic; should it, the document is not one that may run.
    checking
        .await
        .unwrap_or_else(|_| Err(vec![Fault::unreadable()]))
}

/// The word of a kind, for whoever shows it.
pub(crate) fn kind_of(edition: &Edition) -> FlowKind {
    edition.flow.document().kind
}
