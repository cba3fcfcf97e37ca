//! What the console does: corps, apps, programs, who may use what. Each change is one write with its
//! audit row, and holds when it answers.

mod apps;
mod associations;
mod corps;
mod deploy;
mod programs;

use crate::error::ZoneError;

/// The longest name; longer than any that the platform shows.
const NAME_BYTES: usize = 128;
/// The longest description.
const TEXT_BYTES: usize = 2_000;

fn check_name(member: &'static str, name: &str) -> Result<(), ZoneError> {
    let fits = (1..=NAME_BYTES).contains(&name.len()) && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or(ZoneError::Text {
        member,
        rule: "1 to 128 bytes without control characters",
    })
}

/// Ids stand in URLs, key ids and file names.
fn check_id(member: &'static str, id: &str) -> Result<(), ZoneError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(allowed);
    fits.then_some(()).ok_or(ZoneError::Text {
        member,
        rule: "1 to 64 letters, digits, `-` and `_`",
    })
}

fn check_text(member: &'static str, text: &str) -> Result<(), ZoneError> {
    let fits = text.len() <= TEXT_BYTES && !text.contains('\0');
    fits.then_some(()).ok_or(ZoneError::Text {
        member,
        rule: "at most 2000 bytes without NUL",
    })
}

/// An id in the platform's shape: a prefix and letters and digits.
fn made_id(prefix: &str, random: &ringback_types::Random) -> String {
    format!("{prefix}{}", random.alphanumeric::<20>())
}
