//! Apps made, changed, rotated and deleted through the management API.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use crate::stage::{APP_ID, APP_SECRET, KEY, Stage, TOKEN};

const APPS: &str = "/api/v1/feishu/apps";

#[tokio::test]
async fn an_app_lives_through_change_rotation_restart_and_deletion() {
    let stage = Stage::new().await;
    let events = ["im.message.receive_v1", "approval_instance"];
    stage.app_with(true, &events, json!({})).await;
    let app = stage.get(&Stage::of_app("")).await;
    insta::assert_json_snapshot!(app, {
        ".source" => "[source]",
        ".event_endpoint" => "[endpoint]",
        ".callback_endpoint" => "[endpoint]",
        ".created_at" => "[time]",
    });

    let change = json!({ "name": "Renamed", "events": ["im.chat.updated_v1"], "settings": { "event": { "concurrency": 2 } } });
    let changed = stage.done(Method::PATCH, &Stage::of_app(""), change).await;
    assert_eq!(changed["name"], "Renamed");
    assert_eq!(changed["events"], json!(["im.chat.updated_v1"]));
    assert_eq!(changed["tenant_key"], app["tenant_key"]);
    let endpoint = stage
        .engine
        .endpoints()
        .by_name(&format!("feishu.{APP_ID}.events"))
        .unwrap();
    assert_eq!(endpoint.policy.concurrency, 2);
    assert_eq!(endpoint.policy.deadline_ms, 3000);

    for secret in ["app_secret", "verification_token", "encrypt_key"] {
        stage
            .done(
                Method::POST,
                &Stage::of_app("/rotate"),
                json!({ "secret": secret }),
            )
            .await;
    }
    let rotated = stage.get(&Stage::of_app("/credentials")).await;
    for (secret, before) in [
        ("app_secret", APP_SECRET),
        ("verification_token", TOKEN),
        ("encrypt_key", KEY),
    ] {
        assert_eq!(rotated[secret].as_str().unwrap().len(), 32, "{secret}");
        assert_ne!(rotated[secret], before);
    }
    let off = json!({ "secret": "encrypt_key", "value": "" });
    assert_eq!(
        stage
            .done(Method::POST, &Stage::of_app("/rotate"), off)
            .await["encrypted"],
        false
    );

    let before = stage.get(&Stage::of_app("")).await;
    let stage = stage.restart().await;
    assert_eq!(stage.get(&Stage::of_app("")).await, before);

    stage
        .done(Method::DELETE, &Stage::of_app(""), Value::Null)
        .await;
    assert_eq!(stage.get(APPS).await, json!([]));
    assert!(stage.engine.endpoints().all().is_empty());
    let audit = stage.store.audit(None, 100).await.unwrap();
    let actions: Vec<_> = audit
        .iter()
        .rev()
        .map(|entry| entry.action.as_str())
        .collect();
    assert_eq!(
        actions,
        [
            "feishu_app.create",
            "feishu_app.update",
            "feishu_app.rotate",
            "feishu_app.rotate",
            "feishu_app.rotate",
            "feishu_app.rotate",
            "feishu_app.delete",
        ]
    );
    for secret in [
        APP_SECRET,
        TOKEN,
        KEY,
        rotated["app_secret"].as_str().unwrap(),
    ] {
        assert!(
            !audit
                .iter()
                .any(|entry| entry.detail.to_string().contains(secret))
        );
    }
}

#[tokio::test]
async fn what_is_left_out_is_generated_in_the_platforms_shapes() {
    let stage = Stage::new().await;
    let app = stage.done(Method::POST, APPS, json!({})).await;
    let app_id = app["app_id"].as_str().unwrap();
    assert!(app_id.starts_with("cli_") && app_id.len() == 20, "{app_id}");
    assert_eq!(app["name"], app_id);
    assert_eq!(
        app["callbacks"],
        json!(["card.action.trigger", "url.preview.get"])
    );
    let credentials = stage.get(&format!("{APPS}/{app_id}/credentials")).await;
    for secret in ["app_secret", "verification_token"] {
        let text = credentials[secret].as_str().unwrap();
        assert!(text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    assert_eq!(credentials["encrypt_key"], Value::Null);
    let list = stage.get(APPS).await.to_string();
    assert!(!list.contains(credentials["app_secret"].as_str().unwrap()));
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let news = [
        json!({ "app_id": APP_ID }),
        json!({ "app_id": "cli_short" }),
        json!({ "app_id": "cli_a1b2c3d4e5f6071g" }),
        json!({ "name": "" }),
        json!({ "app_secret": "" }),
        json!({ "events": ["im message"] }),
        json!({ "events": ["card.action.trigger"] }),
        json!({ "callbacks": ["card.action.trigger_v1"] }),
        json!({ "settings": { "challenge_deadline_ms": 0 } }),
        json!({ "settings": { "event": { "deadline_ms": 1000 } } }),
        json!({ "settings": { "event": { "speed": 1 } } }),
        json!({ "secret": "x" }),
    ];
    let mut refusals = Vec::new();
    for new in news {
        let (status, problem) = stage.send(Method::POST, APPS, new.clone()).await;
        refusals.push(format!(
            "{new}\n  {status} {} | {}",
            problem["code"], problem["message"]
        ));
    }
    insta::assert_snapshot!(refusals.join("\n"));

    let (status, problem) = stage
        .send(
            Method::GET,
            &format!("{APPS}/cli_0000000000000000"),
            Value::Null,
        )
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("feishu.app_not_found"))
    );
}

#[tokio::test]
async fn a_viewer_changes_nothing_and_only_an_admin_sees_secrets() {
    let stage = Stage::new().await;
    stage.app(true, &["im.message.receive_v1"]).await;
    let url = json!({ "url": "http://127.0.0.1:1/" });
    let tries = [
        (Method::POST, APPS.to_owned(), json!({})),
        (Method::PATCH, Stage::of_app(""), json!({ "name": "x" })),
        (Method::DELETE, Stage::of_app(""), Value::Null),
        (Method::PUT, Stage::of_app("/request-url"), url.clone()),
        (Method::PUT, Stage::of_app("/callback-url"), url),
        (Method::DELETE, Stage::of_app("/request-url"), Value::Null),
        (
            Method::POST,
            Stage::of_app("/trigger"),
            json!({ "type": "im.message.receive_v1" }),
        ),
        (
            Method::POST,
            Stage::of_app("/callbacks"),
            json!({ "type": "card.action.trigger" }),
        ),
        (
            Method::POST,
            Stage::of_app("/rotate"),
            json!({ "secret": "app_secret" }),
        ),
        (Method::GET, Stage::of_app("/credentials"), Value::Null),
    ];
    for (method, path, body) in tries {
        let (status, _) = stage
            .send_as(Role::Viewer, method.clone(), &path, body)
            .await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    for path in ["/credentials", "/rotate"] {
        let method = if path == "/rotate" {
            Method::POST
        } else {
            Method::GET
        };
        let body = json!({ "secret": "app_secret" });
        let (status, _) = stage
            .send_as(Role::Auditor, method, &Stage::of_app(path), body)
            .await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let (status, _) = stage
        .send_as(Role::Viewer, Method::GET, APPS, Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn every_route_is_in_the_openapi_document() {
    let stage = Stage::new().await;
    let document = serde_json::to_value(stage.feishu.api().into_openapi()).unwrap();
    let routes: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    insta::assert_snapshot!(routes.join("\n"));
}
