//! Debug mode: per corp, app and program; both halves in either order; and every way in which it ends.

use std::time::Duration;

use ringback_zone::{AppChange, AppKind, CorpChange, Install};
use serde_json::{Value, json};

use crate::program::Running;
use crate::stage::{PROGRAM, Stage, abilities, another_app, data, program};

/// A stage with the deployed program and one on a developer's machine.
async fn two() -> (Stage, Running, Running) {
    let stage = Stage::new().await;
    let deployed = stage.with_program(Running::sample().await).await;
    let debugged = Running::debugged(format!("http://{}", stage.address)).await;
    stage
        .zone
        .set_debug_url("ada", PROGRAM, Some(&debugged.url()))
        .await
        .unwrap();
    (stage, deployed, debugged)
}

async fn debug_token(stage: &Stage) -> String {
    let credential = stage
        .zone
        .debug_credential("ada", PROGRAM, true)
        .await
        .unwrap();
    credential.token.expose_str().unwrap().to_owned()
}

async fn open_app(stage: &Stage, debug_token: &str) -> Value {
    let body = json!({ "program_id": PROGRAM, "debug_token": debug_token });
    stage.api("open_debug_mode", body).await
}

/// The debug program's half, with a token of the app.
async fn open_sdk(stage: &Stage, debugged: &Running, debug_token: &str) {
    let access = stage.token_of(&stage.app).await;
    let opened = debugged.sdk.open_debug(debug_token, &access).await;
    opened.unwrap();
}

async fn status(stage: &Stage) -> Value {
    stage
        .api("check_debug_mode", json!({ "program_id": PROGRAM }))
        .await["debug_mode_status"]
        .clone()
}

async fn echo(stage: &Stage) -> Value {
    stage.call("echo", json!({ "text": "x" })).await
}

#[tokio::test]
async fn both_halves_in_either_order_move_everything_of_that_app_and_nothing_of_another() {
    for app_first in [true, false] {
        let (stage, deployed, debugged) = two().await;
        let other = another_app(&stage.zone).await;
        stage
            .zone
            .associate("ada", &other.corpid, other.agentid, PROGRAM)
            .await
            .unwrap();
        let set = stage
            .api("set_receive_callback", json!({ "program_id": PROGRAM }))
            .await;
        assert_eq!(set["errcode"], 0);
        let token = debug_token(&stage).await;
        let access = stage.token_of(&stage.app).await;
        if app_first {
            assert_eq!(open_app(&stage, &token).await["errcode"], 0);
        } else {
            debugged.sdk.open_debug(&token, &access).await.unwrap();
        }
        // One half alone changes nothing.
        assert_eq!(status(&stage).await, 1);
        assert_eq!(data(&echo(&stage).await)["echo"]["text"], "x");
        assert_eq!((deployed.pending(), debugged.pending()), (1, 0));
        if app_first {
            debugged.sdk.open_debug(&token, &access).await.unwrap();
        } else {
            assert_eq!(open_app(&stage, &token).await["errcode"], 0);
        }
        assert_eq!(status(&stage).await, 2);

        // Calls, async calls and events go to the developer's machine, and the SDK APIs work from there.
        assert_eq!(data(&echo(&stage).await)["echo"]["text"], "x");
        let body = json!({ "program_id": PROGRAM, "ability_id": "late", "request_data": "{}" });
        assert_eq!(stage.api("async_program_task", body).await["errcode"], 0);
        let trigger = json!({ "type": "hit_keyword", "agentid": stage.app.agentid });
        stage
            .zone
            .trigger(&serde_json::from_value(trigger).unwrap())
            .await
            .unwrap();
        stage.engine.quiet().await;
        assert_eq!((deployed.pending(), debugged.pending()), (0, 3));

        // Another app still reaches the deployment.
        let token = stage.token_of(&other).await;
        let path = format!("/cgi-bin/chatdata/sync_call_program?access_token={token}");
        let body = json!({ "program_id": PROGRAM, "ability_id": "echo", "request_data": "{}" });
        assert!(
            stage
                .fetch(&path, Some(&body.to_string()))
                .await
                .1
                .contains("echo")
        );
        assert_eq!((deployed.pending(), debugged.pending()), (1, 0));

        // Closed, everything is as before; opened again, the session still holds.
        let close = json!({ "program_id": PROGRAM });
        assert_eq!(
            stage.api("close_debug_mode", close.clone()).await["errcode"],
            0
        );
        assert_eq!(
            stage.api("close_debug_mode", close).await["errcode"],
            710_673
        );
        assert_eq!(
            (
                echo(&stage).await["errcode"].as_i64(),
                deployed.pending(),
                debugged.pending()
            ),
            (Some(0), 1, 0)
        );
        let token = debug_token(&stage).await;
        assert_eq!(open_app(&stage, &token).await["errcode"], 0);
        assert_eq!(
            (
                echo(&stage).await["errcode"].as_i64(),
                deployed.pending(),
                debugged.pending()
            ),
            (Some(0), 0, 1)
        );
    }
}

#[tokio::test]
async fn no_deployment_and_no_review_are_needed() {
    let stage = Stage::new().await;
    stage
        .zone
        .put_program("ada", program(PROGRAM, abilities()))
        .await
        .unwrap();
    stage.associate(PROGRAM).await;
    assert_eq!(echo(&stage).await["errcode"], 790_021);
    let debugged = Running::debugged(format!("http://{}", stage.address)).await;
    stage
        .zone
        .set_debug_url("ada", PROGRAM, Some(&debugged.url()))
        .await
        .unwrap();
    let token = debug_token(&stage).await;
    open_sdk(&stage, &debugged, &token).await;
    assert_eq!(open_app(&stage, &token).await["errcode"], 0);
    assert_eq!(data(&echo(&stage).await)["echo"]["text"], "x");
}

#[tokio::test]
async fn the_credential_is_the_same_for_three_days_and_each_part_ends_by_itself() {
    let (stage, deployed, debugged) = two().await;
    assert!(
        stage
            .zone
            .debug_credential("ada", PROGRAM, false)
            .await
            .is_err(),
        "unconfirmed"
    );
    let token = debug_token(&stage).await;
    open_sdk(&stage, &debugged, &token).await;
    assert_eq!(open_app(&stage, &token).await["errcode"], 0);
    assert_eq!(status(&stage).await, 2);

    // The SDK's half lives as long as its access token: then calls reach the deployment again.
    stage.advance(7_201).await;
    assert_eq!(status(&stage).await, 1);
    assert_eq!(
        (
            echo(&stage).await["errcode"].as_i64(),
            deployed.pending(),
            debugged.pending()
        ),
        (Some(0), 1, 0)
    );
    open_sdk(&stage, &debugged, &token).await;
    assert_eq!(status(&stage).await, 2);

    // Asking again gives the same and does not extend it.
    stage.advance(24 * 3600).await;
    assert_eq!(debug_token(&stage).await, token);
    stage.advance(48 * 3600).await;
    let refused = debugged
        .sdk
        .open_debug(&token, &stage.token_of(&stage.app).await)
        .await
        .unwrap_err();
    assert_eq!(
        open_app(&stage, &token).await["errcode"],
        710_671,
        "{refused}"
    );
    assert_eq!(status(&stage).await, 1);
    let next = debug_token(&stage).await;
    assert_ne!(next, token);
    assert_eq!(open_app(&stage, &token).await["errcode"], 710_671);
    assert_eq!(open_app(&stage, &next).await["errcode"], 0);
}

#[tokio::test]
async fn opening_again_with_the_same_tokens_is_the_same_session() {
    let (stage, _deployed, debugged) = two().await;
    let token = debug_token(&stage).await;
    let access = stage.token_of(&stage.app).await;
    let first = debugged.sdk.open_debug(&token, &access).await.unwrap();
    let worker = Running::debugged(format!("http://{}", stage.address)).await;
    let second = worker.sdk.open_debug(&token, &access).await.unwrap();
    assert_eq!(first.key_id, second.key_id);
    assert_eq!(open_app(&stage, &token).await["errcode"], 0);
    for sdk in [&debugged.sdk, &worker.sdk] {
        let client = sdk.client("wwcorp", stage.app.agentid, "", "");
        let answer = client
            .invoke("get_hide_sensitiveinfo_config", r#"{"userid":"u"}"#)
            .await;
        assert!(answer.unwrap().contains("\"errcode\":0"));
    }
}

#[tokio::test]
async fn who_may_not_test_is_refused() {
    let (stage, _deployed, debugged) = two().await;
    let token = debug_token(&stage).await;
    let access = stage.token_of(&stage.app).await;
    let (corpid, agentid) = (&stage.app.corpid, stage.app.agentid);
    let corp = CorpChange {
        test: Some(false),
        ..CorpChange::default()
    };
    stage.zone.update_corp("ada", corpid, corp).await.unwrap();
    for (kind, install, allowed) in [
        (AppKind::ThirdParty, Install::Full, false),
        (AppKind::ThirdParty, Install::Test, true),
        (AppKind::ProviderDeveloped, Install::Test, false),
        (AppKind::SelfBuilt, Install::Full, true),
    ] {
        let change = AppChange {
            kind: Some(kind),
            install: Some(install),
            ..AppChange::default()
        };
        stage
            .zone
            .update_app("ada", corpid, agentid, change)
            .await
            .unwrap();
        let expected = if allowed { 0 } else { 710_672 };
        assert_eq!(
            open_app(&stage, &token).await["errcode"],
            expected,
            "{kind:?} {install:?}"
        );
        let opened = debugged.sdk.open_debug(&token, &access).await;
        assert_eq!(opened.is_ok(), allowed, "{kind:?} {install:?}");
    }
}

#[tokio::test]
async fn a_session_speaks_for_its_app_alone_and_only_while_debug_mode_is_on() {
    let (stage, _deployed, debugged) = two().await;
    let other = another_app(&stage.zone).await;
    stage
        .zone
        .associate("ada", &other.corpid, other.agentid, PROGRAM)
        .await
        .unwrap();
    let token = debug_token(&stage).await;
    open_sdk(&stage, &debugged, &token).await;
    let ask = async |agentid| {
        let client = debugged.sdk.client("wwcorp", agentid, "", "");
        let answer = client.invoke("sync_msg", "{}").await.unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["errcode"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(ask(stage.app.agentid).await, 710_673);
    assert_eq!(open_app(&stage, &token).await["errcode"], 0);
    assert_ne!(ask(stage.app.agentid).await, 710_673);
    assert_eq!(ask(other.agentid).await, 790_020);
    stage
        .zone
        .revoke_debug_credential("ada", PROGRAM)
        .await
        .unwrap();
    // The session is over with its credential: its key is nobody's any more.
    let client = debugged.sdk.client("wwcorp", stage.app.agentid, "", "");
    let refused = client.invoke("sync_msg", "{}").await.unwrap_err();
    assert!(
        refused.to_string().contains("debug session is over"),
        "{refused}"
    );
    assert_eq!(status(&stage).await, 1);

    // Another credential does not open what the app opened with the one before.
    let token = debug_token(&stage).await;
    open_sdk(&stage, &debugged, &token).await;
    assert_eq!(status(&stage).await, 1);
    assert_eq!(open_app(&stage, &token).await["errcode"], 0);
    assert_eq!(status(&stage).await, 2);

    // Nor does an app that may not test any more go on with what it has.
    let corp = CorpChange {
        test: Some(false),
        ..CorpChange::default()
    };
    let change = AppChange {
        kind: Some(AppKind::ThirdParty),
        install: Some(Install::Full),
        ..AppChange::default()
    };
    let (corpid, agentid) = (&stage.app.corpid, stage.app.agentid);
    stage.zone.update_corp("ada", corpid, corp).await.unwrap();
    stage
        .zone
        .update_app("ada", corpid, agentid, change)
        .await
        .unwrap();
    assert_eq!(status(&stage).await, 1);
}

#[tokio::test]
async fn tasks_need_both_programs_in_debug_and_use_what_the_developer_made_up() {
    let (stage, _deployed, debugged) = two().await;
    let deployed_b = Running::sample().await;
    stage
        .deployed(program("progB", abilities()), &[deployed_b.url()])
        .await;
    deployed_b.credentials(&stage.zone, "progB", 1).await;
    let token = debug_token(&stage).await;
    let access = stage.token_of(&stage.app).await;
    debugged.sdk.open_debug(&token, &access).await.unwrap();
    assert_eq!(open_app(&stage, &token).await["errcode"], 0);
    let create = json!({
        "program_id": "progB", "ability_id": "task", "msg_list": [],
        "debug_info": { "chat": "A说：made up", "chat_content": "made up" },
    })
    .to_string();
    let ask = async || {
        let client = debugged.sdk.client("wwcorp", stage.app.agentid, "", "");
        let answer = client.invoke("create_program_task", &create).await.unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    assert_eq!(ask().await["errcode"], 710_673);

    let debugged_b = Running::debugged(format!("http://{}", stage.address)).await;
    stage
        .zone
        .set_debug_url("ada", "progB", Some(&debugged_b.url()))
        .await
        .unwrap();
    let token_b = stage
        .zone
        .debug_credential("ada", "progB", true)
        .await
        .unwrap()
        .token;
    let token_b = token_b.expose_str().unwrap();
    debugged_b.sdk.open_debug(token_b, &access).await.unwrap();
    let body = json!({ "program_id": "progB", "debug_token": token_b });
    assert_eq!(stage.api("open_debug_mode", body).await["errcode"], 0);
    assert_eq!(ask().await["errcode"], 0);
    let asked = tokio::time::timeout(Duration::from_secs(10), debugged_b.asked())
        .await
        .unwrap();
    assert_eq!(asked.data, r#"{"prompt":"A说：made up","texts":"made up"}"#);
    assert_eq!(deployed_b.pending(), 0);
}
