//! Who may do what: tokens, roles, `Host`.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use ringback_http::{Hosts, Options};
use ringback_types::{Role, Secret};
use serde_json::{Value, json};

use crate::stage::{PROCESS_TOKEN, Stage};

#[tokio::test]
async fn without_a_valid_token_there_is_one_answer() {
    let stage = Stage::new().await;
    let token = stage.token("ci", Role::Operator).await;
    let mut wrong = token.clone();
    wrong.replace_range(
        wrong.len() - 1..,
        if token.ends_with('0') { "1" } else { "0" },
    );
    let credentials = [
        None,
        Some(String::new()),
        Some(format!("Basic {token}")),
        Some("Bearer ".to_owned()),
        Some("Bearer rbk_0000000000000_00".to_owned()),
        Some(format!("Bearer {wrong}")),
        Some(format!("Bearer {}", &token[..token.len() - 2])),
        Some(format!("Bearer {PROCESS_TOKEN}x")),
    ];
    let mut answers = Vec::new();
    for credential in credentials {
        let mut headers = HeaderMap::new();
        if let Some(credential) = credential {
            headers.insert(AUTHORIZATION, HeaderValue::try_from(credential).unwrap());
        }
        let answer = stage.request(Method::GET, "/api/v1/status", headers, Bytes::new());
        answers.push(answer.await.unwrap());
    }
    let problems: Vec<_> = answers.iter().map(crate::stage::Answer::problem).collect();
    insta::assert_snapshot!(problems[0]);
    assert!(
        problems.iter().all(|problem| *problem == problems[0]),
        "{problems:#?}"
    );
    assert_eq!(answers[0].headers["www-authenticate"], "Bearer");
    let answer = stage
        .api_as(&token, Method::GET, "status", Value::Null)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        !stage
            .store
            .audit(None, 10)
            .await
            .unwrap()
            .iter()
            .any(|entry| { entry.detail.to_string().contains(&token) })
    );
}

#[tokio::test]
async fn each_role_may_do_what_its_page_says() {
    let stage = Stage::new().await;
    stage.hooks().await;
    let file = stage.directory.path().join("copy.db");
    let requests = [
        (Method::GET, "status", Value::Null, Role::Viewer),
        (Method::GET, "sources", Value::Null, Role::Viewer),
        (Method::GET, "log", Value::Null, Role::Viewer),
        (Method::GET, "log?text=x", Value::Null, Role::Operator),
        (
            Method::GET,
            "sources/hooks/refusals",
            Value::Null,
            Role::Viewer,
        ),
        (Method::PATCH, "sources/hooks", json!({}), Role::Operator),
        (
            Method::POST,
            "faults",
            json!({ "place": "every_source", "fault": { "kind": "delay", "delay_ms": 0 } }),
            Role::Operator,
        ),
        (
            Method::POST,
            "replay",
            json!({ "filter": {} }),
            Role::Operator,
        ),
        (
            Method::POST,
            "clock/advance",
            json!({ "by_ms": 0 }),
            Role::Operator,
        ),
        (Method::GET, "audit", Value::Null, Role::Auditor),
        (Method::GET, "tokens", Value::Null, Role::Admin),
        (
            Method::POST,
            "tokens",
            json!({ "name": "made", "role": "viewer" }),
            Role::Admin,
        ),
        (Method::POST, "backup", json!({ "file": file }), Role::Admin),
    ];
    let roles = [Role::Viewer, Role::Operator, Role::Auditor, Role::Admin];
    let mut tokens = Vec::new();
    for role in roles {
        tokens.push((role, stage.token(&format!("{role:?}"), role).await));
    }
    for (method, path, body, needed) in requests {
        for (role, token) in &tokens {
            let answer = stage
                .api_as(token, method.clone(), path, body.clone())
                .await;
            let expected = if *role >= needed { "allowed" } else { "403" };
            let found = if answer.status == StatusCode::FORBIDDEN {
                "403"
            } else {
                "allowed"
            };
            assert_eq!(found, expected, "{method} {path} as {role:?}: {answer:?}");
            assert!(
                role < &needed || answer.status.is_success(),
                "{method} {path}: {answer:?}"
            );
        }
    }
    // The stream of raw requests shows bodies, so reading it takes more than the role of a reader.
    let answer = stage
        .api_as(
            &tokens[0].1,
            Method::GET,
            "sources/hooks/requests",
            Value::Null,
        )
        .await;
    insta::assert_snapshot!(answer.problem());
}

#[tokio::test]
async fn tokens_are_named_shown_once_and_revoked_at_once() {
    let stage = Stage::new().await;
    let made = stage
        .post("tokens", json!({ "name": "ci", "role": "operator" }))
        .await;
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("rbk_") && token.len() == 4 + 13 + 1 + 64);
    assert_eq!(
        stage
            .api_as(token, Method::GET, "log", Value::Null)
            .await
            .status,
        StatusCode::OK
    );
    let list = stage.get("tokens").await;
    assert!(!list.to_string().contains(token));
    assert!(list["tokens"][0]["last_used_at"].is_string());
    insta::assert_json_snapshot!(list, {
        ".tokens[].id" => "[id]", ".tokens[].created_at" => "[time]", ".tokens[].last_used_at" => "[time]",
    });

    let mut problems = Vec::new();
    for body in [
        json!({ "name": "ci", "role": "viewer" }),
        json!({ "name": "", "role": "viewer" }),
        json!({ "name": "x", "role": "root" }),
    ] {
        problems.push(stage.api(Method::POST, "tokens", body).await.problem());
    }
    for id in ["nonsense", "key_0000000000000"] {
        let path = format!("tokens/{id}");
        problems.push(
            stage
                .api(Method::DELETE, &path, Value::Null)
                .await
                .problem(),
        );
    }
    insta::assert_snapshot!(problems.join("\n"));

    let path = format!("tokens/{}", made["id"].as_str().unwrap());
    stage.done(Method::DELETE, &path, Value::Null).await;
    let answer = stage.api_as(token, Method::GET, "log", Value::Null).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_first_admin_is_made_once_and_the_last_stays() {
    let stage = Stage::with(Options::default()).await;
    let first = stage.faces.tokens().first_admin().await.unwrap().unwrap();
    assert!(stage.faces.tokens().first_admin().await.unwrap().is_none());
    let token = first.secret.expose_str().unwrap();
    let path = format!("tokens/{}", first.token.id);
    let answer = stage
        .api_as(token, Method::DELETE, &path, Value::Null)
        .await;
    insta::assert_snapshot!(answer.problem());
    stage.token("second", Role::Admin).await;
    let answer = stage
        .api_as(token, Method::DELETE, &path, Value::Null)
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        stage
            .api_as(token, Method::GET, "log", Value::Null)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn every_face_checks_the_host() {
    let stage = Stage::new().await;
    for path in [
        "/api/v1/status",
        "/api/v1/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        for host in [
            "localhost",
            "127.0.0.1:7300",
            "[::1]:7300",
            "ringback.example.com",
            "RINGBACK.example.com:443",
        ] {
            assert_eq!(
                stage.get_as_host(host, path).await.status,
                StatusCode::OK,
                "{host} {path}"
            );
        }
    }
    let refused = stage
        .get_as_host("evil.example.com", "/api/v1/status")
        .await;
    insta::assert_snapshot!(refused.problem());
    for path in [
        "/in/hooks",
        "/in/nobody",
        "/open-apis/auth/v3/tenant_access_token/internal",
        "/healthz",
        "/metrics",
    ] {
        let answer = stage.get_as_host("evil.example.com", path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (401, r#"{"code":"refused"}"#),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_receiving_face_behind_a_tunnel_answers_to_any_name() {
    let stage = Stage::with(Options {
        process_token: Some(Secret::from(PROCESS_TOKEN)),
        receive_hosts: Hosts::Any,
        ..Options::default()
    })
    .await;
    stage.hooks().await;
    let tunnel = Some("abc.tunnel.example.com");
    let pushed = stage
        .push_to("hooks", tunnel, "msg_1", &json!({ "type": "order.paid" }))
        .await;
    assert_eq!(pushed.unwrap().status, StatusCode::OK);
    let management = stage
        .get_as_host("abc.tunnel.example.com", "/api/v1/status")
        .await;
    assert_eq!(management.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let stage = Stage::new().await;
    let mut shown = Vec::new();
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/api/v1/nothing"),
        (Method::DELETE, "/api/v1/status"),
        (Method::POST, "/healthz"),
    ] {
        let headers = crate::stage::bearer(PROCESS_TOKEN);
        let answer = stage
            .request(method.clone(), path, headers, Bytes::new())
            .await
            .unwrap();
        shown.push(format!("{method} {path}: {}", answer.problem()));
    }
    insta::assert_snapshot!(shown.join("\n"));
    let answer = stage
        .request(Method::POST, "/in/a/b", HeaderMap::new(), Bytes::new())
        .await
        .unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str()),
        (401, r#"{"code":"refused"}"#)
    );
}
