//! Apps: made, changed, looked at, deleted.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use crate::business::Business;
use crate::stage::{APP, Stage, TOKEN, flow, of_app};

#[tokio::test]
async fn an_app_shows_everything_but_its_secrets() {
    let stage = Stage::new().await;
    stage
        .app(json!({ "webhook": "https://shop.example.com/bot?key=hidden" }))
        .await;
    let shown = stage.get(&of_app("")).await;
    insta::assert_json_snapshot!("app", shown, {
        ".created_at" => "[time]", ".source" => "[source]", ".endpoints.*" => "[endpoint]",
    });
    let (_, seen) = stage
        .send_as(Role::Viewer, Method::GET, &of_app(""), Value::Null)
        .await;
    assert_eq!(
        seen["urls"]["webhook"], "https://shop.example.com/bot?key=…",
        "a query may be a credential"
    );
    let credentials = of_app("/credentials");
    let (status, _) = stage
        .send_as(Role::Auditor, Method::GET, &credentials, Value::Null)
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(stage.get(&credentials).await["token"], TOKEN);
    let made = stage.post("/api/v1/desk/apps", json!({})).await;
    assert_eq!(made["sdk_app_id"].as_str().unwrap().len(), 10);
}

#[tokio::test]
async fn a_change_holds_from_the_next_attempt_on() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage.publish(&flow("call", &["call"], &json!([
        { "id": "call", "type": "api_call", "url": format!("{}/call", business.url), "next": "end" },
        { "id": "end", "type": "end" },
    ]))).await;
    let id = stage.converse(json!({})).await;
    stage.said(&id, "call").await;
    assert!(business.got("/call")[0].parameter("Sign").is_some());
    let change =
        json!({ "token": "", "settings": { "opt_platform": "RESTAPI", "content_type": false } });
    stage.done(Method::PATCH, &of_app(""), change).await;
    stage.said(&id, "call").await;
    let got = &business.got("/call")[0];
    assert_eq!(
        (got.parameter("Sign"), got.parameter("RequestTime")),
        (None, None)
    );
    assert_eq!(got.parameter("OptPlatform"), Some("RESTAPI"));
    assert!(!got.headers.contains_key("content-type"));
}

#[tokio::test]
async fn what_cannot_be_an_app_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    let mut refused = Vec::new();
    for app in [
        json!({ "sdk_app_id": APP }),
        json!({ "sdk_app_id": "14a" }),
        json!({ "sdk_app_id": "" }),
        json!({ "name": " " }),
        json!({ "token": "x".repeat(129) }),
        json!({ "urls": { "webhook": "ftp://x" } }),
        json!({ "urls": { "hook": "http://x" } }),
        json!({ "settings": { "call_deadline_ms": 0 } }),
        json!({ "settings": { "idle_seconds": 9_999_999 } }),
        json!({ "settings": { "texts": { "fallback": "" } } }),
        json!({ "settings": { "model": { "base_url": "nowhere", "name": "m" } } }),
        json!({ "settings": { "unknown": 1 } }),
    ] {
        let (status, problem) = stage.send(Method::POST, "/api/v1/desk/apps", app).await;
        refused.push(format!(
            "{} {}: {}",
            status.as_u16(),
            problem["code"],
            problem["message"]
        ));
    }
    insta::assert_snapshot!("refused_apps", refused.join("\n"));
}

#[tokio::test]
async fn an_app_goes_with_its_flows_and_endpoints() {
    let stage = Stage::new().await;
    stage
        .app(json!({ "flow-events": "http://127.0.0.1:1/" }))
        .await;
    stage
        .publish(&flow(
            "end",
            &["end"],
            &json!([{ "id": "end", "type": "end" }]),
        ))
        .await;
    let id = stage.converse(json!({})).await;
    stage.hears(&id, "end").await;
    assert_eq!(stage.engine.endpoints().all().len(), 5);
    stage.done(Method::DELETE, &of_app(""), Value::Null).await;
    assert!(stage.engine.endpoints().all().is_empty());
    let (status, problem) = stage
        .send(Method::GET, &of_app("/flows"), Value::Null)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("api.not_found"))
    );
    let path = format!("/api/v1/desk/conversations/{id}/messages");
    let (status, _) = stage
        .send(Method::POST, &path, json!({ "text": "end" }))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "it is closed");
    stage.app(json!({})).await;
    assert_eq!(stage.get(&of_app("/flows")).await, json!([]));
}
