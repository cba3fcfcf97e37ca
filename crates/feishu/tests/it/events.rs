//! Events triggered, pushed, tried again and looked up.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use ringback_dialect::feishu::Secrets;
use ringback_types::{Role, Secret};
use serde_json::{Value, json};

use crate::receiver::Server;
use crate::stage::{APP_ID, Stage, TOKEN};

/// A stage whose app pushes to a server that verifies.
async fn pushing(encrypted: bool, events: &[&str]) -> (Stage, Server) {
    let stage = Stage::new().await;
    stage.app(encrypted, events).await;
    let server = Server::start(encrypted).await;
    stage.saved_url("request-url", &server.url).await;
    (stage, server)
}

#[tokio::test]
async fn an_event_is_pushed_signed_and_logged() {
    let (stage, server) = pushing(true, &["im.message.receive_v1"]).await;
    let set = json!({ "message.content": "{\"text\":\"你好\"}", "message.chat_type": "p2p" });
    let ids = stage
        .triggered(json!({ "type": "im.message.receive_v1", "set": set }))
        .await;
    stage.engine.quiet().await;

    let got = server.got();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].message.app.as_deref(), Some(APP_ID));
    assert!(got[0].wire.starts_with(br#"{"encrypt":""#), "compact");
    let body = got[0].body();
    assert_eq!(body["header"]["event_id"], json!(ids[0]));
    insta::assert_json_snapshot!("pushed", body, {
        ".header.event_id" => "[id]",
        ".header.create_time" => "[time]",
        ".event.message.message_id" => "[message]",
        ".event.message.create_time" => "[time]",
        ".event.message.update_time" => "[time]",
    });

    let rows = stage.log("").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0]["request_body"], body,
        "the log keeps what was sent, without the token"
    );
    insta::assert_json_snapshot!("logged", rows[0], {
        ".event_id" => "[id]",
        ".url" => "[url]",
        ".cost_ms" => "[ms]",
        ".attempt_at" => "[time]",
        ".request_body" => "[body]",
        ".request_headers" => "[headers]",
        ".response_headers" => "[headers]",
        ".event" => "[event]",
        ".delivery" => "[delivery]",
    });
    let path = Stage::of_app("/events");
    let (_, page) = stage
        .send_as(Role::Viewer, Method::GET, &path, Value::Null)
        .await;
    assert_eq!(page["rows"][0]["request_body"], Value::Null);
    assert_eq!(page["rows"][0]["response_body"], Value::Null);
}

#[tokio::test]
async fn the_ladder_plays_in_virtual_time_and_every_push_has_a_row() {
    let (stage, server) = pushing(true, &["contact.user.created_v3"]).await;
    server.answer_statuses(&[500, 404, 201, 302, 503]);
    let ids = stage
        .triggered(json!({ "type": "contact.user.created_v3" }))
        .await;
    let start = stage.clock.schedule();
    stage.engine.quiet().await;
    stage.engine.advance(Duration::from_hours(8)).await.unwrap();

    let got = server.got();
    assert_eq!(got.len(), 5);
    let nonces: HashSet<_> = got
        .iter()
        .map(|got| &got.headers["x-lark-request-nonce"])
        .collect();
    assert_eq!(nonces.len(), 5, "every attempt is signed anew");
    assert!(
        got.iter()
            .all(|got| got.body()["header"]["event_id"] == json!(ids[0]))
    );

    let rows = stage.log(&format!("?event_id={}", ids[0])).await;
    let offset = |row: &Value| {
        let at: jiff::Timestamp = row["attempt_at"].as_str().unwrap().parse().unwrap();
        (at.as_millisecond() - start.as_millis()) / 1000
    };
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            json!([
                row["retry_cnt"],
                offset(row),
                row["http_code"],
                row["status"]
            ])
        })
        .collect();
    assert_eq!(
        json!(seen),
        json!([
            [1, 0, 500, "FAIL"],
            [2, 15, 404, "FAIL"],
            [3, 315, 201, "FAIL"],
            [4, 3915, 302, "FAIL"],
            [5, 25515, 503, "FAIL"],
        ])
    );
    assert!(stage.log("?status=SUCCESS").await.is_empty());
    assert_eq!(stage.log("?status=FAIL").await.len(), 5);
    assert!(
        stage
            .log("?event_type=im.message.receive_v1")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn ordered_types_wait_for_their_head_and_others_do_not() {
    let (stage, server) = pushing(
        true,
        &["approval_instance", "approval_task", "im.chat.updated_v1"],
    )
    .await;
    server.answer_statuses(&[500]);
    let head = stage
        .triggered(json!({ "type": "approval_instance" }))
        .await;
    stage.engine.quiet().await;
    let second = stage.triggered(json!({ "type": "approval_task" })).await;
    let other = json!({ "type": "approval_instance", "set": { "instance_code": "ANOTHER" } });
    let others = stage.triggered(other).await;
    let unordered = stage
        .triggered(json!({ "type": "im.chat.updated_v1" }))
        .await;
    stage.engine.quiet().await;
    let ids = |server: &Server| -> Vec<String> {
        server
            .got()
            .iter()
            .map(|got| got.message.dedupe_key.clone().unwrap())
            .collect()
    };
    let mut at_once = ids(&server);
    assert_eq!(at_once.remove(0), head[0]);
    at_once.sort();
    let mut expected = vec![others[0].clone(), unordered[0].clone()];
    expected.sort();
    assert_eq!(at_once, expected, "the task of the first instance is held");

    // The head succeeds at its first retry; the next then begins with its own first retry (5.2).
    stage.engine.advance(Duration::from_secs(16)).await.unwrap();
    assert_eq!(ids(&server), [head[0].clone(), second[0].clone()]);
}

#[tokio::test]
async fn a_rotated_key_signs_the_next_attempt() {
    let (stage, server) = pushing(true, &["im.message.recalled_v1"]).await;
    server.answer_statuses(&[500]);
    stage
        .triggered(json!({ "type": "im.message.recalled_v1" }))
        .await;
    stage.engine.quiet().await;
    assert_eq!(server.got().len(), 1);

    let rotation = json!({ "secret": "encrypt_key", "value": "the next key" });
    stage
        .done(Method::POST, &Stage::of_app("/rotate"), rotation)
        .await;
    server.expect(Secrets::new(
        Some(&Secret::from("the next key")),
        TOKEN.into(),
    ));
    stage.engine.advance(Duration::from_secs(16)).await.unwrap();
    assert_eq!(
        server.got().len(),
        1,
        "the retry verifies under the new key"
    );
}

#[tokio::test]
async fn every_fixture_is_pushed_with_ids_of_its_own() {
    let types: Vec<&str> = ringback_feishu::fixtures()
        .filter(|fixture| !fixture.call)
        .map(|fixture| fixture.event_type.as_str())
        .collect();
    assert!(types.len() >= 12);
    let (stage, server) = pushing(false, &types).await;
    for event_type in &types {
        stage
            .triggered(json!({ "type": event_type, "count": 3 }))
            .await;
    }
    stage.engine.quiet().await;
    let got = server.got();
    assert_eq!(got.len(), types.len() * 3);
    let keys: HashSet<_> = got
        .iter()
        .map(|got| got.message.dedupe_key.clone().unwrap())
        .collect();
    assert_eq!(keys.len(), got.len(), "no receiver takes one for another");
    assert!(
        got.iter()
            .all(|got| !got.headers.contains_key("x-lark-signature"))
    );
    assert!(
        got.iter()
            .all(|got| got.message.app.as_deref() == Some(APP_ID))
    );
}

#[tokio::test]
async fn a_seeded_restart_never_uses_an_id_twice() {
    let (stage, server) = pushing(true, &["im.message.receive_v1"]).await;
    let trigger = json!({ "type": "im.message.receive_v1", "count": 3 });
    let mut ids = stage.triggered(trigger.clone()).await;
    stage.engine.quiet().await;
    let stage = stage.restart().await;
    // The same steps again, so that the generator draws the same numbers.
    stage.saved_url("request-url", &server.url).await;
    ids.extend(stage.triggered(trigger).await);
    stage.engine.quiet().await;
    let pushed: Vec<_> = server
        .got()
        .iter()
        .map(|got| got.body()["header"]["event_id"].clone())
        .collect();
    assert_eq!(pushed.len(), 6, "none was taken for a duplicate");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 6);
}

#[tokio::test]
async fn custom_bodies_keep_their_event_and_get_ids_of_their_own() {
    let (stage, server) = pushing(true, &["custom.thing.made_v1", "custom_old"]).await;
    let whole = json!({
        "schema": "2.0",
        "header": { "event_id": "old", "event_type": "custom.thing.made_v1", "token": "secret", "app_id": "cli_other" },
        "event": { "thing": { "id": 7 } },
    });
    let triggers = [
        json!({ "type": "custom.thing.made_v1", "body": { "thing": { "id": 5 } } }),
        json!({ "type": "custom.thing.made_v1", "body": whole, "set": { "thing.name": "seven" } }),
        json!({ "type": "custom_old", "body": { "colour": "red" } }),
    ];
    for trigger in triggers {
        stage.triggered(trigger).await;
        stage.engine.quiet().await;
    }
    let bodies: Vec<_> = server
        .got()
        .iter()
        .map(crate::receiver::Got::body)
        .collect();
    insta::assert_json_snapshot!(bodies, {
        "[].header.event_id" => "[id]",
        "[].header.create_time" => "[time]",
        "[].uuid" => "[id]",
        "[].ts" => "[time]",
    });
}

#[tokio::test]
async fn what_cannot_be_triggered_says_why() {
    let (stage, server) = pushing(true, &["im.message.receive_v1", "custom.thing.made_v1"]).await;
    let triggers = [
        json!({ "type": "im.chat.updated_v1" }),
        json!({ "type": "custom.thing.made_v1" }),
        json!({ "type": "card.action.trigger" }),
        json!({ "type": "im.message.receive_v1", "schema": "1.0" }),
        json!({ "type": "im.message.receive_v1", "count": 0 }),
        json!({ "type": "im.message.receive_v1", "count": 1_000_000 }),
        json!({ "type": "im.message.receive_v1", "set": { "message.mentions.x": 1 } }),
        json!({ "type": "im.message.receive_v1", "body": [1] }),
        json!({ "type": "im.message.receive_v1", "body": { "header": { "event_type": "other" }, "event": {} } }),
    ];
    let mut refusals = Vec::new();
    for trigger in triggers {
        let (status, problem) = stage.trigger(trigger.clone()).await;
        refusals.push(format!(
            "{trigger}\n  {status} {} | {} | {}",
            problem["code"], problem["message"], problem["hint"]
        ));
    }
    insta::assert_snapshot!(refusals.join("\n"));

    stage
        .triggered(json!({ "type": "im.chat.updated_v1", "force": true }))
        .await;
    stage.engine.quiet().await;
    assert_eq!(server.got().len(), 1, "a forced one is pushed all the same");

    stage
        .done(Method::DELETE, &Stage::of_app("/request-url"), Value::Null)
        .await;
    let (status, problem) = stage
        .trigger(json!({ "type": "im.message.receive_v1" }))
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("feishu.no_request_url"))
    );
}
