//! Whether a right answer came in time. Feishu and WeCom grant the same second to a challenge (sheets
//! `feishu-events`, section 1.2, and `wecom-zone-app`, section 5.1), Desk two to a call (sheet
//! `tencent-desk`, section 2.7).

use std::time::Duration;

use super::finding::{Check, Diagnosis, Finding};
use crate::duration;

/// What is granted, and what to say of an answer that takes more of it.
struct Grant {
    limit: Duration,
    shown: &'static str,
    too_slow: &'static str,
    nearly_slow: &'static str,
    fix: &'static str,
}

const CHALLENGE: Grant = Grant {
    limit: Duration::from_secs(1),
    shown: "1 s",
    too_slow: "verify.too_slow",
    nearly_slow: "verify.nearly_slow",
    fix: "answer the challenge before any other work, and keep the server warm",
};

const CALL: Grant = Grant {
    limit: Duration::from_secs(2),
    shown: "2 s",
    too_slow: "verify.desk_too_slow",
    nearly_slow: "verify.desk_nearly_slow",
    fix: "work less before the answer; what takes longer, answer with a variable that says so, and let a later node ask again",
};

/// The finding for an answer to a challenge that took so long.
pub(super) fn finding(took: Duration) -> Finding {
    CHALLENGE.finding(took)
}

/// The finding for an answer to a call that took so long.
pub(super) fn of_call(took: Duration) -> Finding {
    CALL.finding(took)
}

impl Grant {
    fn finding(&self, took: Duration) -> Finding {
        let measured = format!("{} / {}", duration::readable(took), self.shown);
        if took > self.limit {
            let cause = "the answer is right, but comes after the platform has given up";
            let diagnosis = Diagnosis::new(self.too_slow, cause, self.fix);
            Finding::broken(Check::Timing, measured, diagnosis)
        } else if took > self.limit / 2 {
            // Above this, a cold start or a busy moment goes over the limit.
            let cause = "the answer uses up more than half of the time";
            let diagnosis = Diagnosis::new(self.nearly_slow, cause, self.fix);
            Finding::doubtful(Check::Timing, measured, diagnosis)
        } else {
            Finding::held(Check::Timing, measured)
        }
    }
}
