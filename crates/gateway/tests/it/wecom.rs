//! WeCom: the GET that checks a URL, the POST that brings an event.

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use ringback_dialect::wecom::{EncodingAesKey, ProgramNotify, Secrets, Sender, challenge};
use ringback_dialect::{Outgoing, WireRequest};
use ringback_store::record::{Event, Query};
use ringback_types::{Clock, WireTime};
use serde_json::{Value, json};

use crate::business::{Business, Manner};
use crate::stage::{Answer, Stage};

pub(crate) const TOKEN: &str = "QDG6eK";
pub(crate) const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
pub(crate) const CORP: &str = "wx5823bf96d3bd56c7";
const OTHER_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// The same every time: under another key, what is decrypted must be wrong in the same way.
const RANDOM: [u8; 32] = [7; 32];

pub(crate) fn secrets() -> Secrets {
    secrets_of(TOKEN, KEY, CORP)
}

fn secrets_of(token: &str, key: &str, receive_id: &str) -> Secrets {
    Secrets {
        token: token.into(),
        aes_key: EncodingAesKey::parse(&key.into()).unwrap(),
        receive_id: receive_id.to_owned(),
    }
}

/// A callback as the platform makes it, now.
pub(crate) fn callback(secrets: Secrets, xml: &str) -> WireRequest {
    callback_at(secrets, xml, Clock::real().wire())
}

fn callback_at(secrets: Secrets, xml: &str, now: WireTime) -> WireRequest {
    let outgoing = Outgoing {
        event_id: "unused",
        event_type: "unused",
        body: &Bytes::from(xml.to_owned()),
        raw: None,
    };
    Sender::new(secrets, Some(218)).encode(&outgoing, now, RANDOM)
}

fn check(secrets: &Secrets) -> String {
    check_at(secrets, Clock::real().wire())
}

fn check_at(secrets: &Secrets, now: WireTime) -> String {
    challenge(secrets, "1616140317555161061", now, RANDOM)
}

pub(crate) fn message(id: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>\n<FromUserName><![CDATA[mycreate]]></FromUserName>\
         <CreateTime>1409659813</CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[你好 ]]></Content><MsgId>{id}</MsgId><AgentID>219</AgentID></xml>"
    )
}

pub(crate) fn notify(id: &str) -> String {
    let notify = ProgramNotify {
        corpid: CORP,
        create_time: WireTime::from_millis(1_348_831_860_000),
        notify_id: id,
        notify_scene: Some(1),
    };
    String::from_utf8(notify.to_xml().to_vec()).unwrap()
}

impl Stage {
    pub(crate) async fn wecom_source(&self, name: &str, settings: Value) {
        let secrets = json!({ "token": TOKEN, "encoding_aes_key": KEY, "receive_id": CORP });
        let source =
            json!({ "name": name, "dialect": "wecom", "secrets": secrets, "settings": settings });
        self.done(Method::POST, "sources", source).await;
    }

    pub(crate) async fn get_check(&self, query: &str) -> Answer {
        let path = format!("/in/wecom?{query}");
        self.send(Method::GET, &path, HeaderMap::new(), Bytes::new())
            .await
    }

    pub(crate) async fn call_back(&self, request: &WireRequest) -> Answer {
        let query = request.query.as_deref().unwrap_or_default();
        let path = format!("/in/wecom?{query}");
        let (headers, body) = (request.headers.clone(), request.body.clone());
        self.send(Method::POST, &path, headers, body).await
    }

    /// What is on the disk, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let record = self.engine.record();
        let mut events = Vec::new();
        for entry in record
            .search(Query::default())
            .await
            .unwrap()
            .entries
            .into_iter()
            .rev()
        {
            events.push(record.event(entry.event).await.unwrap().unwrap());
        }
        events
    }
}

#[tokio::test]
async fn sources_of_before_outlive_the_new_dialect() {
    let stage = Stage::at_step(1).await;
    stage
        .feishu_source("feishu", json!({ "headers": ["x-unit"] }))
        .await;
    let new = json!({ "verification_token": "new-token" });
    let rotation = json!({ "secrets": new, "overlap_seconds": 60 });
    stage
        .done(Method::POST, "sources/feishu/rotate", rotation)
        .await;
    let before = stage.get("sources").await;
    let stage = stage.restart().await;
    assert_eq!(stage.get("sources").await, before);
    stage.wecom_source("wecom", json!({})).await;
    let stage = stage.restart().await;
    assert_eq!(
        stage.get_check(&check(&secrets())).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_check_is_answered_with_the_exact_text_and_leaves_no_trace() {
    let stage = Stage::new().await;
    stage.wecom_source("wecom", json!({})).await;
    let right = check(&secrets());
    for query in [
        right.clone(),
        // Senders that leave base64 as it is, and parameters that are not the platform's.
        right
            .replace("%2B", "+")
            .replace("%2F", "/")
            .replace("%3D", "="),
        format!("tenant=7&{right}&x"),
    ] {
        let answer = stage.get_check(&query).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        assert_eq!(answer.body, "1616140317555161061");
        assert_eq!(answer.headers["content-type"], "text/plain");
        assert_eq!(answer.headers["content-length"], "19");
    }
    assert_eq!(stage.stored().await, 0);
    assert_eq!(stage.count("wecom", "challenges").await, 3);
}

#[tokio::test]
async fn an_event_is_stored_once_whatever_it_is_known_by() {
    let stage = Stage::new().await;
    stage.wecom_source("wecom", json!({})).await;
    let bare = notify("").replace("<NotifyId><![CDATA[]]></NotifyId>", "");
    for xml in [
        message("4561255354251345929"),
        notify("n1"),
        notify("n2"),
        bare.clone(),
    ] {
        for seconds in 0..2 {
            // Signed anew, as a retry may be.
            let now = stage.clock.wire().plus_millis(seconds * 1000);
            let answer = stage.call_back(&callback_at(secrets(), &xml, now)).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
        }
    }
    assert_eq!(stage.count("wecom", "duplicates").await, 4);
    let events = stage.events().await;
    let shown: Vec<String> = events
        .iter()
        .map(|event| {
            let (key, app) = (event.dedupe_key.as_deref(), event.app.as_deref());
            format!("{} {} {}", event.event_type, key.unwrap(), app.unwrap())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    text 4561255354251345929 219
    program_notify n1 218
    program_notify n2 218
    program_notify sha256:bcb5e5c71cc154937f553bb799325fea038abc2f36a6015032773c8671a7bd2e 218
    ");
    assert_eq!(
        events[0].body.as_deref(),
        Some(message("4561255354251345929").as_bytes())
    );
}

#[tokio::test]
async fn every_refusal_looks_the_same_from_outside() {
    let stage = Stage::new().await;
    stage
        .wecom_source("wecom", json!({ "tolerance_seconds": 300 }))
        .await;
    let long_ago = stage.clock.wire().plus_millis(-400_000);
    let right = check(&secrets());
    let good = callback(secrets(), &message("1"));
    let checks = [
        String::new(),
        right.split('&').skip(1).collect::<Vec<_>>().join("&"),
        right.split('&').take(3).collect::<Vec<_>>().join("&"),
        format!("{right}&nonce=1"),
        right.replace("msg_signature=", "msg_signature=0"),
        right.replace("%3D", "%253D"),
        check(&secrets_of("another", KEY, CORP)),
        check(&secrets_of(TOKEN, OTHER_KEY, CORP)),
        check(&secrets_of(TOKEN, KEY, "ww0000000000000000")),
        check_at(&secrets(), long_ago),
    ];
    let with_body = |body: &str| WireRequest {
        body: body.to_owned().into(),
        ..good.clone()
    };
    let envelope = String::from_utf8(good.body.to_vec()).unwrap();
    let callbacks = [
        WireRequest {
            query: None,
            ..good.clone()
        },
        with_body(""),
        with_body("not xml"),
        with_body("<xml></xml>"),
        with_body(&envelope.replace("<Encrypt>", "<Encrypt>x</Encrypt><Encrypt>")),
        with_body(&format!("<!DOCTYPE xml [<!ENTITY e \"e\">]>{envelope}")),
        with_body(&envelope.replace("<xml>", &format!("<xml>{}", "<a>".repeat(100)))),
        callback(secrets_of("another", KEY, CORP), &message("1")),
        callback(secrets_of(TOKEN, OTHER_KEY, CORP), &message("1")),
        callback(secrets_of(TOKEN, KEY, ""), &message("1")),
        callback(secrets(), "not xml"),
        callback(secrets(), "<xml><MsgId>1</MsgId></xml>"),
        callback_at(secrets(), &message("1"), long_ago),
    ];
    let mut answers = Vec::new();
    for query in &checks {
        answers.push(stage.get_check(query).await);
    }
    for callback in &callbacks {
        answers.push(stage.call_back(callback).await);
    }
    let (path, empty) = (format!("/in/wecom?{right}"), HeaderMap::new());
    answers.push(stage.send(Method::PUT, &path, empty, Bytes::new()).await);
    let count = answers.len();
    for answer in answers {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.body, r#"{"code":"refused"}"#);
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    assert_eq!(stage.stored().await, 0);
    assert_eq!(stage.count("wecom", "refused").await, count as u64);
    insta::assert_snapshot!(stage.reasons("wecom").await.join("\n"));
    let shown = stage.get("sources/wecom/refusals").await.to_string();
    for secret in [TOKEN, KEY, CORP, "你好"] {
        assert!(!shown.contains(secret));
    }
}

#[tokio::test]
async fn the_original_goes_on_so_that_its_signature_can_be_checked_there() {
    let stage = Stage::new().await;
    stage.wecom_source("wecom", json!({})).await;
    let business = Business::start(Manner::Answer(200, "")).await;
    let url = format!("{}?tenant=7", business.url);
    stage
        .endpoint(json!({ "name": "app", "url": url, "dialect": "raw" }))
        .await;
    let mut sent = callback(secrets(), &message("1"));
    sent.query = sent.query.map(|query| format!("secret=1&{query}"));
    assert_eq!(stage.call_back(&sent).await.status, StatusCode::OK);
    stage.engine.quiet().await;
    let got = business.got();
    assert_eq!(got[0].1, sent.body);
    let query = sent.query.unwrap().replace("secret=1", "tenant=7");
    assert_eq!(business.queries(), [query]);
}

#[tokio::test]
async fn old_secrets_hold_until_the_overlap_ends_and_the_answer_is_a_setting() {
    let stage = Stage::new().await;
    stage
        .wecom_source("wecom", json!({ "acknowledgement": "success" }))
        .await;
    // The same token and another key: the signature alone does not say which.
    let new = json!({ "token": TOKEN, "encoding_aes_key": OTHER_KEY, "receive_id": CORP });
    let rotation = json!({ "secrets": new, "overlap_seconds": 60 });
    stage
        .done(Method::POST, "sources/wecom/rotate", rotation)
        .await;
    let new = || secrets_of(TOKEN, OTHER_KEY, CORP);
    let stage = stage.restart().await;
    for (secrets, id) in [(secrets(), "1"), (new(), "2")] {
        let answer = stage.call_back(&callback(secrets, &message(id))).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, "success")
        );
    }
    let later = stage.clock.schedule().plus_millis(60_000);
    stage.clock.advance_to(later).unwrap();
    assert_eq!(
        stage.get_check(&check(&secrets())).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(stage.get_check(&check(&new())).await.status, StatusCode::OK);
    assert_eq!(stage.stored().await, 2);
}
