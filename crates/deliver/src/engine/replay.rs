//! Replay and cancel: what a person asks of single deliveries.

use std::sync::Arc;

use ringback_store::WriteError;
use ringback_store::record::{Cursor, Query, Replay};
use ringback_types::{DeliveryId, EndpointId};

use super::{Inner, ReplayError, ReplayReport, Replaying};
use crate::registry::EndpointError;

/// How many deliveries one write repeats.
const STEP: usize = 500;
/// How many deliveries a query chooses when it names no limit.
const USUAL_LIMIT: usize = 1_000;

impl Inner {
    pub(super) async fn replay(
        self: &Arc<Self>,
        what: Replaying,
        to: Option<EndpointId>,
        dry_run: bool,
    ) -> Result<ReplayReport, ReplayError> {
        if let Some(id) = to.filter(|id| self.endpoint(*id).is_none()) {
            return Err(EndpointError::Unknown { id }.into());
        }
        let (chosen, next) = match what {
            Replaying::Deliveries(chosen) => (chosen, None),
            Replaying::Matching(query) => self.choose(*query).await?,
        };
        if to.is_none() {
            self.check_endpoints(&chosen).await?;
        }
        let mut report = ReplayReport {
            chosen,
            replayed: Vec::new(),
            refused: Vec::new(),
            next,
        };
        if !dry_run {
            self.replay_chosen(&mut report, to).await?;
        }
        Ok(report)
    }

    /// The deliveries that the query finds, page by page, up to its limit.
    async fn choose(
        &self,
        mut query: Query,
    ) -> Result<(Vec<DeliveryId>, Option<Cursor>), ReplayError> {
        let limit = if query.limit == 0 {
            USUAL_LIMIT
        } else {
            query.limit
        };
        let mut chosen = Vec::new();
        loop {
            query.limit = limit - chosen.len();
            let page = self.record.search(query.clone()).await?;
            let found = page
                .entries
                .iter()
                .filter_map(|entry| entry.delivery.as_ref());
            chosen.extend(found.map(|delivery| delivery.id));
            query.before = page.next;
            if page.next.is_none() || chosen.len() >= limit {
                return Ok((chosen, page.next));
            }
        }
    }

    /// Refuses what would go to an endpoint that is deleted: nobody would ever take it up.
    async fn check_endpoints(&self, chosen: &[DeliveryId]) -> Result<(), ReplayError> {
        for delivery in chosen {
            let found = self.record.delivery(*delivery).await?;
            if let Some(id) = found.map(|delivery| delivery.endpoint)
                && self.endpoint(id).is_none()
            {
                return Err(EndpointError::Unknown { id }.into());
            }
        }
        Ok(())
    }

    async fn replay_chosen(
        self: &Arc<Self>,
        report: &mut ReplayReport,
        to: Option<EndpointId>,
    ) -> Result<(), ReplayError> {
        for step in report.chosen.chunks(STEP) {
            let replays = step
                .iter()
                .map(|delivery| Replay {
                    delivery: *delivery,
                    to,
                })
                .collect();
            for outcome in self.record.replay(replays).await? {
                match outcome {
                    Ok(replayed) => {
                        self.queued(replayed.endpoint, replayed.due_at);
                        report.replayed.push(replayed);
                    }
                    Err(refusal) => report.refused.push(refusal),
                }
            }
        }
        Ok(())
    }

    pub(super) async fn cancel(self: &Arc<Self>, delivery: DeliveryId) -> Result<bool, WriteError> {
        let Some(released) = self.record.cancel(delivery).await? else {
            return Ok(false);
        };
        if let Some(released) = released {
            self.queued(released.endpoint, released.due_at);
        }
        Ok(true)
    }
}
