//! Overload and faults: 503 at once and nothing half-written; a fault on purpose spoils the answer only.

use axum::http::StatusCode;
use ringback_deliver::faults::{Fault, NewFault, Place};
use ringback_gateway::Limits;
use serde_json::json;

use crate::business::{Business, Manner};
use crate::platform::{SIGNING_KEY, event, feishu_push};
use crate::stage::Stage;

#[tokio::test]
async fn above_its_limits_a_source_answers_503_at_once() {
    let stage = Stage::new().await;
    let business = Business::start(Manner::Silent).await;
    let endpoint = json!({
        "name": "cards", "url": business.url, "dialect": "standard", "key": SIGNING_KEY, "routed": false,
    });
    stage.endpoint(endpoint).await;
    stage
        .feishu_source(
            "feishu",
            json!({ "call_endpoint": "cards", "in_flight": 1 }),
        )
        .await;
    stage.feishu_source("other", json!({})).await;

    let call = feishu_push(&event("c1", "card.action.trigger"));
    let push = feishu_push(&event("e1", "im.chat.updated_v1"));
    let stuck = stage.push("feishu", &call);
    let busy = async {
        while stage.gateway.in_flight() == 0 {
            tokio::task::yield_now().await;
        }
        let answer = stage.push("feishu", &push).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(answer.body, r#"{"code":"busy"}"#);
        assert_eq!(stage.push("other", &push).await.status, StatusCode::OK);

        stage.gateway.set_limits(Limits {
            in_flight: 1,
            ..Limits::default()
        });
        let answer = stage.push("other", &push).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    };
    let (fallback, ()) = tokio::join!(stuck, busy);
    assert_eq!(fallback.body, "{}");
    assert_eq!(stage.push("feishu", &push).await.status, StatusCode::OK);
    assert_eq!(stage.count("feishu", "busy").await, 1);
}

#[tokio::test]
async fn above_the_budget_of_all_bodies_a_source_answers_503() {
    let stage = Stage::new().await;
    let business = Business::start(Manner::Silent).await;
    let endpoint = json!({
        "name": "cards", "url": business.url, "dialect": "standard", "key": SIGNING_KEY, "routed": false,
    });
    stage.endpoint(endpoint).await;
    stage
        .feishu_source("feishu", json!({ "call_endpoint": "cards" }))
        .await;
    stage.gateway.set_limits(Limits {
        body_budget_bytes: 1,
        ..Limits::default()
    });

    // The body of a call is held until it is answered; one that is alone may be of any size.
    let push = feishu_push(&event("e1", "im.chat.updated_v1"));
    let call = feishu_push(&event("c1", "card.action.trigger"));
    let second = async {
        while business.got().is_empty() {
            tokio::task::yield_now().await;
        }
        stage.push("feishu", &push).await
    };
    let (fallback, second) = tokio::join!(stage.push("feishu", &call), second);
    assert_eq!(fallback.body, "{}");
    assert_eq!(second.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stage.push("feishu", &push).await.status, StatusCode::OK);
}

#[tokio::test]
async fn when_the_disk_is_low_nothing_is_acknowledged() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let stage = stage.restart_with_low_disk().await;
    let answer = stage
        .push("feishu", &feishu_push(&event("e1", "im.chat.updated_v1")))
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stage.count("feishu", "busy").await, 1);
    assert_eq!(stage.stored().await, 0);
}

#[tokio::test]
async fn a_fault_at_the_receive_path_spoils_the_answer_and_not_the_event() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let source = stage.gateway.sources().by_name("feishu").unwrap().id;
    let fault = |fault| NewFault {
        place: Place::Source(source),
        fault,
        count: Some(1),
        probability: None,
        lasts_ms: None,
    };
    let faults = stage.engine.faults();
    faults.set(&fault(Fault::Status { status: 502 })).unwrap();
    faults.set(&fault(Fault::Delay { delay_ms: 1 })).unwrap();
    let push = feishu_push(&event("e1", "im.chat.updated_v1"));
    assert_eq!(
        stage.push("feishu", &push).await.status,
        StatusCode::BAD_GATEWAY
    );
    assert_eq!(stage.push("feishu", &push).await.status, StatusCode::OK);
    assert_eq!(stage.count("feishu", "duplicates").await, 1);
    assert_eq!(stage.stored().await, 1);
}
