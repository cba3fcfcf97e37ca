//! Three kinds of time, three types (design, section 9).
//!
//! [`ScheduleTime`] (due times, expiries, ladders, retention) may be virtual. [`WireTime`]
//! (timestamps that a peer signs or checks) is always real, except where a test injects it.
//! [`Deadline`] bounds I/O on the monotonic clock and is never virtual.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clocks"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

macro_rules! unix_millis {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// From milliseconds since the Unix epoch.
            pub const fn from_millis(millis: i64) -> Self {
                Self(millis)
            }

            /// Milliseconds since the Unix epoch.
            pub const fn as_millis(self) -> i64 {
                self.0
            }

            /// Whole seconds since the Unix epoch.
            pub const fn as_seconds(self) -> i64 {
                self.0.div_euclid(1000)
            }

            /// This time moved by so many milliseconds; stays inside what an `i64` holds.
            #[must_use]
            pub const fn plus_millis(self, millis: i64) -> Self {
                Self(self.0.saturating_add(millis))
            }

            /// This time moved on by `duration`.
            #[must_use]
            pub fn plus(self, duration: Duration) -> Self {
                self.plus_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
            }

            /// How long after `earlier` this is; zero when it is not after it.
            pub fn since(self, earlier: Self) -> Duration {
                Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
            }

            /// RFC 3339 in UTC with milliseconds, such as `2026-01-31T08:15:30.250Z`.
            pub fn to_rfc3339(self) -> String {
                jiff::Timestamp::from_millisecond(self.0)
                    .map_or_else(|_| format!("{} ms", self.0), |time| format!("{time:.3}"))
            }
        }
    )*};
}

unix_millis! {
    /// Time as the schedule counts it: due times, expiries, retention. Milliseconds since the Unix epoch.
    ScheduleTime;
    /// Time as a peer reads it: what is signed or checked for freshness. Milliseconds since the Unix epoch.
    WireTime;
}

/// The moment by which a piece of I/O must have ended, on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The same moment for the standard library and tokio (`Instant::from_std`).
    pub fn instant(self) -> Instant {
        self.0
    }

    /// What is left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The earlier of this and `duration` from now.
    #[must_use]
    pub fn within(self, duration: Duration) -> Self {
        self.min(Self::after(duration))
    }
}

/// Why a clock cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The process runs on real time.
    #[error("the clock is real and cannot be advanced")]
    Real,
}

/// Where every room gets its time. Cheap to clone; all clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    Real,
    /// Schedule time stands still between calls of [`Clock::advance_to`]; wire time stays real.
    Virtual(AtomicI64),
    /// Both stand still: for tests that pin signed bytes.
    Fixed {
        schedule: AtomicI64,
        wire: AtomicI64,
    },
}

impl Clock {
    /// The system's time.
    pub fn real() -> Self {
        Self(Arc::new(Source::Real))
    }

    /// Schedule time that begins now and moves only when it is told to.
    pub fn virtual_from_now() -> Self {
        Self(Arc::new(Source::Virtual(AtomicI64::new(system_millis()))))
    }

    /// Schedule and wire time that stand at `start` until they are moved; for tests.
    pub fn fixed(start: WireTime) -> Self {
        Self(Arc::new(Source::Fixed {
            schedule: AtomicI64::new(start.as_millis()),
            wire: AtomicI64::new(start.as_millis()),
        }))
    }

    /// Now, as the schedule counts it.
    pub fn schedule(&self) -> ScheduleTime {
        ScheduleTime::from_millis(match &*self.0 {
            Source::Real => system_millis(),
            Source::Virtual(millis)
            | Source::Fixed {
                schedule: millis, ..
            } => millis.load(Ordering::Acquire),
        })
    }

    /// Now, as a peer reads it.
    pub fn wire(&self) -> WireTime {
        WireTime::from_millis(match &*self.0 {
            Source::Real | Source::Virtual(_) => system_millis(),
            Source::Fixed { wire, .. } => wire.load(Ordering::Acquire),
        })
    }

    /// A monotonic reading, to measure how long something took.
    pub fn monotonic(&self) -> Instant {
        Instant::now()
    }

    /// Whether schedule time moves only when told to.
    pub fn is_virtual(&self) -> bool {
        !matches!(&*self.0, Source::Real)
    }

    /// Moves schedule time on to `time`; never back.
    pub fn advance_to(&self, time: ScheduleTime) -> Result<(), ClockError> {
        match &*self.0 {
            Source::Real => Err(ClockError::Real),
            Source::Virtual(millis) => {
                millis.fetch_max(time.as_millis(), Ordering::AcqRel);
                Ok(())
            }
            Source::Fixed { schedule, wire } => {
                schedule.fetch_max(time.as_millis(), Ordering::AcqRel);
                wire.fetch_max(time.as_millis(), Ordering::AcqRel);
                Ok(())
            }
        }
    }
}

fn system_millis() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
