//! Sizes as they are written on the command line.

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size such as `65536`, `64KiB`, `512MiB` or `2GiB`")]
pub(crate) struct ParseSizeError(String);

/// Reads a number of bytes: `65536`, `64KiB`, `512MiB`, `2GiB`.
pub(crate) fn parse(text: &str) -> Result<u64, ParseSizeError> {
    bytes(text.trim()).ok_or_else(|| ParseSizeError(text.to_owned()))
}

fn bytes(text: &str) -> Option<u64> {
    let digits = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_start() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse("65536"), Ok(65_536));
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        assert_eq!(parse("2 GiB"), Ok(2 << 30));
        for wrong in ["", "MiB", "512MB", "-1", "1.5GiB", "99999999999GiB"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
