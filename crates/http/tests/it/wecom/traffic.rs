//! Calls and events, and what the log shows of them.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use super::peer::Program;
use super::{PROGRAM, audit, corp_and_app, deployed};
use crate::stage::Stage;

async fn running(stage: &Stage) -> Program {
    let program = Program::start().await;
    corp_and_app(stage).await;
    deployed(stage, &program.url).await;
    let file = format!("{PROGRAM}/instances/1/credentials");
    program.take(stage.get(&file).await);
    program
}

fn call(ability: &str, data: &str) -> Value {
    json!({ "program_id": "progEcho", "ability_id": ability, "request_data": data })
}

/// A call in the log, which is written after the call has been answered.
async fn logged(stage: &Stage, delivery: &str) -> Value {
    let path = format!("log/{delivery}");
    loop {
        let answer = stage.api(Method::GET, &path, Value::Null).await;
        if answer.status == StatusCode::OK {
            return answer.json();
        }
    }
}

#[tokio::test]
async fn a_call_made_by_hand_answers_as_the_platform_does_and_says_why_not() {
    let stage = Stage::new().await;
    let program = running(&stage).await;
    let data = r#"{"text":"is the tea ready?"}"#;
    let answered = stage.post("wecom/call", call("echo", data)).await;
    assert_eq!(
        (&answered["errcode"], &answered["response_data"]),
        (&json!(0), &json!(data))
    );
    let logged = logged(&stage, answered["delivery"].as_str().unwrap()).await;
    assert_eq!(
        (&logged["state"], &logged["type"], &logged["sealed"]),
        (
            &json!("delivered"),
            &json!("program.sync_call"),
            &json!(true)
        )
    );

    let mut refused = Vec::new();
    for request in [
        call("sing", data),
        call("echo", "tea"),
        call("echo", r#"{"song":"a"}"#),
        json!({ "program_id": "nobody", "ability_id": "echo", "request_data": "{}" }),
    ] {
        let answer = stage.post("wecom/call", request).await;
        refused.push(format!(
            "{} {} | {}",
            answer["errcode"], answer["errmsg"], answer["cause"]
        ));
    }
    insta::assert_snapshot!(refused.join("\n"));

    let mut asynchronous = call("echo", data);
    asynchronous["async"] = json!(true);
    let begun = stage.post("wecom/call", asynchronous).await;
    stage.engine.quiet().await;
    let result = json!({ "jobid": begun["jobid"] });
    let waiting = stage.post("wecom/result", result).await;
    assert_eq!(waiting["errcode"], 710_642);
    drop(program);
}

#[tokio::test]
async fn sealed_bodies_are_opened_for_auditors_who_are_then_named() {
    let stage = Stage::new().await;
    let _program = running(&stage).await;
    let set = json!({ "note": "the tea is ready" });
    let event = json!({ "type": "hit_keyword", "set": set });
    let made = stage.post("wecom/trigger", event).await;
    stage.engine.quiet().await;
    let id = made[0]["event"].as_str().unwrap();
    let delivery = made[0]["delivery"].as_str().unwrap();
    assert_eq!(made[0]["program_id"], "progEcho");

    let (event, opened) = (
        format!("log/{id}"),
        format!("log/{delivery}?plaintext=true"),
    );
    let shown = stage.get(&event).await;
    assert_eq!(
        (&shown["sealed"], &shown["body"], &shown["has_body"]),
        (&json!(true), &Value::Null, &json!(true))
    );
    assert_eq!(shown["deliveries"][0]["state"], "delivered");
    assert_eq!(shown["source"], "ww0123456789abcdef/1000002");
    let found = stage.get("log?text=tea+is+ready").await;
    assert_eq!(found["entries"], json!([]));

    let operator = stage.token("operator", Role::Operator).await;
    let refused = stage
        .api_as(&operator, Method::GET, &opened, Value::Null)
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!audit(&stage).await.contains("zone.read_plaintext"));
    let auditor = stage.token("auditor", Role::Auditor).await;
    let read = stage
        .api_as(&auditor, Method::GET, &opened, Value::Null)
        .await
        .json();
    assert_eq!(read["sealed"], true);
    let frame: Value = serde_json::from_str(read["body"].as_str().unwrap()).unwrap();
    assert_eq!(frame["call_type"], 2);
    assert!(frame["data"].as_str().unwrap().contains("the tea is ready"));
    let audit = stage.get("audit?limit=1").await;
    let row = &audit["entries"][0];
    assert_eq!(
        (&row["action"], &row["caller"], &row["target"]),
        (&json!("zone.read_plaintext"), &json!("auditor"), &json!(id))
    );
}

#[tokio::test]
async fn each_event_type_has_a_sample_and_can_be_made() {
    let stage = Stage::new().await;
    let _program = running(&stage).await;
    let fixtures = stage.get("wecom/fixtures").await;
    insta::assert_json_snapshot!(fixtures);
    for fixture in fixtures.as_array().unwrap() {
        stage
            .post(
                "wecom/trigger",
                json!({ "type": fixture["type"], "count": 2 }),
            )
            .await;
    }
    stage.engine.quiet().await;
    let log = stage.get("log?state=delivered").await;
    assert_eq!(log["entries"].as_array().unwrap().len(), 18);
}
