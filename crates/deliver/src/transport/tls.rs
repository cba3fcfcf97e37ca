//! TLS settings, made when the first `https` target is met.

use std::sync::Arc;

use bytes::Bytes;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

/// What certificates are trusted. Cheap to clone; the system's are read once.
#[derive(Debug, Clone)]
pub(crate) struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    extra_roots: Vec<Bytes>,
    config: OnceCell<Result<Arc<ClientConfig>, String>>,
}

impl Tls {
    /// Trusts the system's certificates and these (PEM) besides.
    pub(crate) fn new(extra_roots: Vec<Bytes>) -> Self {
        Self(Arc::new(Inner {
            extra_roots,
            config: OnceCell::new(),
        }))
    }

    pub(crate) async fn connector(&self) -> Result<TlsConnector, String> {
        let config = self
            .0
            .config
            .get_or_init(|| load(self.0.extra_roots.clone()))
            .await;
        config.clone().map(TlsConnector::from)
    }
}

/// Reading the system's certificates is file work, so it leaves the runtime's threads.
async fn load(extra_roots: Vec<Bytes>) -> Result<Arc<ClientConfig>, String> {
    tokio::task::spawn_blocking(move || config(&extra_roots))
        .await
        .map_err(|error| error.to_string())?
}

fn config(extra_roots: &[Bytes]) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for pem in extra_roots {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
    }
    if roots.is_empty() {
        return Err("this host has no trusted certificates".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
