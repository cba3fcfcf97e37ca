//! The official SDKs receive what we push, answer what we ask, and get tokens from us: assertions are
//! on what their handlers got, because a Node receiver answers 200 to what it drops (sheet, 7.1).

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::peer::{Peer, Sdk};
use crate::receiver::{Got, Server, serve};
use crate::stage::{APP_ID, APP_SECRET, KEY, Stage, TOKEN};
use ringback_types::Role;

/// What is pushed, and a member that its handler must have got.
const EVENTS: [(&str, &str, &str); 6] = [
    (
        "im.message.receive_v1",
        "/message/content",
        "{\"text\":\"@_user_1 你好\"}",
    ),
    ("contact.user.created_v3", "/object/name", "张艾"),
    (
        "contact.user.updated_v3",
        "/old_object/job_title",
        "软件工程师",
    ),
    ("application.bot.menu_v6", "/event_key", "ringback.menu"),
    ("p2p_chat_create", "/user/name", "张艾"),
    ("approval_instance", "/status", "PENDING"),
];

/// A stage whose app has both URLs at a server made of this SDK; saving them is the first proof.
async fn facing(sdk: Sdk, encrypted: bool, arguments: &[&str]) -> (Stage, Peer) {
    let stage = Stage::new().await;
    stage
        .app(encrypted, &EVENTS.map(|(event_type, ..)| event_type))
        .await;
    let environment = [
        ("FEISHU_ENCRYPT_KEY", if encrypted { KEY } else { "" }),
        ("FEISHU_VERIFICATION_TOKEN", TOKEN),
        (
            "FEISHU_CARD_ANSWER",
            r#"{"toast":{"type":"success","content":"好"}}"#,
        ),
    ];
    let mut peer = Peer::start(sdk, "feishu_receiver", arguments, &environment);
    let url = format!("http://127.0.0.1:{}/event", peer.port().await);
    for which in ["request-url", "callback-url"] {
        stage.saved_url(which, &url).await;
        let (handled, answered) = peer.answered().await;
        assert!(handled.is_empty());
        assert_eq!(answered["status"], 200);
        assert!(
            answered["headers"].get("x-lark-signature").is_none(),
            "a challenge is unsigned"
        );
    }
    (stage, peer)
}

async fn receives(sdk: Sdk, encrypted: bool) {
    let (stage, mut peer) = facing(sdk, encrypted, &["--v1", "approval_instance"]).await;
    for (event_type, member, value) in EVENTS {
        let ids = stage.triggered(json!({ "type": event_type })).await;
        stage.engine.quiet().await;
        let (handled, answered) = peer.answered().await;
        assert_eq!(answered["status"], 200, "{event_type}: {answered}");
        assert_eq!(
            answered["headers"].get("x-lark-signature").is_some(),
            encrypted
        );
        let [handled] = &handled[..] else {
            panic!("{event_type} was handled {} times", handled.len())
        };
        assert_eq!(handled["type"], event_type);
        assert_eq!(handled["id"], ids[0]);
        assert_eq!(handled["app_id"], APP_ID);
        assert_eq!(
            handled["schema"],
            if event_type.contains('.') {
                "2.0"
            } else {
                "1.0"
            }
        );
        assert_eq!(event_of(sdk, handled).pointer(member), Some(&json!(value)));
    }
    let rows = stage.log("").await;
    assert_eq!(rows.len(), EVENTS.len());
    assert!(
        rows.iter()
            .all(|row| row["status"] == "SUCCESS" && row["retry_cnt"] == 1)
    );
}

/// The event as a handler got it: Python keeps the envelope, Node flattens it.
fn event_of(sdk: Sdk, handled: &Value) -> &Value {
    match sdk {
        Sdk::Python => &handled["model"]["event"],
        Sdk::Node => &handled["model"],
    }
}

async fn answers(sdk: Sdk, encrypted: bool) {
    let (stage, mut peer) = facing(sdk, encrypted, &[]).await;
    let path = Stage::of_app("/callbacks");
    let click = stage
        .done(
            Method::POST,
            &path,
            json!({ "type": "card.action.trigger" }),
        )
        .await;
    assert_eq!(click["client_code"], 0, "{click}");
    assert_eq!(
        click["answer"]["toast"],
        json!({ "type": "success", "content": "好" })
    );
    let (handled, _) = peer.answered().await;
    assert_eq!(handled[0]["id"], click["event_id"]);
    assert_eq!(
        event_of(sdk, &handled[0])["action"]["value"],
        json!({ "key": "approve" })
    );

    let preview = stage
        .done(Method::POST, &path, json!({ "type": "url.preview.get" }))
        .await;
    assert_eq!(preview["client_code"], 0, "{preview}");
    assert!(preview["answer"]["inline"]["title"].is_string());
    assert_eq!(peer.answered().await.0[0]["id"], preview["event_id"]);
}

/// A handler that throws once: Python answers 500, Node answers nothing. The retry is handled.
async fn tries_again(sdk: Sdk) {
    let (stage, mut peer) = facing(sdk, true, &["--fail", "contact.user.updated_v3:1"]).await;
    let usual = json!({ "settings": {} });
    stage.done(Method::PATCH, &Stage::of_app(""), usual).await;
    let ids = stage
        .triggered(json!({ "type": "contact.user.updated_v3" }))
        .await;
    stage.engine.quiet().await;
    stage.engine.advance(Duration::from_secs(16)).await.unwrap();
    let mut handled = Vec::new();
    while handled.len() < 2 {
        let record = peer.record().await;
        if record["kind"] == "handled" {
            handled.push(record["id"].clone());
        }
    }
    assert_eq!(handled, [json!(ids[0]), json!(ids[0])]);
    let rows: Vec<_> = stage
        .log("")
        .await
        .iter()
        .map(|row| row["status"].clone())
        .collect();
    assert_eq!(rows, ["FAIL", "SUCCESS"]);
}

/// The app's key is changed but not the server's: Python says so, Node gives no answer at all.
async fn refuses_another_key(sdk: Sdk) {
    let (stage, mut peer) = facing(sdk, true, &[]).await;
    let usual = json!({ "settings": {} });
    stage.done(Method::PATCH, &Stage::of_app(""), usual).await;
    let rotation = json!({ "secret": "encrypt_key", "value": "a key the server does not know" });
    stage
        .done(Method::POST, &Stage::of_app("/rotate"), rotation)
        .await;
    stage
        .triggered(json!({ "type": "im.message.receive_v1" }))
        .await;
    stage.engine.quiet().await;
    let row = stage.log("").await.remove(0);
    assert_eq!(row["status"], "FAIL");
    match sdk {
        Sdk::Python => {
            assert_eq!(row["http_code"], 500);
            assert!(peer.answered().await.0.is_empty(), "no handler ran");
        }
        Sdk::Node => assert_eq!(row["error"]["code"], "transport.late"),
    }
}

macro_rules! with_both {
    ($($name:ident = $scene:ident($($argument:expr),*);)*) => {
        mod python {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                $scene(Sdk::Python, $($argument),*).await;
            })*
        }

        mod node {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                $scene(Sdk::Node, $($argument),*).await;
            })*
        }
    };
}

with_both! {
    receives_encrypted_events = receives(true);
    receives_plain_events = receives(false);
    answers_encrypted_callbacks = answers(true);
    answers_plain_callbacks = answers(false);
    gets_a_retry_after_its_handler_threw = tries_again();
    handles_nothing_under_another_key = refuses_another_key();
    gets_tokens = fetches_tokens();
}

async fn fetches_tokens(sdk: Sdk) {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let (address, task) = serve(stage.router(Role::Viewer)).await;
    let domain = format!("http://{address}");
    let environment = [("FEISHU_APP_ID", APP_ID), ("FEISHU_APP_SECRET", APP_SECRET)];
    let mut client = Peer::start(sdk, "feishu_rest", &["--domain", &domain], &environment);
    let calls = client.everything().await;
    let path = "/open-apis/auth/v3/tenant_access_token/internal";
    let proof = json!({ "app_id": APP_ID, "app_secret": APP_SECRET });
    let token = &stage.done(Method::POST, path, proof).await["tenant_access_token"];
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert_eq!(calls[0]["answer"]["tenant_access_token"], *token);
    assert_eq!(calls[1]["answer"]["app_access_token"], *token);
    assert_eq!(calls[2]["token"], *token, "the SDK's own token manager");

    let wrong = [("FEISHU_APP_ID", APP_ID), ("FEISHU_APP_SECRET", "wrong")];
    let refused = Peer::start(sdk, "feishu_rest", &["--domain", &domain], &wrong)
        .everything()
        .await;
    assert!(refused[0].to_string().contains("10014"), "{refused:?}");
    task.abort();
}

#[tokio::test]
async fn every_fixture_fits_the_sdks_own_model() {
    let types: Vec<&str> = ringback_feishu::fixtures()
        .map(|fixture| fixture.event_type.as_str())
        .collect();
    let events: Vec<&str> = types
        .iter()
        .copied()
        .filter(|name| !name.starts_with("card.") && !name.starts_with("url."))
        .collect();
    let stage = Stage::new().await;
    stage.app(false, &events).await;
    let server = Server::start(false).await;
    stage.saved_url("request-url", &server.url).await;
    stage.saved_url("callback-url", &server.url).await;
    for name in &types {
        if events.contains(name) {
            stage.triggered(json!({ "type": name })).await;
        } else {
            stage
                .done(
                    Method::POST,
                    &Stage::of_app("/callbacks"),
                    json!({ "type": name }),
                )
                .await;
        }
    }
    stage.engine.quiet().await;
    let bodies: Vec<Value> = server.got().iter().map(Got::body).collect();
    let verdicts = Peer::start(Sdk::Python, "models", &[], &[])
        .filtered(bodies.into_iter())
        .await;
    assert_eq!(verdicts.len(), types.len());
    for verdict in verdicts {
        assert!(verdict["model"].is_string(), "{verdict}");
        assert_eq!(verdict["unknown"], json!([]), "{verdict}");
        assert_eq!(verdict["mistyped"], json!([]), "{verdict}");
        assert_eq!(verdict.get("error"), None, "{verdict}");
    }
}
