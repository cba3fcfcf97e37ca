//! Identifiers: one `i64` inside, a prefix and 13 base-32 digits outside (`evt_0c2m9…`).
//!
//! 41 bits of milliseconds since 2024-01-01, 8 bits of node, 14 bits of sequence, so that ids sort by
//! time and are the row id in SQLite and a `BIGINT` in PostgreSQL (design, section 4).

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::ScheduleTime;

/// 2024-01-01T00:00:00Z, where the time part of an id begins.
const ORIGIN_MS: i64 = 1_704_067_200_000;
const NODE_BITS: u32 = 8;
const SEQUENCE_BITS: u32 = 14;
const TIME_SHIFT: u32 = NODE_BITS + SEQUENCE_BITS;
/// Crockford's base 32, lower case: no `i`, `l`, `o`, `u`.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 13 digits of 5 bits hold the 63 bits of a positive `i64`.
const TEXT_DIGITS: usize = 13;

/// A kind of identifier: what stands before the underscore, and the number inside.
pub trait RecordId: Copy {
    /// What stands before the underscore.
    const PREFIX: &'static str;

    /// The id with this number inside.
    fn from_raw(raw: i64) -> Self;

    /// The number inside.
    fn raw(self) -> i64;

    /// The smallest id that can have been made at `time`; for ranges over time.
    fn first_at(time: ScheduleTime) -> Self {
        let since_origin = (time.as_millis() - ORIGIN_MS).clamp(0, (1 << 41) - 1);
        Self::from_raw(since_origin << TIME_SHIFT)
    }

    /// When the id was made, to the millisecond.
    fn made_at(self) -> ScheduleTime {
        ScheduleTime::from_millis((self.raw() >> TIME_SHIFT) + ORIGIN_MS)
    }
}

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not an id of the form `{prefix}_` and 13 base-32 digits")]
pub struct ParseIdError {
    given: String,
    prefix: &'static str,
}

fn encode(raw: i64, out: &mut [u8; TEXT_DIGITS]) {
    let mut rest = raw as u64;
    for digit in out.iter_mut().rev() {
        *digit = DIGITS[(rest & 31) as usize];
        rest >>= 5;
    }
}

fn decode(text: &str) -> Option<i64> {
    if text.len() != TEXT_DIGITS {
        return None;
    }
    let mut raw: u64 = 0;
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|candidate| *candidate == byte)?;
        raw = raw.checked_mul(32)?.checked_add(digit as u64)?;
    }
    i64::try_from(raw).ok()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl RecordId for $name {
            const PREFIX: &'static str = $prefix;

            fn from_raw(raw: i64) -> Self {
                Self(raw)
            }

            fn raw(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; TEXT_DIGITS];
                encode(self.0, &mut digits);
                formatter.write_str(concat!($prefix, "_"))?;
                digits.iter().try_for_each(|digit| fmt::Write::write_char(formatter, char::from(*digit)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or_else(|| ParseIdError { given: text.to_owned(), prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One thing that happened, written once.
    EventId = "evt";
    /// One event or call on its way to one endpoint.
    DeliveryId = "dlv";
    /// Where something is sent.
    EndpointId = "ep";
    /// Where events come into Ringback.
    SourceId = "src";
    /// A platform app with its credentials, as Ringback numbers it.
    AppId = "app";
    /// A Desk task flow.
    FlowId = "flow";
    /// A user's conversation with a Desk bot.
    ConversationId = "conv";
    /// One execution of a flow in a conversation.
    RunId = "run";
    /// A named holder of a management token.
    CallerId = "key";
}

/// Makes ids that never go backwards, whatever the clock does.
///
/// Shared by reference; making an id is one compare-and-swap.
#[derive(Debug)]
pub struct IdGenerator {
    node: i64,
    /// Time and sequence of the last id, without the node: `ms << 14 | sequence`.
    last: AtomicI64,
}

impl IdGenerator {
    /// A generator for this node, which begins after `floor` (the largest raw id already stored, or 0).
    pub fn new(node: u8, floor: i64) -> Self {
        let tick = (floor >> TIME_SHIFT) << SEQUENCE_BITS;
        Self {
            node: i64::from(node),
            last: AtomicI64::new(tick | ((1 << SEQUENCE_BITS) - 1)),
        }
    }

    /// The next id. When the clock stands still or goes back, the sequence goes on instead; a
    /// sequence that runs over borrows from the next millisecond.
    pub fn next<I: RecordId>(&self, now: ScheduleTime) -> I {
        let now_tick = (now.as_millis() - ORIGIN_MS).max(0) << SEQUENCE_BITS;
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let tick = now_tick.max(last + 1);
            match self
                .last
                .compare_exchange_weak(last, tick, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => {
                    let time = tick >> SEQUENCE_BITS;
                    let sequence = tick & ((1 << SEQUENCE_BITS) - 1);
                    return I::from_raw(time << TIME_SHIFT | self.node << SEQUENCE_BITS | sequence);
                }
                Err(current) => last = current,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_never_go_backwards_when_the_clock_does() {
        let generator = IdGenerator::new(3, 0);
        let noon = ScheduleTime::from_millis(ORIGIN_MS + 1_000_000);
        let mut previous: EventId = generator.next(noon);
        for step in [0, 0, -500_000, 1, 0] {
            let id: EventId = generator.next(noon.plus_millis(step));
            assert!(id > previous);
            previous = id;
        }
        assert_eq!(previous.made_at(), noon.plus_millis(1));
        let restarted = IdGenerator::new(0, previous.raw());
        assert!(restarted.next::<EventId>(noon) > previous);
    }

    proptest! {
        #[test]
        fn text_and_number_say_the_same(raw in 0..i64::MAX) {
            let id = DeliveryId::from_raw(raw);
            prop_assert_eq!(id.to_string().parse::<DeliveryId>().unwrap(), id);
            prop_assert!(id.to_string().parse::<EventId>().is_err());
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<EventId>();
        }
    }
}
