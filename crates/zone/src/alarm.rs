//! "New messages" after an import (design, section 6): debounced by the archive, made into events here.

use ringback_archive::{Notice, Owner, TokenKind};
use ringback_deliver::{Alarm, BoxFuture};
use ringback_types::ScheduleTime;
use serde_json::json;

use crate::errcode::Refusal;
use crate::event::EventType;
use crate::zone::{WeakZone, Zone};

/// Rings when a notice of the archive is due.
pub(crate) struct Notices(WeakZone);

impl Notices {
    pub(crate) fn new(zone: WeakZone) -> Self {
        Self(zone)
    }
}

impl Alarm for Notices {
    fn next(&self) -> Option<ScheduleTime> {
        self.0.upgrade()?.archive().next_notice()
    }

    fn ring(&self, now: ScheduleTime) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(zone) = self.0.upgrade() else {
                return;
            };
            let due = match zone.archive().due_notices(now).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(%error, "what the archive has to tell could not be read");
                    return;
                }
            };
            for notice in &due {
                if let Err(refusal) = zone.tell(notice).await {
                    let cause = refusal.cause.as_deref().unwrap_or(&refusal.errmsg);
                    tracing::warn!(corp = notice.corp, cause, "new messages could not be told");
                }
            }
        })
    }
}

impl Zone {
    /// One event for each app of the corp that has a receiving program. After a crash the same notice
    /// makes no second event, because its number is the event's dedupe key.
    async fn tell(&self, notice: &Notice) -> Result<(), Refusal> {
        let snapshot = self.snapshot();
        let of_corp = |app: &&std::sync::Arc<crate::App>| {
            app.corpid == notice.corp && app.may_use_zone().is_ok()
        };
        let apps: Vec<_> = snapshot.apps().filter(of_corp).cloned().collect();
        drop(snapshot);
        for app in apps {
            let Some(program_id) = &app.receiving_program else {
                continue;
            };
            let owner = Owner {
                corp: app.corpid.clone(),
                agentid: app.agentid,
                program: program_id.clone(),
            };
            let token = self.archive().issue_token(&owner, TokenKind::NewMessage);
            let payload = json!({ "token": token });
            let key = format!("notice:{}", notice.number);
            self.emit(&app, EventType::ConversationNewMessage, payload, Some(key))
                .await?;
        }
        self.archive().settle_notice(notice).await?;
        Ok(())
    }
}
