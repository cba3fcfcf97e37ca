//! Endpoints made, changed, paused, rotated and deleted.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use crate::stage::{SIGNING_KEY, Stage};

#[tokio::test]
async fn an_endpoint_lives_through_its_changes() {
    let stage = Stage::new().await;
    stage.hooks().await;
    let new = json!({
        "name": "billing", "url": "http://127.0.0.1:9/events?key=s3cret", "dialect": "standard",
        "sources": ["hooks"], "types": ["order.*"], "policy": { "concurrency": 2 },
    });
    let made = stage.post("endpoints", new).await;
    let key = made["made_key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("whsec_"));
    insta::assert_json_snapshot!(made, {
        ".id" => "[id]", ".created_at" => "[time]", ".made_key" => "[key]",
    });

    let id = made["id"].as_str().unwrap();
    let by_id = stage.get(&format!("endpoints/{id}")).await;
    assert_eq!(by_id, stage.get("endpoints/billing").await);
    assert!(!by_id.to_string().contains(&key));
    let viewer = stage.token("viewer", Role::Viewer).await;
    let seen = stage
        .api_as(&viewer, Method::GET, "endpoints", Value::Null)
        .await;
    assert!(!seen.body.contains("s3cret"), "{seen:?}");

    let change = json!({ "types": [], "policy": { "ladder_ms": [1000], "auto_pause_after": 3 } });
    let changed = stage.done(Method::PATCH, "endpoints/billing", change).await;
    assert_eq!(
        (&changed["types"], &changed["policy"]["ladder_ms"]),
        (&json!([]), &json!([1000]))
    );
    assert_eq!(
        (&changed["policy"]["concurrency"], &changed["sources"]),
        (&json!(2), &json!(["hooks"]))
    );
    let change = json!({ "policy": { "auto_pause_after": null } });
    let changed = stage.done(Method::PATCH, "endpoints/billing", change).await;
    assert_eq!(changed["policy"]["auto_pause_after"], Value::Null);
    assert_eq!(
        stage.post("endpoints/billing/pause", json!({})).await["paused"],
        "asked"
    );
    assert_eq!(
        stage.get("endpoints/billing/health").await["state"],
        "paused"
    );
    assert_eq!(
        stage.post("endpoints/billing/resume", json!({})).await["paused"],
        Value::Null
    );

    let rotated = stage
        .post(
            "endpoints/billing/rotate-secret",
            json!({ "overlap_ms": 60_000 }),
        )
        .await;
    assert_ne!(rotated["made_key"], key.as_str());
    assert!(rotated["previous_until"].is_string());
    let given = json!({ "key": SIGNING_KEY, "overlap_ms": 0 });
    let rotated = stage.post("endpoints/billing/rotate-secret", given).await;
    assert_eq!(
        (&rotated["made_key"], &rotated["previous_until"]),
        (&Value::Null, &Value::Null)
    );

    let deleted = stage
        .done(Method::DELETE, "endpoints/billing", Value::Null)
        .await;
    assert_eq!(deleted, json!({ "abandoned": 0 }));
    assert_eq!(stage.get("endpoints").await, json!({ "endpoints": [] }));
    let audit = stage.get("audit").await;
    let rows = audit["entries"].as_array().unwrap().iter().rev();
    let rows = rows.map(|row| format!("{} {} {}", row["caller"], row["action"], row["target"]));
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
    for secret in [&key, "s3cret", SIGNING_KEY] {
        assert!(!audit.to_string().contains(secret), "{audit}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    let url = "http://127.0.0.1:9/";
    stage
        .post(
            "endpoints",
            json!({ "name": "taken", "url": url, "dialect": "raw" }),
        )
        .await;
    let with = |extra: Value| {
        let mut new = json!({ "name": "a", "url": url, "dialect": "raw" });
        new.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        new
    };
    let requests = [
        (Method::POST, "endpoints", with(json!({ "name": "taken" }))),
        (Method::POST, "endpoints", with(json!({ "name": "a b" }))),
        (
            Method::POST,
            "endpoints",
            with(json!({ "url": "ftp://example.com/" })),
        ),
        (
            Method::POST,
            "endpoints",
            with(json!({ "dialect": "wecom" })),
        ),
        (
            Method::POST,
            "endpoints",
            with(json!({ "sources": ["nobody"] })),
        ),
        (Method::POST, "endpoints", with(json!({ "types": ["["] }))),
        (
            Method::POST,
            "endpoints",
            with(json!({ "policy": { "deadline_ms": 0 } })),
        ),
        (
            Method::POST,
            "endpoints",
            with(json!({ "policy": { "speed": 1 } })),
        ),
        (
            Method::POST,
            "endpoints",
            with(json!({ "dialect": "standard", "key": "whsec_x" })),
        ),
        (Method::PATCH, "endpoints/nobody", json!({})),
        (Method::POST, "endpoints/nobody/pause", json!({})),
        (Method::GET, "endpoints/nobody/health", Value::Null),
        (Method::DELETE, "endpoints/nobody", Value::Null),
    ];
    let mut shown = Vec::new();
    for (method, path, body) in requests {
        let answer = stage.api(method.clone(), path, body).await;
        assert!(answer.status.is_client_error(), "{path}: {answer:?}");
        shown.push(format!("{method} {path}: {}", answer.problem()));
    }
    insta::assert_snapshot!(shown.join("\n"));
    let answer = stage.api(Method::GET, "endpoints/taken", Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK);
}
