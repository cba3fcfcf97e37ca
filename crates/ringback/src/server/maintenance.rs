//! Retention: a pass every minute over what is old enough to go.

use std::time::Duration;

use ringback_deliver::Engine;
use ringback_desk::Desk;
use ringback_store::record::{Pruner, Retention};
use ringback_zone::Zone;
use tokio::task::JoinHandle;

const EVERY: Duration = Duration::from_mins(1);

/// Prunes until aborted. A pass goes through the bulk lane, so it delays no acknowledgement.
pub(super) fn start(
    engine: Engine,
    zone: Zone,
    desk: Desk,
    retention: Retention,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut keeper = Pruner::new(engine.record().clone(), retention);
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = zone.prune().await {
                tracing::warn!(%error, "what is over in the zone stays until the next pass");
            }
            forget_conversations(&desk).await;
            match keeper.pass(&engine.endpoints().closed()).await {
                Ok(pruned) if pruned.bodies + pruned.rows + pruned.expired > 0 => {
                    engine.take_up(&pruned.released);
                    tracing::info!(
                        bodies = pruned.bodies,
                        rows = pruned.rows,
                        expired = pruned.expired,
                        "pruned"
                    );
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a retention pass failed; the next one goes on");
                }
            }
        }
    })
}

/// One small step after the other, so that a day's conversations are not one long write.
async fn forget_conversations(desk: &Desk) {
    loop {
        match desk.forget_old().await {
            Ok(0) => return,
            Ok(count) => tracing::debug!(count, "closed conversations are forgotten"),
            Err(error) => {
                tracing::warn!(%error, "old conversations stay until the next pass");
                return;
            }
        }
    }
}
