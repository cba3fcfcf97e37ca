//! What an operator looks at: health, metrics, status, faults, backups.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::stage::{PROCESS_TOKEN, Stage};

#[tokio::test]
async fn readiness_names_what_is_wrong() {
    let stage = Stage::new().await;
    let get = |path| {
        stage.request(
            Method::GET,
            path,
            axum::http::HeaderMap::new(),
            Bytes::new(),
        )
    };
    assert_eq!(get("/healthz").await.unwrap().body, r#"{"alive":true}"#);
    assert_eq!(get("/readyz").await.unwrap().body, r#"{"ready":true}"#);
    stage.faces.stopping();
    let answer = get("/readyz").await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.body,
        r#"{"ready":false,"cause":"the process is stopping"}"#
    );
    assert_eq!(get("/healthz").await.unwrap().status, StatusCode::OK);
    let status = stage.get("status").await;
    insta::assert_json_snapshot!(status, {
        ".clock.now" => "[time]", ".clock.wire" => "[time]", ".store.free_bytes" => "[bytes]",
        ".store.wal_bytes" => "[bytes]", ".store.database_bytes" => "[bytes]",
        ".store.last_commit_us" => "[us]", ".version" => "[version]",
    });
}

#[tokio::test]
async fn metrics_answer_an_operators_questions() {
    let stage = Stage::new().await;
    // The recorder belongs to the process, so the names are this test's own.
    stage.standard_source("metered").await;
    let endpoint = json!({ "name": "metered", "url": "http://127.0.0.1:9/", "dialect": "raw" });
    stage.post("endpoints", endpoint).await;
    let event = json!({ "type": "order.paid" });
    stage
        .push_to("metered", None, "msg_1", &event)
        .await
        .unwrap();
    stage
        .push_to("metered", None, "msg_1", &event)
        .await
        .unwrap();
    let forged = stage.request(
        Method::POST,
        "/in/metered",
        axum::http::HeaderMap::new(),
        Bytes::new(),
    );
    assert_eq!(forged.await.unwrap().status, StatusCode::UNAUTHORIZED);
    stage.engine.quiet().await;
    let answer = stage.get_as_host("localhost", "/metrics").await;
    assert_eq!(
        answer.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    for line in [
        r#"ringback_received_total{source="metered",outcome="accepted"} 1"#,
        r#"ringback_received_total{source="metered",outcome="duplicate"} 1"#,
        r#"ringback_received_total{source="metered",outcome="refused"} 1"#,
        r#"ringback_refused_total{source="metered",reason="standard.id_missing"} 1"#,
        r#"ringback_attempts_total{endpoint="metered",outcome="failed"} 1"#,
        r#"ringback_deliveries_held{reason="behind"} 0"#,
        r#"ringback_deliveries_held{reason="paused"} 0"#,
        "# HELP ringback_ready Whether events are taken",
        "ringback_ready 1",
    ] {
        assert!(
            answer.body.lines().any(|found| found == line),
            "{line}\n{}",
            answer.body
        );
    }
    for name in [
        "ringback_oldest_due_age_seconds",
        "ringback_store_last_commit_seconds",
        "ringback_store_queue_depth",
        "ringback_store_wal_bytes",
        "ringback_store_database_bytes",
        "ringback_attempt_seconds_bucket",
        "ringback_acknowledge_seconds_bucket",
    ] {
        assert!(answer.body.contains(name), "{name}\n{}", answer.body);
    }
}

#[tokio::test]
async fn faults_are_set_by_name_listed_and_cleared() {
    let stage = Stage::new().await;
    stage.hooks().await;
    stage
        .post(
            "endpoints",
            json!({ "name": "billing", "url": "http://127.0.0.1:9/", "dialect": "raw" }),
        )
        .await;
    let faults = [
        json!({ "place": { "source": "hooks" }, "fault": { "kind": "drop" }, "count": 1 }),
        json!({ "place": { "endpoint": "billing" }, "fault": { "kind": "status", "status": 500 }, "lasts_ms": 1000 }),
        json!({ "place": "every_endpoint", "fault": { "kind": "delay", "delay_ms": 5 }, "probability": 0.5 }),
    ];
    for fault in faults {
        stage.post("faults", fault).await;
    }
    let list = stage.get("faults").await;
    insta::assert_json_snapshot!(list, { ".faults[].until" => "[time]" });
    stage.done(Method::DELETE, "faults/2", Value::Null).await;

    // The acknowledgement is lost, the event is not: what the platform sends again is a duplicate.
    let event = json!({ "type": "order.paid" });
    assert!(stage.push("msg_1", &event).await.is_err());
    assert_eq!(
        stage.push("msg_1", &event).await.unwrap().status,
        StatusCode::OK
    );
    let source = stage.get("sources/hooks").await;
    assert_eq!(
        (
            &source["counts"]["accepted"],
            &source["counts"]["duplicates"]
        ),
        (&json!(1), &json!(1))
    );

    let mut problems = Vec::new();
    for body in [
        json!({ "place": { "source": "nobody" }, "fault": { "kind": "drop" } }),
        json!({ "place": "every_source", "fault": { "kind": "reset" } }),
        json!({ "place": "every_source", "fault": { "kind": "flood" } }),
        json!({ "place": "every_source", "fault": { "kind": "drop" }, "probability": 2 }),
    ] {
        problems.push(stage.api(Method::POST, "faults", body).await.problem());
    }
    problems.push(
        stage
            .api(Method::DELETE, "faults/2", Value::Null)
            .await
            .problem(),
    );
    insta::assert_snapshot!(problems.join("\n"));
    stage.done(Method::DELETE, "faults", Value::Null).await;
    assert_eq!(stage.get("faults").await, json!({ "faults": [] }));
}

#[tokio::test]
async fn a_backup_is_a_whole_store_and_overwrites_nothing() {
    let stage = Stage::new().await;
    stage.hooks().await;
    let file = stage.directory.path().join("copy.db");
    let made = stage.post("backup", json!({ "file": file })).await;
    assert_eq!(made["bytes"], std::fs::metadata(&file).unwrap().len());
    let mut problems = Vec::new();
    for file in [file.to_str().unwrap(), "copy.db"] {
        problems.push(
            stage
                .api(Method::POST, "backup", json!({ "file": file }))
                .await
                .problem(),
        );
    }
    let directory = stage.directory.path().to_str().unwrap();
    insta::with_settings!({ filters => vec![(directory, "[directory]")] }, {
        insta::assert_snapshot!(problems.join("\n"));
    });
}

#[tokio::test]
async fn a_watcher_is_let_go_when_its_token_is_revoked_or_the_process_stops() {
    let mut stage = Stage::new().await;
    stage.hooks().await;
    let token = stage
        .post("tokens", json!({ "name": "watcher", "role": "operator" }))
        .await;
    let mut revoked = stage.watch(token["token"].as_str().unwrap()).await;
    let mut watching = stage.watch(PROCESS_TOKEN).await;
    stage
        .push("msg_1", &json!({ "type": "order.paid" }))
        .await
        .unwrap();
    for watcher in [&mut revoked, &mut watching] {
        let line = watcher.frame().await.unwrap().unwrap().into_data().unwrap();
        let seen: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(
            (&seen["outcome"], &seen["event_type"]),
            (&json!("accepted"), &json!("order.paid"))
        );
    }
    let path = format!("tokens/{}", token["id"].as_str().unwrap());
    stage.done(Method::DELETE, &path, Value::Null).await;
    stage
        .push("msg_2", &json!({ "type": "order.paid" }))
        .await
        .unwrap();
    assert!(revoked.frame().await.is_none());
    assert!(watching.frame().await.unwrap().is_ok());

    stage.faces.stopping();
    assert!(watching.frame().await.is_none());
    stage.stopped().await;
}
