//! The calls of API-call nodes: every kind of failure, the exception edge, deadlines, retries.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::business::{Business, Reply, ok};
use crate::stage::{Stage, flow, of_app, way};

/// Calls, and says whether that went well; without `exception` the flow ends where it does not.
fn calling(url: &str, exception: bool, more: &Value) -> Value {
    let mut call =
        json!({ "id": "call", "type": "api_call", "url": url, "next": "well", "outputs": ["A"] });
    for (name, value) in more.as_object().unwrap() {
        call[name] = value.clone();
    }
    let mut nodes = vec![
        call,
        json!({ "id": "well", "type": "reply", "text": "well: ${A}", "next": "end" }),
        json!({ "id": "end", "type": "end" }),
    ];
    if exception {
        nodes[0]["on_exception"] = json!("sorry");
        nodes.push(json!({ "id": "sorry", "type": "reply", "text": "sorry", "next": "end" }));
    }
    flow("call", &["call"], &Value::from(nodes))
}

/// What became of the call of the newest run.
async fn call_of(stage: &Stage, conversation: &str) -> Value {
    let run = stage.run(conversation).await;
    let path = run["path"].as_array().unwrap();
    let step = path.iter().find(|step| step["node"] == "call").unwrap();
    step["call"].clone()
}

#[tokio::test]
async fn every_kind_of_failure_takes_the_exception_edge_and_is_told_apart() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    let at = format!("{}/call", business.url);
    let cases = [
        (
            "error code",
            &at,
            Some(Reply::Json(
                json!({ "ActionStatus": "OK", "ErrorCode": 7, "ErrorInfo": "no stock" }),
            )),
        ),
        (
            "FAIL with 0",
            &at,
            Some(Reply::Json(
                json!({ "ActionStatus": "FAIL", "ErrorCode": 0, "ErrorInfo": "" }),
            )),
        ),
        (
            "no ErrorCode",
            &at,
            Some(Reply::Json(json!({ "ActionStatus": "OK" }))),
        ),
        (
            "no ActionStatus",
            &at,
            Some(Reply::Json(json!({ "ErrorCode": 0 }))),
        ),
        (
            "ErrorCode a text",
            &at,
            Some(Reply::Json(
                json!({ "ActionStatus": "OK", "ErrorCode": "0" }),
            )),
        ),
        (
            "Body a list",
            &at,
            Some(Reply::Json(
                json!({ "ActionStatus": "OK", "ErrorCode": 0, "Body": [] }),
            )),
        ),
        ("an array", &at, Some(Reply::Json(json!([])))),
        (
            "HTML",
            &at,
            Some(Reply::Raw(200, "<html><body>Welcome</body></html>")),
        ),
        (
            "cut off",
            &at,
            Some(Reply::Raw(200, r#"{"ActionStatus":"OK","ErrorCo"#)),
        ),
        ("empty", &at, Some(Reply::Raw(200, ""))),
        (
            "500",
            &at,
            Some(Reply::Raw(500, r#"{"ActionStatus":"OK","ErrorCode":0}"#)),
        ),
        (
            "201",
            &at,
            Some(Reply::Raw(201, r#"{"ActionStatus":"OK","ErrorCode":0}"#)),
        ),
        ("302", &at, Some(Reply::Raw(302, ""))),
    ];
    let mut seen = Vec::new();
    for (name, url, reply) in cases {
        stage.publish(&calling(url, true, &json!({}))).await;
        if let Some(reply) = reply {
            business.reply("/call", reply);
        }
        let id = stage.converse(json!({})).await;
        assert_eq!(stage.hears(&id, "call").await, ["sorry"], "{name}");
        assert_eq!(
            way(&stage.run(&id).await),
            ["start", "call", "sorry", "end"],
            "{name}"
        );
        let call = call_of(&stage, &id).await;
        seen.push(format!(
            "{name}: {} — {}",
            call["failure"].as_str().unwrap(),
            call["detail"].as_str().unwrap()
        ));
        assert_eq!(
            business.got("/call").len(),
            1,
            "{name}: never again by default"
        );
    }
    insta::assert_snapshot!("failures", seen.join("\n"));
}

#[tokio::test]
async fn a_business_that_cannot_be_reached_or_is_late_is_a_failure_too() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let no_name = format!("http://{}.invalid/", "no-such-name-".repeat(6));
    let not_tls = format!("{}/call", business.url.replace("http://", "https://"));
    let late = format!("{}/late", business.url);
    business.reply("/late", Reply::Never);
    let mut seen = Vec::new();
    for (name, url, more) in [
        ("nobody listens", gone, json!({})),
        ("no such name", no_name, json!({})),
        ("no TLS there", not_tls, json!({})),
        ("never answers", late, json!({ "deadline_ms": 100 })),
        (
            "refused by the guard",
            "http://169.254.169.254/latest".to_owned(),
            json!({}),
        ),
    ] {
        stage.publish(&calling(&url, true, &more)).await;
        let id = stage.converse(json!({})).await;
        assert_eq!(stage.hears(&id, "call").await, ["sorry"], "{name}");
        let call = call_of(&stage, &id).await;
        seen.push(format!("{name}: {}", call["failure"].as_str().unwrap()));
    }
    insta::assert_snapshot!("unreachable", seen.join("\n"));
}

#[tokio::test]
async fn without_an_exception_edge_the_flow_ends_with_the_fallback_message() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage
        .publish(&calling(
            &format!("{}/call", business.url),
            false,
            &json!({}),
        ))
        .await;
    business.reply("/call", Reply::Raw(500, ""));
    let id = stage.converse(json!({})).await;
    let answer = stage.said(&id, "call").await;
    let robot = &answer["messages"][1];
    assert_eq!(robot["message_type"], "fallback");
    assert_eq!(
        robot["text"],
        "Sorry, something went wrong on our side. Please try again later."
    );
    let run = stage.run(&id).await;
    assert_eq!(
        (&run["ending"], &run["state"]),
        (&json!("failed"), &json!("over"))
    );
    assert_eq!(
        stage.hears(&id, "call").await,
        ["well: "],
        "the next run begins anew"
    );
}

#[tokio::test]
async fn a_call_is_made_again_only_as_often_as_its_node_says() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage
        .publish(&calling(
            &format!("{}/call", business.url),
            true,
            &json!({ "retries": 2 }),
        ))
        .await;
    for reply in [
        Reply::Raw(500, ""),
        Reply::Raw(502, ""),
        Reply::Json(ok(&json!({ "A": "third" }))),
    ] {
        business.reply("/call", reply);
    }
    let id = stage.converse(json!({})).await;
    assert_eq!(stage.hears(&id, "call").await, ["well: third"]);
    assert_eq!(call_of(&stage, &id).await["attempts"], 3);
    for _ in 0..4 {
        business.reply("/call", Reply::Raw(500, ""));
    }
    assert_eq!(stage.hears(&id, "call").await, ["sorry"]);
    assert_eq!(business.got("/call").len(), 6);
}

#[tokio::test]
async fn an_answer_that_is_more_than_a_session_may_hold_counts_as_failed() {
    let options = ringback_desk::Options {
        variables_bytes: 1_000,
        ..Default::default()
    };
    let (stage, business) = (Stage::with(options).await, Business::start().await);
    stage.app(json!({})).await;
    stage
        .publish(&calling(
            &format!("{}/call", business.url),
            true,
            &json!({}),
        ))
        .await;
    business.reply("/call", Reply::Json(ok(&json!({ "A": "x".repeat(2_000) }))));
    let id = stage.converse(json!({})).await;
    assert_eq!(stage.hears(&id, "call").await, ["sorry"]);
    assert_eq!(
        call_of(&stage, &id).await["failure"],
        "desk.variables_too_large"
    );
    assert_eq!(stage.conversation(&id).await["variables"], json!({}));
}

#[tokio::test]
async fn what_is_not_answered_keeps_its_value_and_one_node_can_be_tried_alone() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    let inputs = json!({ "inputs": [
        { "name": "OrderID", "kind": "fixed", "value": "1" }, { "name": "Name", "kind": "custom", "from": "A" },
    ] });
    stage
        .publish(&calling(&format!("{}/call", business.url), true, &inputs))
        .await;
    let id = stage
        .converse(json!({ "variables": { "A": "before" } }))
        .await;
    assert_eq!(stage.hears(&id, "call").await, ["well: before"]);
    business.got("/call");

    business.reply("/call", Reply::Json(ok(&json!({ "A": "tried" }))));
    let path = of_app("/flows/call/nodes/call/call");
    let tried = stage
        .post(&path, json!({ "inputs": { "Name": "Ann" } }))
        .await;
    assert_eq!(tried["outputs"], json!([["A", "tried"]]));
    assert_eq!(
        business.got("/call")[0].json()["Body"],
        json!({ "OrderID": "1", "Name": "Ann" })
    );
    let (status, problem) = stage
        .send(
            Method::POST,
            &of_app("/flows/call/nodes/well/call"),
            json!({}),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], "flow.no_call_node");
}
