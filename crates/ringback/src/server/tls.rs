//! The certificate of the listeners.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use ringback_http::Tls;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Config;
use crate::failure::{Exit, Failure};

/// The certificate that the configuration names, where TLS is enabled.
pub(super) fn load(config: &Config) -> Result<Option<Tls>, Failure> {
    if !config.tls.enabled {
        return Ok(None);
    }
    Ok(Some(Arc::new(ArcSwap::new(server_config(config)?))))
}

/// Reads the files anew.
pub(super) fn server_config(config: &Config) -> Result<Arc<ServerConfig>, Failure> {
    let chain = certificates(&config.tls.certificate_file)?;
    let file = &config.tls.key_file;
    let key = PrivateKeyDer::from_pem_file(file).map_err(|error| unusable(file, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable(&config.tls.certificate_file, &error))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let chain =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unusable(file, &error))?;
    if chain.is_empty() {
        return Err(unusable(file, &"no certificate in it"));
    }
    Ok(chain)
}

fn unusable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(
        "config.tls",
        format!("`{}` cannot be used for TLS: {error}", file.display()),
    )
    .with_hint(
        "name a PEM file with the chain, and one with the private key of its first certificate",
    )
    .exiting(Exit::Usage)
}
