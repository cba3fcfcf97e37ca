//! Opening a connection to the management API: plain, or TLS with the system's roots.

#![expect(
    clippy::disallowed_methods,
    reason = "the binary connects to its own management API, exempt by name (design, section 3)"
)]

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A byte stream to the server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to the server that the URL names.
pub(super) async fn open(url: &Url, ca: Option<&Path>) -> io::Result<Box<dyn Stream>> {
    let stream = reach(url).await?;
    stream.set_nodelay(true)?;
    if url.scheme() == "https" {
        secure(host(url).to_owned(), stream, ca).await
    } else {
        Ok(Box::new(stream))
    }
}

/// The connection alone, before TLS.
async fn reach(url: &Url) -> io::Result<TcpStream> {
    let port = url.port_or_known_default().unwrap_or(80);
    let connecting = TcpStream::connect((host(url), port));
    tokio::time::timeout(CONNECT_LIMIT, connecting)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s"))?
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
}

async fn secure(host: String, stream: TcpStream, ca: Option<&Path>) -> io::Result<Box<dyn Stream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots(ca)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    Ok(Box::new(
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await?,
    ))
}

/// The system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` replace them), and those of `--ca`.
fn roots(ca: Option<&Path>) -> io::Result<rustls::RootCertStore> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(file) = ca else { return Ok(roots) };
    let unusable = |error: &dyn std::fmt::Display| {
        let message = format!("`{}` holds no usable certificate: {error}", file.display());
        io::Error::other(message)
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))?;
    let mut count = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        roots.add(certificate).map_err(|error| unusable(&error))?;
        count += 1;
    }
    if count == 0 {
        return Err(unusable(&"it is empty of them"));
    }
    Ok(roots)
}
