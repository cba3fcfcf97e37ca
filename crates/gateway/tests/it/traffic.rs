//! Watching every raw request, refused ones too.

use axum::http::Request;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use crate::platform::{KEY, TOKEN, challenge, event, feishu_push};
use crate::stage::Stage;

#[tokio::test]
async fn a_watcher_sees_each_request_with_its_outcome_and_no_secret() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let uri = format!("http://{}/api/v1/sources/feishu/requests", stage.address);
    let request = Request::get(uri).body(Full::new(Bytes::new())).unwrap();
    let response = stage.open_request(request).await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut watched = response.into_body();

    let push = feishu_push(&event("e1", "im.chat.updated_v1")).with("authorization", "Bearer abc");
    stage.push("feishu", &challenge(None, TOKEN)).await;
    stage.push("feishu", &push).await;
    stage.push("feishu", &push).await;
    stage
        .push("feishu", &push.clone().with("x-lark-signature", "00"))
        .await;

    let mut text = String::new();
    while text.lines().count() < 4 || !text.ends_with('\n') {
        let frame = watched.frame().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    let signature = push.headers["x-lark-signature"].to_str().unwrap();
    for secret in [KEY, TOKEN, "Bearer abc", signature] {
        assert!(!text.contains(secret), "{secret} is shown: {text}");
    }
    let seen: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(seen[1]["body"], std::str::from_utf8(&push.body).unwrap());
    assert_eq!(seen[1]["event"], seen[2]["event"]);
    insta::assert_json_snapshot!(seen, {
        "[].at" => "[time]", "[].peer" => "[peer]", "[].event" => "[event]",
        "[1:].body" => "[encrypted]", "[1:].body_bytes" => "[bytes]",
        "[].headers.host" => "[host]", "[].headers[\"content-length\"]" => "[bytes]",
        "[].headers[\"x-lark-request-timestamp\"]" => "[seconds]",
    });
}
