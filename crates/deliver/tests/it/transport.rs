//! What can happen on the wire.

use bytes::Bytes;
use insta::assert_snapshot;
use ringback_store::record::StoredAttempt;
use tokio::io::AsyncWriteExt as _;

use crate::house::{House, Receiver, Reply, arrival, raw_server, standard};

/// The only attempt at an endpoint that gives up after the first.
async fn attempt(house: &House, url: &str, deadline_ms: u64) -> StoredAttempt {
    let mut new = standard("biz", url);
    new.policy.ladder_ms = Some(Vec::new());
    new.policy.deadline_ms = Some(deadline_ms);
    new.policy.connect_ms = Some(deadline_ms);
    new.policy.answer_cap_bytes = Some(1000);
    house.endpoint(new).await;
    let receipt = house.deliver(arrival("a")).await;
    let mut attempts = house
        .engine
        .record()
        .attempts(receipt.deliveries[0].0)
        .await
        .unwrap();
    attempts.remove(0)
}

fn said(attempt: &StoredAttempt) -> String {
    format!(
        "{}: {}",
        attempt.failure.as_deref().unwrap_or("none"),
        attempt.detail.as_deref().unwrap_or("none")
    )
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_cap_and_the_cap_is_shown() {
    let house = House::new().await;
    let body = Bytes::from(vec![b'x'; 10 << 20]);
    let receiver = Receiver::new(Reply::With(200, Vec::new(), body)).await;
    let attempt = attempt(&house, &receiver.url(), 10_000).await;
    assert_eq!((attempt.failure, attempt.response_cut), (None, true));
    assert_eq!(attempt.response_body.unwrap().len(), 1000);
}

#[tokio::test]
async fn an_answer_that_drips_is_late_in_its_body() {
    let house = House::new().await;
    let address = raw_server(|mut stream| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            .await;
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let attempt = attempt(&house, &format!("http://{address}/"), 200).await;
    assert_snapshot!(said(&attempt), @"transport.late: the deadline passed while reading the body of the answer");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_a_failed_attempt() {
    let house = House::new().await;
    let address = raw_server(|stream| async move { drop(stream) }).await;
    let attempt = attempt(&house, &format!("http://{address}/"), 10_000).await;
    assert_snapshot!(said(&attempt), @"transport.reset: the connection was closed while waiting for the head of the answer");
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_a_failed_attempt() {
    let house = House::new().await;
    let address = raw_server(|mut stream| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            .await;
    })
    .await;
    let attempt = attempt(&house, &format!("http://{address}/"), 10_000).await;
    assert_snapshot!(said(&attempt), @"transport.reset: the connection was closed while reading the body of the answer");
}

#[tokio::test]
async fn what_is_not_http_says_so() {
    let house = House::new().await;
    let address = raw_server(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n").await;
    })
    .await;
    let attempt = attempt(&house, &format!("http://{address}/"), 10_000).await;
    assert_snapshot!(said(&attempt), @"transport.protocol: the answer breaks the rules of HTTP: invalid HTTP version parsed");
}

#[tokio::test]
async fn nobody_listening_and_nobody_there_are_told_apart() {
    let house = House::new().await;
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = attempt(&house, &format!("http://{unused}/"), 10_000).await;
    assert_snapshot!(said(&refused), @"transport.connect_refused: the connection was refused");

    let house = House::new().await;
    let unknown = attempt(&house, "http://no-such-host.invalid/", 10_000).await;
    assert_eq!(unknown.failure.as_deref(), Some("transport.dns"));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let location = vec![("location", receiver.url())];
    let redirecting = Receiver::new(Reply::With(307, location, Bytes::new())).await;
    let attempt = attempt(&house, &redirecting.url(), 10_000).await;
    assert_snapshot!(said(&attempt), @"answer.redirect: the endpoint answered 307, a redirect, which is not followed");
    assert_eq!(receiver.got().len(), 0);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_costs_nothing() {
    let house = House::new().await;
    let address = raw_server(|mut stream| async move {
        // Keep-alive is promised and not kept.
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
    })
    .await;
    house
        .endpoint(standard("biz", &format!("http://{address}/")))
        .await;
    for _ in 0..20 {
        let receipt = house.deliver(arrival("a")).await;
        let story = house.story(receipt.deliveries[0].0).await;
        assert_eq!(story, "delivered\n1 at 0 s: 200");
    }
}

#[tokio::test]
async fn the_record_shows_the_target_without_what_may_be_secret() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let attempt = attempt(
        &house,
        &format!("{}?key=secret&b=1", receiver.url()),
        10_000,
    )
    .await;
    let target = attempt
        .target
        .unwrap()
        .replace(&receiver.address.to_string(), "host");
    assert_snapshot!(target, @"http://host/hook?key=…&b=…");
    let headers = attempt.request_headers.unwrap();
    assert!(
        headers.contains("webhook-id") && !headers.contains("webhook-signature"),
        "{headers}"
    );
}
