//! The official SDKs' own code makes what our receiver must take (`tests/peers/README.md`).

use std::io::Write as _;
use std::process::{Command, Stdio};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::platform::{KEY, SIGNING_KEY, TOKEN};
use crate::stage::{Push, Stage};

/// A variable that `cargo xtask test` sets; a peer test without it fails, it is never skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "where the peers are is said by the environment"
)]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("`{name}` is not set: run this test by `cargo xtask test`"))
}

/// What runs this peer program.
pub(crate) fn interpreter(file: &str) -> String {
    variable(match file.rsplit_once('.') {
        Some((_, "py")) => "RINGBACK_TEST_PYTHON",
        _ => "RINGBACK_TEST_NODE",
    })
}

/// What a filter of the peers makes of these lines.
pub(crate) fn filtered(file: &str, lines: &[Value]) -> Vec<Value> {
    let peers = variable("RINGBACK_TEST_PEERS");
    let mut child = Command::new(interpreter(file))
        .arg(format!("{peers}/{file}"))
        .env("NODE_PATH", variable("RINGBACK_TEST_NODE_PATH"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in lines {
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{file}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn push(made: &Value) -> Push {
    let mut headers = HeaderMap::new();
    for (name, value) in made["headers"].as_object().unwrap() {
        let name = HeaderName::try_from(name.as_str()).unwrap();
        headers.insert(
            name,
            HeaderValue::try_from(value.as_str().unwrap()).unwrap(),
        );
    }
    Push {
        headers,
        body: made["body"].as_str().unwrap().to_owned().into(),
    }
}

fn v2(id: &str) -> Value {
    json!({
        "schema": "2.0",
        "header": {
            "event_id": id, "token": TOKEN, "create_time": "1700000000000",
            "event_type": "contact.user.created_v3", "tenant_key": "t", "app_id": "cli_a1b2c3d4e5f60718",
        },
        "event": { "object": { "name": "张三" } },
    })
}

fn v1(uuid: &str) -> Value {
    let event =
        json!({ "type": "p2p_chat_create", "app_id": "cli_a1b2c3d4e5f60718", "tenant_key": "t" });
    json!({ "ts": "1502199207.7171419", "uuid": uuid, "token": TOKEN, "type": "event_callback", "event": event })
}

async fn feishu_from(file: &str) {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let challenge = json!({ "challenge": "c1", "token": TOKEN, "type": "url_verification" });
    let seconds = stage.clock.wire().as_seconds().to_string();
    let line = |body: &Value, key: &str, sign: bool| json!({ "body": body, "encrypt_key": key, "sign": sign, "timestamp": seconds });
    let lines = [
        line(&challenge, KEY, false),
        line(&v2("e1"), KEY, true),
        line(&v1("u1"), KEY, true),
        line(&v2("e2"), "another key", true),
    ];
    let mut seen = Vec::new();
    for made in filtered(file, &lines) {
        let answer = stage.push("feishu", &push(&made)).await;
        seen.push((answer.status.as_u16(), answer.body));
    }
    let success = r#"{"msg":"success"}"#.to_owned();
    assert_eq!(
        seen,
        [
            (200, r#"{"challenge":"c1"}"#.to_owned()),
            (200, success.clone()),
            (200, success),
            (401, r#"{"code":"refused"}"#.to_owned()),
        ]
    );
    assert_eq!(stage.stored().await, 2);
    assert_eq!(stage.reasons("feishu").await, ["feishu.signature_mismatch"]);
}

#[tokio::test]
async fn the_python_sdk_signs_and_encrypts_for_us() {
    feishu_from("feishu_sign.py").await;
}

#[tokio::test]
async fn the_node_sdk_signs_and_encrypts_for_us() {
    feishu_from("feishu_sign.js").await;
}

#[tokio::test]
async fn both_standard_webhooks_libraries_sign_for_us() {
    let stage = Stage::new().await;
    let secrets = json!({ "signing_key": SIGNING_KEY });
    let source = json!({ "name": "hooks", "dialect": "standard", "secrets": secrets });
    stage.done(Method::POST, "sources", source).await;
    for file in ["standard_sign.py", "standard_sign.js"] {
        let body = json!({ "type": "order.paid", "by": file });
        let made = filtered(
            file,
            &[json!({ "id": format!("msg_{file}"), "body": body, "secret": SIGNING_KEY })],
        );
        let signed = push(&made[0]);
        assert!(
            stage.push("hooks", &signed).await.status.is_success(),
            "{file}"
        );
        let mut forged = signed.clone();
        forged.body = String::from_utf8(forged.body.to_vec())
            .unwrap()
            .replace("paid", "pain")
            .into();
        assert_eq!(
            stage.push("hooks", &forged).await.status,
            StatusCode::UNAUTHORIZED,
            "{file}"
        );
    }
    assert_eq!(stage.stored().await, 2);
}
