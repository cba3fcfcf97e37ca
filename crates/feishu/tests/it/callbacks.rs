//! Callbacks, each with the code that the client shows.

use axum::http::{Method, StatusCode};
use ringback_store::{Change, Statement, Value as Column};
use serde_json::{Value, json};

use crate::receiver::{Server, serve};
use crate::stage::{APP_ID, NO_SUCH_NAME, Stage};

ringback_store::statements! {
    /// A name that has vanished since its URL was saved.
    LOSE_NAME = "UPDATE feishu_app SET callback_url = $1 WHERE app_id = $2";
}

async fn calling() -> (Stage, Server) {
    let stage = Stage::new().await;
    stage.app(true, &[]).await;
    let server = Server::start(true).await;
    stage.saved_url("callback-url", &server.url).await;
    (stage, server)
}

async fn call(stage: &Stage, body: Value) -> Value {
    stage
        .done(Method::POST, &Stage::of_app("/callbacks"), body)
        .await
}

async fn click(stage: &Stage) -> Value {
    call(stage, json!({ "type": "card.action.trigger" })).await
}

#[tokio::test]
async fn a_click_is_answered_and_logged() {
    let (stage, server) = calling().await;
    server.answer(200, r#"{"toast":{"type":"info","content":"好"}}"#);
    let set = json!({ "action.value.key": "reject" });
    let outcome = call(&stage, json!({ "type": "card.action.trigger", "set": set })).await;
    insta::assert_json_snapshot!("clicked", outcome, {
        ".cost_ms" => "[ms]", ".event_id" => "[id]", ".event" => "[event]", ".delivery" => "[delivery]",
    });
    let got = server.got();
    let body = got[0].body();
    assert_eq!(body["event"]["action"]["value"]["key"], "reject");
    assert_eq!(body["header"]["event_id"], outcome["event_id"]);
    assert_eq!(
        body["header"]["create_time"].as_str().unwrap().len(),
        16,
        "microseconds"
    );

    server.answer(200, r#"{"inline":{"title":"t"}}"#);
    let preview = call(&stage, json!({ "type": "url.preview.get" })).await;
    assert_eq!(
        (
            &preview["client_code"],
            &preview["answer"]["inline"]["title"]
        ),
        (&json!(0), &json!("t"))
    );
    server.answer(200, "");
    let nothing = click(&stage).await;
    assert_eq!(
        (&nothing["client_code"], &nothing["answer"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn every_failure_has_the_clients_code_in_the_answer_and_in_the_log() {
    let (stage, server) = calling().await;
    let answers = [
        (500, "{}"),
        (302, "{}"),
        (200, "<html>"),
        (200, r#"{"toast":{"type":"loud"}}"#),
        (200, r#"{"card":{"type":"raw"}}"#),
    ];
    let mut outcomes = Vec::new();
    for (status, answer) in answers {
        server.answer(status, answer);
        outcomes.push(click(&stage).await);
    }
    server.answer(200, r#"{"card":{"type":"raw","data":{"elements":[]}}}"#);
    let clicked = json!({ "type": "card.action.trigger", "card_schema": "2.0" });
    outcomes.push(call(&stage, clicked).await);

    // The server goes away: no connection. Then another that never answers. Then a name that is gone.
    server.stop().await;
    outcomes.push(click(&stage).await);
    let (address, silent) = serve(silent_after_challenge()).await;
    stage
        .saved_url("callback-url", &format!("http://{address}/"))
        .await;
    let hasty = json!({ "settings": { "callback": { "deadline_ms": 200, "connect_ms": 100 } } });
    stage.done(Method::PATCH, &Stage::of_app(""), hasty).await;
    outcomes.push(click(&stage).await);
    silent.abort();
    lose_name(&stage).await;
    outcomes.push(click(&stage).await);
    stage
        .done(Method::DELETE, &Stage::of_app("/callback-url"), Value::Null)
        .await;
    outcomes.push(click(&stage).await);

    let shown: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            let cause = &outcome["cause"];
            format!(
                "{} {} | {}",
                outcome["client_code"], outcome["client_message"], cause["code"]
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));

    let codes = |outcomes: &[Value]| -> Vec<Value> {
        outcomes
            .iter()
            .map(|outcome| outcome["client_code"].clone())
            .collect()
    };
    let mut logged = stage.get(&Stage::of_app("/callbacks")).await["rows"]
        .as_array()
        .unwrap()
        .clone();
    logged.reverse();
    assert_eq!(codes(&logged), codes(&outcomes));
    let one = outcomes[0]["event_id"].as_str().unwrap();
    let found = stage
        .get(&Stage::of_app(&format!("/callbacks?event_id={one}")))
        .await;
    assert_eq!(found["rows"].as_array().unwrap().len(), 1);
    assert_eq!(found["rows"][0]["event_id"], one);
}

/// Answers the challenge of an app without key and nothing else.
fn silent_after_challenge() -> axum::Router {
    use ringback_dialect::feishu::Receiver;
    use ringback_dialect::{Incoming, Received};
    let handler = |headers: axum::http::HeaderMap, body: axum::body::Bytes| async move {
        let receiver = Receiver::new(crate::receiver::secrets(true));
        let request = Received {
            method: &Method::POST,
            path: "/",
            query: None,
            headers: &headers,
            body: &body,
        };
        match receiver.receive(&request, ringback_types::Clock::real().wire()) {
            Ok(Incoming::Challenge(reply)) => (reply.status, reply.body),
            _ => std::future::pending().await,
        }
    };
    axum::Router::new().route("/", axum::routing::post(handler))
}

async fn lose_name(stage: &Stage) {
    let values = [
        Column::from(format!("http://{NO_SUCH_NAME}/")),
        Column::from(APP_ID),
    ];
    let change = Change {
        caller: "tester".into(),
        action: "test.lose_name",
        target: APP_ID.to_owned(),
        detail: Value::Null,
    };
    let statement = Statement::new(LOSE_NAME, values).expecting(1);
    stage.store.change(change, vec![statement]).await.unwrap();
    // The registry follows the store's revision.
    let gone = || {
        stage
            .feishu
            .app(APP_ID)
            .unwrap()
            .callback_url
            .as_ref()
            .unwrap()
            .host_str()
            == Some(NO_SUCH_NAME)
    };
    while !gone() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_callback_must_exist_and_be_subscribed() {
    let (stage, _server) = calling().await;
    let callbacks = Stage::of_app("/callbacks");
    let (status, problem) = stage
        .send(Method::POST, &callbacks, json!({ "type": "card.action" }))
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("feishu.unknown_callback")
        )
    );
    stage
        .done(
            Method::PATCH,
            &Stage::of_app(""),
            json!({ "callbacks": [] }),
        )
        .await;
    let (status, problem) = stage
        .send(
            Method::POST,
            &callbacks,
            json!({ "type": "url.preview.get" }),
        )
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (
            StatusCode::CONFLICT,
            &json!("feishu.callback_not_subscribed")
        )
    );
}
