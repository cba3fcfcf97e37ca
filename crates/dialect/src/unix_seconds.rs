//! Timestamps in headers: decimal seconds since the Unix epoch.

use std::time::Duration;

use ringback_types::WireTime;

/// The number, where it is nothing but digits and one that fits.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// How far these seconds are from now, either way.
pub(crate) fn skew(seconds: i64, now: WireTime) -> Duration {
    let then = seconds.saturating_mul(1000);
    Duration::from_millis(now.as_millis().abs_diff(then))
}
