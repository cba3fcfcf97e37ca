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
    let late = watch(Some("2")).await.unwrap();
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
            let (name, data) = event.split_once('\n').unwrap();
            let data = data
                .lines()
                .find_map(|line| line.strip_prefix("data: "))
                .unwrap();
            let data: serde_json::Value = serde_json::from_str(data).unwrap();
            let what = match name {
                "event: message" => data["text"].to_string(),
                "event: step" => data["node"].to_string(),
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
    let steps = of("event: step");
    let passed = ["start", "call", "ask", "end"].map(|node| format!("event: step \"{node}\""));
    assert_eq!(steps, passed);
    assert_eq!(of("event: message").len(), 4, "{shown:?}");
    assert_eq!(shown.last().unwrap(), "event: state \"closed\"");
    let late = text(late.unwrap());
    assert!(
        !late.contains("Your name?") && late.contains("id: 3"),
        "{late}"
    );
}
