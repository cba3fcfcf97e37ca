//! What an operator looks at: health, metrics, status, faults, backups.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::stage::Stage;

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
    stage.hooks().await;
    let endpoint = json!({ "name": "gone", "url": "http://127.0.0.1:9/", "dialect": "raw" });
    stage.post("endpoints", endpoint).await;
    let event = json!({ "type": "order.paid" });
    stage.push("msg_1", &event).await.unwrap();
    stage.push("msg_1", &event).await.unwrap();
    let forged = stage.request(
        Method::POST,
        "/in/hooks",
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
        r#"ringback_received_total{source="hooks",outcome="accepted"} 1"#,
        r#"ringback_received_total{source="hooks",outcome="duplicate"} 1"#,
        r#"ringback_received_total{source="hooks",outcome="refused"} 1"#,
        r#"ringback_refused_total{source="hooks",reason="standard.id_missing"} 1"#,
        r#"ringback_attempts_total{endpoint="gone",outcome="failed"} 1"#,
        r#"ringback_deliveries_held{reason="behind"} 0"#,
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
