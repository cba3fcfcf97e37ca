//! The two seams between delivery and the rooms above it (design, section 3).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ringback_dialect::{Sender, WireRequest};
use ringback_store::record::Event;
use ringback_types::{Code, Coded, Deadline, ScheduleTime};
use tokio::sync::OwnedSemaphorePermit;

use crate::endpoint::Endpoint;
use crate::failure::TransportFailure;
use crate::policy::Policy;
use crate::transport::HttpUrl;

pub use futures_util::future::BoxFuture;

/// Says where an endpoint is and how it is spoken to, now.
///
/// Asked at every attempt, so that rotation, debug mode and affinity need no special case. It answers
/// from memory, except where what is sent has to be made anew for every attempt: a room that may keep
/// no plaintext reads what it needs then.
pub trait Resolve: Send + Sync {
    /// Target, dialect with live secrets, and policy for one attempt of `event` to `endpoint`.
    fn resolve<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Resolved, ResolveError>>;
}

/// What [`Resolve`] answers.
#[derive(Debug)]
pub struct Resolved {
    /// Where to.
    pub target: Target,
    /// The dialect's send half with its live secrets.
    pub sender: Sender,
    /// Deadlines, ladder, success rule.
    pub policy: Arc<Policy>,
    /// A place that is held until the answer has been judged.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An HTTP or HTTPS URL; carried by the built-in transport, behind the guard.
    Url(Arc<HttpUrl>),
    /// An HTTP or HTTPS URL, carried by a transport that a room registered: one with its own rules for
    /// connections or its own guard.
    Through {
        /// The name the transport is registered by.
        transport: &'static str,
        /// Where to.
        url: Arc<HttpUrl>,
    },
    /// An address that a transport registered by a room knows.
    Named {
        /// The name the transport is registered by.
        transport: &'static str,
        /// What that transport understands.
        address: String,
    },
}

impl From<url::Url> for Target {
    fn from(url: url::Url) -> Self {
        Self::Url(Arc::new(HttpUrl::from(url)))
    }
}

impl Target {
    /// The target as the record keeps it: without userinfo, query values or fragment.
    pub fn for_record(&self) -> String {
        match self {
            Self::Url(url) | Self::Through { url, .. } => url.shown().to_owned(),
            Self::Named { transport, address } => format!("{transport}:{address}"),
        }
    }
}

/// Why an endpoint cannot be resolved now; counts as a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ResolveError {
    /// The stable name of the cause.
    pub code: Code,
    /// What is missing, without secrets.
    pub message: String,
    /// The sentence that fixes it.
    pub hint: Option<&'static str>,
}

impl Coded for ResolveError {
    fn code(&self) -> Code {
        self.code
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        self.hint.map(Cow::Borrowed)
    }
}

/// Carries a request to a target and brings the answer back, or says what failed.
pub trait Transport: Send + Sync {
    /// One exchange under one deadline over connect, head and body.
    fn exchange<'a>(
        &'a self,
        target: &'a Target,
        request: WireRequest,
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<Answer, TransportFailure>>;

    /// Lets go of what has been idle for too long; asked about once a second.
    fn sweep(&self) {}
}

/// Work of a room that is due at a time and is no delivery, such as a debounced notice.
///
/// The engine's sleeper rings it, and an advance of the clock plays it like a due delivery.
pub trait Alarm: Send + Sync {
    /// When the room has something to do next.
    fn next(&self) -> Option<ScheduleTime>;

    /// Does what is due at `now`. What could not be done stays due and is tried again.
    fn ring(&self, now: ScheduleTime) -> BoxFuture<'_, ()>;
}

/// What bounds one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// By when connect, head and body must all be done.
    pub deadline: Deadline,
    /// How long connecting may take, inside the deadline.
    pub connect: Duration,
    /// How much of the answer's body is read before the connection is closed, in bytes.
    pub answer_cap_bytes: usize,
}

/// An answer that came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, up to the cap.
    pub body: Bytes,
    /// Whether the body was cut at the cap.
    pub cut: bool,
}

impl Answer {
    /// The answer as a dialect judges it.
    pub fn as_dialect(&self) -> ringback_dialect::Answer<'_> {
        ringback_dialect::Answer {
            status: self.status,
            headers: &self.headers,
            body: &self.body,
            cut: self.cut,
        }
    }
}
