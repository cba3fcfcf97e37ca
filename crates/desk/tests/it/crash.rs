//! The process ends in the middle of a run: nothing is lost, and no call is made twice.

use axum::body::Body;
use axum::http::Method;
use ringback_types::Role;
use serde_json::{Value, json};

use crate::business::{Business, Reply, ok};
use crate::stage::{Stage, flow, until, way};

#[tokio::test]
async fn a_call_under_way_counts_as_failed_and_the_run_goes_on_by_itself() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage.publish(&flow("order", &["order"], &json!([
        { "id": "before", "type": "reply", "text": "I ask the shop.", "next": "call" },
        { "id": "call", "type": "api_call", "url": format!("{}/slow", business.url), "next": "well", "on_exception": "ask" },
        { "id": "well", "type": "reply", "text": "well", "next": "end" },
        { "id": "ask", "type": "collect", "next": "end", "items": [
            { "variable": "Mail", "description": "an address", "ask": "Where may we write?" } ] },
        { "id": "end", "type": "end" },
    ]))).await;
    let id = stage.converse(json!({})).await;
    let untouched = stage.converse(json!({})).await;
    business.reply("/slow", Reply::Held(ok(&json!({}))));
    let path = format!("/api/v1/desk/conversations/{id}/messages");
    let body = Body::from(json!({ "text": "order" }).to_string());
    let router = stage.router(Role::Admin);
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri(path)
        .body(body)
        .unwrap();
    let asking = tokio::spawn(tower::ServiceExt::oneshot(router, request));
    business.arrived().await;
    // What came before the call is on the disk while the call is under way.
    let messages = stage
        .get(&format!("/api/v1/desk/conversations/{id}/messages"))
        .await;
    assert_eq!(messages[1]["text"], "I ask the shop.");
    assert_eq!(stage.run(&id).await["state"], "calling");
    let struck = stage.strike().await;
    business.release();
    assert_eq!(
        asking.await.unwrap().unwrap().status(),
        503,
        "the user was told nothing"
    );

    let stage = struck.rise().await;
    let asked = || async { stage.conversation(&id).await["messages"] == 3 };
    until(asked).await;
    let run = stage.run(&id).await;
    assert_eq!(way(&run), ["start", "before", "call"]);
    assert_eq!(run["path"][2]["call"]["failure"], "desk.interrupted");
    assert_eq!(run["node"], "ask");
    assert_eq!(business.got("/slow").len(), 1, "it is not made again");
    assert!(stage.hears(&id, "ann@shop.example").await.is_empty());
    assert_eq!(stage.run(&id).await["ending"], "ended");
    assert_eq!(stage.conversation(&untouched).await["messages"], 0);
}

#[tokio::test]
async fn a_run_that_waits_for_the_user_goes_on_after_a_restart_with_all_it_knew() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    let ask = |variable: &str| json!({ "variable": variable, "description": variable, "ask": format!("{variable}?") });
    stage.publish(&flow("three", &["begin"], &json!([
        { "id": "ask", "type": "collect", "next": "call", "items": [ask("One"), ask("Two"), ask("Three")] },
        { "id": "call", "type": "api_call", "url": format!("{}/sum", business.url), "next": "say", "outputs": ["Sum"],
          "inputs": [{ "name": "One", "kind": "collected" }, { "name": "Three", "kind": "collected" }] },
        { "id": "say", "type": "reply", "text": "${One} ${Two} ${Three}: ${Sum}", "next": "end" },
        { "id": "end", "type": "end" },
    ]))).await;
    business.reply("/sum", Reply::Json(ok(&json!({ "Sum": 6 }))));
    let id = stage.converse(json!({})).await;
    let mut stage = stage;
    for (said, heard) in [
        ("begin", "One?"),
        ("a", "Two?"),
        ("b", "Three?"),
        ("c", "a b c: 6"),
    ] {
        assert_eq!(stage.hears(&id, said).await, [heard]);
        stage = stage.strike().await.rise().await;
    }
    assert_eq!(
        way(&stage.run(&id).await),
        ["start", "ask", "call", "say", "end"]
    );
    assert_eq!(business.got("/sum").len(), 1);
}

#[tokio::test]
async fn a_conversation_that_waited_for_a_person_goes_back_to_the_bot() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage
        .app(json!({ "assign": format!("{}/assign", business.url) }))
        .await;
    stage
        .publish(&flow(
            "person",
            &["a person"],
            &json!([{ "id": "person", "type": "transfer" }]),
        ))
        .await;
    let id = stage.converse(json!({})).await;
    business.reply("/assign", Reply::Held(json!({})));
    let path = format!("/api/v1/desk/conversations/{id}/messages");
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri(path);
    let request = request
        .body(Body::from(json!({ "text": "a person" }).to_string()))
        .unwrap();
    let asking = tokio::spawn(tower::ServiceExt::oneshot(
        stage.router(Role::Admin),
        request,
    ));
    business.arrived().await;
    assert_eq!(stage.conversation(&id).await["state"], "assigning");
    let struck = stage.strike().await;
    business.release();
    drop(asking.await);
    let stage = struck.rise().await;
    let back = || async { stage.conversation(&id).await["state"] == "chatbot" };
    until(back).await;
    let messages = stage
        .get(&format!("/api/v1/desk/conversations/{id}/messages"))
        .await;
    let last = messages.as_array().unwrap().last().unwrap();
    assert_eq!(last["message_type"], "failedToConnectAgent");
    let _: &Value = last;
}
