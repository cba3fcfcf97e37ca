//! What can happen on the way to the zone.

use std::net::SocketAddr;
use std::time::Duration;

use ringback_dialect::zone::Credentials;
use ringback_zone_sdk::{Error, Settings, Zone};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::stub::{Answer, Stub, replace};

/// A test machine may be busy.
const PATIENT: Duration = Duration::from_mins(1);

/// The stub's zone with a low cap and this deadline.
fn zone(stub: &Stub, timeout: Duration) -> Zone {
    Zone::new(Settings {
        credentials: Some(stub.credentials()),
        timeout,
        max_body_bytes: 4096,
        ..Settings::default()
    })
    .unwrap()
}

async fn code_of(stub: &Stub) -> i32 {
    code_within(stub, PATIENT).await
}

async fn code_within(stub: &Stub, timeout: Duration) -> i32 {
    let client = zone(stub, timeout).client("wwstub", 1, "a", "");
    client.invoke("sync_msg", "{}").await.unwrap_err().code()
}

#[tokio::test]
async fn every_failure_of_the_way_has_its_code() {
    for status in [201, 204, 302, 404, 500, 503] {
        let stub = Stub::answering(move |_| Answer::Status(status)).await;
        assert_eq!(code_of(&stub).await, -10003, "{status}");
    }
    let late = Stub::answering(|_| Answer::Never).await;
    assert_eq!(code_within(&late, Duration::from_millis(50)).await, -10002);
    let large = Stub::answering(|_| Answer::Text(format!("\"{}\"", "x".repeat(5000)))).await;
    assert_eq!(code_of(&large).await, -10001);

    let client = zone(&large, PATIENT).client("wwstub", 1, "a", "");
    let request = format!("\"{}\"", "x".repeat(5000));
    let error = client.invoke("sync_msg", &request).await.unwrap_err();
    assert_eq!(error, Error::TooLarge { limit: 4096 });
    assert_eq!(large.invoked().len(), 1, "too large a request is not sent");
}

#[tokio::test]
async fn a_zone_that_is_not_there_or_goes_away_is_a_network_failure() {
    let stub = Stub::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    point(&stub, address);
    drop(listener);
    assert_eq!(code_of(&stub).await, -10002, "nobody listens");

    for half in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        point(&stub, listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 16];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(half.as_bytes()).await.unwrap();
        });
        assert_eq!(code_of(&stub).await, -10002, "{half:?}");
        server.await.unwrap();
    }
}

/// Lets the credentials file name another zone.
fn point(stub: &Stub, address: SocketAddr) {
    let text = std::fs::read(stub.credentials()).unwrap();
    let mut credentials: Credentials = serde_json::from_slice(&text).unwrap();
    credentials.zone_url = format!("http://{address}");
    replace(
        &stub.credentials(),
        &serde_json::to_vec(&credentials).unwrap(),
        0o400,
    );
}
