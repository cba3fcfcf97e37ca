//! The open API: tokens, `app_ticket`, outbound addresses.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use ringback_types::Role;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::receiver::Server;
use crate::stage::{APP_ID, APP_SECRET, Stage};

const TENANT: &str = "/open-apis/auth/v3/tenant_access_token/internal";
const APP: &str = "/open-apis/auth/v3/app_access_token/internal";

fn proof() -> Value {
    json!({ "app_id": APP_ID, "app_secret": APP_SECRET })
}

#[tokio::test]
async fn above_its_limit_the_open_api_is_busy_at_once() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    stage.feishu.set_in_flight(0);
    let busy = stage.done(Method::POST, TENANT, proof()).await;
    assert_eq!(busy, json!({ "code": 2200, "msg": "Internal Error" }));
    stage.feishu.set_in_flight(1);
    let answered = stage.done(Method::POST, TENANT, proof()).await;
    assert_eq!(answered["code"], 0);
}

#[tokio::test]
async fn a_token_is_the_same_until_half_an_hour_is_left() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let minutes = |minutes: u64| Duration::from_mins(minutes);
    let first = stage.done(Method::POST, TENANT, proof()).await;
    let token = first["tenant_access_token"].clone();
    assert!(token.as_str().unwrap().starts_with("t-"));
    assert_eq!(
        (&first["code"], &first["expire"]),
        (&json!(0), &json!(7200))
    );

    stage.engine.advance(minutes(90)).await.unwrap();
    let same = stage.done(Method::POST, APP, proof()).await;
    assert_eq!(
        (
            &same["app_access_token"],
            &same["tenant_access_token"],
            &same["expire"]
        ),
        (&token, &token, &json!(1800))
    );
    stage.engine.advance(minutes(1)).await.unwrap();
    let next = stage.done(Method::POST, TENANT, proof()).await;
    assert_ne!(next["tenant_access_token"], token);
    assert_eq!(next["expire"], 7200);

    // Both are good, also after a restart; the first until its two hours are over.
    let stage = stage.restart().await;
    let good = async |token: &Value| ip_list(&stage, Some(token.as_str().unwrap()), "").await.0;
    assert_eq!(good(&token).await, StatusCode::OK);
    assert_eq!(good(&next["tenant_access_token"]).await, StatusCode::OK);
    assert_eq!(stage.done(Method::POST, TENANT, proof()).await, next);
    stage.engine.advance(minutes(29)).await.unwrap();
    assert_eq!(good(&token).await, StatusCode::BAD_REQUEST);
    assert_eq!(good(&next["tenant_access_token"]).await, StatusCode::OK);
}

#[tokio::test]
async fn refusals_are_answered_with_200_and_a_code() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let bodies = [
        json!({ "app_id": APP_ID, "app_secret": "wrong" }),
        json!({ "app_id": "cli_0000000000000000", "app_secret": APP_SECRET }),
        json!({ "app_id": APP_ID }),
        json!("no object"),
    ];
    let mut codes = Vec::new();
    for body in bodies {
        let (status, answer) = stage.send(Method::POST, TENANT, body).await;
        assert_eq!(status, StatusCode::OK);
        codes.push(answer["code"].clone());
    }
    assert_eq!(json!(codes), json!([10014, 10003, 10003, 10003]));
}

async fn ip_list(stage: &Stage, token: Option<&str>, query: &str) -> (StatusCode, Value) {
    let mut request = Request::builder().uri(format!("/open-apis/event/v1/outbound_ip{query}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from("{}")).unwrap();
    let response = stage.router(Role::Viewer).oneshot(request).await.unwrap();
    assert!(response.headers().contains_key("x-tt-logid"));
    assert!(response.headers().contains_key("x-request-id"));
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn outbound_addresses_need_a_token_and_have_pages() {
    let stage = Stage::new().await;
    stage.app(false, &[]).await;
    let token = stage.done(Method::POST, TENANT, proof()).await;
    let token = token["tenant_access_token"].as_str();
    let (status, answer) = ip_list(&stage, token, "?page_size=10&page_token=").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        answer["data"],
        json!({ "ip_list": ["127.0.0.1"], "page_token": "", "has_more": false })
    );
    for query in [
        "?page_size=51",
        "?page_size=0",
        "?page_token=x",
        "?page_token=9",
    ] {
        assert_eq!(
            ip_list(&stage, token, query).await.1["code"],
            1_810_001,
            "{query}"
        );
    }
    let (status, answer) = ip_list(&stage, None, "").await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::BAD_REQUEST, &json!(99_991_661))
    );
    let (status, answer) = ip_list(&stage, Some("t-wrong"), "").await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::BAD_REQUEST, &json!(99_991_663))
    );
}

#[tokio::test]
async fn a_resend_pushes_the_app_ticket_at_once() {
    let stage = Stage::new().await;
    stage.app(true, &[]).await;
    let server = Server::start(true).await;
    stage.saved_url("request-url", &server.url).await;
    let answer = stage
        .done(
            Method::POST,
            "/open-apis/auth/v3/app_ticket/resend",
            proof(),
        )
        .await;
    assert_eq!(answer, json!({ "code": 0, "msg": "success" }));
    stage.engine.quiet().await;
    let body = server.got()[0].body();
    assert_eq!(body["event"]["type"], "app_ticket");
    assert_eq!(body["event"].get("tenant_key"), None);
}
