//! TLS towards an endpoint: whom it trusts, and what it says of whom it does not.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use insta::assert_snapshot;
use ringback_deliver::guard::check_url;
use ringback_deliver::probe::Report;
use ringback_deliver::{EngineOptions, Limits, Stage};
use ringback_dialect::WireRequest;
use ringback_types::Deadline;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::house::{House, arrival, read_request, standard};

const ROOT: &[u8] = include_bytes!("certificates/root.pem");
const SERVER: [&[u8]; 2] = [
    include_bytes!("certificates/server.pem"),
    include_bytes!("certificates/server.key"),
];
const EXPIRED: [&[u8]; 2] = [
    include_bytes!("certificates/expired.pem"),
    include_bytes!("certificates/expired.key"),
];

/// A server with this certificate and key that answers 200 to everything.
async fn server([certificate, key]: [&[u8]; 2]) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            read_request(&mut stream).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

async fn probed(house: &House, host: &str, address: SocketAddr) -> Report {
    let url = check_url(&format!("https://{host}:{}/", address.port())).unwrap();
    let limits = Limits {
        deadline: Deadline::after(Duration::from_secs(10)),
        connect: Duration::from_secs(10),
        answer_cap_bytes: 1000,
    };
    let request = WireRequest {
        query: None,
        headers: http::HeaderMap::new(),
        body: "{}".into(),
    };
    house.engine.probe().exchange(&url, request, &limits).await
}

#[tokio::test]
async fn a_certificate_of_a_trusted_root_is_trusted() {
    let options = EngineOptions {
        extra_roots: vec![Bytes::from_static(ROOT)],
        ..EngineOptions::default()
    };
    let house = House::with(options).await;
    let address = server(SERVER).await;
    let report = probed(&house, "127.0.0.1", address).await;
    assert_eq!(report.outcome.unwrap().body, "ok");
    let certificate = report.certificate.unwrap();
    assert_eq!(
        (certificate.version.as_str(), certificate.chain_length),
        ("TLSv1_3", 1)
    );
    assert!(
        report
            .stages
            .iter()
            .any(|timing| timing.stage == Stage::Tls)
    );

    let url = format!("https://localhost:{}/hook", address.port());
    house.endpoint(standard("biz", &url)).await;
    let receipt = house.deliver(arrival("a")).await;
    assert_eq!(
        house.story(receipt.deliveries[0].0).await,
        "delivered\n1 at 0 s: 200"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let options = EngineOptions {
        extra_roots: vec![Bytes::from_static(ROOT)],
        ..EngineOptions::default()
    };
    let trusting = House::with(options).await;
    let usual = House::new().await;
    let mut said = String::new();
    // The second asks for a name that the certificate does not have.
    let wrong_name = "[::ffff:127.0.0.1]";
    for (house, host, certificate) in [
        (&usual, "127.0.0.1", SERVER),
        (&trusting, wrong_name, SERVER),
        (&trusting, "127.0.0.1", EXPIRED),
    ] {
        let report = probed(house, host, server(certificate).await).await;
        writeln!(said, "{}", report.outcome.unwrap_err()).unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(
        r"verification time \d+ \(UNIX\)",
        "verification time [now] (UNIX)",
    );
    settings.add_filter(r"\(\d+ seconds ago\)", "([n] seconds ago)");
    settings.bind(|| assert_snapshot!(said));
}
