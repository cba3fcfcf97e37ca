//! An HTTP server around a handler, for programs that want no plumbing.

use std::fmt::Display;
use std::future::{Future, pending};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use ringback_dialect::zone::Reason;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::decode::Refused;
use crate::environment;
use crate::error::Error;
use crate::log::{self, Level};
use crate::reply::Reply;
use crate::request::Request;
use crate::zone::Zone;
use crate::{log_debug, log_error, log_info};

/// How long the body of a request may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// How long requests under way may still take once the stop was asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// Why a program does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The zone cannot be set up.
    #[error(transparent)]
    Zone(#[from] Error),
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Serving ended early.
    #[error("serving ended: {0}")]
    Io(#[from] std::io::Error),
}

/// Serves the zone that the environment names, until SIGTERM or SIGINT: [`Zone::serve`].
pub async fn serve<H, F, E>(handler: H) -> Result<(), ServeError>
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<String, E>> + Send + 'static,
    E: Display + Send + 'static,
{
    Zone::from_environment()?.serve(handler).await
}

impl Zone {
    /// Listens at `RINGBACK_ZONE_LISTEN` (`0.0.0.0:8080` when it is not set) and answers each request
    /// with what `handler` makes of it, until SIGTERM or SIGINT; then lets requests under way finish
    /// for ten seconds.
    ///
    /// A handler's error is logged and becomes the exceptional reply. What cannot be decoded is
    /// refused without asking the handler.
    pub async fn serve<H, F, E>(&self, handler: H) -> Result<(), ServeError>
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let address = environment::listen();
        let listener = TcpListener::bind(&address).await;
        let listener = listener.map_err(|source| ServeError::Listen { address, source })?;
        log_info!("listening on {}", listener.local_addr()?);
        self.serve_on(listener, handler, stop_signal()?).await
    }

    /// The same on a listener and until a future of one's own.
    pub async fn serve_on<H, F, E>(
        &self,
        listener: TcpListener,
        handler: H,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError>
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let (stopping, stopped) = watch::channel(false);
        // A reply is one write; waiting for more to send only costs time.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let served =
            axum::serve(listener, self.router(handler)).with_graceful_shutdown(async move {
                stop.await;
                stopping.send_replace(true);
            });
        tokio::select! {
            ended = served => Ok(ended?),
            () = drained(stopped) => {
                log_error!("requests outlived the {} s after the stop", DRAIN.as_secs());
                Ok(())
            }
        }
    }

    /// The routes of a program, for a server of one's own: `POST /` and `GET /healthz`.
    pub fn router<H, F, E>(&self, handler: H) -> Router
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let answer = async move |State(zone): State<Self>, request: HttpRequest| {
            let received = receive(&zone, request).await;
            match received {
                Ok(request) => handle(handler, request).await,
                Err(refused) => refuse(refused),
            }
        };
        Router::new()
            .route("/", post(answer))
            .route("/healthz", get(async || "ok\n"))
            .with_state(self.clone())
    }
}

/// Ready so long after the stop; never where there is none.
async fn drained(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        return pending().await;
    }
    tokio::time::sleep(DRAIN).await;
}

/// The headers are checked before a body is read: who has no key sends no megabytes.
async fn receive(zone: &Zone, request: HttpRequest) -> Result<Request, Refused> {
    let (head, body) = request.into_parts();
    let admitted = zone.admit(&head.headers)?;
    match body_of(body, zone.inner().settings.max_body_bytes).await {
        Ok(body) => admitted.open(&body),
        Err(error) => Err(admitted.refuse(error)),
    }
}

async fn body_of(body: Body, limit: usize) -> Result<Bytes, Error> {
    let failed = |detail: String| Error::Network { detail };
    let body = timeout(BODY_DEADLINE, Limited::new(body, limit).collect()).await;
    let body = body.map_err(|_| failed("the body did not arrive in time".to_owned()))?;
    body.map(Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Error::TooLarge { limit }
        } else {
            failed(format!("the body did not arrive whole: {error}"))
        }
    })
}

/// Runs the handler in a task of its own: it ends also when the peer has gone, and when it panics
/// the peer still gets its reply.
async fn handle<H, F, E>(handler: H, request: Request) -> Reply
where
    H: Fn(Request) -> F + Send + 'static,
    F: Future<Output = Result<String, E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let origin = request.origin().clone();
    let work = async move { handler(request).await.map_err(|error| error.to_string()) };
    let ended = tokio::spawn(log::about(&origin.log_id, work)).await;
    let reply = match ended.unwrap_or_else(|error| Err(format!("the handler ended: {error}"))) {
        Ok(text) => origin.reply(&text),
        Err(error) => {
            let text = format_args!("not handled: {error}");
            log::write_about(&origin.log_id, Level::Error, file!(), line!(), text);
            origin.exception()
        }
    };
    reply.unwrap_or_else(|error| {
        log_error!("no reply can be sealed: {error}");
        Reply::unsigned()
    })
}

fn refuse(refused: Refused) -> Reply {
    match &refused.error {
        Error::Unverified {
            reason: Reason::Channel,
        } => log_debug!("{refused}"),
        _ => log_error!("{refused}"),
    }
    refused.into_reply()
}

/// Ready when SIGTERM or SIGINT comes.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
