//! Events: kept, announced, handed out.

use std::sync::{Arc, Mutex, OnceLock};

use ringback_dialect::zone::{CallType, Outcome, RequestFrame};
use ringback_types::Clock;
use serde_json::{Value, json};

use crate::process::Program;
use crate::stub::{Answer, Stub, call};

const EVENT: &str = r#"{"event_type":"conversation_new_message","timestamp":1408091189,"conversation_new_message":{"token":"t1"}}"#;

fn event() -> RequestFrame {
    RequestFrame {
        call_type: CallType::Event,
        ..call("", EVENT)
    }
}

fn pick_up(ability: &str, data: &str, notify_id: &str) -> RequestFrame {
    RequestFrame {
        notify_id: notify_id.to_owned(),
        ..call(ability, data)
    }
}

/// A zone that passes every notice on.
async fn stub() -> Stub {
    Stub::answering(|one| {
        let request: Value = serde_json::from_str(&one.frame.request).unwrap();
        let id = &request["notify_id"];
        Answer::Text(json!({"errcode": 0, "errmsg": "ok", "notify_id": id}).to_string())
    })
    .await
}

/// The notify_id of the one notice that there was.
fn notified(stub: &Stub) -> String {
    let invoked = stub.invoked();
    assert_eq!(invoked.len(), 1);
    assert_eq!(invoked[0].api, "spec_notify_app");
    let request: Value = serde_json::from_str(&invoked[0].frame.request).unwrap();
    request["notify_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_is_there_before_the_app_is_told() {
    // The zone asks for the event while it answers `spec_notify_app`: as fast as any app can be.
    let asker: Arc<OnceLock<(Arc<Stub>, String)>> = Arc::default();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let stub = {
        let (asker, seen) = (Arc::clone(&asker), Arc::clone(&seen));
        let play = move |one: crate::stub::Invoked| {
            let (asker, seen) = (Arc::clone(&asker), Arc::clone(&seen));
            Box::pin(async move {
                let request: Value = serde_json::from_str(&one.frame.request).unwrap();
                let id = request["notify_id"].as_str().unwrap();
                let (stub, url) = asker.get().unwrap();
                let (_, text) = stub.ask(url, &pick_up("get_callback_data", "{}", id)).await;
                seen.lock().unwrap().push(text);
                Answer::Text(json!({"errcode": 0, "errmsg": "ok", "notify_id": id}).to_string())
            }) as _
        };
        Arc::new(Stub::playing(Clock::real(), play).await)
    };
    let program = Program::start(&stub, &[]).await;
    asker
        .set((Arc::clone(&stub), program.url.clone()))
        .ok()
        .unwrap();

    let (outcome, _) = stub.ask(&program.url, &event()).await;
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(
        *seen.lock().unwrap(),
        [EVENT],
        "the event itself, and no errcode"
    );
}

#[tokio::test]
async fn an_event_is_handed_out_for_its_own_notify_id_only() {
    let stub = stub().await;
    let program = Program::start(&stub, &[]).await;
    stub.ask(&program.url, &event()).await;
    let id = notified(&stub);
    assert!((1..=64).contains(&id.len()));

    let python = r#"{"input":{"func":"do_async_job","func_req":{"notify_id":"NOTIFYID"}}}"#;
    for (ability, data) in [("get_callback_data", "{}"), ("python_do_async_job", python)] {
        // It stays: the app may ask again when an answer was lost.
        for _ in 0..2 {
            let (_, text) = stub.ask(&program.url, &pick_up(ability, data, &id)).await;
            assert_eq!(text, EVENT);
        }
        for other in ["", "unknown", "../credentials"] {
            let (outcome, text) = stub.ask(&program.url, &pick_up(ability, data, other)).await;
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (outcome, &answer["errcode"]),
                (Outcome::Ok, &json!(710_660))
            );
        }
    }
    let foreign = RequestFrame {
        corpid: "wwother".to_owned(),
        ..pick_up("get_callback_data", "{}", &id)
    };
    let (_, text) = stub.ask(&program.url, &foreign).await;
    assert!(text.contains("710660"), "{text}");
}

#[tokio::test]
async fn an_event_whose_app_cannot_be_told_is_to_come_again() {
    let stub =
        Stub::answering(|_| Answer::Text(json!({"errcode": -1, "errmsg": "busy"}).to_string()))
            .await;
    let mut program = Program::start(&stub, &[]).await;
    let (outcome, text) = stub.ask(&program.url, &event()).await;
    assert_eq!((outcome, text.as_str()), (Outcome::Error, ""));
    let line = program.line("the app cannot be told").await;
    assert!(line.contains(",ERR,"), "{line}");
}

#[tokio::test]
async fn events_in_files_outlive_the_program() {
    let stub = stub().await;
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--events-dir", directory.path().to_str().unwrap()];
    let program = Program::start(&stub, &arguments).await;
    stub.ask(&program.url, &event()).await;
    let id = notified(&stub);
    drop(program);
    let program = Program::start(&stub, &arguments).await;
    let (_, text) = stub
        .ask(&program.url, &pick_up("get_callback_data", "{}", &id))
        .await;
    assert_eq!(text, EVENT);
}
