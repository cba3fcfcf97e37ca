//! A person takes over: the business may say who.

use axum::http::Method;
use serde_json::{Value, json};

use crate::business::{Business, Reply};
use crate::stage::{Stage, flow};

async fn asking_for_a_person(business: &Business, older: bool, assign: bool) -> (Stage, String) {
    let stage = Stage::new().await;
    let mut urls = json!({ "session-events": format!("{}/session", business.url) });
    if assign {
        urls["assign"] = json!(format!("{}/assign", business.url));
    }
    let settings = json!({ "call_deadline_ms": 60_000, "language": "en", "older_assign": older });
    stage.app_with(urls, settings).await;
    stage
        .publish(&flow(
            "person",
            &["a person please"],
            &json!([
                { "id": "person", "type": "transfer", "text": "One moment." },
            ]),
        ))
        .await;
    let id = stage.converse(json!({ "client_user_id": "123" })).await;
    (stage, id)
}

fn framed(more: &Value) -> Reply {
    let mut answer = json!({ "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0 });
    for (name, value) in more.as_object().unwrap() {
        answer[name] = value.clone();
    }
    Reply::Json(answer)
}

#[tokio::test]
async fn the_agent_that_the_business_names_takes_over_and_speaks() {
    let business = Business::start().await;
    let (stage, id) = asking_for_a_person(&business, false, true).await;
    let path = format!("/api/v1/desk/conversations/{id}/messages");
    let as_agent = |text: &str| json!({ "text": text, "speaker": "agent" });
    let early = stage.send(Method::POST, &path, as_agent("Hello")).await;
    assert_eq!(early.1["code"], "desk.no_agent");
    let named = json!({ "AgentIdList": ["", "ann@shop.example", "ben@shop.example"] });
    business.reply("/assign", framed(&named));
    let said = stage.hears(&id, "a person please").await;
    assert_eq!(said, ["One moment.", "You are connected to a person now."]);
    let conversation = stage.conversation(&id).await;
    assert_eq!(conversation["state"], "agent");
    assert_eq!(conversation["agent"], "ann@shop.example");
    let asked = &business.got("/assign")[0];
    assert_eq!(
        asked.parameter("CallbackCommand"),
        Some("ChatBot.OnAssignHuman")
    );
    assert_eq!(asked.json()["SessionId"], conversation["session_id"]);

    assert!(
        stage.hears(&id, "hello?").await.is_empty(),
        "the bot is silent now"
    );
    let said = stage.post(&path, as_agent("Good day, this is Ann.")).await;
    let marker = r#"{"role":"seat","scene":"transferSession"}"#;
    assert_eq!(said["messages"][0]["cloud_custom_data"], marker);
    stage.engine.quiet().await;
    let told = business.got("/session");
    let words: Vec<_> = told
        .iter()
        .map(|got| got.json()["Event"].as_str().unwrap().to_owned())
        .collect();
    insta::assert_debug_snapshot!("words", words);
    assert_eq!(told.last().unwrap().json()["AgentId"], "ann@shop.example");
}

#[tokio::test]
async fn a_group_or_plain_agreement_means_a_queue_until_somebody_speaks() {
    for (answer, agent) in [
        (json!({ "AgentGroupId": 7 }), json!("group 7")),
        (json!({}), Value::Null),
        (json!({ "AgentIdList": [] }), Value::Null),
    ] {
        let business = Business::start().await;
        let (stage, id) = asking_for_a_person(&business, false, true).await;
        business.reply("/assign", framed(&answer));
        let said = stage.hears(&id, "a person please").await;
        assert_eq!(said[1], "All our people are busy; you are in the queue.");
        let conversation = stage.conversation(&id).await;
        assert_eq!(conversation["state"], "queuing");
        assert_eq!(conversation["agent"], agent);
        let path = format!("/api/v1/desk/conversations/{id}/messages");
        let body = json!({ "text": "Hello", "speaker": "agent" });
        let said = stage.post(&path, body).await;
        assert_eq!(said["conversation"]["state"], "agent");
        stage.engine.quiet().await;
        let told = business.got("/session");
        let named = told
            .iter()
            .filter(|got| got.json().get("AgentId").is_some());
        assert!(named.clone().count() > 0);
        assert!(
            named
                .into_iter()
                .all(|got| got.json()["AgentId"] == "agent@desk.example")
        );
    }
}

#[tokio::test]
async fn when_nobody_is_named_the_bot_goes_on_and_without_a_url_there_is_a_queue() {
    for reply in [
        Reply::Raw(500, ""),
        Reply::Json(json!({ "ActionStatus": "FAIL", "ErrorCode": 1 })),
    ] {
        let business = Business::start().await;
        let (stage, id) = asking_for_a_person(&business, true, true).await;
        business.reply("/assign", reply);
        let said = stage.hears(&id, "a person please").await;
        assert_eq!(
            said,
            ["One moment.", "Sorry, nobody is available at the moment."]
        );
        assert_eq!(stage.conversation(&id).await["state"], "chatbot");
        assert_eq!(
            business.got("/assign")[0].parameter("CallbackCommand"),
            Some("ChatBot.OnAssignAgent")
        );
    }
    let business = Business::start().await;
    let (stage, id) = asking_for_a_person(&business, false, false).await;
    let said = stage.said(&id, "a person please").await;
    let types: Vec<_> = said["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["message_type"])
        .collect();
    assert_eq!(
        types,
        [&Value::Null, &json!("connectingToAgent"), &json!("queuing")]
    );
    assert_eq!(said["conversation"]["state"], "queuing");
}
