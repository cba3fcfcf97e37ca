//! A model behind an interface like that of OpenAI: asked where there is one, done without where it fails.

use serde_json::{Value, json};

use crate::business::{Business, Reply};
use crate::stage::{Stage, flow, of_app};

fn answers(content: &Value) -> Reply {
    Reply::Json(
        json!({ "choices": [{ "message": { "role": "assistant", "content": content.to_string() } }] }),
    )
}

async fn with_model(business: &Business) -> (Stage, String) {
    let stage = Stage::new().await;
    stage.post("/api/v1/desk/apps", json!({
        "sdk_app_id": crate::stage::APP, "model_key": "sk-secret",
        "settings": { "language": "en", "model": {
            "base_url": format!("{}/v1/", business.url), "name": "small", "deadline_ms": 60_000 } },
    })).await;
    for (name, example) in [
        ("order", "where is my order"),
        ("refund", "I want my money back"),
    ] {
        stage.publish(&flow(name, &[example], &json!([
            { "id": "ask", "type": "collect", "next": "say", "items": [
                { "variable": "OrderID", "description": "the order number", "ask": "Which order?" } ] },
            { "id": "say", "type": "reply", "text": format!("{name} ${{OrderID}}"), "next": "end" },
            { "id": "end", "type": "end" },
        ]))).await;
    }
    let id = stage.converse(json!({})).await;
    (stage, id)
}

const PATH: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_model_chooses_the_flow_and_picks_the_items() {
    let business = Business::start().await;
    let (stage, id) = with_model(&business).await;
    business.reply(PATH, answers(&json!({ "number": 2 })));
    business.reply(PATH, answers(&json!({ "OrderID": "A-77", "Other": "x" })));
    let said = stage
        .hears(&id, "the thing A-77 broke, compensate me")
        .await;
    assert_eq!(said, ["refund A-77"]);
    let asked = business.got(PATH);
    assert_eq!(asked[0].headers["authorization"], "Bearer sk-secret");
    let question = asked[0].json();
    assert_eq!(
        (&question["model"], &question["temperature"]),
        (&json!("small"), &json!(0))
    );
    assert_eq!(
        question["messages"][1]["content"],
        "the thing A-77 broke, compensate me"
    );

    business.reply(PATH, answers(&json!({ "number": 0 })));
    assert_eq!(
        stage.hears(&id, "where is my order").await,
        ["Sorry, I did not understand that."]
    );
    let shown = stage.get(&of_app("")).await;
    assert!(!shown.to_string().contains("sk-secret"), "{shown}");
}

#[tokio::test]
async fn a_model_that_fails_or_answers_something_else_is_as_if_there_were_none() {
    let business = Business::start().await;
    let (stage, id) = with_model(&business).await;
    for reply in [
        Reply::Raw(500, ""),
        Reply::Raw(200, "not JSON"),
        Reply::Json(json!({ "choices": [] })),
        answers(&json!({ "number": 9 })),
        answers(&json!({ "number": "two" })),
    ] {
        business.reply(PATH, reply);
        business.reply(PATH, Reply::Raw(503, ""));
        assert_eq!(
            stage.hears(&id, "where is my order").await,
            ["Which order?"]
        );
        business.reply(PATH, Reply::Raw(503, ""));
        assert_eq!(stage.hears(&id, "77").await, ["order 77"]);
    }
}
