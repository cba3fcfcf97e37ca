//! Headers that count once.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Reason;

/// The value of a header that may come once: with two of them it would depend on the reader which
/// one is checked.
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a [u8]>, Reason> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Reason::HeaderRepeated);
    }
    Ok(first.map(HeaderValue::as_bytes))
}
