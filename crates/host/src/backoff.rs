//! The pause before a restart.

use std::time::Duration;

use crate::options::Options;

/// Doubles from the first pause to the longest, and begins again after a run that was long enough.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    limit: Duration,
    reset: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            first: options.backoff_first,
            limit: options.backoff_limit,
            reset: options.backoff_reset,
            next: options.backoff_first,
        }
    }

    /// The pause after the process `ran` so long.
    pub(crate) fn after(&mut self, ran: Duration) -> Duration {
        if ran >= self.reset {
            self.next = self.first;
        }
        let pause = self.next.min(self.limit);
        self.next = pause.saturating_mul(2);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_to_its_limit_until_a_run_was_long_enough() {
        let mut backoff = Backoff::new(&Options::default());
        let mut pauses = |ran: u64, times: usize| -> Vec<u64> {
            let pause = |_| backoff.after(Duration::from_secs(ran)).as_secs();
            (0..times).map(pause).collect()
        };
        assert_eq!(pauses(0, 8), [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses(59, 1), [60], "not long enough");
        assert_eq!(pauses(60, 1), [1]);
        assert_eq!(pauses(0, 2), [2, 4]);
    }
}
