//! What goes into the engine and what comes out.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use ringback_store::record::{Cursor, Query, ReplayRefusal, Replayed};
use ringback_store::{ReadError, Statement, WriteError};
use ringback_types::{
    Code, Coded, Deadline, DeliveryId, EndpointId, EventId, ScheduleTime, SourceId,
};
use serde::Serialize;

use crate::registry::EndpointError;
use tokio::sync::OwnedSemaphorePermit;

/// How much the engine may take.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// How many attempts may be under way at once, over all endpoints.
    pub concurrency: u32,
    /// Whether faults can be set.
    pub faults: bool,
    /// How many idle connections are kept to one address.
    pub idle_per_address: usize,
    /// How long an idle connection is kept.
    pub idle_for: Duration,
    /// Certificates (PEM) that are trusted besides the system's.
    pub extra_roots: Vec<Bytes>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            concurrency: 512,
            faults: false,
            idle_per_address: 64,
            idle_for: Duration::from_secs(4),
            extra_roots: Vec::new(),
        }
    }
}

/// Something that came in, verified.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The id it is to have, where a room has already named it elsewhere; made when absent.
    pub id: Option<EventId>,
    /// Where.
    pub source: SourceId,
    /// The platform's own type.
    pub event_type: String,
    /// The platform's own app id.
    pub app: Option<String>,
    /// What makes a second arrival at this source a duplicate.
    pub dedupe_key: Option<String>,
    /// What it is ordered by.
    pub order_key: Option<String>,
    /// The allow-listed headers as a JSON object.
    pub headers: Option<String>,
    /// The decrypted body, exact bytes, credentials blanked.
    pub body: Bytes,
    /// The wire request, [packed](crate::raw::pack); kept only where a matching endpoint wants it.
    pub raw: Option<Bytes>,
    /// What the room writes besides in the very same write, whole or not at all; nothing of it where
    /// the arrival is a duplicate.
    pub alongside: Vec<Statement>,
}

/// What became of an arrival; it is on the disk.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The event, or the one it is a duplicate of.
    pub event: EventId,
    /// Whether the source has had it before; then nothing was written.
    pub duplicate: bool,
    /// Its deliveries.
    pub deliveries: Vec<(DeliveryId, EndpointId)>,
}

/// A request whose answer is awaited.
#[derive(Debug)]
pub struct Call {
    /// Where it came in.
    pub source: SourceId,
    /// The platform's own type.
    pub event_type: String,
    /// The platform's own app id.
    pub app: Option<String>,
    /// The allow-listed headers as a JSON object.
    pub headers: Option<String>,
    /// The decrypted body.
    pub body: Bytes,
    /// The wire request, [packed](crate::raw::pack).
    pub raw: Option<Bytes>,
    /// Who answers it.
    pub endpoint: EndpointId,
    /// By when; the endpoint's own deadline holds besides.
    pub deadline: Deadline,
    /// The caller's place among the calls under way, given back when the exchange is over: later than
    /// the caller's own end, if it goes away.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// What became of a call.
#[derive(Debug, Clone)]
pub struct CallOutcome {
    /// The call as the log knows it.
    pub event: EventId,
    /// Its only delivery.
    pub delivery: DeliveryId,
    /// The answer's body, or why it cannot be used.
    pub result: Result<Bytes, CallError>,
    /// Status of the answer, if one came.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
}

/// Why a call has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct CallError {
    /// The stable name of the cause: of a [`TransportFailure`](crate::TransportFailure), of the
    /// dialect's `CallFailure`, or of what hindered it before.
    pub code: Code,
    /// What happened.
    pub detail: String,
    /// What the Feishu client would show, where the dialect knows (Feishu sheet, 4.4).
    pub client_code: Option<u32>,
}

impl Coded for CallError {
    fn code(&self) -> Code {
        self.code
    }
}

/// What is to be delivered again.
#[derive(Debug, Clone)]
pub enum Replaying {
    /// These deliveries.
    Deliveries(Vec<DeliveryId>),
    /// What this query finds, up to its limit.
    Matching(Box<Query>),
}

/// What a replay did, or would do.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayReport {
    /// The deliveries that were chosen.
    pub chosen: Vec<DeliveryId>,
    /// The new deliveries; empty in a dry run.
    pub replayed: Vec<Replayed>,
    /// Why others were not repeated; empty in a dry run.
    #[serde(skip)]
    pub refused: Vec<ReplayRefusal>,
    /// Where a replay by query goes on, when there is more.
    pub next: Option<Cursor>,
}

/// Why nothing was replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The endpoint it is to go to is not there.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Coded for ReplayError {
    fn code(&self) -> Code {
        match self {
            Self::Endpoint(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Read(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Endpoint(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Read(error) => error.hint(),
        }
    }
}

/// What an advance of the clock ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Advanced {
    /// How many attempts were made.
    pub attempts: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many deliveries became final.
    pub finished: u64,
    /// What the schedule's clock shows now.
    pub now: ScheduleTime,
}
