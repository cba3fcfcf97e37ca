//! Opening a connection to the management API: plain, or TLS with the system's roots.

#![expect(
    clippy::disallowed_methods,
    reason = "the binary connects to its own management API, exempt by name (design, section 3)"
)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A byte stream to the server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to the server that the URL names.
pub(super) async fn open(url: &Url) -> io::Result<Box<dyn Stream>> {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let connecting = TcpStream::connect((host.as_str(), port));
    let stream = tokio::time::timeout(CONNECT_LIMIT, connecting)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s"))??;
    stream.set_nodelay(true)?;
    if url.scheme() == "https" {
        secure(host, stream).await
    } else {
        Ok(Box::new(stream))
    }
}

async fn secure(host: String, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    Ok(Box::new(
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await?,
    ))
}
