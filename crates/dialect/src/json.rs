//! Reading JSON without trusting it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::Reason;
#[cfg(any(feature = "feishu", feature = "standard"))]
pub(crate) use crate::identifier::checked_identifier;

/// How deep JSON may be nested (design, section 4, number 6).
pub const MAX_JSON_DEPTH: usize = 64;

/// Whether `json` is nested deeper than [`MAX_JSON_DEPTH`]; in constant memory.
///
/// Text that is not JSON may come out either way.
pub(crate) fn too_deep(json: &[u8]) -> bool {
    // Nearly every body has fewer opening brackets in all than may be nested, and counting them
    // takes a fraction of the time of looking which of them stand inside a string.
    opening_brackets(json) > MAX_JSON_DEPTH && nesting(json) > MAX_JSON_DEPTH
}

/// How many `{` and `[` there are. Counted in runs short enough for a byte, which lets the compiler
/// look at many bytes at once.
fn opening_brackets(json: &[u8]) -> usize {
    let in_run = |run: &[u8]| {
        run.iter()
            .map(|byte| u8::from(matches!(byte, b'{' | b'[')))
            .sum::<u8>()
    };
    json.chunks(usize::from(u8::MAX))
        .map(|run| usize::from(in_run(run)))
        .sum()
}

fn nesting(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// The members of an object and of nothing else: a derived struct alone would also take an array,
/// by position.
#[derive(Debug, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// The wanted members of an object; `not_json` is the reason where it is no JSON text at all.
pub(crate) fn members<'a, T: Deserialize<'a>>(
    json: &'a str,
    not_json: Reason,
) -> Result<T, Reason> {
    match serde_json::from_str(json) {
        Ok(Object(members)) => Ok(members),
        Err(error) => Err(match error.classify() {
            Category::Data => Reason::BodyShape,
            Category::Io | Category::Syntax | Category::Eof => not_json,
        }),
    }
}

/// The text of a member that is there and is a string, unescaped.
pub(crate) fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = value?.get();
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The text of a member that is to become a type or key.
#[cfg(any(feature = "feishu", feature = "standard"))]
pub(crate) fn identifier(value: Option<&RawValue>) -> Result<Option<String>, Reason> {
    text(value).map_or(Ok(None), |text| checked_identifier(&text))
}
