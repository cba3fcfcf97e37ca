//! Durations and points in time as they are written on the command line and in the configuration.

use std::time::Duration;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration such as `500ms`, `15s`, `5m`, `6h`, `1d` or `1h30m`")]
pub(crate) struct ParseDurationError(String);

/// Reads `500ms`, `15s`, `5m`, `6h`, `1d` or several of them in a row.
pub(crate) fn parse(text: &str) -> Result<Duration, ParseDurationError> {
    parts(text).ok_or_else(|| ParseDurationError(text.to_owned()))
}

fn parts(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let millis = number
            .parse::<u64>()
            .ok()?
            .checked_mul(unit_millis(unit)?)?;
        total = total.checked_add(millis)?;
        rest = tail.trim_start();
    }
    (!text.trim().is_empty()).then_some(Duration::from_millis(total))
}

fn unit_millis(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    })
}

/// How a person reads a duration: `1.2 ms`, `340 ms`, `2.50 s`, `5 min`, `1 h 5 min`.
pub(crate) fn readable(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    let seconds = duration.as_secs();
    match seconds {
        0 if millis < 10.0 => format!("{millis:.1} ms"),
        0 => format!("{millis:.0} ms"),
        1..60 if duration.subsec_millis() > 0 => format!("{:.2} s", duration.as_secs_f64()),
        1..60 => format!("{seconds} s"),
        60..3_600 => two_units(seconds, 60, "min", "s"),
        3_600..86_400 => two_units(seconds / 60, 60, "h", "min"),
        _ => two_units(seconds / 3_600, 24, "d", "h"),
    }
}

fn two_units(count: u64, size: u64, large: &str, small: &str) -> String {
    match (count / size, count % size) {
        (whole, 0) => format!("{whole} {large}"),
        (whole, rest) => format!("{whole} {large} {rest} {small}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        let read = |text| parse(text).map(|duration| duration.as_millis());
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("1h30m"), Ok(5_400_000));
        assert_eq!(read("1d 2h"), Ok(93_600_000));
        for wrong in [
            "",
            "6",
            "h",
            "6 weeks",
            "-1s",
            "1.5h",
            "99999999999999999999s",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let written = [
            4,
            340,
            2_500,
            15_000,
            300_000,
            3_915_000,
            25_515_000,
            172_800_000,
        ];
        let written = written.map(|millis| readable(Duration::from_millis(millis)));
        assert_eq!(
            written,
            [
                "4.0 ms",
                "340 ms",
                "2.50 s",
                "15 s",
                "5 min",
                "1 h 5 min",
                "7 h 5 min",
                "2 d"
            ]
        );
    }
}
