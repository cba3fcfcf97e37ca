//! Sources made, changed and deleted through the management API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::platform::{KEY, SIGNING_KEY, TOKEN};
use crate::stage::Stage;

#[tokio::test]
async fn a_source_lives_through_change_restart_and_deletion() {
    let stage = Stage::new().await;
    stage.feishu_source("feishu-prod", json!({})).await;
    let secrets = json!({ "signing_key": SIGNING_KEY });
    let hooks = json!({ "name": "hooks", "dialect": "standard", "secrets": secrets });
    stage.done(Method::POST, "sources", hooks).await;
    let endpoint = json!({ "name": "cards", "url": "http://127.0.0.1:9/", "dialect": "raw" });
    stage.endpoint(endpoint).await;
    let change = json!({ "call_endpoint": "cards", "tolerance_seconds": 0, "headers": ["x-unit"] });
    stage
        .done(Method::PATCH, "sources/feishu-prod", change)
        .await;

    let list = stage.get("sources").await;
    insta::assert_json_snapshot!(list, {
        ".sources[].id" => "[id]", ".sources[].created_at" => "[time]",
        ".sources[].settings.call_endpoint" => "[endpoint]",
    });
    let shown = list.to_string();
    for secret in [KEY, TOKEN, SIGNING_KEY] {
        assert!(!shown.contains(secret));
    }

    let stage = stage.restart().await;
    assert_eq!(stage.get("sources").await, list);
    let cleared = stage
        .done(
            Method::PATCH,
            "sources/feishu-prod",
            json!({ "call_endpoint": "" }),
        )
        .await;
    assert_eq!(cleared["settings"]["call_endpoint"], Value::Null);
    assert_eq!(cleared["settings"]["headers"], json!(["x-unit"]));
    stage
        .done(Method::DELETE, "sources/hooks", Value::Null)
        .await;
    assert_eq!(
        stage
            .api(Method::GET, "sources/hooks", Value::Null)
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    let audit = stage.store.audit(None, 100).await.unwrap();
    let rows: Vec<_> = audit
        .iter()
        .rev()
        .filter(|entry| entry.action.starts_with("source."))
        .map(|entry| {
            format!(
                "{} {} {} {}",
                entry.caller, entry.action, entry.target, entry.detail
            )
        })
        .collect();
    let rows = rows.join("\n");
    assert!(
        ![KEY, TOKEN, SIGNING_KEY]
            .iter()
            .any(|secret| rows.contains(secret))
    );
    insta::with_settings!({ filters => vec![("src_[0-9a-z]+", "[source]")] }, {
        insta::assert_snapshot!(rows);
    });
}

/// Sources that cannot be made, each for its own cause.
fn impossible() -> Vec<Value> {
    let token = json!({ "verification_token": "t" });
    let with = |extra: Value| {
        let mut new = json!({ "name": "a", "dialect": "feishu", "secrets": token });
        new.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        new
    };
    vec![
        with(json!({ "name": "taken" })),
        with(json!({ "name": "A/b" })),
        with(json!({ "secrets": {} })),
        with(json!({ "dialect": "standard" })),
        with(json!({ "dialect": "standard", "secrets": { "signing_key": "whsec_short" } })),
        with(json!({ "dialect": "wecom" })),
        with(
            json!({ "dialect": "wecom", "secrets": { "token": "t", "encoding_aes_key": "short" } }),
        ),
        with(
            json!({ "dialect": "wecom", "secrets": { "token": "t", "encoding_aes_key": "short", "receive_id": "" } }),
        ),
        with(json!({ "settings": { "acknowledgement": "success" } })),
        with(json!({ "dialect": "slack" })),
        with(json!({ "color": "red" })),
        with(json!({ "settings": { "call_endpoint": "nobody" } })),
        with(json!({ "settings": { "call_margin_ms": 3000 } })),
        with(json!({ "settings": { "headers": ["X-Lark-Signature"] } })),
        with(json!({ "settings": { "headers": ["not a header"] } })),
    ]
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    stage.feishu_source("taken", json!({})).await;
    let token = json!({ "verification_token": "t" });
    let made = impossible()
        .into_iter()
        .map(|new| (Method::POST, "sources", new));
    let others = [
        (
            Method::PATCH,
            "sources/taken",
            json!({ "tolerance_seconds": "long" }),
        ),
        (Method::PATCH, "sources/nobody", json!({})),
        (
            Method::POST,
            "sources/nobody/rotate",
            json!({ "secrets": token }),
        ),
        (Method::DELETE, "sources/nobody", Value::Null),
        (Method::GET, "sources/nobody/refusals", Value::Null),
        (Method::GET, "sources/nobody/requests", Value::Null),
    ];
    let mut shown = Vec::new();
    for (method, path, body) in made.chain(others) {
        let answer = stage.api(method.clone(), path, body).await;
        let problem = answer.json();
        let text = |member: &str| problem[member].as_str().unwrap_or("-").to_owned();
        let (status, code) = (answer.status.as_u16(), text("code"));
        shown.push(format!(
            "{method} {path}: {status} {code} | {} | {}",
            text("message"),
            text("hint")
        ));
    }
    insta::assert_snapshot!(shown.join("\n"));
    let answer = stage
        .send(
            Method::POST,
            "/api/v1/sources",
            axum::http::HeaderMap::new(),
            "{".into(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["code"], "api.not_json");
    assert_eq!(stage.gateway.sources().all().len(), 1);
}
