//! Whatever is not authenticated gets one fixed answer; the reason stays here.

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use ringback_gateway::{Limits, Options};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::platform::{KEY, TOKEN, challenge, event, feishu_push, feishu_push_with, secrets};
use crate::stage::{Push, Stage};

fn plain(body: &str) -> Push {
    Push {
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
    }
}

#[tokio::test]
async fn every_refusal_looks_the_same_from_outside() {
    let stage = Stage::new().await;
    stage
        .feishu_source(
            "feishu",
            json!({ "tolerance_seconds": 300, "body_bytes": 4096 }),
        )
        .await;
    let body = event("e1", "im.chat.updated_v1");
    let good = feishu_push(&body);
    let long_ago = stage.clock.wire().plus_millis(-400_000);
    let mut flipped = good.clone();
    flipped.body = String::from_utf8(good.body.to_vec())
        .unwrap()
        .replacen('A', "B", 1)
        .into();
    let pushes = [
        good.clone().with("x-lark-signature", "00"),
        good.clone().without("x-lark-signature"),
        good.clone()
            .without("x-lark-signature")
            .without("x-lark-request-nonce")
            .without("x-lark-request-timestamp"),
        flipped,
        feishu_push_with(
            &secrets(Some("another key"), TOKEN),
            &body,
            stage.clock.wire(),
        ),
        feishu_push_with(
            &secrets(Some(KEY), "another token"),
            &body,
            stage.clock.wire(),
        ),
        feishu_push_with(&secrets(Some(KEY), TOKEN), &body, long_ago),
        challenge(Some(KEY), "another token"),
        challenge(None, "another token"),
        challenge(Some("another key"), TOKEN),
        plain(&body),
        plain("not json"),
        plain(""),
        plain(&"x".repeat(5000)),
    ];
    let mut answers = Vec::new();
    for push in &pushes {
        let answer = stage.push("feishu", push).await;
        answers.push((
            answer.status,
            answer.body,
            answer.headers["content-type"].clone(),
        ));
    }
    let get = stage
        .send(Method::GET, "/in/feishu", HeaderMap::new(), Bytes::new())
        .await;
    answers.push((get.status, get.body, get.headers["content-type"].clone()));
    let unknown = stage.push("nobody", &good).await;
    answers.push((
        unknown.status,
        unknown.body,
        unknown.headers["content-type"].clone(),
    ));

    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0].1, r#"{"code":"refused"}"#);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(stage.stored().await, 0);
    assert_eq!(stage.count("feishu", "refused").await, 15);
    insta::assert_snapshot!(stage.reasons("feishu").await.join("\n"));
    assert_eq!(stage.reasons("-").await, ["gateway.unknown_source"]);

    let shown = stage.get("sources/feishu/refusals").await;
    insta::assert_json_snapshot!(shown["refusals"][10], { ".at" => "[time]", ".peer" => "[peer]" });
    for secret in [KEY, TOKEN, "another token", "你好"] {
        assert!(!shown.to_string().contains(secret));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client that stops in the middle needs the bare socket"
)]
async fn half_a_request(stage: &Stage, head: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(stage.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn a_body_that_does_not_come_or_announces_too_much_is_refused_before_it_is_whole() {
    let limits = Limits {
        body_deadline: std::time::Duration::from_millis(50),
        body_bytes: 1000,
        ..Limits::default()
    };
    let stage = Stage::with(Options { limits }).await;
    stage.feishu_source("feishu", json!({})).await;
    for (head, reason) in [
        ("Content-Length: 100\r\n\r\nabc", "gateway.body_late"),
        ("Content-Length: 1001\r\n\r\n", "gateway.body_too_large"),
        (
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "gateway.body_late",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n3ea\r\n",
            "gateway.body_late",
        ),
    ] {
        let answer = half_a_request(
            &stage,
            &format!("POST /in/feishu HTTP/1.1\r\nHost: x\r\n{head}"),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{reason}: {answer}");
        assert_eq!(stage.reasons("feishu").await.pop().unwrap(), reason);
    }
    for (headers, reason) in [
        ("X-Lark-Signature: 00\r\n", "feishu.timestamp_missing"),
        (
            "X-Lark-Signature: 00\r\nX-Lark-Request-Timestamp: 1\r\nX-Lark-Request-Nonce: n\r\n",
            "feishu.timestamp_stale",
        ),
    ] {
        // Its body never comes, and nobody waits for it.
        let head =
            format!("POST /in/feishu HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 100\r\n\r\n");
        let answer = half_a_request(&stage, &head).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{reason}: {answer}");
        assert_eq!(stage.reasons("feishu").await.pop().unwrap(), reason);
    }
    let many = format!("3e8\r\n{}\r\n1\r\na\r\n", "a".repeat(1000));
    let head =
        format!("POST /in/feishu HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{many}");
    assert!(
        half_a_request(&stage, &head)
            .await
            .starts_with("HTTP/1.1 401")
    );
    assert_eq!(
        stage.reasons("feishu").await.pop().unwrap(),
        "gateway.body_too_large"
    );
}
