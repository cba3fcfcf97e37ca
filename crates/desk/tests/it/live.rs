//! The live view: server-sent events of messages, steps and states.

use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use ringback_types::Role;
use serde_json::json;
use tower::ServiceExt as _;

use crate::business::Business;
use crate::stage::{Stage, flow};

#[tokio::test]
async fn whoever_watches_sees_messages_steps_and_the_end_and_can_come_back() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage.publish(&flow("order", &["order"], &json!([
        { "id": "call", "type": "api_call", "url": format!("{}/call", business.url), "next": "ask" },
        { "id": "ask", "type": "collect", "next": "end", "items": [
            { "variable": "Name", "description": "the name", "ask": "Your name?" } ] },
        { "id": "end", "type": "end" },
    ]))).await;
    let id = stage.converse(json!({})).await;
    stage.said(&id, "order").await;
    let path = format!("/api/v1/desk/conversations/{id}/live");
    let watch = |last: Option<&str>| {
        let mut request = Request::builder().method(Method::GET).uri(&path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        stage
            .router(Role::Operator)
            .oneshot(request.body(Body::empty()).unwrap())
    };
    let watching = watch(None).await.unwrap();
    // What has been seen so far is that of the first event after which one comes back.
    let back = {
        let mut body = watch(None).await.unwrap().into_body();
        let mut text = String::new();
        while !text.contains("event: state") {
            let frame = body.frame().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        let mut ids = text.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.next_back().unwrap().to_owned()
    };
    let late = watch(Some(&back)).await.unwrap();
    let rest = async {
        stage.said(&id, "Ann").await;
        stage
            .post(&format!("/api/v1/desk/conversations/{id}/close"), json!({}))
            .await;
    };
    let (seen, late, ()) = tokio::join!(
        watching.into_body().collect(),
        late.into_body().collect(),
        rest
    );
    let text =
        |body: http_body_util::Collected<_>| String::from_utf8(body.to_bytes().to_vec()).unwrap();
    let shown: Vec<String> = text(seen.unwrap())
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| {
            let line = |field: &str| {
                event
                    .lines()
                    .find_map(|line| line.strip_prefix(field))
                    .unwrap()
            };
            let (name, data) = (line("event: "), line("data: "));
            let data: serde_json::Value = serde_json::from_str(data).unwrap();
            let what = match name {
                "message" => data["text"].to_string(),
                "step" => {
                    assert!(data["run"].is_string() && data["execution_id"].is_string());
                    data["node"].to_string()
                }
                _ => data["state"].to_string(),
            };
            format!("{name} {what}")
        })
        .collect();
    // States between two reads may be seen or not; messages and steps all are, once.
    let of = |name: &str| -> Vec<&str> {
        let lines = shown.iter().map(String::as_str);
        lines.filter(|line| line.starts_with(name)).collect()
    };
    let steps = of("step");
    let passed = ["start", "call", "ask", "end"].map(|node| format!("step \"{node}\""));
    assert_eq!(steps, passed);
    assert_eq!(of("message").len(), 4, "{shown:?}");
    assert_eq!(shown.last().unwrap(), "state \"closed\"");
    let late = text(late.unwrap());
    assert!(
        !late.contains("Your name?") && !late.contains(r#""node":"call""#),
        "{late}"
    );
    assert!(
        late.contains(r#""text":"Ann""#) && late.contains(r#""node":"ask""#),
        "{late}"
    );
}

#[tokio::test]
async fn many_short_runs_are_all_shown_and_nobody_is_kept_who_has_left() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    let end = json!([{ "id": "end", "type": "end" }]);
    stage.publish(&flow("order", &["order"], &end)).await;
    let id = stage.converse(json!({})).await;
    for _ in 0..150 {
        stage.said(&id, "order").await;
    }
    stage
        .post(&format!("/api/v1/desk/conversations/{id}/close"), json!({}))
        .await;
    let path = format!("/api/v1/desk/conversations/{id}/live");
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let shown = stage.router(Role::Operator).oneshot(request).await.unwrap();
    let shown = shown.into_body().collect().await.unwrap().to_bytes();
    let shown = String::from_utf8(shown.to_vec()).unwrap();
    let count = |what: &str| shown.matches(what).count();
    assert_eq!((count("event: message"), count("event: step")), (151, 300));
    assert_eq!(count("event: state"), 1);
}
