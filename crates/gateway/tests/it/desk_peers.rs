//! Desk with a receiver and a sender that are not ours (`tests/peers/README.md`). No library speaks
//! Desk's own commands, so that the peers are a few lines of Python's standard library, written from the
//! platform's pages.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use ringback_deliver::Limits;
use ringback_deliver::guard::check_url;
use ringback_dialect::desk::{self, Sender};
use ringback_dialect::{Outgoing, WireRequest};
use ringback_types::Deadline;
use serde_json::{Value, json};

use crate::desk::{APP, INVOCATION, INVOKE, TOKEN, account};
use crate::peers::filtered;
use crate::receiver::Receiver;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn what_python_signs_passes_our_receiver() {
    let stage = Stage::new().await;
    stage.desk_source(json!({ "strict": true })).await;
    let line = |app: &str, token: &str, command: &str, id: Value, body: Value| json!({ "sdk_app_id": app, "token": token, "command": command, "request_id": id, "body": body });
    let step = json!({ "Event": "TaskBegin", "ExecutionId": "e1", "Seq": 1, "TaskName": "售后" });
    let flow = "Chatbot.TaskFlowEventNotify";
    let lines = [
        line(APP, TOKEN, flow, json!("一/1"), step.clone()),
        line(APP, TOKEN, flow, json!("一/1"), step.clone()),
        line(APP, TOKEN, flow, Value::Null, step.clone()),
        line(
            APP,
            TOKEN,
            INVOKE,
            Value::Null,
            json!({ "Body": { "名": "值" }, "EventTime": 1 }),
        ),
        line(APP, "guess", flow, json!("2"), step.clone()),
        line("1400000001", TOKEN, flow, json!("3"), step),
    ];
    let mut statuses = Vec::new();
    for made in filtered("desk_sign.py", &lines) {
        let content_type = made["headers"]["Content-Type"].as_str().unwrap();
        let request = WireRequest {
            query: made["query"].as_str().map(str::to_owned),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]),
            body: made["body"].as_str().unwrap().to_owned().into(),
        };
        statuses.push(stage.ask(&request).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 401, 401]);
    assert_eq!(stage.count("desk", "duplicates").await, 1);
    let reasons = ["desk.signature_mismatch", "desk.app_id_mismatch"];
    assert_eq!(stage.reasons("desk").await, reasons);
    let events = stage.events().await;
    let keys: Vec<_> = events.iter().map(|it| it.dedupe_key.as_deref()).collect();
    assert_eq!(keys, [Some("一/1"), Some("execution:e1:1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_send_passes_a_receiver_in_python() {
    let stage = Stage::new().await;
    let environment = [("DESK_SDK_APP_ID", APP), ("DESK_TOKEN", TOKEN)];
    let mut peer = Receiver::start("desk_receiver.py", "/callback?tenant=7", &environment);
    let url = check_url(&peer.url).unwrap();
    let limits = Limits {
        deadline: Deadline::after(Duration::from_mins(1)),
        connect: Duration::from_mins(1),
        answer_cap_bytes: 1000,
    };
    let outgoing = Outgoing {
        event_id: "unused",
        event_type: INVOKE,
        body: &Bytes::from_static(INVOCATION.as_bytes()),
        raw: None,
    };
    for (app, token, refused) in [
        (APP, TOKEN, None),
        (APP, "guess", Some("sign")),
        ("1400000001", TOKEN, Some("app")),
    ] {
        let sender = Sender::new(account(app, Some(token)));
        let request = sender.encode(&outgoing, stage.clock.wire()).unwrap();
        let report = stage.engine.probe().exchange(&url, request, &limits).await;
        let answer = report.outcome.unwrap();
        if let Some(reason) = refused {
            assert_eq!(peer.next("refused")["reason"], reason);
            let failure = desk::check_answer(&answer.as_dialect()).unwrap_err();
            assert_eq!(failure, desk::CallFailure::Status(answer.status));
            continue;
        }
        let handled = peer.next("handled");
        assert_eq!(handled["tenant"], "7");
        assert_eq!(handled["command"], INVOKE);
        assert_eq!(handled["values"]["OrderID"], "订单 1");
        desk::check_answer(&answer.as_dialect()).unwrap();
        let read = desk::read_invocation_answer(&answer.body).unwrap();
        let echoed = ("echo".to_owned(), "user517,订单 1,".to_owned());
        assert_eq!(read.values, [echoed]);
    }
}
