//! Tencent Desk: calls that a flow waits for, notifications that are stored.

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use ringback_dialect::desk::{self, Account, Command, Sender};
use ringback_dialect::{Outgoing, WireRequest};
use ringback_types::{Clock, Secret, WireTime};
use serde_json::{Value, json};

use crate::business::{Business, Manner};
use crate::platform::SIGNING_KEY;
use crate::stage::{Answer, Stage};

pub(crate) const APP: &str = "1400000000";
pub(crate) const TOKEN: &str = "xxxxyyyy";
pub(crate) const INVOKE: &str = "Chatbot.InterfaceInvocation";
const FLOW: &str = "Chatbot.TaskFlowEventNotify";
const ACKNOWLEDGED: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#;
const FALLBACK: &str =
    r#"{"ActionStatus":"FAIL","ErrorCode":1,"ErrorInfo":"no answer from the business"}"#;
pub(crate) const INVOCATION: &str = r#"{"CallbackCommand":"Chatbot.InterfaceInvocation","Body":{"SystemClientUserID":"user517","OrderID":"订单 1","unset":""},"EventTime":1731488371784}"#;

pub(crate) fn account(app: &str, token: Option<&str>) -> Account {
    Account::new(app, token.map(Secret::from))
}

/// A request as the platform makes it at that time.
fn request_at(
    account: Account,
    command: &str,
    body: &str,
    id: Option<&str>,
    now: WireTime,
) -> WireRequest {
    let outgoing = Outgoing {
        event_id: "unused",
        event_type: command,
        body: &Bytes::from(body.to_owned()),
        raw: None,
    };
    let sender = Sender::new(account).with_request_id(id);
    sender.encode(&outgoing, now).unwrap()
}

fn request(command: &str, body: &str, id: Option<&str>) -> WireRequest {
    let account = account(APP, Some(TOKEN));
    request_at(account, command, body, id, Clock::real().wire())
}

fn invocation() -> WireRequest {
    request(INVOKE, INVOCATION, None)
}

fn step(seq: u32) -> String {
    format!(
        r#"{{"CallbackCommand":"{FLOW}","Event":"TaskBegin","EventTime":1754280000000,"Seq":{seq},"ExecutionId":"cf634425","TaskName":"售后"}}"#
    )
}

/// The request without the parameters of these names.
fn without(mut request: WireRequest, names: &[&str]) -> WireRequest {
    request.query = request.query.map(|query| {
        let stays = |pair: &&str| !names.contains(&pair.split('=').next().unwrap());
        query.split('&').filter(stays).collect::<Vec<_>>().join("&")
    });
    request
}

fn with_query(request: &WireRequest, change: impl FnOnce(String) -> String) -> WireRequest {
    let query = request.query.clone().map(change);
    WireRequest {
        query,
        ..request.clone()
    }
}

fn with_body(body: impl Into<Bytes>) -> WireRequest {
    WireRequest {
        body: body.into(),
        ..invocation()
    }
}

impl Stage {
    pub(crate) async fn desk_source(&self, settings: Value) {
        let secrets = json!({ "sdk_app_id": APP, "token": TOKEN });
        let source =
            json!({ "name": "desk", "dialect": "desk", "secrets": secrets, "settings": settings });
        self.done(Method::POST, "sources", source).await;
    }

    pub(crate) async fn ask(&self, request: &WireRequest) -> Answer {
        let query = request.query.as_deref().unwrap_or_default();
        let path = format!("/in/desk?{query}");
        let (headers, body) = (request.headers.clone(), request.body.clone());
        self.send(Method::POST, &path, headers, body).await
    }

    /// Asks and expects 200 with exactly this.
    async fn answers(&self, request: &WireRequest, body: &str) {
        let answer = self.ask(request).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, body)
        );
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn sources_of_before_outlive_desks_word() {
    let stage = Stage::at_step(2).await;
    stage.wecom_source("wecom", json!({})).await;
    let before = stage.get("sources").await;
    let stage = stage.restart().await;
    assert_eq!(stage.get("sources").await, before);
    stage.desk_source(json!({ "strict": true })).await;
    let made = stage.get("sources/desk").await;
    let stage = stage.restart().await;
    assert_eq!(
        stage.get("sources/desk").await["settings"],
        made["settings"]
    );
    insta::assert_json_snapshot!(made["settings"]);
    assert_eq!(made["secrets"], json!(["sdk_app_id", "token"]));
    let answer = stage.ask(&request(FLOW, &step(1), None)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_source_needs_is_said() {
    let stage = Stage::new().await;
    let made = async |secrets: Value, settings: Value| {
        let source =
            json!({ "name": "desk", "dialect": "desk", "secrets": secrets, "settings": settings });
        let answer = stage.api(Method::POST, "sources", source).await;
        answer.json()["code"].as_str().map(str::to_owned)
    };
    for (secrets, settings, code) in [
        (json!({}), json!({}), "source.secret_missing"),
        (json!({ "sdk_app_id": "" }), json!({}), "source.sdk_app_id"),
        (
            json!({ "sdk_app_id": "app" }),
            json!({}),
            "source.sdk_app_id",
        ),
        (
            json!({ "sdk_app_id": APP, "receive_id": "" }),
            json!({}),
            "source.secret_foreign",
        ),
        (
            json!({ "sdk_app_id": APP }),
            json!({ "acknowledgement": "success" }),
            "source.setting_foreign",
        ),
        (
            json!({ "sdk_app_id": APP }),
            json!({ "call_margin_ms": 2000 }),
            "source.call_deadline",
        ),
    ] {
        assert_eq!(made(secrets, settings).await.as_deref(), Some(code));
    }
    let wecom = json!({
        "name": "wecom", "dialect": "wecom", "secrets": { "sdk_app_id": APP }, "settings": {},
    });
    let refused = stage.api(Method::POST, "sources", wecom).await;
    assert_eq!(refused.json()["code"], "source.secret_foreign");
}

#[tokio::test]
async fn a_notification_is_stored_once_and_delivered_in_order() {
    let stage = Stage::new().await;
    stage.desk_source(json!({})).await;
    let business = Business::start(Manner::Answer(200, ACKNOWLEDGED)).await;
    let endpoint = json!({ "name": "bot", "url": business.url, "dialect": "desk" });
    stage.endpoint(endpoint).await;
    let session = r#"{"CallbackCommand":"Desk.SessionEventNotify","SessionId":"s1"}"#;
    let unknown = r#"{"CallbackCommand":"Group.CallbackAfterGroupFull"}"#;
    let told = [
        (FLOW, step(1), Some("r1")),
        (FLOW, step(2), None),
        (FLOW, step(3), None),
        ("Desk.SessionEventNotify", session.to_owned(), Some("r2")),
        ("Group.CallbackAfterGroupFull", unknown.to_owned(), None),
    ];
    for (command, body, id) in &told {
        let mut request = request(command, body, *id);
        if id.is_none() {
            request = without(request, &["RequestID"]);
        }
        for _ in 0..2 {
            stage.answers(&request, ACKNOWLEDGED).await;
        }
        stage.engine.quiet().await;
    }
    assert_eq!(stage.count("desk", "accepted").await, 5);
    assert_eq!(stage.count("desk", "duplicates").await, 5);
    let shown: Vec<String> = stage
        .events()
        .await
        .iter()
        .map(|event| {
            let (key, app) = (event.dedupe_key.as_deref(), event.app.as_deref());
            format!("{} {} {}", event.event_type, key.unwrap(), app.unwrap())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    Chatbot.TaskFlowEventNotify r1 1400000000
    Chatbot.TaskFlowEventNotify execution:cf634425:2 1400000000
    Chatbot.TaskFlowEventNotify execution:cf634425:3 1400000000
    Desk.SessionEventNotify r2 1400000000
    Group.CallbackAfterGroupFull sha256:0439f9dde91241549c18aca6af818189448a2409bc5baf75f6c6ee9424272a4b 1400000000
    ");
    // Behind Ringback the request names the same app, and a retry is known by the same id.
    let queries = business.queries();
    assert_eq!(queries.len(), 5);
    for query in &queries {
        assert!(query.starts_with(&format!("SdkAppid={APP}&CallbackCommand=")));
    }
    assert!(queries[0].contains("&RequestID=r1"), "{queries:?}");
    assert!(queries[1].contains("&RequestID=evt_"), "{queries:?}");
    assert_eq!(business.got()[0].1, step(1));
}

#[tokio::test]
async fn a_call_goes_on_in_each_form_and_its_answer_comes_back_in_the_platforms() {
    let stage = Stage::new().await;
    let business = Business::start(Manner::Answer(200, ACKNOWLEDGED)).await;
    let url = format!("{}?tenant=7", business.url);
    for (name, more) in [
        ("desk", json!({ "token": "own" })),
        ("standard", json!({ "key": SIGNING_KEY })),
        ("raw", json!({})),
    ] {
        let mut endpoint = json!({ "name": name, "url": url, "dialect": name, "routed": false });
        let more = more.as_object().unwrap().clone();
        endpoint.as_object_mut().unwrap().extend(more);
        stage.endpoint(endpoint).await;
    }
    stage.desk_source(json!({})).await;
    let framed =
        r#"{"ErrorCode":0,"ActionStatus":"OK","ErrorInfo":"","Body":{"OrderStatus":"已发货"}}"#;
    let asked = invocation();
    for name in ["desk", "standard", "raw"] {
        let to = json!({ "call_endpoint": name });
        stage.done(Method::PATCH, "sources/desk", to).await;
        business.behave(Manner::Answer(200, framed));
        stage.answers(&asked, framed).await;
        if name == "desk" {
            continue;
        }
        business.behave(Manner::Answer(
            201,
            r#"{"OrderStatus":"已发货","count":10}"#,
        ));
        let mapped = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Body":{"OrderStatus":"已发货","count":"10"}}"#;
        stage.answers(&asked, mapped).await;
        business.behave(Manner::Answer(204, ""));
        stage.answers(&asked, ACKNOWLEDGED).await;
    }
    let got = business.got();
    assert!(got.iter().all(|(_, body)| body == INVOCATION));
    assert!(got[1].0.contains_key("webhook-signature"));
    let queries = business.queries();
    // In Desk's own form it is signed anew, with the endpoint's token; raw is what came.
    let (rest, time) = queries[0].rsplit_once("&RequestTime=").unwrap();
    let sign = desk::sign(&Secret::from("own"), time);
    assert!(rest.starts_with("tenant=7&SdkAppid=1400000000&CallbackCommand="));
    assert!(rest.ends_with(&format!("&Sign={sign}")), "{rest}");
    assert_eq!(queries[1], "tenant=7");
    assert_eq!(queries[4], format!("tenant=7&{}", asked.query.unwrap()));
    assert_eq!(stage.count("desk", "calls").await, 7);
    assert_eq!(stage.count("desk", "fallbacks").await, 0);
}

#[tokio::test]
async fn who_is_to_answer_and_what_goes_back_to_a_bot_come_from_plain_answers_too() {
    let stage = Stage::new().await;
    let business = Business::start(Manner::Answer(200, r#"{"AgentGroupId":7}"#)).await;
    let endpoint =
        json!({ "name": "plain", "url": business.url, "dialect": "raw", "routed": false });
    stage.endpoint(endpoint).await;
    stage.desk_source(json!({ "call_endpoint": "plain" })).await;
    for (command, answer) in [
        (
            Command::OnAssignHuman,
            r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"AgentGroupId":7}"#,
        ),
        (
            Command::OnC2CSignalMessage,
            r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"RspData":{"AgentGroupId":7}}"#,
        ),
    ] {
        let command = command.as_str();
        let body = json!({ "CallbackCommand": command }).to_string();
        stage.answers(&request(command, &body, None), answer).await;
    }
}

#[tokio::test]
async fn a_business_that_is_late_or_fails_means_the_fallback_but_its_own_refusal_goes_on() {
    let stage = Stage::new().await;
    stage.desk_source(json!({})).await;
    let asked = invocation();
    stage.answers(&asked, FALLBACK).await;
    let business = Business::start(Manner::Silent).await;
    let endpoint =
        json!({ "name": "orders", "url": business.url, "dialect": "desk", "routed": false });
    stage.endpoint(endpoint).await;
    let settings =
        json!({ "call_endpoint": "orders", "call_deadline_ms": 300, "call_margin_ms": 100 });
    stage.done(Method::PATCH, "sources/desk", settings).await;
    stage.answers(&asked, FALLBACK).await;
    for (status, body) in [
        (500, ACKNOWLEDGED),
        (302, ""),
        (200, ""),
        (200, "<html></html>"),
        (200, "{}"),
        (200, r#"{"ActionStatus":"FAIL","ErrorCode":0}"#),
        (
            200,
            r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Body":[]}"#,
        ),
    ] {
        business.behave(Manner::Answer(status, body));
        stage.answers(&asked, FALLBACK).await;
    }
    let refused = r#"{"ActionStatus":"FAIL","ErrorInfo":"订单: 不存在","ErrorCode":120001}"#;
    business.behave(Manner::Answer(200, refused));
    // Time enough for a busy machine: what follows is not about time.
    let plenty = json!({ "call_deadline_ms": 30_000 });
    stage.done(Method::PATCH, "sources/desk", plenty).await;
    stage.answers(&asked, refused).await;
    assert_eq!(stage.count("desk", "calls").await, 1);
    assert_eq!(stage.count("desk", "fallbacks").await, 9);
    let own = json!({ "fallback": { "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "Body": { "state": "pending" } } });
    stage.done(Method::PATCH, "sources/desk", own.clone()).await;
    business.behave(Manner::Answer(500, ""));
    assert_eq!(stage.ask(&asked).await.json(), own["fallback"]);
}

#[tokio::test]
async fn every_refusal_looks_the_same_from_outside() {
    let stage = Stage::new().await;
    stage.desk_source(json!({})).await;
    let now = stage.clock.wire();
    let of = |app: &str, token: Option<&str>, now| {
        request_at(account(app, token), INVOKE, INVOCATION, None, now)
    };
    let right = invocation();
    let requests = [
        with_query(&right, |_| String::new()),
        without(right.clone(), &["SdkAppid"]),
        of("1400000001", Some(TOKEN), now),
        of(APP, None, now),
        of(APP, Some("guess"), now),
        of(APP, Some(TOKEN), now.plus_millis(-61_500)),
        of(APP, Some(TOKEN), now.plus_millis(61_500)),
        without(right.clone(), &["Sign"]),
        without(right.clone(), &["RequestTime"]),
        with_query(&right, |query| {
            query.replace("RequestTime=", "RequestTime=x")
        }),
        with_query(&right, |query| format!("{query}&sign=1")),
        with_query(&right, |query| format!("{query}&SDKAPPID=1")),
        with_body(""),
        with_body("<xml></xml>"),
        with_body(&b"{\"CallbackCommand\":\"\xff\"}"[..]),
        with_body("[]"),
        with_body("[".repeat(100_000)),
        with_body(r#"{"CallbackCommand":"a","CallbackCommand":"b"}"#),
        without(with_body("{}"), &["CallbackCommand"]),
        with_query(&right, |query| query.replace(INVOKE, &"x".repeat(257))),
        with_query(&right, |query| query.replace(INVOKE, "a%00b")),
    ];
    let mut answers = Vec::new();
    for request in &requests {
        answers.push(stage.ask(request).await);
    }
    let path = format!("/in/desk?{}", right.query.as_deref().unwrap());
    let got = stage.send(Method::GET, &path, HeaderMap::new(), Bytes::new());
    answers.push(got.await);
    let count = answers.len();
    for answer in answers {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.body, r#"{"code":"refused"}"#);
    }
    assert_eq!(stage.stored().await, 0);
    assert_eq!(stage.count("desk", "refused").await, count as u64);
    insta::assert_snapshot!(stage.reasons("desk").await.join("\n"));
    let shown = stage.get("sources/desk/refusals").await.to_string();
    let query = right.query.unwrap();
    let sign = query.split("Sign=").nth(1).unwrap().split('&').next();
    for secret in [TOKEN, sign.unwrap(), "user517"] {
        assert!(!shown.contains(secret));
    }
}

#[tokio::test]
async fn a_tolerant_source_takes_what_a_strict_one_refuses() {
    let stage = Stage::new().await;
    stage.desk_source(json!({})).await;
    let right = invocation();
    let mut untyped = right.clone();
    untyped.headers = HeaderMap::new();
    let odd = [
        untyped,
        with_query(&right, |query| {
            query.replace("contenttype=json", "contenttype=form")
        }),
        with_query(&right, |query| {
            query.replace(INVOKE, "ChatBot.interfaceInvocation")
        }),
        with_query(&right, |query| query.replace(INVOKE, FLOW)),
        without(right.clone(), &["CallbackCommand"]),
        with_body(r#"{"Body":{}}"#),
    ];
    for request in &odd {
        assert_eq!(stage.ask(request).await.status, StatusCode::OK);
    }
    let lower = with_query(&right, |query| {
        query
            .replace("SdkAppid", "sdkappid")
            .replace("Sign", "sign")
    });
    let strict = json!({ "strict": true });
    stage.done(Method::PATCH, "sources/desk", strict).await;
    for request in &odd {
        assert_eq!(stage.ask(request).await.status, StatusCode::UNAUTHORIZED);
    }
    for request in [&right, &lower] {
        stage.answers(request, FALLBACK).await;
    }
    assert_eq!(
        stage.reasons("desk").await,
        [
            "desk.content_type",
            "desk.content_type",
            "desk.command_mismatch",
            "desk.command_mismatch",
            "desk.command_missing",
            "desk.command_missing",
        ]
    );
}

#[tokio::test]
async fn the_token_before_holds_until_the_overlap_ends_and_a_source_may_do_without() {
    let stage = Stage::new().await;
    stage.desk_source(json!({ "tolerance_seconds": 0 })).await;
    let old = request_at(
        account(APP, Some(TOKEN)),
        FLOW,
        &step(1),
        None,
        WireTime::from_millis(1_669_872_112_000),
    );
    stage.answers(&old, ACKNOWLEDGED).await;
    let secrets = json!({ "sdk_app_id": APP, "token": "the next" });
    let rotation = json!({ "secrets": secrets, "overlap_seconds": 60 });
    stage
        .done(Method::POST, "sources/desk/rotate", rotation)
        .await;
    let stage = stage.restart().await;
    stage.answers(&old, ACKNOWLEDGED).await;
    let later = stage.clock.schedule().plus_millis(60_000);
    stage.clock.advance_to(later).unwrap();
    assert_eq!(stage.ask(&old).await.status, StatusCode::UNAUTHORIZED);
    let rotation = json!({ "secrets": { "sdk_app_id": APP }, "overlap_seconds": 0 });
    stage
        .done(Method::POST, "sources/desk/rotate", rotation)
        .await;
    stage.answers(&old, ACKNOWLEDGED).await;
    let unsigned = without(old.clone(), &["Sign", "RequestTime"]);
    stage.answers(&unsigned, ACKNOWLEDGED).await;
    assert_eq!(
        stage.get("sources/desk").await["secrets"],
        json!(["sdk_app_id"])
    );
}
