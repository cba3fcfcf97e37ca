//! WeCom with the libraries that receivers are written with, both directions (`tests/peers/README.md`):
//! what they encrypt and sign passes our receiver, and what we send passes theirs.

use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use ringback_deliver::guard::check_url;
use ringback_deliver::{Answer, Limits};
use ringback_dialect::{Outgoing, WireRequest, wecom};
use ringback_types::{Deadline, Random};
use serde_json::{Value, json};

use crate::peers::filtered;
use crate::receiver::Receiver;
use crate::stage::Stage;
use crate::wecom::{CORP, KEY, TOKEN, callback, message, notify, secrets};

fn callback_of(made: &Value) -> WireRequest {
    WireRequest {
        query: made["query"].as_str().map(str::to_owned),
        headers: HeaderMap::new(),
        body: made["body"].as_str().unwrap().to_owned().into(),
    }
}

async fn passes_ours(file: &str) {
    let stage = Stage::new().await;
    stage.wecom_source("wecom", json!({})).await;
    let with = |mut line: Value, token: &str, receive_id: &str| {
        let members = line.as_object_mut().unwrap();
        members.insert("token".to_owned(), token.into());
        members.insert("encoding_aes_key".to_owned(), KEY.into());
        members.insert("receive_id".to_owned(), receive_id.into());
        line
    };
    let xml = message("4561255354251345929");
    let mut lines = vec![
        with(json!({ "message": xml, "agent_id": 218 }), TOKEN, CORP),
        with(json!({ "message": notify("n1") }), TOKEN, CORP),
        with(json!({ "message": notify("n2") }), "another", CORP),
        with(json!({ "message": notify("n2") }), TOKEN, "ww0"),
    ];
    // Many, so that every character of base64 stands in some of the queries.
    lines.extend(
        (0..20).map(|number| with(json!({ "echo": format!("echo {number}") }), TOKEN, CORP)),
    );
    let mut statuses = Vec::new();
    for (line, made) in lines.iter().zip(filtered(file, &lines)) {
        let Some(echo) = line["echo"].as_str() else {
            let answer = stage.call_back(&callback_of(&made)).await;
            statuses.push(answer.status.as_u16());
            continue;
        };
        assert_eq!(made["method"], "GET");
        let answer = stage.get_check(made["query"].as_str().unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, echo));
    }
    assert_eq!(statuses, [200, 200, 401, 401]);
    assert_eq!(
        stage.reasons("wecom").await,
        ["wecom.signature_mismatch", "wecom.receive_id_mismatch"]
    );
    let events = stage.events().await;
    let known_by: Vec<_> = events
        .iter()
        .map(|event| event.dedupe_key.as_deref())
        .collect();
    assert_eq!(known_by, [Some("4561255354251345929"), Some("n1")]);
    assert_eq!(events[0].body.as_deref(), Some(xml.as_bytes()));
}

async fn passes_theirs(file: &str) {
    let stage = Stage::new().await;
    let environment = [
        ("WECOM_TOKEN", TOKEN),
        ("WECOM_ENCODING_AES_KEY", KEY),
        ("WECOM_RECEIVE_ID", CORP),
    ];
    let mut peer = Receiver::start(file, "/callback", &environment);
    let url = check_url(&peer.url).unwrap();
    let limits = Limits {
        deadline: Deadline::after(Duration::from_mins(1)),
        connect: Duration::from_mins(1),
        answer_cap_bytes: 1000,
    };
    let probe = stage.engine.probe();
    // Different lengths, so that every padding comes up; and every character of base64 in the query.
    for length in 1..=40 {
        let echo = "7".repeat(length);
        let random = Random::system().secret();
        let check = WireRequest {
            query: Some(wecom::challenge(
                &secrets(),
                &echo,
                stage.clock.wire(),
                random,
            )),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let answer: Answer = probe.get(&url, check, &limits).await.outcome.unwrap();
        assert_eq!(
            (answer.status.as_u16(), &answer.body[..]),
            (200, echo.as_bytes())
        );
        assert_eq!(peer.next("checked")["echo"], echo);
        wecom::judge_challenge(&answer.as_dialect(), &echo).unwrap();
    }
    for xml in [message("1"), notify("n1")] {
        let request = callback(secrets(), &xml);
        let answer = probe.exchange(&url, request.clone(), &limits).await;
        assert_eq!(answer.outcome.unwrap().status, 200);
        assert_eq!(peer.next("handled")["xml"], xml);
        let forged = WireRequest {
            query: request
                .query
                .map(|query| query.replace("nonce=", "nonce=1")),
            ..request
        };
        let answer = probe.exchange(&url, forged, &limits).await;
        assert_eq!(answer.outcome.unwrap().status, 403);
        assert!(peer.next("refused")["reason"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_python_library_signs_passes_our_receiver() {
    passes_ours("wecom_sign.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_library_signs_passes_our_receiver() {
    passes_ours("wecom_sign.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_send_passes_the_python_library() {
    passes_theirs("wecom_receiver.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_send_passes_the_node_library() {
    passes_theirs("wecom_receiver.js").await;
}

/// The event that the zone makes reads in the library's parser as the platform's page has it.
#[tokio::test(flavor = "multi_thread")]
async fn program_notify_reads_as_the_platforms_own() {
    let stage = Stage::new().await;
    let environment = [
        ("WECOM_TOKEN", TOKEN),
        ("WECOM_ENCODING_AES_KEY", KEY),
        ("WECOM_RECEIVE_ID", CORP),
    ];
    let mut peer = Receiver::start("wecom_receiver.py", "/callback", &environment);
    let odd = "a]]>b<c>&amp;";
    let body = Bytes::from(notify(odd));
    let outgoing = Outgoing {
        event_id: "unused",
        event_type: "program_notify",
        body: &body,
        raw: None,
    };
    let sender = wecom::Sender::new(secrets(), None);
    let request = sender.encode(&outgoing, stage.clock.wire(), Random::system().secret());
    let limits = Limits {
        deadline: Deadline::after(Duration::from_mins(1)),
        connect: Duration::from_mins(1),
        answer_cap_bytes: 1000,
    };
    let url = check_url(&peer.url).unwrap();
    let report = stage.engine.probe().exchange(&url, request, &limits).await;
    assert_eq!(report.outcome.unwrap().status, 200);
    assert_eq!(
        peer.next("handled")["message"],
        json!({
            "ToUserName": CORP, "FromUserName": "sys", "CreateTime": "1348831860",
            "MsgType": "event", "Event": "program_notify", "NotifyId": odd, "NotifyScene": "1",
        })
    );
}
