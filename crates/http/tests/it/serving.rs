//! The listener: a stop that lets requests finish, limits, TLS.

#![expect(
    clippy::disallowed_methods,
    reason = "limits of a connection are seen from a bare socket"
)]

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::routing::get;
use ringback_http::{Face, Limits, Serving, serve};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use crate::stage::Stage;

const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.pem");
const KEY: &[u8] = include_bytes!("tls/key.pem");
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(router: Router, serving: Serving) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(listener, router, serving, async move {
        let _ = stopped.await;
    }));
    Served {
        address,
        stop,
        task,
    }
}

fn limited(limits: Limits) -> Serving {
    Serving {
        limits: Arc::new(watch::Sender::new(limits)),
        tls: None,
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut ends with an error, after what it had to say.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_stop_lets_the_request_under_way_finish() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
        move || async move {
            entered.notify_one();
            leave.notified().await;
            "done"
        }
    };
    let served = start(Router::new().route("/", get(slow)), Serving::default()).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let idle = TcpStream::connect(served.address).await.unwrap();
    let request = tokio::spawn(async move { exchange(stream, GET).await });
    entered.notified().await;
    served.stop.send(()).unwrap();
    assert_eq!(
        exchange(idle, b"").await,
        "",
        "an idle connection is closed at once"
    );
    assert!(!served.task.is_finished());
    leave.notify_one();
    assert!(request.await.unwrap().ends_with("done"));
    served.task.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_the_drain_time() {
    let entered = Arc::new(Notify::new());
    let stuck = {
        let entered = Arc::clone(&entered);
        move || async move {
            entered.notify_one();
            std::future::pending::<&str>().await
        }
    };
    let serving = limited(Limits {
        drain: Duration::from_millis(10),
        ..Limits::default()
    });
    let served = start(Router::new().route("/", get(stuck)), serving).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let request = tokio::spawn(async move { exchange(stream, GET).await });
    entered.notified().await;
    served.stop.send(()).unwrap();
    served.task.await.unwrap();
    request.abort();
}

#[tokio::test]
async fn slow_and_large_heads_are_cut_off() {
    let limits = Limits {
        head_deadline: Duration::from_millis(50),
        head_bytes: 8192,
        ..Limits::default()
    };
    let served = start(
        Router::new().route("/", get(|| async { "ok" })),
        limited(limits),
    )
    .await;
    let connect = || TcpStream::connect(served.address);
    let slow = exchange(connect().await.unwrap(), b"GET / HTTP/1.1\r\nHost: local").await;
    assert!(
        slow.is_empty() || slow.starts_with("HTTP/1.1 408"),
        "{slow}"
    );
    let large = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n",
        "x".repeat(9000)
    );
    let answer = exchange(connect().await.unwrap(), large.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = "X: y\r\n".repeat(101);
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let answer = exchange(connect().await.unwrap(), many.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(
        exchange(connect().await.unwrap(), GET)
            .await
            .ends_with("ok")
    );
}

#[tokio::test]
async fn above_the_limit_connections_wait_for_a_place() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let served = start(
        Router::new().route("/", get(|| async { "ok" })),
        limited(limits),
    )
    .await;
    let first = TcpStream::connect(served.address).await.unwrap();
    let second = TcpStream::connect(served.address).await.unwrap();
    let waiting = tokio::spawn(async move { exchange(second, GET).await });
    assert!(exchange(first, GET).await.ends_with("ok"));
    assert!(waiting.await.unwrap().ends_with("ok"));
}

#[tokio::test]
async fn a_higher_limit_lets_in_who_waits() {
    let limits = |connections| Limits {
        connections,
        ..Limits::default()
    };
    let serving = limited(limits(1));
    let raised = Arc::clone(&serving.limits);
    let served = start(Router::new().route("/", get(|| async { "ok" })), serving).await;
    // Open, and kept so.
    let mut first = TcpStream::connect(served.address).await.unwrap();
    first
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    first.read_u8().await.unwrap();
    let second = TcpStream::connect(served.address).await.unwrap();
    let waiting = tokio::spawn(async move { exchange(second, GET).await });
    raised.send_replace(limits(2));
    assert!(waiting.await.unwrap().ends_with("ok"));
}

#[tokio::test]
async fn a_face_is_served_over_tls() {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let with_certificate = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.clone()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    let serving = Serving {
        tls: Some(Arc::new(ArcSwap::from_pointee(with_certificate))),
        ..Serving::default()
    };
    let stage = Stage::new().await;
    let served = start(stage.faces.combined(&[Face::Receive]), serving).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(served.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = connector
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
        .unwrap();
    let get = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(exchange(stream, get).await.ends_with(r#"{"alive":true}"#));

    let plain = TcpStream::connect(served.address).await.unwrap();
    assert!(!exchange(plain, get).await.contains("HTTP/1.1 200"));
}

#[tokio::test]
async fn separate_faces_serve_only_their_own() {
    let mut stage = Stage::new().await;
    let faces = [
        (&[Face::Receive][..], [401, 404, 404]),
        (&[Face::Platform], [401, 404, 200]),
        (&[Face::Management], [401, 401, 404]),
        (&[Face::Platform, Face::Management], [401, 401, 200]),
        (&[], [401, 404, 404]),
    ];
    for (faces, expected) in faces {
        let served = start(stage.faces.combined(faces), Serving::default()).await;
        let mut found = Vec::new();
        for target in [
            "/in/nobody",
            "/api/v1/status",
            "/open-apis/auth/v3/tenant_access_token/internal",
        ] {
            let stream = TcpStream::connect(served.address).await.unwrap();
            let request = format!(
                "POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
            );
            let request = if target.starts_with("/api") {
                request.replacen("POST", "GET", 1)
            } else {
                request
            };
            let answer = exchange(stream, request.as_bytes()).await;
            found.push(answer[9..12].parse::<i32>().unwrap());
        }
        assert_eq!(found, expected);
    }
    stage.stopped().await;
}
