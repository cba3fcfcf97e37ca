//! Ids and types that come from outside and become keys of indexes.

use crate::Reason;

/// The longest id or type that is taken.
const MAX_IDENTIFIER_BYTES: usize = 256;

/// A text that is to become a type or key: not too long, and without the control characters that a
/// log line or a database would trip over; `None` where it is empty.
pub(crate) fn checked_identifier(text: &str) -> Result<Option<String>, Reason> {
    if text.len() > MAX_IDENTIFIER_BYTES || text.chars().any(char::is_control) {
        return Err(Reason::IdentifierFormat);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
