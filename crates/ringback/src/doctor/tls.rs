//! `http` and `https` mixed up, and certificates that no platform takes.

use http::HeaderMap;
use ringback_deliver::{Stage, TransportFailure};
use ringback_dialect::WireRequest;
use std::time::Duration;
use url::Url;

use super::finding::Diagnosis;
use super::instrument::Instrument;
use crate::client::tls::in_plain_words;

/// How long a handshake may take.
const LIMIT: Duration = Duration::from_secs(3);

/// What an exchange failed of; TLS in plain words.
pub(super) fn diagnosis(failure: &TransportFailure) -> Diagnosis {
    let plain = match failure {
        TransportFailure::Tls { detail } => in_plain_words(detail),
        _ => None,
    };
    plain.map_or_else(
        || Diagnosis::of(failure),
        |plain| Diagnosis::new(plain.code, plain.cause, plain.server_fix),
    )
}

/// Whether the port of an `http` URL speaks TLS, which explains any answer that is none.
pub(super) async fn is_spoken(instrument: &Instrument, url: &str) -> Option<Diagnosis> {
    let mut url = Url::parse(url).ok().filter(|url| url.scheme() == "http")?;
    // Keeps a port that is written, and takes that of `http` along where none is.
    let port = url.port_or_known_default();
    url.set_scheme("https").ok()?;
    url.set_port(port).ok()?;
    let nothing = WireRequest {
        query: None,
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
    };
    let report = instrument.exchange(&url, nothing, LIMIT).await;
    let shook_hands = report.stages.iter().any(|it| it.stage == Stage::Head);
    let certificate_refused = matches!(
        &report.outcome,
        Err(TransportFailure::Tls { detail }) if detail.contains("certificate")
    );
    let speaks = report.outcome.is_ok() || shook_hands || certificate_refused;
    speaks.then(|| {
        Diagnosis::new(
            "tls.spoken",
            "this port speaks TLS, and the URL says `http://`",
            "write the URL with `https://`",
        )
    })
}
