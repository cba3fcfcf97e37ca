//! Programs that run as processes of this one.

use axum::http::Method;
use serde_json::{Value, json};

use super::{PROGRAM, echo_at};
use crate::stage::Stage;

#[tokio::test]
async fn a_process_shows_what_keeps_it_from_running_and_no_environment_values() {
    let stage = Stage::with_processes().await;
    let mut program = echo_at("http://127.0.0.1:9/");
    program["host"] = json!({
        "kind": "process", "command": "/nowhere/echo", "arguments": ["--quiet"],
        "environment": { "API_KEY": "s3cret" },
    });
    stage.done(Method::PUT, "wecom/programs", program).await;
    let view = stage.get(PROGRAM).await;
    assert_eq!(view["host"]["environment"], json!({ "API_KEY": null }));
    assert_eq!(view["instances"][0]["state"], "stopped");

    stage.post(&format!("{PROGRAM}/submit"), Value::Null).await;
    let approval = json!({ "approved": true });
    stage.post(&format!("{PROGRAM}/review"), approval).await;
    let deployed = stage.post(&format!("{PROGRAM}/deploy"), json!({})).await;
    assert_eq!(deployed["state"], "deployed");
    let instance = loop {
        let mut program = stage.get(PROGRAM).await;
        if !program["instances"][0]["problem"].is_null() {
            break program["instances"][0].take();
        }
    };
    insta::assert_json_snapshot!(instance, {
        ".state" => "[state]", ".since" => "[time]", ".next_start" => "[time]", ".restarts" => "[count]",
    });
    let logs = stage.get(&format!("{PROGRAM}/logs?level=error")).await;
    assert_eq!(
        (&logs["lines"], &logs["counts"]["kept"]),
        (&json!([]), &json!(0))
    );
    let output = format!("{PROGRAM}/instances/1/output");
    assert_eq!(stage.get(&output).await, json!({ "lines": [] }));
    let rotated = stage.post(&format!("{PROGRAM}/rotate"), Value::Null).await;
    assert_eq!(
        rotated["instances"][0]["key"],
        json!({ "newest": 2, "used": 1 })
    );
    stage
        .post(&format!("{PROGRAM}/undeploy"), Value::Null)
        .await;
    let stopped = stage.get(PROGRAM).await;
    assert_eq!(stopped["instances"][0]["state"], "stopped");
}
