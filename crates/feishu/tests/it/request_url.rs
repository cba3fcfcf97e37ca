//! Saving a URL: what passes, and every refusal with the platform's message and the precise cause.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use ringback_deliver::Guard;
use serde_json::{Value, json};

use crate::receiver::{Server, serve};
use crate::stage::{KEY, NO_SUCH_NAME, Stage};

#[tokio::test]
async fn a_right_server_passes_plain_and_encrypted() {
    for encrypted in [false, true] {
        let stage = Stage::new().await;
        stage.app(encrypted, &[]).await;
        let server = Server::start(encrypted).await;
        for which in ["request-url", "callback-url"] {
            let (status, saved) = stage.save_url(which, &server.url).await;
            assert_eq!(status, StatusCode::OK, "{saved}");
            assert_eq!(saved["url"], server.url);
            let stages: Vec<_> = saved["timing"]["stages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|stage| &stage["stage"])
                .collect();
            assert_eq!(json!(stages), json!(["dns", "connect", "head", "body"]));
        }
        let app = stage.get(&Stage::of_app("")).await;
        assert_eq!(
            (&app["request_url"], &app["callback_url"]),
            (&json!(server.url), &json!(server.url))
        );
        // It is kept over a restart, and taken away when asked.
        let stage = stage.restart().await;
        assert_eq!(stage.get(&Stage::of_app("")).await, app);
        let cleared = stage
            .done(Method::DELETE, &Stage::of_app("/request-url"), Value::Null)
            .await;
        assert_eq!(cleared["request_url"], Value::Null);
    }
}

/// Servers that are wrong in one way each. They know the app's secrets where it helps.
fn wrong_servers() -> Vec<(&'static str, Router)> {
    fn answering<F>(answer: F) -> Router
    where
        F: Fn(&str) -> Response + Clone + Send + Sync + 'static,
    {
        let handler = move |body: Bytes| {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let response = answer(body["challenge"].as_str().unwrap_or_default());
            async move { response }
        };
        Router::new().route("/", post(handler))
    }
    vec![
        (
            "status 500",
            answering(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        ),
        (
            "another path",
            Router::new().route("/elsewhere", post(|| async {})),
        ),
        (
            "a redirect",
            answering(|_| Redirect::temporary("/elsewhere").into_response()),
        ),
        (
            "an HTML page",
            answering(|_| {
                axum::response::Html("<!doctype html><title>Sign in</title>").into_response()
            }),
        ),
        (
            "a 401 page",
            answering(|_| (StatusCode::UNAUTHORIZED, "<html>login</html>").into_response()),
        ),
        ("nothing", answering(|_| ().into_response())),
        ("plain words", answering(|_| "ok".into_response())),
        (
            "the bare challenge",
            answering(|challenge| challenge.to_owned().into_response()),
        ),
        (
            "quotes",
            answering(|challenge| {
                json!(json!({ "challenge": challenge }).to_string())
                    .to_string()
                    .into_response()
            }),
        ),
        (
            "a byte order mark",
            answering(|challenge| {
                format!("\u{feff}{}", json!({ "challenge": challenge })).into_response()
            }),
        ),
        (
            "under data",
            answering(|challenge| {
                json!({ "data": { "challenge": challenge } })
                    .to_string()
                    .into_response()
            }),
        ),
        (
            "no challenge",
            answering(|_| json!({ "msg": "success" }).to_string().into_response()),
        ),
        (
            "another challenge",
            answering(|_| {
                json!({ "challenge": "ajls384kdj1234" })
                    .to_string()
                    .into_response()
            }),
        ),
        (
            "still encrypted",
            answering(|_| json!({ "encrypt": "AAAA" }).to_string().into_response()),
        ),
        (
            "a signature demanded",
            answering(|_| (StatusCode::UNAUTHORIZED, "missing X-Lark-Signature").into_response()),
        ),
    ]
}

#[tokio::test]
async fn each_wrong_server_gets_its_own_diagnosis() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let mut diagnoses = Vec::new();
    for (name, router) in wrong_servers() {
        let (address, task) = serve(router).await;
        diagnoses.push(diagnosis(&stage, name, &format!("http://{address}/")).await);
        task.abort();
    }
    let server = Server::start(true).await;
    assert_eq!(
        stage.get(&Stage::of_app("")).await["request_url"],
        Value::Null
    );

    let set = json!({ "secret": "encrypt_key", "value": format!("not {KEY}") });
    stage
        .done(Method::POST, &Stage::of_app("/rotate"), set)
        .await;
    diagnoses.push(diagnosis(&stage, "another key", &server.url).await);
    insta::assert_snapshot!(diagnoses.join("\n"));
}

#[tokio::test]
async fn a_late_server_is_told_what_the_time_went_on() {
    let stage = Stage::new().await;
    stage.app_with(false, &[], json!({})).await;
    let half = || async {
        let rest = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        ([(header::CONTENT_LENGTH, "20")], Body::from_stream(rest))
    };
    let servers = [
        ("never", post(std::future::pending::<()>)),
        ("half an answer", post(half)),
    ];
    let mut diagnoses = Vec::new();
    for (name, server) in servers {
        let (address, task) = serve(Router::new().route("/", server)).await;
        diagnoses.push(diagnosis(&stage, name, &format!("http://{address}/")).await);
        task.abort();
    }
    insta::assert_snapshot!(diagnoses.join("\n"));
}

#[tokio::test]
async fn each_unreachable_url_gets_its_own_diagnosis() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let gone = Server::start(false).await.stop().await;
    let server = Server::start(false).await;
    let tls = server.url.replace("http:", "https:");
    let nowhere = format!("http://{NO_SUCH_NAME}/event");
    let urls = [
        ("no URL", "feishu"),
        ("another scheme", "ftp://example.com/event"),
        ("userinfo", "http://user:secret@example.com/event"),
        ("a fragment", "http://example.com/event#top"),
        ("an odd literal", "http://0x7f000001/event"),
        ("IPv6 only", "http://[::1]:8080/event"),
        ("no such name", &nowhere),
        ("metadata", "http://169.254.169.254/latest"),
        ("nobody listens", &gone),
        ("TLS to a plain server", &tls),
    ];
    let mut diagnoses = Vec::new();
    for (name, url) in urls {
        diagnoses.push(diagnosis(&stage, name, url).await);
    }
    let public = Stage::guarded(Guard::public()).await;
    public.app(false, &[]).await;
    diagnoses.push(diagnosis(&public, "loopback from outside", &server.url).await);
    insta::with_settings!({ filters => vec![
        (r"resolved: .*", "resolved: [resolver]"),
        (r"handshake failed: .*", "handshake failed: [tls]"),
    ] }, {
        insta::assert_snapshot!(diagnoses.join("\n"));
    });
}

async fn diagnosis(stage: &Stage, name: &str, url: &str) -> String {
    let saving = stage.save_url("request-url", url);
    let (status, refused) = tokio::time::timeout(Duration::from_secs(30), saving)
        .await
        .unwrap();
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{name}: {refused}"
    );
    let text = |member: &str| refused[member].as_str().unwrap_or("-").to_owned();
    format!(
        "{name}\n  {}\n  {}: {}\n  hint: {}",
        text("platform_message"),
        text("code"),
        text("message"),
        text("hint")
    )
}
