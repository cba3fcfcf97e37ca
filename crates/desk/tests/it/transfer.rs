//! A person takes over: the business may say who.

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
async fn the_agent_or_the_group_that_the_business_names_takes_over() {
    for (answer, agent) in [
        (
            json!({ "AgentIdList": ["ann@shop.example", "ben@shop.example"] }),
            "ann@shop.example",
        ),
        (json!({ "AgentGroupId": 7 }), "group 7"),
    ] {
        let business = Business::start().await;
        let (stage, id) = asking_for_a_person(&business, false, true).await;
        business.reply("/assign", framed(&answer));
        let said = stage.hears(&id, "a person please").await;
        assert_eq!(said, ["One moment.", "You are connected to a person now."]);
        let conversation = stage.conversation(&id).await;
        assert_eq!(conversation["state"], "agent");
        assert_eq!(conversation["agent"], agent);
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
        stage.engine.quiet().await;
        let told = business.got("/session");
        let words: Vec<_> = told
            .iter()
            .map(|got| got.json()["Event"].as_str().unwrap().to_owned())
            .collect();
        insta::assert_debug_snapshot!("words", words);
        assert_eq!(told.last().unwrap().json()["AgentId"], agent);
    }
}

#[tokio::test]
async fn when_nobody_is_named_the_bot_goes_on_and_without_a_url_there_is_a_queue() {
    for reply in [
        framed(&json!({})),
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
