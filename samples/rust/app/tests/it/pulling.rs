//! From the callback to the printed line.

use http::StatusCode;
use serde_json::{Value, json};

use crate::platform::Stub;
use crate::process::{App, next};

fn new_messages(token: &str) -> Value {
    let message = json!({ "token": token });
    json!({"event_type": "conversation_new_message", "timestamp": 1, "conversation_new_message": message})
}

/// Ability, notify_id and request of each call.
fn told(calls: &[Value]) -> Vec<(String, Value, Value)> {
    let calls = calls.iter();
    calls
        .map(|call| {
            let ability = call["ability_id"].as_str().unwrap().to_owned();
            let request = serde_json::from_str(call["request_data"].as_str().unwrap()).unwrap();
            (ability, call["notify_id"].clone(), request)
        })
        .collect()
}

#[tokio::test]
async fn a_notice_becomes_a_line_for_each_message() {
    let stub = Stub::new().await;
    let mut app = App::start(&stub, &["--show-keys"]).await;
    assert_eq!(
        app.check_url("QDG6eK").await,
        (StatusCode::OK, "1616140317555161061".into())
    );
    assert_eq!(app.check_url("other").await.0, StatusCode::UNAUTHORIZED);

    stub.answer(&[
        new_messages("token-1"),
        json!({"errcode": 0, "has_more": 1, "next_cursor": "c1", "msg_list": [stub.record("m1", "key one")]}),
        json!({"errcode": 0, "has_more": 0, "next_cursor": "c2", "msg_list": [stub.record("m2", "key two")]}),
    ]);
    assert_eq!(app.notify("n1").await, (StatusCode::OK, "".into()));
    let first = app.out.recv().await.unwrap();
    assert_eq!(
        first,
        "2023-11-14T22:13:20.000Z m1 type 1 chat wr1 from employee:wo1 to employee:wo2,customer:wm1 key key one"
    );
    assert!(app.out.recv().await.unwrap().ends_with("key key two"));
    assert_eq!(
        told(&stub.calls()),
        [
            ("get_callback_data".to_owned(), json!("n1"), json!({})),
            (
                "invoke_sync_msg".to_owned(),
                Value::Null,
                json!({"limit": 200, "token": "token-1"})
            ),
            (
                "invoke_sync_msg".to_owned(),
                Value::Null,
                json!({"limit": 200, "token": "token-1", "cursor": "c1"})
            ),
        ]
    );

    // The same notice again is acknowledged and worked on no more; a new one goes on at the cursor.
    assert_eq!(app.notify("n1").await.0, StatusCode::OK);
    stub.end_tokens();
    stub.answer(&[
        new_messages("token-2"),
        json!({"errcode": 0, "has_more": 0, "next_cursor": "c3", "msg_list": [stub.record("m3", "key three")]}),
    ]);
    app.notify("n2").await;
    assert!(app.out.recv().await.unwrap().contains(" m3 "));
    let calls = told(&stub.calls());
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].2["cursor"], "c2");
}

#[tokio::test]
async fn what_fails_is_said_and_the_next_notice_is_worked_on() {
    let stub = Stub::new().await;
    let mut app = App::start(&stub, &[]).await;
    stub.refuse(710_646);
    app.notify("expired").await;
    next(
        &mut app.said,
        "notice expired: get_callback_data answered errcode 710646",
    )
    .await;
    stub.answer(&[json!({"errcode": 710_660, "errmsg": "nothing is kept"})]);
    app.notify("lost").await;
    next(
        &mut app.said,
        "notice lost: the program answered errcode 710660",
    )
    .await;
    let foreign = Stub::new().await;
    let page =
        |record| json!({"errcode": 0, "has_more": 0, "next_cursor": "c", "msg_list": [record]});
    stub.answer(&[new_messages("t"), page(foreign.record("m1", "a key"))]);
    app.notify("foreign").await;
    next(
        &mut app.said,
        "message m1: the key was encrypted for another private key",
    )
    .await;
    stub.answer(&[json!({"event_type": "chat_archive_export_finished", "timestamp": 1})]);
    app.notify("other").await;
    next(&mut app.said, "event chat_archive_export_finished").await;
    stub.answer(&[new_messages("t"), page(stub.record("m2", "a key"))]);
    app.notify("good").await;
    assert!(app.out.recv().await.unwrap().ends_with("key of 5 bytes"));
}

#[tokio::test]
async fn a_restarted_app_goes_on_at_its_cursor() {
    let stub = Stub::new().await;
    let file = stub.directory.path().join("cursor");
    let arguments = ["--cursor-file", file.to_str().unwrap()];
    let page = |cursor: &str, msgid| json!({"errcode": 0, "has_more": 0, "next_cursor": cursor, "msg_list": [stub.record(msgid, "a key")]});
    let mut app = App::start(&stub, &arguments).await;
    stub.answer(&[new_messages("t"), page("c1", "m1")]);
    app.notify("n1").await;
    app.out.recv().await.unwrap();
    // The cursor is kept behind the line; the next notice is answered after that.
    stub.answer(&[json!({"event_type": "hit_keyword"})]);
    app.notify("n2").await;
    next(&mut app.said, "event hit_keyword").await;
    drop(app);
    stub.calls();

    stub.answer(&[page("c2", "m2")]);
    let mut app = App::start(&stub, &arguments).await;
    assert!(app.out.recv().await.unwrap().contains(" m2 "));
    let request = json!({"limit": 200, "cursor": "c1"});
    assert_eq!(
        told(&stub.calls()),
        [("invoke_sync_msg".to_owned(), Value::Null, request)]
    );
}
