//! Async calls, own-program tasks and debug mode.

use ringback_dialect::zone::{Outcome, RequestFrame};
use ringback_types::Clock;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::process::Program;
use crate::stub::{Answer, DEBUG_KEY_ID, Invoked, Stub, call};

/// A zone that passes on what it is called with.
async fn reporting() -> (Stub, UnboundedReceiver<Invoked>) {
    let (sender, reports) = unbounded_channel();
    let stub = Stub::answering(move |one| {
        sender.send(one.clone()).unwrap();
        Answer::Text(json!({"errcode": 0, "errmsg": "ok"}).to_string())
    });
    (stub.await, reports)
}

#[tokio::test]
async fn an_async_call_is_acknowledged_and_reported_with_its_job() {
    let (stub, mut reports) = reporting().await;
    let program = Program::start(&stub, &[]).await;
    let task = |data: &str| RequestFrame {
        is_async: true,
        job_info: "sealed job".to_owned(),
        ..call("summarize", data)
    };
    let chat = r#"{"chat":"A说：你好\nB说：再见"}"#;
    let (outcome, _) = stub.ask(&program.url, &task(chat)).await;
    assert_eq!(outcome, Outcome::Ok);
    let report = reports.recv().await.unwrap();
    assert_eq!(report.api, "program_async_job_call_back");
    assert_eq!(report.frame.job_info, "sealed job");
    let body: Value = serde_json::from_str(&report.frame.request).unwrap();
    let result = r#"{"lines":2,"result":"2 lines: A 1, B 1"}"#;
    assert_eq!(body, json!({"errcode": 0, "result": result}));

    stub.ask(&program.url, &task("{}")).await;
    let report = reports.recv().await.unwrap();
    assert_eq!(report.frame.request, r#"{"errcode":710660}"#);

    let (_, text) = stub.ask(&program.url, &call("summarize", chat)).await;
    assert_eq!(text, result, "called synchronously it answers at once");
}

#[tokio::test]
async fn debug_mode_is_opened_before_the_first_request() {
    let (stub, mut invoked) = reporting().await;
    let (token, access_token) = ("dbg_one_s3cr3t", "the-access-token");
    let now = Clock::real().wire();
    stub.allow_debug(token, access_token, now.as_seconds() + 600);
    let environment = [
        ("RINGBACK_ZONE_URL", stub.url.as_str()),
        ("RINGBACK_ACCESS_TOKEN", access_token),
    ];
    let arguments = ["--debug", "--debug-token", token];
    let program = Program::start_with(&environment, &arguments).await;
    let frame = call("invoke_sync_msg", "{}");
    let request = stub.request_at(&frame, DEBUG_KEY_ID, now);
    let (_, headers, body) =
        crate::stub::send(&program.url, &request.headers, request.body.clone()).await;
    assert_eq!(stub.read_reply(&request, &headers, &body).0, Outcome::Ok);
    assert_eq!(invoked.recv().await.unwrap().key_id, DEBUG_KEY_ID);
}
