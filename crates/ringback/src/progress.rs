//! Progress on stderr for what takes longer than a second.
//!
//! Nothing is drawn when stderr is not a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long something may take before it shows that it is still at work.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs `work` and shows a spinner with `message` once it has taken longer than a second.
pub(crate) async fn with_progress<T>(message: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(PATIENCE, work.as_mut()).await {
        return done;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(message);
    bar.enable_steady_tick(Duration::from_millis(100));
    let done = work.await;
    bar.finish_and_clear();
    done
}

/// How far something is that is measured in bytes.
pub(crate) struct Meter(ProgressBar);

impl Meter {
    /// A meter with `message`; a bar where it is known how many bytes there are.
    pub(crate) fn new(message: &'static str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = match total {
            Some(_) => "{msg} {bar:32} {bytes}/{total_bytes} {elapsed}",
            None => "{spinner} {msg} {bytes} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(message);
        Self(bar)
    }

    /// So many bytes more.
    pub(crate) fn advance(&self, bytes: u64) {
        if self.0.is_hidden() && self.0.elapsed() > PATIENCE {
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.0.inc(bytes);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
