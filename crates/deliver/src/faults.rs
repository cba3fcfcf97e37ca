//! Faults on purpose, only where they are enabled (design, section 9).
//!
//! Sending faults act where a request leaves ([`Transport`](crate::Transport)) or right after it is
//! encoded; receiving faults act at a source's receive path and are carried out by the gateway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_types::{Clock, Code, Coded, EndpointId, Random, ScheduleTime, SourceId};
use serde::{Deserialize, Serialize};

/// Where a fault acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On the way to this endpoint.
    Endpoint(EndpointId),
    /// On the way to every endpoint.
    EveryEndpoint,
    /// At the receive path of this source.
    Source(SourceId),
    /// At every receive path.
    EverySource,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// The request, or the acknowledgement, is held back so long.
    Delay {
        /// How long, in milliseconds.
        delay_ms: u64,
    },
    /// Sending: the request is lost and nothing answers. Receiving: the event is stored, but its
    /// acknowledgement is lost.
    Drop,
    /// Sending: this status is the answer. Receiving: the event is stored, but answered so.
    Status {
        /// Which one.
        status: u16,
    },
    /// Sending: the signature does not fit.
    WrongSignature,
    /// Sending: the Verification Token is another one (`feishu`).
    WrongToken,
    /// Sending: the request arrives twice.
    Duplicate,
    /// Sending: the request arrives, but the connection is reset before its answer.
    Reset,
    /// Sending: this is the answer, with status 200.
    Answer {
        /// Which one.
        answer: WrongAnswer,
    },
}

ringback_types::words! {
    /// An answer that a client of the platform would not take (sheet `tencent-desk`, section 10).
    WrongAnswer {
        /// A web page.
        Html = "html",
        /// Nothing.
        Empty = "empty",
        /// JSON that ends too early.
        Truncated = "truncated",
        /// `ActionStatus` is `FAIL`.
        Fail = "fail",
        /// `ErrorCode` is not 0.
        ErrorCode = "error_code",
    }
}

impl WrongAnswer {
    /// Its body.
    pub(crate) const fn body(self) -> &'static str {
        match self {
            Self::Html => "<!doctype html><title>Fault</title>",
            Self::Empty => "",
            Self::Truncated => "{\"ActionStatus\":\"OK\",\"ErrorCo",
            Self::Fail => "{\"ActionStatus\":\"FAIL\",\"ErrorInfo\":\"a fault\",\"ErrorCode\":0}",
            Self::ErrorCode => {
                "{\"ActionStatus\":\"OK\",\"ErrorInfo\":\"a fault\",\"ErrorCode\":1}"
            }
        }
    }
}

impl Fault {
    fn acts_at(self, place: Place) -> bool {
        match place {
            Place::Endpoint(_) | Place::EveryEndpoint => true,
            Place::Source(_) | Place::EverySource => {
                matches!(self, Self::Delay { .. } | Self::Drop | Self::Status { .. })
            }
        }
    }
}

/// A fault to be set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFault {
    /// Where it acts.
    pub place: Place,
    /// What goes wrong.
    pub fault: Fault,
    /// How often it acts at most; always when absent.
    #[serde(default)]
    pub count: Option<u32>,
    /// How likely it acts, from 0.0 to 1.0; always when absent.
    #[serde(default)]
    pub probability: Option<f64>,
    /// How long it stays set, in schedule time; until it is cleared when absent.
    #[serde(default)]
    pub lasts_ms: Option<u64>,
}

/// A fault that is set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SetFault {
    /// Its number, to clear it by.
    pub number: u64,
    /// Where it acts.
    pub place: Place,
    /// What goes wrong.
    pub fault: Fault,
    /// How often it may still act.
    pub left: Option<u32>,
    /// How likely it acts.
    pub probability: Option<f64>,
    /// When it ends.
    pub until: Option<ScheduleTime>,
    /// How often it has acted.
    pub acted: u64,
}

/// Why a fault cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Faults are not enabled in this process.
    #[error("faults are not enabled")]
    NotEnabled,
    /// It cannot act at that place.
    #[error("this fault cannot act at a receive path")]
    Place,
    /// A number is out of its range.
    #[error("`{0}` is out of its range")]
    Range(&'static str),
}

impl Coded for FaultError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::NotEnabled => "fault.not_enabled",
            Self::Place => "fault.place",
            Self::Range(_) => "fault.range",
        })
    }

    fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(std::borrow::Cow::Borrowed(match self {
            Self::NotEnabled => "use `ringback dev`, or enable faults in the settings",
            Self::Place => "at a receive path `delay`, `drop` and `status` can act",
            Self::Range(_) => "probability is 0.0 to 1.0, status 100 to 599, delay at most an hour",
        }))
    }
}

/// The faults that are set. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    enabled: bool,
    clock: Clock,
    random: Random,
    /// Whether anything is set: all that the usual attempt looks at.
    any: AtomicBool,
    set: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    last_number: u64,
    faults: BTreeMap<u64, SetFault>,
}

impl Faults {
    /// No fault set; whether any can be is `enabled`.
    pub fn new(enabled: bool, clock: Clock, random: Random) -> Self {
        Self(Arc::new(Inner {
            enabled,
            clock,
            random,
            any: AtomicBool::new(false),
            set: Mutex::default(),
        }))
    }

    /// Sets a fault and answers its number.
    pub fn set(&self, new: &NewFault) -> Result<u64, FaultError> {
        if !self.0.enabled {
            return Err(FaultError::NotEnabled);
        }
        check(new)?;
        let until = new
            .lasts_ms
            .map(|lasts| self.now().plus(Duration::from_millis(lasts)));
        let mut table = self.table();
        table.last_number += 1;
        let number = table.last_number;
        table.faults.insert(
            number,
            SetFault {
                number,
                place: new.place,
                fault: new.fault,
                left: new.count,
                probability: new.probability,
                until,
                acted: 0,
            },
        );
        self.0.any.store(true, Ordering::Release);
        Ok(number)
    }

    /// Clears one fault, or all of them; answers how many were cleared.
    pub fn clear(&self, number: Option<u64>) -> usize {
        let mut table = self.table();
        let before = table.faults.len();
        match number {
            Some(number) => drop(table.faults.remove(&number)),
            None => table.faults.clear(),
        }
        self.0
            .any
            .store(!table.faults.is_empty(), Ordering::Release);
        before - table.faults.len()
    }

    /// The faults that are set, in the order they were.
    pub fn list(&self) -> Vec<SetFault> {
        let now = self.now();
        self.table()
            .faults
            .values()
            .filter(|fault| fault.is_live(now))
            .copied()
            .collect()
    }

    /// What goes wrong with the next request to this endpoint.
    pub fn send(&self, endpoint: EndpointId) -> Vec<Fault> {
        self.draw(|place| place == Place::Endpoint(endpoint) || place == Place::EveryEndpoint)
    }

    /// What goes wrong with the next request that this source receives.
    pub fn receive(&self, source: SourceId) -> Vec<Fault> {
        self.draw(|place| place == Place::Source(source) || place == Place::EverySource)
    }

    fn draw(&self, here: impl Fn(Place) -> bool) -> Vec<Fault> {
        if !self.0.any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let now = self.now();
        let mut table = self.table();
        let drawn = table
            .faults
            .values_mut()
            .filter(|fault| here(fault.place) && fault.is_live(now))
            .filter(|fault| {
                fault
                    .probability
                    .is_none_or(|likely| self.0.random.unit() < likely)
            })
            .map(SetFault::act)
            .collect();
        table.faults.retain(|_, fault| fault.is_live(now));
        self.0
            .any
            .store(!table.faults.is_empty(), Ordering::Release);
        drawn
    }

    fn now(&self) -> ScheduleTime {
        self.0.clock.schedule()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SetFault {
    fn is_live(&self, now: ScheduleTime) -> bool {
        self.left != Some(0) && self.until.is_none_or(|until| now < until)
    }

    fn act(&mut self) -> Fault {
        self.acted += 1;
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        self.fault
    }
}

fn check(new: &NewFault) -> Result<(), FaultError> {
    if !new.fault.acts_at(new.place) {
        return Err(FaultError::Place);
    }
    if new
        .probability
        .is_some_and(|likely| !(0.0..=1.0).contains(&likely))
    {
        return Err(FaultError::Range("probability"));
    }
    match new.fault {
        Fault::Status { status } if !(100..600).contains(&status) => {
            Err(FaultError::Range("status"))
        }
        Fault::Delay { delay_ms } if delay_ms > 3_600_000 => Err(FaultError::Range("delay_ms")),
        _ => Ok(()),
    }
}
