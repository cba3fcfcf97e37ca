//! What the business is told of runs and sessions, in order, with its `RequestID`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::business::{Business, Got, Reply};
use crate::stage::{Stage, flow, of_app};

async fn told(stage: &Stage, business: &Business, path: &str) -> Vec<Got> {
    stage.engine.quiet().await;
    business.got(path)
}

fn redacted(got: &[Got], hidden: &[&str]) -> Vec<Value> {
    let one = |got: &Got| {
        let mut body = got.json();
        for name in hidden {
            if body.get(name).is_some() {
                body[name] = json!(format!("[{name}]"));
            }
        }
        body
    };
    got.iter().map(one).collect()
}

fn talk() -> Value {
    flow(
        "order",
        &["order"],
        &json!([
            { "id": "ask", "name": "the name", "type": "collect", "next": "say", "items": [
                { "variable": "Name", "description": "the name", "ask": "Your name?" } ] },
            { "id": "say", "type": "reply", "text": "Hello ${Name}", "next": "end" },
            { "id": "end", "type": "end" },
        ]),
    )
}

#[tokio::test]
async fn every_step_and_message_is_told_in_order_and_each_has_an_id_of_its_own() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    let urls = json!({
        "flow-events": format!("{}/flow", business.url),
        "session-events": format!("{}/session", business.url),
    });
    stage.app(urls).await;
    stage.publish(&talk()).await;
    let id = stage.converse(json!({ "client_user_id": "user517" })).await;
    stage.said(&id, "order").await;
    stage.said(&id, "Ann").await;
    stage
        .post(&format!("/api/v1/desk/conversations/{id}/close"), json!({}))
        .await;

    let flow_events = told(&stage, &business, "/flow").await;
    let hidden = ["EventTime", "ExecutionId", "SessionId"];
    insta::assert_json_snapshot!("flow_events", redacted(&flow_events, &hidden));
    let session_events = told(&stage, &business, "/session").await;
    let hidden = ["EventTime", "SessionId", "MsgKey"];
    insta::assert_json_snapshot!("session_events", redacted(&session_events, &hidden));

    let all: Vec<&Got> = flow_events.iter().chain(&session_events).collect();
    let mut ids: Vec<&str> = all
        .iter()
        .map(|got| got.parameter("RequestID").unwrap())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for got in all {
        assert_eq!(
            got.parameter("CallbackCommand"),
            got.json()["CallbackCommand"].as_str()
        );
        assert!(got.parameter("Sign").is_some());
        assert_eq!(got.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_notification_is_tried_again_only_where_that_is_switched_on_and_keeps_its_id() {
    for (on, tries) in [(false, 1), (true, 4)] {
        let (stage, business) = (Stage::new().await, Business::start().await);
        let settings = json!({
            "retry_notifications": on, "notification_deadline_ms": 60_000, "language": "en",
        });
        stage
            .app_with(
                json!({ "flow-events": format!("{}/flow", business.url) }),
                settings,
            )
            .await;
        stage
            .publish(&flow(
                "order",
                &["order"],
                &json!([{ "id": "end", "type": "end" }]),
            ))
            .await;
        for _ in 0..3 {
            business.reply("/flow", Reply::Raw(500, ""));
        }
        let id = stage.converse(json!({})).await;
        stage.said(&id, "order").await;
        stage.engine.quiet().await;
        stage.engine.advance(Duration::from_mins(5)).await.unwrap();
        let got = told(&stage, &business, "/flow").await;
        let of_first = got.iter().filter(|got| got.json()["Seq"] == 1);
        let ids: Vec<_> = of_first
            .map(|got| got.parameter("RequestID").unwrap())
            .collect();
        assert_eq!(ids.len(), tries, "switched on: {on}");
        assert!(ids.iter().all(|id| *id == ids[0]));
        let seqs: Vec<_> = got
            .iter()
            .map(|got| got.json()["Seq"].as_i64().unwrap())
            .collect();
        assert!(seqs.is_sorted(), "the second waits for the first: {seqs:?}");
    }
}

#[tokio::test]
async fn an_app_without_urls_tells_nobody_and_a_draft_says_that_it_is_one() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage.post(&of_app("/flows"), talk()).await;
    let silent = stage.converse(json!({ "draft": true })).await;
    stage.said(&silent, "order").await;
    stage.engine.quiet().await;
    let rows = stage.store.read(COUNT_EVENTS, []).await.unwrap();
    assert_eq!(rows[0].int(0).unwrap(), 0, "nothing is written for nobody");

    let urls = json!({ "urls": { "flow-events": format!("{}/flow", business.url) } });
    stage
        .done(axum::http::Method::PATCH, &of_app(""), urls)
        .await;
    stage.said(&silent, "Ann").await;
    let got = told(&stage, &business, "/flow").await;
    assert_eq!(got[0].json()["Env"], "test");
    assert_eq!(got[0].json()["Seq"], 2, "the first step was before");
}

ringback_store::statements! {
    COUNT_EVENTS = "SELECT COUNT(*) FROM event";
}

#[tokio::test]
async fn every_command_of_the_framework_can_be_made_on_purpose() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    let at = |path: &str| format!("{}{path}", business.url);
    let urls = json!({
        "flow-events": at("/flow"), "session-events": at("/session"), "assign": at("/assign"),
        "webhook": at("/bot"),
    });
    stage.app(urls).await;
    let hidden = [
        "EventTime",
        "SessionId",
        "ExecutionId",
        "MsgKey",
        "MsgSeq",
        "MsgRandom",
        "Random",
        "MsgTime",
    ];
    let mut bodies = Vec::new();
    for fixture in stage.get("/api/v1/desk/fixtures").await.as_array().unwrap() {
        let command = fixture["type"].as_str().unwrap();
        let path = if fixture["call"] == true {
            "/call"
        } else {
            "/trigger"
        };
        stage.post(&of_app(path), json!({ "type": command })).await;
        stage.engine.quiet().await;
        for path in ["/flow", "/session", "/assign", "/bot"] {
            let got = business.got(path);
            for one in &got {
                assert_eq!(one.parameter("CallbackCommand"), Some(command));
            }
            bodies.extend(redacted(&got, &hidden));
        }
    }
    insta::assert_json_snapshot!("fixtures", bodies);

    let set = json!({ "type": "Bot.OnC2CMessage", "count": 3, "set": { "MsgBody.0.MsgContent.Text": "你好" } });
    let made = stage.post(&of_app("/trigger"), set).await;
    assert_eq!(made.as_array().unwrap().len(), 3);
    let got = told(&stage, &business, "/bot").await;
    assert_eq!(got.len(), 3);
    assert_eq!(got[0].json()["MsgBody"][0]["MsgContent"]["Text"], "你好");

    business.reply(
        "/bot",
        Reply::Json(
            json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "RspData": "pong" }),
        ),
    );
    let call = stage
        .post(
            &of_app("/call"),
            json!({ "type": "Chatbot.OnC2CSignalMessage" }),
        )
        .await;
    assert_eq!(call["answer"]["RspData"], "pong");
}

#[tokio::test]
async fn what_cannot_be_triggered_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    stage
        .app(json!({ "flow-events": "http://127.0.0.1:1/" }))
        .await;
    let mut refused = Vec::new();
    for (path, body) in [
        ("/trigger", json!({ "type": "Bot.Unknown" })),
        ("/trigger", json!({ "type": "ChatBot.OnAssignHuman" })),
        ("/call", json!({ "type": "Chatbot.InterfaceInvocation" })),
        ("/trigger", json!({ "type": "Bot.OnC2CMessage" })),
        (
            "/trigger",
            json!({ "type": "Chatbot.TaskFlowEventNotify", "count": 0 }),
        ),
        (
            "/trigger",
            json!({ "type": "Chatbot.TaskFlowEventNotify", "body": [] }),
        ),
        (
            "/trigger",
            json!({ "type": "Chatbot.TaskFlowEventNotify", "set": { "Seq.x": 1 } }),
        ),
    ] {
        let (status, problem) = stage
            .send(axum::http::Method::POST, &of_app(path), body)
            .await;
        refused.push(format!("{} {}", status.as_u16(), problem["code"]));
    }
    insta::assert_debug_snapshot!("untriggered", refused);
}
