//! Flows: the check, versions, draft and published, rollback, the drawing.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use crate::stage::{Stage, flow, of_app};

fn saying(text: &str) -> Value {
    flow(
        "greeting",
        &["hello"],
        &json!([
            { "id": "ask", "type": "branch", "text": "Shall I?", "options": [{ "text": "Yes", "next": "say" }] },
            { "id": "say", "type": "reply", "text": text, "next": "end" },
            { "id": "end", "type": "end" },
        ]),
    )
}

#[tokio::test]
async fn versions_are_drafted_published_and_taken_back_and_a_run_keeps_its_own() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    let path = of_app("/flows/greeting");
    let saved = stage.post(&of_app("/flows"), saying("one")).await;
    assert_eq!(
        (&saved["latest"], &saved["published"]),
        (&json!(1), &Value::Null)
    );
    let users = stage.converse(json!({})).await;
    assert_eq!(
        stage.hears(&users, "hello").await,
        ["Sorry, I did not understand that."]
    );
    let drafts = stage.converse(json!({ "draft": true })).await;
    assert_eq!(stage.hears(&drafts, "hello").await, ["Shall I?"]);

    stage.post(&format!("{path}/publish"), json!({})).await;
    assert_eq!(stage.hears(&users, "hello").await, ["Shall I?"]);
    let saved = stage.publish(&saying("two")).await;
    assert_eq!(
        (&saved["latest"], &saved["published"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        stage.hears(&users, "yes").await,
        ["one"],
        "a run keeps the version it began with"
    );
    stage.hears(&users, "hello").await;
    assert_eq!(stage.hears(&users, "yes").await, ["two"]);

    stage
        .post(&format!("{path}/publish?version=1"), json!({}))
        .await;
    stage.hears(&users, "hello").await;
    assert_eq!(stage.hears(&users, "yes").await, ["one"], "rolled back");
    let versions = stage.get(&format!("{path}/versions")).await;
    let shown: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["version"].clone(), row["published"].clone()))
        .collect();
    assert_eq!(shown, [(json!(2), json!(false)), (json!(1), json!(true))]);
    let document = stage.get(&format!("{path}?version=1")).await;
    assert_eq!(
        document["document"],
        saying("one"),
        "what was saved comes back"
    );
    let (status, problem) = stage
        .send(
            Method::POST,
            &format!("{path}/publish?version=9"),
            json!({}),
        )
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("flow.no_version"))
    );
}

#[tokio::test]
async fn a_flow_that_is_deleted_ends_its_runs_with_the_fallback_message() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    stage.publish(&saying("one")).await;
    let id = stage.converse(json!({})).await;
    stage.hears(&id, "hello").await;
    stage
        .done(Method::DELETE, &of_app("/flows/greeting"), Value::Null)
        .await;
    let said = stage.hears(&id, "yes").await;
    assert_eq!(
        said[0],
        "Sorry, something went wrong on our side. Please try again later."
    );
    assert_eq!(stage.run(&id).await["ending"], "broken");
}

#[tokio::test]
async fn a_document_with_faults_is_not_saved_and_each_fault_names_its_place() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    let mut faulty = saying("Hello ${Nobody}");
    faulty["nodes"][1]["options"][0]["next"] = json!("nowhere");
    let checked = stage.post("/api/v1/desk/flow-check", faulty.clone()).await;
    insta::assert_json_snapshot!("faults", checked);
    let (status, problem) = stage.send(Method::POST, &of_app("/flows"), faulty).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("unsaved", problem);
    assert_eq!(stage.get(&of_app("/flows")).await, json!([]));
    for broken in [
        json!("text"),
        json!({ "name": "x" }),
        json!({ "name": "x", "nodes": [{ "id": "a", "type": "jump" }] }),
    ] {
        let (status, problem) = stage.send(Method::POST, &of_app("/flows"), broken).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("flow.invalid"))
        );
    }
    let schema = stage.get("/api/v1/desk/flow-schema").await;
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let role = stage
        .send_as(Role::Viewer, Method::POST, &of_app("/flows"), saying("x"))
        .await;
    assert_eq!(role.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_flow_is_drawn_with_the_way_of_a_run() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    stage.publish(&saying("one")).await;
    let id = stage.converse(json!({})).await;
    stage.hears(&id, "hello").await;
    let run = stage.run(&id).await["id"].as_str().unwrap().to_owned();
    let plain = stage
        .get(&of_app("/flows/greeting/drawing?format=mermaid"))
        .await;
    let way = stage
        .get(&of_app(&format!(
            "/flows/greeting/drawing?format=mermaid&run={run}"
        )))
        .await;
    assert!(plain.as_str().unwrap().starts_with("flowchart TD"));
    assert_ne!(plain, way);
    let svg = stage
        .get(&of_app(&format!("/flows/greeting/drawing?run={run}")))
        .await;
    assert!(svg.as_str().unwrap().starts_with("<svg "), "{svg}");
    let (status, _) = stage
        .send(
            Method::GET,
            &of_app("/flows/greeting/drawing?run=run_0000000000001"),
            Value::Null,
        )
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
