//! HTTP to the zone: one pool of connections, one deadline over the whole exchange, a cap on answers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ringback_types::Deadline;
use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;

/// Shorter than what a server keeps an idle connection for, so that none is used as it closes.
const IDLE: Duration = Duration::from_secs(15);

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What bounds an exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) whole: Duration,
    pub(crate) answer_bytes: usize,
}

/// An answer with status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The client; connections are opened when they are needed.
pub(crate) struct Http {
    limits: Limits,
    pool: Mutex<Option<(Made, Pool)>>,
}

/// For whom a pool was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    /// After a fork the parent's connections are not the child's.
    process: u32,
    /// The system's certificates are read only where there is TLS: a bare container has none.
    tls: bool,
}

impl Http {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            pool: Mutex::new(None),
        }
    }

    /// Posts and reads the whole answer.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Error> {
        let uri: Uri = url.parse().map_err(|_| Error::Address {
            url: url.to_owned(),
            reason: "it is not a URL",
        })?;
        let mut request = Request::post(uri)
            .body(Full::new(body))
            .map_err(|error| internal(&error))?;
        *request.headers_mut() = headers;
        let made = Made {
            process: std::process::id(),
            tls: request.uri().scheme() == Some(&Scheme::HTTPS),
        };
        let pool = self.pool(made)?;
        let deadline = Deadline::after(self.limits.whole);
        let exchange = exchange(&pool, request, self.limits.answer_bytes);
        tokio::time::timeout_at(deadline.instant().into(), exchange)
            .await
            .map_err(|_| Error::Network {
                detail: format!("no answer within {} ms", self.limits.whole.as_millis()),
            })?
    }

    fn pool(&self, made: Made) -> Result<Pool, Error> {
        let mut held = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, pool)) = &*held
            && *of == made
        {
            return Ok(pool.clone());
        }
        let pool = new_pool(self.limits, made.tls)?;
        *held = Some((made, pool.clone()));
        Ok(pool)
    }
}

async fn exchange(
    pool: &Pool,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Answer, Error> {
    let response = pool
        .request(request)
        .await
        .map_err(|error| network(&error))?;
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(Error::HttpStatus {
            status: head.status.as_u16(),
        });
    }
    let body = Limited::new(body, limit).collect().await;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Error::TooLarge { limit }
        } else {
            network(error.as_ref())
        }
    })?;
    Ok(Answer {
        headers: head.headers,
        body: body.to_bytes(),
    })
}

fn new_pool(limits: Limits, tls: bool) -> Result<Pool, Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(limits.connect));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls_config(tls)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .build(connector))
}

fn tls_config(tls: bool) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    if tls {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn internal(error: &dyn std::error::Error) -> Error {
    Error::Internal {
        detail: chain(error),
    }
}

fn network(error: &(dyn std::error::Error + 'static)) -> Error {
    Error::Network {
        detail: chain(error),
    }
}

/// The error with its causes: hyper's own text says only the stage.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Http")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
