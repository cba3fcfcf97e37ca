//! Places in a corp's list of messages.

use ringback_types::ScheduleTime;

use crate::ticket;

/// A message's place in the order of send time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// Milliseconds.
    pub(super) sent_at: i64,
    pub(super) id: i64,
}

impl Mark {
    /// This place, or the one before everything sent at `oldest`.
    pub(super) fn not_before(self, oldest: ScheduleTime) -> Self {
        self.max(Self::before(oldest))
    }

    /// The place before everything sent at `time`.
    pub(super) const fn before(time: ScheduleTime) -> Self {
        Self {
            sent_at: time.plus_millis(-1).as_millis(),
            id: i64::MAX,
        }
    }
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// In the order of send time, through what arrived above one id and up to another.
    Sent {
        after: Mark,
        above: i64,
        ceiling: i64,
    },
    /// In the order of arrival.
    Arrived {
        after: i64,
        /// When the list had come so far, in milliseconds.
        at: i64,
    },
}

/// A page: the messages after one place, up to and with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Position,
    pub(super) last: Mark,
}

impl Position {
    /// Before everything sent at `begin` or later, of what arrived above one id and up to another.
    pub(super) const fn from_time(begin: ScheduleTime, above: i64, ceiling: i64) -> Self {
        Self::Sent {
            after: Mark::before(begin),
            above,
            ceiling,
        }
    }

    /// The same list after `mark`.
    pub(super) const fn after(self, mark: Mark) -> Self {
        match self {
            Self::Sent { above, ceiling, .. } => Self::Sent {
                after: mark,
                above,
                ceiling,
            },
            Self::Arrived { at, .. } => Self::Arrived { after: mark.id, at },
        }
    }

    /// As a ticket's content; a cursor of it stays below 128 bytes.
    pub(super) fn pack(self) -> Vec<u8> {
        match self {
            Self::Sent {
                after,
                above,
                ceiling,
            } => ticket::pack(&[after.sent_at, after.id, above, ceiling]),
            Self::Arrived { after, at } => ticket::pack(&[after, at]),
        }
    }

    pub(super) fn unpack(content: &[u8]) -> Option<Self> {
        if let Some([after, at]) = ticket::unpack(content) {
            return Some(Self::Arrived { after, at });
        }
        let [sent_at, id, above, ceiling] = ticket::unpack(content)?;
        Some(Self::Sent {
            after: Mark { sent_at, id },
            above,
            ceiling,
        })
    }
}

impl Span {
    /// As a ticket's content, good until `expires`.
    pub(super) fn pack(&self, expires: ScheduleTime) -> Vec<u8> {
        let Self { from, last } = self;
        [
            ticket::pack(&[expires.as_millis(), last.sent_at, last.id]),
            from.pack(),
        ]
        .concat()
    }

    /// What [`Span::pack`] was given, unless it is over at `now`.
    pub(super) fn unpack(content: &[u8], now: ScheduleTime) -> Option<Self> {
        const HEAD_BYTES: usize = 3 * size_of::<i64>();
        let (head, from) = content.split_at_checked(HEAD_BYTES)?;
        let [expires, sent_at, id] = ticket::unpack(head)?;
        (now.as_millis() < expires).then_some(())?;
        Some(Self {
            from: Position::unpack(from)?,
            last: Mark { sent_at, id },
        })
    }
}
