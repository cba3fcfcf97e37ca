//! Opening a connection: name, guard, TCP, TLS, HTTP.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::{Connection, Tls};
use crate::failure::TransportFailure;
use crate::guard::Guard;

/// How large the head of an answer may be.
const HEAD_BYTES: usize = 64 * 1024;
const HEADERS: usize = 128;

/// What of a URL is needed to connect.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    /// The path, for the guard: our own listeners take deliveries below `/in/` only.
    pub(crate) path: String,
}

impl Door {
    pub(crate) fn of(url: &Url) -> Result<Self, TransportFailure> {
        let unfit = || TransportFailure::Target {
            detail: "the URL has no host or port".to_owned(),
        };
        Ok(Self {
            host: url.host().ok_or_else(unfit)?.to_owned(),
            port: url.port_or_known_default().ok_or_else(unfit)?,
            tls: url.scheme() == "https",
            path: url.path().to_owned(),
        })
    }
}

/// Every address of the door, in the order the resolver prefers.
#[expect(
    clippy::disallowed_methods,
    reason = "the room that looks names up; the guard comes next"
)]
pub(crate) async fn addresses(door: &Door) -> Result<Vec<SocketAddr>, TransportFailure> {
    let name = match &door.host {
        Host::Ipv4(ip) => return Ok(vec![(IpAddr::V4(*ip), door.port).into()]),
        Host::Ipv6(ip) => return Ok(vec![(IpAddr::V6(*ip), door.port).into()]),
        Host::Domain(name) => name,
    };
    let failed = |detail: String| TransportFailure::Dns {
        host: name.clone(),
        detail,
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), door.port))
        .await
        .map_err(|error| failed(error.to_string()))?
        .collect();
    if found.is_empty() {
        Err(failed("it has no address".to_owned()))
    } else {
        Ok(found)
    }
}

/// A TCP connection that the guard let through.
pub(crate) struct Dialled {
    pub(crate) stream: TcpStream,
    pub(crate) address: SocketAddr,
}

/// Connects to the first address that the guard allows and that answers, all within `limit`.
pub(crate) async fn dial(
    guard: &Guard,
    door: &Door,
    addresses: &[SocketAddr],
    limit: Duration,
) -> Result<Dialled, TransportFailure> {
    let mut failure = TransportFailure::ConnectRefused;
    let mut allowed = Vec::with_capacity(addresses.len());
    for address in addresses.iter().rev() {
        match guard.check(*address, &door.path) {
            Ok(()) => allowed.push(*address),
            Err(rule) => {
                failure = TransportFailure::RefusedByGuard {
                    address: address.ip(),
                    rule,
                }
            }
        }
    }
    // One dead address of several must not use up the time of the others.
    let share = limit / u32::try_from(allowed.len().max(1)).unwrap_or(u32::MAX);
    while let Some(address) = allowed.pop() {
        match timeout(share, open(address)).await {
            Ok(Ok(stream)) => return Ok(Dialled { stream, address }),
            Ok(Err(error)) => failure = error,
            Err(_) => {
                failure = TransportFailure::ConnectTimeout {
                    limit_ms: limit.as_millis() as u64,
                };
            }
        }
    }
    Err(failure)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the room that opens connections, after the guard"
)]
async fn open(address: SocketAddr) -> Result<TcpStream, TransportFailure> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => TransportFailure::ConnectRefused,
            _ => TransportFailure::Connect {
                detail: error.to_string(),
            },
        })?;
    // A request is one write; waiting for more to send only costs time.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// The TLS handshake with the door's name.
pub(crate) async fn secure(
    tls: &Tls,
    door: &Door,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, TransportFailure> {
    let failed = |detail: String| TransportFailure::Tls { detail };
    let name = match &door.host {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let name =
        rustls_pki_types::ServerName::try_from(name).map_err(|error| failed(error.to_string()))?;
    let connector = tls.connector().await.map_err(failed)?;
    connector
        .connect(name, stream)
        .await
        .map_err(|error| failed(error.to_string()))
}

/// How the names of a request's headers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderNames {
    /// As the platforms write them to callback URLs: some receivers look for `X-Lark-Signature` to the
    /// letter (Feishu sheet, 7.1).
    Title,
    /// As the zone writes them to programs, whose decoders want `ww-…` in lower case (sheet
    /// `wecom-zone-app`, 4.1).
    Lower,
}

/// HTTP/1.1 over the stream; the connection is driven by a task of its own until either side ends it.
pub(crate) async fn handshake<S>(
    stream: S,
    names: HeaderNames,
) -> Result<Connection, TransportFailure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .title_case_headers(names == HeaderNames::Title)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| TransportFailure::Protocol {
            detail: error.to_string(),
        })?;
    // Whoever waits for an answer hears of a failure from the sender; an idle connection just ends.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
