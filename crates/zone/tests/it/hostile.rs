//! Programs and apps that mean no good, and program servers that are not ours.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Router, body::Bytes};
use ringback_dialect::zone::{Flow, Head, KeyRing, Keys, Message, Outcome, seal};
use ringback_types::{Clock, Random, Secret};
use ringback_zone::Host;
use serde_json::json;
use tokio::net::TcpListener;

use crate::stage::{PROGRAM, Stage, abilities, program, quick, serve};

/// What a hostile program does with a reply that would be right.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trick {
    None,
    AnotherSecret,
    AnotherRequest,
    Unbound,
    Replayed,
    ErrorOutcome,
    FlippedOutcome,
    Flood,
    Garbage,
}

struct Hostile {
    ring: KeyRing,
    trick: Trick,
    first: std::sync::Mutex<Option<(HeaderMap, Bytes)>>,
}

async fn answer(
    State(hostile): State<Arc<Hostile>>,
    headers: HeaderMap,
    _: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    let now = Clock::real().wire();
    let head = Head::read(&headers, Flow::Request, now).unwrap();
    let other = Keys::new(&Secret::from(vec![9; 32]));
    let keys = match hostile.trick {
        Trick::AnotherSecret => &other,
        _ => hostile.ring.of(head.version).unwrap(),
    };
    let request_id = match hostile.trick {
        Trick::AnotherRequest => "AAAAAAAAAAAAAAAAAAAAAA",
        Trick::Unbound => "",
        _ => &head.request_id,
    };
    let outcome = match hostile.trick {
        Trick::ErrorOutcome | Trick::FlippedOutcome => Outcome::Error,
        _ => Outcome::Ok,
    };
    let message = Message {
        flow: Flow::Reply,
        target: "/",
        key_id: hostile.ring.key_id(),
        version: head.version,
        request_id,
        outcome: Some(outcome),
        plaintext: br#"{"echo":{}}"#,
    };
    let mut sealed = seal(keys, &message, now, Random::system().secret());
    if hostile.trick == Trick::FlippedOutcome {
        let ok = axum::http::HeaderValue::from_static("ok");
        sealed
            .headers
            .insert(ringback_dialect::zone::header::OUTCOME, ok);
    }
    if hostile.trick == Trick::Replayed {
        let mut first = hostile.first.lock().unwrap();
        let (headers, body) =
            first.get_or_insert_with(|| (sealed.headers.clone(), sealed.body.clone()));
        return (StatusCode::OK, headers.clone(), body.clone());
    }
    let body = match hostile.trick {
        Trick::Flood => Bytes::from(vec![b'x'; 24 << 20]),
        Trick::Garbage => Bytes::from_static(b"\0\xff{{{"),
        _ => sealed.body,
    };
    (StatusCode::OK, sealed.headers, body)
}

#[tokio::test]
async fn a_reply_that_is_not_exactly_right_is_no_reply() {
    let stage = Stage::new().await;
    let mut input = program(PROGRAM, abilities());
    input.settings = quick(5_000);
    stage
        .deployed(input, &["http://127.0.0.1:1/".to_owned()])
        .await;
    let file = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
    let mut told = Vec::new();
    for trick in [
        Trick::None,
        Trick::AnotherSecret,
        Trick::AnotherRequest,
        Trick::Unbound,
        Trick::Replayed,
        Trick::Replayed,
        Trick::ErrorOutcome,
        Trick::FlippedOutcome,
        Trick::Flood,
        Trick::Garbage,
    ] {
        let hostile = Arc::new(Hostile {
            ring: file.ring(),
            trick,
            first: std::sync::Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        serve(
            listener,
            Router::new().route("/", post(answer)).with_state(hostile),
        );
        let host = Host::Url {
            urls: vec![url.parse().unwrap()],
        };
        stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
        let first = stage.call("echo", json!({})).await["errcode"].clone();
        let second = stage.call("echo", json!({})).await["errcode"].clone();
        told.push(format!("{trick:?}: {first}, then {second}\n"));
    }
    insta::assert_snapshot!(told.concat());
}

#[tokio::test]
async fn an_unbound_reply_is_taken_where_the_program_says_loose_and_one_call_at_a_time() {
    let stage = Stage::new().await;
    let mut input = program(PROGRAM, abilities());
    input.settings.reply_binding = ringback_dialect::zone::ReplyBinding::Loose;
    stage
        .deployed(input, &["http://127.0.0.1:1/".to_owned()])
        .await;
    let file = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
    let hostile = Arc::new(Hostile {
        ring: file.ring(),
        trick: Trick::Unbound,
        first: std::sync::Mutex::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    serve(
        listener,
        Router::new().route("/", post(answer)).with_state(hostile),
    );
    let host = Host::Url {
        urls: vec![url.parse().unwrap()],
    };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    assert_eq!(stage.call("echo", json!({})).await["errcode"], 0);
}

#[tokio::test]
async fn uploads_are_kept_in_the_sheets_bounds() {
    let stage = Stage::new().await;
    let token = stage.token_of(&stage.app).await;
    let upload = async |kind: &str, content: &str, name: &str| {
        let form = format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\";filename=\"wework.txt\"; filelength=6\r\nContent-Type: application/octet-stream\r\n\r\n{content}\r\n--b--\r\n"
        );
        let request = http::Request::post(format!(
            "/cgi-bin/chatdata/upload_media?access_token={token}&type={kind}"
        ))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(axum::body::Body::from(form))
        .unwrap();
        let answer = tower::ServiceExt::oneshot(stage.zone.routes(), request)
            .await
            .unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20)
            .await
            .unwrap();
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
    };
    let kept = upload("file", "mytext", "media").await;
    assert_eq!(
        (kept["errcode"].as_i64(), kept["type"].as_str()),
        (Some(0), Some("file"))
    );
    assert!(kept["created_at"].is_string() && kept["media_id"].as_str().unwrap().len() > 20);
    let mut codes = Vec::new();
    for (kind, content, name) in [
        ("image", "mytext", "media"),
        ("file", "short", "media"),
        ("file", "", "media"),
        ("file", "mytext", "other"),
    ] {
        codes.push(
            upload(kind, content, name).await["errcode"]
                .as_i64()
                .unwrap(),
        );
    }
    assert_eq!(codes, [40005, 40006, 44001, 41005]);
    let large = upload("file", &"x".repeat((60 << 20) + 1), "media").await;
    assert_eq!(large["errcode"], 45001);
}
