//! Conversations: every kind of node and variable, order, idleness, versions.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use crate::business::{Business, Reply, ok};
use crate::stage::flow;
use crate::stage::{Stage, of_app, way};

/// Every type of node and every kind of input.
fn every_node(url: &str) -> Value {
    let mut document = flow(
        "order",
        &["where is my order", "我的订单到哪了"],
        &json!([
            { "id": "which", "type": "branch", "text": "Order or parcel?", "variable": "Thing",
              "options": [{ "text": "Order", "next": "ask" }, { "text": "Parcel", "next": "ask" }] },
            { "id": "ask", "type": "collect", "next": "call", "items": [
                { "variable": "OrderID", "description": "the order number", "ask": "Which ${Thing}?", "pattern": "([0-9]{4,})" },
                { "variable": "Note", "description": "a note for the courier", "ask": "A note?", "optional": true },
                { "variable": "Coupon", "description": "the coupon code", "optional": true, "pattern": "C-([0-9]+)" },
            ] },
            { "id": "call", "type": "api_call", "url": url, "next": "judge",
              "inputs": [
                { "name": "SystemSessionID", "kind": "system" },
                { "name": "user", "kind": "system", "from": "SystemClientUserID" },
                { "name": "account", "kind": "system", "from": "SystemCustomerServiceID" },
                { "name": "channel", "kind": "system", "from": "SystemChannelType" },
                { "name": "type", "kind": "fixed", "value": "1" },
                { "name": "OrderID", "kind": "collected" },
                { "name": "Note", "kind": "collected" },
                { "name": "Coupon", "kind": "collected" },
                { "name": "level", "kind": "custom", "from": "Level" },
                { "name": "OrderStatus", "kind": "custom" },
              ],
              "outputs": ["OrderStatus", "Days"] },
            { "id": "judge", "type": "condition", "otherwise": "person", "cases": [
                { "when": { "test": { "variable": "Days", "operator": "less", "value": "3" } }, "next": "soon" },
            ] },
            { "id": "soon", "type": "reply", "text": "${Thing} ${OrderID} is ${OrderStatus}: ${Days} days.", "next": "end" },
            { "id": "person", "type": "transfer" },
            { "id": "end", "type": "end" },
        ]),
    );
    document["variables"] = json!({ "Level": "gold" });
    document
}

#[tokio::test]
async fn a_conversation_goes_through_every_kind_of_node_and_variable() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage
        .publish(&every_node(&format!("{}/status?shop=7", business.url)))
        .await;
    let id = stage.converse(json!({ "client_user_id": "user517" })).await;
    assert_eq!(
        stage.hears(&id, "where is my order?").await,
        ["Order or parcel?"]
    );
    assert_eq!(
        stage.hears(&id, "no idea").await,
        ["Order or parcel?"],
        "asked again"
    );
    assert_eq!(stage.hears(&id, "2").await, ["Which Parcel?"]);
    assert_eq!(
        stage.hears(&id, "I do not have it").await,
        ["Which Parcel?"],
        "no number"
    );
    assert_eq!(stage.hears(&id, "it is 20001").await, ["A note?"]);
    business.reply("/status", Reply::Json(ok(&json!({
        "OrderStatus": "on its way", "Days": 2, "Extra": { "van": 5 }, "SystemSessionID": "mine now",
    }))));
    let answer = stage.said(&id, "skip").await;
    insta::assert_json_snapshot!("said", answer["messages"], { "[].at" => "[time]" });

    let got = business.got("/status");
    assert_eq!(got.len(), 1, "once");
    assert_eq!(got[0].method, Method::POST);
    let session = stage.conversation(&id).await["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = String::from_utf8_lossy(&got[0].body).replace(&session, "[session]");
    let time = got[0].json()["EventTime"].as_i64().unwrap();
    insta::assert_snapshot!("invocation", body.replace(&time.to_string(), "[time]"));
    assert_eq!(time.to_string().len(), 13, "milliseconds");
    let query = [
        "shop",
        "SdkAppid",
        "CallbackCommand",
        "contenttype",
        "ClientIP",
        "OptPlatform",
    ];
    let query = query.map(|name| got[0].parameter(name).unwrap());
    insta::assert_debug_snapshot!("query", query);
    let sign = ringback_dialect::desk::sign(
        &crate::stage::TOKEN.into(),
        got[0].parameter("RequestTime").unwrap(),
    );
    assert_eq!(got[0].parameter("Sign"), Some(sign.as_str()));
    assert_eq!(got[0].parameter("RequestID"), None, "this command has none");

    let run = stage.run(&id).await;
    assert_eq!(
        way(&run),
        ["start", "which", "ask", "call", "judge", "soon", "end"]
    );
    assert_eq!(
        run["collected"],
        json!({ "OrderID": "20001", "Note": "", "Coupon": "" })
    );
    let conversation = stage.conversation(&id).await;
    assert_eq!(
        conversation["variables"],
        json!({
            "Level": "gold", "Thing": "Parcel", "OrderStatus": "on its way", "Days": "2",
            "Extra": "{\"van\":5}",
        }),
        "outputs are added as text; a system variable is read-only"
    );
}

#[tokio::test]
async fn what_the_user_has_said_is_not_asked_for_and_a_loop_asks_anew() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    let url = format!("{}/status", business.url);
    stage.publish(&flow("order", &["where is my order", "我的订单到哪了"], &json!([
        { "id": "ask", "type": "collect", "next": "call", "items": [
            { "variable": "OrderID", "description": "订单号", "pattern": "([0-9]{4,})" } ] },
        { "id": "call", "type": "api_call", "url": url, "next": "judge", "outputs": ["Found"],
          "inputs": [{ "name": "OrderID", "kind": "collected" }] },
        { "id": "judge", "type": "condition", "otherwise": "ask", "cases": [
            { "when": { "test": { "variable": "Found", "operator": "equals", "value": "yes" } }, "next": "found" } ] },
        { "id": "found", "type": "reply", "text": "有 ${OrderID}", "next": "end" },
        { "id": "end", "type": "end" },
    ]))).await;
    let id = stage.converse(json!({})).await;
    business.reply("/status", Reply::Json(ok(&json!({ "Found": "no" }))));
    business.reply("/status", Reply::Json(ok(&json!({ "Found": "yes" }))));
    assert_eq!(
        stage.hears(&id, "我的订单12345到哪了").await,
        ["请告诉我：订单号"]
    );
    assert_eq!(stage.hears(&id, "54321").await, ["有 54321"]);
    let sent = business.got("/status");
    let numbers: Vec<_> = sent
        .iter()
        .map(|got| got.json()["Body"]["OrderID"].clone())
        .collect();
    assert_eq!(numbers, ["12345", "54321"]);
}

#[tokio::test]
async fn the_flow_that_fits_is_chosen_and_small_talk_starts_none() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    for (name, example) in [
        ("order", "where is my order"),
        ("refund", "I want my money back"),
    ] {
        stage.publish(&flow(name, &[example], &json!([
            { "id": "say", "type": "reply", "text": format!("this is {name}"), "next": "end" },
            { "id": "end", "type": "end" },
        ]))).await;
    }
    let id = stage.converse(json!({})).await;
    let no_match = "Sorry, I did not understand that.";
    for (text, answer) in [
        ("give me my money back please", "this is refund"),
        ("Where is my order 12345?", "this is order"),
        ("good morning", no_match),
    ] {
        assert_eq!(stage.hears(&id, text).await, [answer], "{text}");
    }
    let bound = stage.converse(json!({ "flow": "refund" })).await;
    assert_eq!(
        stage.hears(&bound, "good morning").await,
        ["this is refund"]
    );
    stage
        .post(&of_app("/flows/refund/unpublish"), json!({}))
        .await;
    assert_eq!(stage.hears(&id, "I want my money back").await, [no_match]);
}

#[tokio::test]
async fn two_messages_of_one_conversation_are_worked_on_in_order() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage.publish(&flow("order", &["order"], &json!([
        { "id": "call", "type": "api_call", "url": format!("{}/slow", business.url), "next": "ask" },
        { "id": "ask", "type": "collect", "next": "say", "items": [
            { "variable": "Name", "description": "the name", "ask": "Your name?" } ] },
        { "id": "say", "type": "reply", "text": "Hello ${Name}", "next": "end" },
        { "id": "end", "type": "end" },
    ]))).await;
    let id = stage.converse(json!({})).await;
    business.reply("/slow", Reply::Held(ok(&json!({}))));
    let first = stage.said(&id, "order");
    let second = async {
        business.arrived().await;
        let second = stage.said(&id, "Ann");
        let (second, ()) = tokio::join!(second, async { business.release() });
        second
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first["messages"][1]["text"], "Your name?");
    assert_eq!(second["messages"][1]["text"], "Hello Ann");
    let numbers: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|answer| answer["messages"].as_array().unwrap())
        .map(|message| message["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_conversation_that_is_quiet_for_too_long_is_closed_and_takes_no_message() {
    let stage = Stage::new().await;
    stage
        .app_with(json!({}), json!({ "idle_seconds": 600, "language": "zh" }))
        .await;
    stage
        .publish(&flow(
            "order",
            &["order"],
            &json!([
                { "id": "ask", "type": "collect", "next": "end", "items": [
                    { "variable": "Name", "description": "the name" } ] },
                { "id": "end", "type": "end" },
            ]),
        ))
        .await;
    let (quiet, busy) = (
        stage.converse(json!({})).await,
        stage.converse(json!({})).await,
    );
    stage.said(&quiet, "order").await;
    stage
        .engine
        .advance(Duration::from_secs(500))
        .await
        .unwrap();
    stage.said(&busy, "order").await;
    stage
        .engine
        .advance(Duration::from_secs(200))
        .await
        .unwrap();

    let closed = stage.conversation(&quiet).await;
    assert_eq!(
        (&closed["state"], &closed["closed_because"]),
        (&json!("closed"), &json!("idle"))
    );
    let run = stage.run(&quiet).await;
    assert_eq!(run["ending"], "closed");
    assert_eq!(
        way(&run),
        ["start", "ask"],
        "where it stood is its last step"
    );
    assert_eq!(run["path"][1].get("next"), None);
    let messages = stage
        .get(&format!(
            "/api/v1/desk/conversations/{quiet}/messages?after=2"
        ))
        .await;
    assert_eq!(messages[0]["message_type"], "timeoutAutoClosure");
    assert_eq!(messages[0]["text"], "由于长时间没有消息，本次会话已结束。");
    assert_eq!(stage.conversation(&busy).await["state"], "chatbot");

    let path = format!("/api/v1/desk/conversations/{quiet}/messages");
    let refused = stage
        .send(Method::POST, &path, json!({ "text": "hello" }))
        .await;
    assert_eq!(refused.0, StatusCode::CONFLICT);
    assert_eq!(refused.1["code"], "desk.conversation_closed");
    stage
        .post(
            &format!("/api/v1/desk/conversations/{busy}/close"),
            json!({}),
        )
        .await;
    let last = stage
        .get(&format!(
            "/api/v1/desk/conversations/{busy}/messages?after=2"
        ))
        .await;
    assert_eq!(last[0]["message_type"], "proactiveClosure");
}

#[tokio::test]
async fn closed_conversations_are_forgotten_in_the_end() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    stage
        .publish(&flow(
            "order",
            &["order"],
            &json!([{ "id": "end", "type": "end" }]),
        ))
        .await;
    let (old, open) = (
        stage.converse(json!({})).await,
        stage.converse(json!({})).await,
    );
    stage.said(&old, "order").await;
    stage
        .post(
            &format!("/api/v1/desk/conversations/{old}/close"),
            json!({}),
        )
        .await;
    assert_eq!(stage.desk.forget_old().await.unwrap(), 0);
    stage
        .clock
        .advance_to(stage.clock.schedule().plus(Duration::from_hours(31 * 24)))
        .unwrap();
    assert_eq!(stage.desk.forget_old().await.unwrap(), 1);
    let path = format!("/api/v1/desk/conversations/{old}");
    assert_eq!(
        stage.send(Method::GET, &path, Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(stage.conversation(&open).await["state"], "chatbot");
    assert_eq!(stage.desk.forget_old().await.unwrap(), 0);
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    stage.app(json!({})).await;
    let id = stage.converse(json!({})).await;
    let say = format!("/api/v1/desk/conversations/{id}/messages");
    let unknown = "/api/v1/desk/conversations/conv_0000000000001/messages".to_owned();
    let long = "x".repeat(4_001);
    let mut refused = Vec::new();
    for (path, body) in [
        (&say, json!({ "text": "  " })),
        (&say, json!({ "text": long })),
        (&say, json!({ "text": "a\u{0}b" })),
        (&say, json!({ "words": "hello" })),
        (&unknown, json!({ "text": "hello" })),
        (&of_app("/conversations"), json!({ "flow": "none" })),
        (&of_app("/conversations"), json!({ "client_user_id": "" })),
    ] {
        let (status, problem) = stage.send(Method::POST, path, body).await;
        refused.push(format!("{} {}", status.as_u16(), problem["code"]));
    }
    insta::assert_debug_snapshot!("refused", refused);
    for (method, path) in [(Method::POST, &say), (Method::GET, &say)] {
        let (status, _) = stage
            .send_as(Role::Viewer, method, path, json!({ "text": "hi" }))
            .await;
        assert_eq!(status, StatusCode::FORBIDDEN, "what users say is a body");
    }
}
