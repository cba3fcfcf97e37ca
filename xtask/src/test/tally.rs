//! How many tests passed and failed, read from the closing lines of the runners.

use std::fmt;

/// Counts over all runners of one command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    /// Whether no runner has closed yet.
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Takes another runner's counts in.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Looks at one line of output; only the runners' summaries count.
    pub(super) fn read(&mut self, line: &str) {
        let line = without_colour(line);
        // nextest indents its own summary, and what it shows of a failed test's output.
        let is_summary =
            line.starts_with("test result: ") || line.trim_start().starts_with("Summary [");
        if !is_summary {
            return;
        }
        let words: Vec<_> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else {
                continue;
            };
            match pair[1].trim_end_matches([',', ';', ':', ')']) {
                "passed" => self.passed += count,
                // nextest names tests that ran out of time or could not start beside the failed.
                "failed" | "timed" | "exec" => self.failed += count,
                "skipped" | "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(formatter, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Drops the terminal's colour sequences: escape, `[`, digits, `m`.
fn without_colour(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += part.split_once('m').map_or(part, |(_, rest)| rest);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn summaries_of_both_runners_count_and_nothing_else_does() {
        let mut tally = Tally::default();
        for line in [
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.010s] \u{1b}[1m6\u{1b}[0m tests run: \u{1b}[1m3\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m (1 slow), 1 failed, 1 timed out, 2 skipped\n",
            "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.00s\n",
            "a test that prints 9 passed\n",
        ] {
            tally.read(line);
        }
        assert_eq!(tally.to_string(), "10 passed, 2 failed, 3 skipped");
    }
}
