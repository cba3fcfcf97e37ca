//! Callbacks: forwarded to one endpoint inside the platform's deadline, with a fallback.

use axum::http::StatusCode;
use ringback_store::record::{EventKind, Query};
use serde_json::json;

use crate::business::{Business, Manner};
use crate::platform::{SIGNING_KEY, event, feishu_push};
use crate::stage::Stage;

#[tokio::test]
async fn a_callback_gets_its_endpoints_answer_or_the_fallback_in_time() {
    let stage = Stage::new().await;
    let toast = r#"{"toast":{"type":"info","content":"好"}}"#;
    let business = Business::start(Manner::Answer(200, toast)).await;
    let endpoint = json!({
        "name": "cards", "url": business.url, "dialect": "standard", "key": SIGNING_KEY, "routed": false,
    });
    stage.endpoint(endpoint).await;
    let fallback = json!({ "toast": { "type": "error", "content": "later" } });
    let settings = json!({
        "call_endpoint": "cards", "call_deadline_ms": 300, "call_margin_ms": 100, "fallback": fallback,
    });
    stage.feishu_source("feishu", settings).await;

    let push = feishu_push(&event("c1", "card.action.trigger"));
    for _ in 0..2 {
        let answer = stage.push("feishu", &push).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, toast)
        );
    }
    assert_eq!(business.got().len(), 2, "calls are never deduplicated");

    for manner in [
        Manner::Answer(500, "{}"),
        Manner::Answer(200, "<html>"),
        Manner::Silent,
    ] {
        business.behave(manner);
        let answer = stage.push("feishu", &push).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), fallback);
    }
    assert_eq!(stage.count("feishu", "calls").await, 2);
    assert_eq!(stage.count("feishu", "fallbacks").await, 3);

    // The lazy write comes after every answer; closing the store flushes it.
    let stage = stage.restart().await;
    let page = stage
        .engine
        .record()
        .search(Query::default())
        .await
        .unwrap();
    let logged = page.entries.iter().rev().map(|entry| {
        assert_eq!(entry.kind, EventKind::Call);
        let delivery = entry.delivery.as_ref().unwrap();
        let (status, reason) = (delivery.status, delivery.reason.as_deref());
        format!("{} {status:?} {reason:?}", delivery.state.as_str())
    });
    insta::assert_snapshot!(logged.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn a_callback_without_an_endpoint_is_answered_with_nothing() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let answer = stage
        .push("feishu", &feishu_push(&event("c1", "card.action.trigger")))
        .await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "{}")
    );
    assert_eq!(stage.count("feishu", "fallbacks").await, 1);
}
