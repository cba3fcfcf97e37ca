//! Whether a right answer came in time. Feishu and WeCom grant the same second (sheets `feishu-events`,
//! section 1.2, and `wecom-zone-app`, section 5.1).

use std::time::Duration;

use super::finding::{Check, Diagnosis, Finding};
use crate::duration;

/// What the platform grants.
const LIMIT: Duration = Duration::from_secs(1);
/// Above this, a cold start or a busy moment goes over the limit.
const COMFORT: Duration = Duration::from_millis(500);

/// The finding for an answer that took so long.
pub(super) fn finding(took: Duration) -> Finding {
    let measured = format!("{} / 1 s", duration::readable(took));
    if took > LIMIT {
        Finding::broken(
            Check::Timing,
            measured,
            Diagnosis::new(
                "verify.too_slow",
                "the answer is right, but comes after the platform has given up",
                "answer the challenge before any other work, and keep the server warm",
            ),
        )
    } else if took > COMFORT {
        Finding::doubtful(
            Check::Timing,
            measured,
            Diagnosis::new(
                "verify.nearly_slow",
                "the answer uses up more than half of the time",
                "answer the challenge before any other work, and keep the server warm",
            ),
        )
    } else {
        Finding::held(Check::Timing, measured)
    }
}
