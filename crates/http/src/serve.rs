//! One listener: HTTP/1.1 with limits, optional TLS, and a stop that lets requests finish.

mod body;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ringback_gateway::LostAnswer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use body::TimedBody;

/// How long the body of a request may take to arrive, counted from its first wait; a face may wait
/// less.
const BODY_DEADLINE: Duration = Duration::from_mins(1);

/// Limits of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections may be open at once; more wait to be accepted.
    pub connections: usize,
    /// How long the head of a request, or a TLS handshake, may take, and how long an idle connection
    /// is kept.
    pub head_deadline: Duration,
    /// The largest head, in bytes; at least 8 KiB. It holds 100 headers at most.
    pub head_bytes: usize,
    /// How long requests under way may still take once the stop was asked for.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_deadline: Duration::from_secs(30),
            head_bytes: 64 * 1024,
            drain: Duration::from_secs(10),
        }
    }
}

/// A TLS configuration that may be replaced while it serves; new connections use the new one.
pub type Tls = Arc<ArcSwap<rustls::ServerConfig>>;

/// How a listener is served. Limits and certificate may be replaced while it runs and hold for new
/// connections.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// The limits.
    pub limits: Arc<watch::Sender<Limits>>,
    /// The certificate, for TLS.
    pub tls: Option<Tls>,
}

/// Serves `router` on `listener` until `shutdown` is ready; then takes no more connections, lets
/// requests under way finish within the drain time, and returns when the last one is gone.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    shutdown: impl Future<Output = ()>,
) {
    let router = router.with_state(());
    let mut limits = serving.limits.subscribe();
    let places = Arc::new(Places::default());
    // Every connection holds a receiver: the value tells it to stop, and when all receivers are gone
    // the last connection is.
    let (stop, stopped) = watch::channel(false);
    tokio::pin!(shutdown);
    loop {
        let room = places.open() < limits.borrow_and_update().connections;
        let accepted = tokio::select! {
            accepted = accept(&listener), if room => accepted,
            () = places.freed.notified(), if !room => continue,
            // The sender lives as long as `serving`.
            _ = limits.changed() => continue,
            () = &mut shutdown => break,
        };
        let Some((stream, peer)) = accepted else {
            continue;
        };
        let place = Place::take(&places);
        let (router, serving, stopped) = (router.clone(), serving.clone(), stopped.clone());
        tokio::spawn(async move {
            connection(stream, peer, router, &serving, stopped).await;
            drop(place);
        });
    }
    drop((listener, stopped));
    stop.send_replace(true);
    let drain = serving.limits.borrow().drain;
    if tokio::time::timeout(drain, stop.closed()).await.is_err() {
        tracing::warn!(
            connections = stop.receiver_count(),
            "connections outlived the drain time"
        );
    }
}

/// The places for connections of one listener. The limit comes from outside, so that it may change.
#[derive(Debug, Default)]
struct Places {
    open: AtomicUsize,
    /// Told when a connection has ended.
    freed: Notify,
}

impl Places {
    fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }
}

/// One open connection; given back when dropped.
#[derive(Debug)]
struct Place(Arc<Places>);

impl Place {
    fn take(places: &Arc<Places>) -> Self {
        places.open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(places))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.freed.notify_one();
    }
}

/// The next connection.
async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            // Out of file descriptors, most likely: others must end before it is worth another try.
            tracing::error!(%error, "connections cannot be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    serving: &Serving,
    stopped: watch::Receiver<bool>,
) {
    let limits = *serving.limits.borrow();
    // Answers are small and awaited: waiting to fill a packet only adds delay. A socket that refuses
    // is broken and says so at its first read.
    let _ = stream.set_nodelay(true);
    let Some(tls) = &serving.tls else {
        return exchange(stream, peer, router, limits, stopped).await;
    };
    let handshake = TlsAcceptor::from(tls.load_full()).accept(stream);
    match tokio::time::timeout(limits.head_deadline, handshake).await {
        Ok(Ok(stream)) => exchange(stream, peer, router, limits, stopped).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}

/// Requests and answers on one connection, until it ends or is told to stop.
async fn exchange<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let request = request.map(|body| Body::new(TimedBody::new(body, BODY_DEADLINE)));
        answer(router.clone(), peer, request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_deadline)
        .max_buf_size(limits.head_bytes.max(8 * 1024))
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = told(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

/// Waits until the listener stops; its sender outlives every connection.
async fn told(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}

/// Ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct Lost;

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    mut request: Request,
) -> Result<Response, Lost> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let Ok(response) = router.call(request).await;
    if response.extensions().get::<LostAnswer>().is_some() {
        return Err(Lost);
    }
    Ok(response)
}
