//! Corps.

use std::sync::Arc;

use ringback_store::WriteError;
use serde_json::json;

use super::{check_id, check_name, made_id};
use crate::corp::{Corp, CorpChange, NewCorp};
use crate::error::ZoneError;
use crate::records;
use crate::zone::Zone;

impl Zone {
    /// Every corp, by its id.
    pub fn corps(&self) -> Vec<Arc<Corp>> {
        self.snapshot().corps().cloned().collect()
    }

    /// The corp of this id.
    pub fn corp(&self, corpid: &str) -> Result<Arc<Corp>, ZoneError> {
        self.snapshot().corp(corpid)
    }

    /// Makes a corp.
    pub async fn create_corp(&self, caller: &str, new: NewCorp) -> Result<Arc<Corp>, ZoneError> {
        let corpid = new.corpid.unwrap_or_else(|| made_id("ww", self.random()));
        check_id("corpid", &corpid)?;
        let corp = Corp {
            name: new.name.unwrap_or_else(|| corpid.clone()),
            corpid: corpid.clone(),
            test: new.test,
            created_at: self.now(),
        };
        check_name("name", &corp.name)?;
        let turn = self.turn().await;
        let detail = json!({ "name": corp.name, "test": corp.test });
        let statements = vec![records::corps::insert(&corp)];
        let made = self.change(
            &turn,
            caller,
            "zone_corp.create",
            corpid.clone(),
            detail,
            statements,
        );
        made.await
            .map_err(|error| exists(error, "a corp", &corpid))?;
        self.corp(&corpid)
    }

    /// Changes a corp.
    pub async fn update_corp(
        &self,
        caller: &str,
        corpid: &str,
        change: CorpChange,
    ) -> Result<Arc<Corp>, ZoneError> {
        let turn = self.turn().await;
        let mut corp = Corp::clone(&*self.corp(corpid)?);
        corp.name = change.name.unwrap_or(corp.name);
        corp.test = change.test.unwrap_or(corp.test);
        check_name("name", &corp.name)?;
        let detail = json!({ "name": corp.name, "test": corp.test });
        let statements = vec![records::corps::update(&corp)];
        self.change(
            &turn,
            caller,
            "zone_corp.update",
            corpid.to_owned(),
            detail,
            statements,
        )
        .await?;
        self.corp(corpid)
    }

    /// Deletes a corp that has no apps any more. Its archive stays until retention takes it.
    pub async fn delete_corp(&self, caller: &str, corpid: &str) -> Result<(), ZoneError> {
        let turn = self.turn().await;
        self.corp(corpid)?;
        let user = self
            .snapshot()
            .apps()
            .find(|app| app.corpid == corpid)
            .cloned();
        if let Some(app) = user {
            return Err(ZoneError::InUse {
                name: corpid.to_owned(),
                by: format!("the app `{}`", app.label()),
            });
        }
        let statements = Vec::from(records::corps::delete(corpid));
        self.change(
            &turn,
            caller,
            "zone_corp.delete",
            corpid.to_owned(),
            json!({}),
            statements,
        )
        .await
    }
}

/// The first statement of a change that makes something is the one that makes it.
pub(super) fn exists(error: ZoneError, kind: &'static str, name: &str) -> ZoneError {
    match error {
        ZoneError::Write(WriteError::Unexpected { statement: 0, .. }) => ZoneError::Exists {
            kind,
            name: name.to_owned(),
        },
        other => other,
    }
}
