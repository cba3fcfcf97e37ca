//! The built-in transport: HTTP/1.1 over connections of our own, behind the guard.
//!
//! Connections are kept by origin and used again while they are young. A request goes to a kept
//! connection first; only when nothing of it was sent (the server had closed meanwhile) it goes to
//! another one, never a second time. Every failure knows its stage.

mod body;
mod connect;
mod pool;
mod tls;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ::url::Url;
use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use ringback_dialect::WireRequest;
use ringback_types::Clock;
use tokio::time::{timeout, timeout_at};

use crate::failure::{Stage, TransportFailure};
use crate::guard::Guard;
use crate::seam::{Answer, BoxFuture, Limits, Target, Transport};

pub(crate) use self::body::{failure, read_answer};
pub(crate) use self::connect::{Dialled, Door, HeaderNames, addresses, dial, handshake, secure};
pub(crate) use self::tls::Tls;
pub use self::url::HttpUrl;

use self::pool::Pool;

/// What every request says of its sender.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Ringback/", env!("CARGO_PKG_VERSION")));

/// How long a kept connection may take to be ready for the next request. One whose last request was
/// answered before it was read is never ready, and must not use up the time of the next.
const READY_WITHIN: Duration = Duration::from_millis(50);

pub(crate) type Connection = SendRequest<Full<Bytes>>;

/// The HTTP transport. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    guard: Guard,
    tls: Tls,
    pool: Pool,
    names: HeaderNames,
}

/// How far an exchange has come, readable after its deadline cut it off.
#[derive(Debug)]
struct Progress(AtomicU8);

impl Progress {
    fn begin() -> Self {
        Self(AtomicU8::new(Stage::Dns as u8))
    }

    fn reach(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Relaxed);
    }

    fn stage(&self) -> Stage {
        let reached = self.0.load(Ordering::Relaxed);
        Stage::ALL
            .into_iter()
            .find(|stage| *stage as u8 == reached)
            .unwrap_or(Stage::Body)
    }
}

impl Http {
    pub(crate) fn new(
        guard: Guard,
        tls: Tls,
        clock: Clock,
        options: &crate::EngineOptions,
    ) -> Self {
        let pool = Pool::new(clock, options.idle_per_address, options.idle_for);
        Self(Arc::new(Inner {
            guard,
            tls,
            pool,
            names: HeaderNames::Title,
        }))
    }

    /// One for programs: with the same trust and clock, other rules for connections, and header names in
    /// lower case.
    pub(crate) fn beside(&self, guard: Guard, idle_for: Duration) -> Self {
        let pool = self.0.pool.beside(idle_for);
        let tls = self.0.tls.clone();
        Self(Arc::new(Inner {
            guard,
            tls,
            pool,
            names: HeaderNames::Lower,
        }))
    }

    async fn send(
        &self,
        url: &HttpUrl,
        request: WireRequest,
        limits: &Limits,
    ) -> Result<Answer, TransportFailure> {
        let progress = Progress::begin();
        let deadline = limits.deadline.instant().into();
        timeout_at(
            deadline,
            self.exchange_in_stages(url, request, limits, &progress),
        )
        .await
        .unwrap_or_else(|_| {
            Err(TransportFailure::Late {
                stage: progress.stage(),
            })
        })
    }

    async fn exchange_in_stages(
        &self,
        url: &HttpUrl,
        request: WireRequest,
        limits: &Limits,
        progress: &Progress,
    ) -> Result<Answer, TransportFailure> {
        let request = written(Method::POST, url, request)?;
        let url = url.url();
        let (connection, response) = self.head(url, request, limits, progress).await?;
        progress.reach(Stage::Body);
        let answer = read_answer(response, limits.answer_cap_bytes).await?;
        if !answer.cut {
            self.0.pool.keep(url, connection);
        }
        Ok(answer)
    }

    /// The head of the answer, over a kept connection if one still takes the request.
    async fn head(
        &self,
        url: &Url,
        mut request: Request<Full<Bytes>>,
        limits: &Limits,
        progress: &Progress,
    ) -> Result<(Connection, Response<Incoming>), TransportFailure> {
        while let Some(mut kept) = self.0.pool.take(url) {
            progress.reach(Stage::Head);
            if !is_free(&mut kept).await {
                continue;
            }
            match kept.try_send_request(request).await {
                Ok(response) => return Ok((kept, response)),
                Err(mut unsent) => match unsent.take_message() {
                    Some(message) => request = message,
                    None => return Err(failure(unsent.error(), Stage::Head)),
                },
            }
        }
        let mut fresh = self.connect(url, limits, progress).await?;
        progress.reach(Stage::Head);
        let response = fresh
            .send_request(request)
            .await
            .map_err(|error| failure(&error, Stage::Head))?;
        Ok((fresh, response))
    }

    async fn connect(
        &self,
        url: &Url,
        limits: &Limits,
        progress: &Progress,
    ) -> Result<Connection, TransportFailure> {
        progress.reach(Stage::Dns);
        let door = Door::of(url)?;
        let found = addresses(&door).await?;
        progress.reach(Stage::Connect);
        let stream = dial(&self.0.guard, &door, &found, limits.connect)
            .await?
            .stream;
        if !door.tls {
            return handshake(stream, self.0.names).await;
        }
        progress.reach(Stage::Tls);
        let stream = secure(&self.0.tls, &door, stream).await?;
        handshake(stream, self.0.names).await
    }
}

impl Transport for Http {
    fn exchange<'a>(
        &'a self,
        target: &'a Target,
        request: WireRequest,
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<Answer, TransportFailure>> {
        Box::pin(async move {
            match target {
                Target::Url(url) | Target::Through { url, .. } => {
                    self.send(url, request, limits).await
                }
                Target::Named { transport, .. } => Err(TransportFailure::Target {
                    detail: format!("no transport `{transport}` is there"),
                }),
            }
        })
    }

    fn sweep(&self) {
        self.0.pool.sweep();
    }
}

async fn is_free(kept: &mut Connection) -> bool {
    kept.is_ready() || matches!(timeout(READY_WITHIN, kept.ready()).await, Ok(Ok(())))
}

/// The request as it goes onto the wire: origin form, `Host`, `User-Agent`; no compression is asked for.
pub(crate) fn written(
    method: Method,
    url: &HttpUrl,
    request: WireRequest,
) -> Result<Request<Full<Bytes>>, TransportFailure> {
    let line = url.line()?;
    let mut written = Request::new(Full::new(request.body));
    *written.method_mut() = method;
    *written.uri_mut() = line.uri_with(request.query.as_deref())?;
    *written.headers_mut() = request.headers;
    written.headers_mut().insert(HOST, line.host.clone());
    written.headers_mut().insert(USER_AGENT, AGENT);
    Ok(written)
}
