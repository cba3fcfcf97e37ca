//! Keeping what is in memory up to changes of configuration.

use std::fmt::Display;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

/// How long a reload that failed is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Reloads `what` whenever the `revision` of the store moves, in a task of its own, for as long as
/// somebody else holds the `held`. Needs a tokio runtime.
///
/// The revision is to be subscribed ([`crate::Store::revision`]) before the first load, so that no change
/// falls between. Where a reload fails, what was there holds, and it is tried again after a second.
pub fn follow<Held, Reload, Done, Error>(
    mut revision: watch::Receiver<i64>,
    what: &'static str,
    held: Weak<Held>,
    reload: Reload,
) where
    Held: Send + Sync + 'static,
    Reload: Fn(Arc<Held>) -> Done + Send + 'static,
    Done: Future<Output = Result<(), Error>> + Send,
    Error: Display + Send,
{
    tokio::spawn(async move {
        while revision.changed().await.is_ok() {
            let Some(held) = held.upgrade() else { return };
            if let Err(error) = reload(held).await {
                tracing::error!(%error, what, "cannot be reloaded; what was there holds");
                // Seen again after the pause, so that one failed read is not the last word.
                revision.mark_changed();
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
}
