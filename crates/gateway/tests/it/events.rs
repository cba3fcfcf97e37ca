//! Challenges and events: what is acknowledged is on the disk, and only once.

use axum::http::{Method, StatusCode};
use ringback_store::record::Query;
use serde_json::{Value, json};

use crate::business::{Business, Manner};
use crate::platform::{
    KEY, SIGNING_KEY, TOKEN, challenge, event, feishu_push, feishu_push_with, secrets,
    standard_push,
};
use crate::stage::Stage;

#[tokio::test]
async fn a_challenge_is_answered_and_leaves_no_trace_on_the_disk() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    for push in [challenge(Some(KEY), TOKEN), challenge(None, TOKEN)] {
        let answer = stage.push("feishu", &push).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, r#"{"challenge":"ajls384kdj"}"#);
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    assert_eq!(stage.stored().await, 0);
    assert_eq!(stage.count("feishu", "challenges").await, 2);
}

#[tokio::test]
async fn an_event_is_stored_delivered_and_never_delivered_twice() {
    let stage = Stage::new().await;
    stage
        .feishu_source("feishu", json!({ "headers": ["x-unit"] }))
        .await;
    let business = Business::start(Manner::Answer(200, "")).await;
    let types = ["im.*"];
    stage
        .endpoint(
            json!({ "name": "billing", "url": business.url, "dialect": "raw", "types": types }),
        )
        .await;

    let body = event("e1", "im.chat.updated_v1");
    let push = feishu_push(&body)
        .with("x-unit", "eu_nc")
        .with("cookie", "secret=1");
    let answer = stage.push("feishu", &push).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, r#"{"msg":"success"}"#)
    );
    stage.engine.quiet().await;

    // Signed anew, as a platform's retry is; and then after a restart.
    let again = feishu_push(&body);
    assert_eq!(stage.push("feishu", &again).await.status, StatusCode::OK);
    assert_eq!(stage.count("feishu", "duplicates").await, 1);
    assert_eq!(stage.count("feishu", "accepted").await, 1);
    let stage = stage.restart().await;
    assert_eq!(
        stage.push("feishu", &feishu_push(&body)).await.status,
        StatusCode::OK
    );
    assert_eq!(stage.count("feishu", "duplicates").await, 1);
    stage.engine.quiet().await;

    let got = business.got();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].1, push.body, "the raw original, exact bytes");
    assert_eq!(
        got[0].0["x-lark-signature"],
        push.headers["x-lark-signature"]
    );
    assert!(!got[0].0.contains_key("cookie"));

    let page = stage
        .engine
        .record()
        .search(Query::default())
        .await
        .unwrap();
    assert_eq!(page.entries.len(), 1);
    let stored = stage
        .engine
        .record()
        .event(page.entries[0].event)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        stored.body.unwrap(),
        body,
        "decrypted, exact bytes, token blanked"
    );
    assert_eq!(stored.dedupe_key.as_deref(), Some("e1"));
    assert_eq!(stored.app.as_deref(), Some("cli_a1b2c3d4e5f60718"));
    let headers: Value = serde_json::from_str(&stored.headers.unwrap()).unwrap();
    let names: Vec<_> = headers.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["content-type", "x-lark-request-timestamp", "x-unit"]
    );
}

#[tokio::test]
async fn the_original_is_kept_only_for_endpoints_that_want_it() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let business = Business::start(Manner::Answer(200, "")).await;
    let endpoint = json!({
        "name": "plain", "url": business.url, "dialect": "standard", "key": SIGNING_KEY,
    });
    stage.endpoint(endpoint).await;
    stage
        .push("feishu", &feishu_push(&event("e1", "im.chat.updated_v1")))
        .await;
    stage.engine.quiet().await;
    let page = stage
        .engine
        .record()
        .search(Query::default())
        .await
        .unwrap();
    let stored = stage
        .engine
        .record()
        .event(page.entries[0].event)
        .await
        .unwrap()
        .unwrap();
    assert!(stored.raw.is_none() && stored.body.is_some());
    assert_eq!(business.got()[0].1, event("e1", "im.chat.updated_v1"));
}

#[tokio::test]
async fn a_standard_source_takes_what_its_key_signed() {
    let stage = Stage::new().await;
    let secrets = json!({ "signing_key": SIGNING_KEY });
    let source = json!({ "name": "hooks", "dialect": "standard", "secrets": secrets });
    stage.done(Method::POST, "sources", source).await;
    let push = standard_push(SIGNING_KEY, "msg_1", r#"{"type":"order.paid","n":1}"#);
    for _ in 0..2 {
        assert!(stage.push("hooks", &push).await.status.is_success());
    }
    let page = stage
        .engine
        .record()
        .search(Query::default())
        .await
        .unwrap();
    let kept: Vec<_> = page
        .entries
        .iter()
        .map(|entry| entry.event_type.as_str())
        .collect();
    assert_eq!(kept, ["order.paid"]);
    assert_eq!(stage.count("hooks", "duplicates").await, 1);

    let forged = standard_push("whsec_bm90IHRoZSByaWdodCBzaWduaW5nIGtleQ==", "msg_2", "{}");
    assert_eq!(
        stage.push("hooks", &forged).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stage.reasons("hooks").await,
        ["standard.signature_mismatch"]
    );
}

#[tokio::test]
async fn old_secrets_hold_until_the_overlap_ends() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let new = json!({ "verification_token": "new-token", "encrypt_key": "new key" });
    let rotation = json!({ "secrets": new, "overlap_seconds": 60 });
    let shown = stage
        .done(Method::POST, "sources/feishu/rotate", rotation)
        .await;
    assert!(shown["previous_until"].is_string());

    let now = stage.clock.wire();
    let old = |id| feishu_push(&event(id, "im.chat.updated_v1"));
    let new_secrets = secrets(Some("new key"), "new-token");
    let new = |id| feishu_push_with(&new_secrets, &event(id, "im.chat.updated_v1"), now);
    for push in [old("e1"), new("e2")] {
        assert_eq!(stage.push("feishu", &push).await.status, StatusCode::OK);
    }
    let stage = stage.restart().await;
    assert_eq!(
        stage.push("feishu", &old("e3")).await.status,
        StatusCode::OK
    );

    stage
        .clock
        .advance_to(stage.clock.schedule().plus_millis(60_000))
        .unwrap();
    assert_eq!(
        stage.push("feishu", &old("e4")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stage.push("feishu", &new("e5")).await.status,
        StatusCode::OK
    );
    assert_eq!(
        stage.get("sources/feishu").await["previous_until"],
        Value::Null
    );
    assert_eq!(stage.stored().await, 4);
}
