//! What the zone does not do, with its cause.

use axum::http::Method;
use serde_json::{Value, json};

use super::{APP, CORP, PROGRAM, corp_and_app, echo_at};
use crate::stage::Stage;

fn with(mut program: Value, member: &str, value: Value) -> Value {
    program[member] = value;
    program
}

#[tokio::test]
async fn what_cannot_be_in_the_zone_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let program = || echo_at("http://127.0.0.1:9/");
    stage.done(Method::PUT, "wecom/programs", program()).await;
    let model = with(
        with(program(), "kind", json!("model")),
        "program_id",
        json!("modelTags"),
    );
    stage.done(Method::PUT, "wecom/programs", model).await;
    let associate = format!("{APP}/programs/modelTags");
    stage.done(Method::PUT, &associate, Value::Null).await;

    let ability = |input: &str| json!([{ "id": "echo", "input": input, "output": "{}" }]);
    let put = |member: &str, value: Value| {
        (
            Method::PUT,
            "wecom/programs".to_owned(),
            with(program(), member, value),
        )
    };
    let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    let at = |method: Method, base: &str, rest: &str, body: Value| {
        (method, format!("{base}/{rest}"), body)
    };
    let requests = [
        post("wecom/corps", json!({ "corpid": "ww0123456789abcdef" })),
        post("wecom/corps", json!({ "corpid": "a b" })),
        post("wecom/corps", json!({ "name": "" })),
        post("wecom/apps", json!({ "corpid": "nobody" })),
        post(
            "wecom/apps",
            json!({ "corpid": "ww0123456789abcdef", "agentid": 1_000_002 }),
        ),
        post(
            "wecom/apps",
            json!({ "corpid": "ww0123456789abcdef", "agentid": 0 }),
        ),
        post(
            "wecom/apps",
            json!({ "corpid": "ww0123456789abcdef", "secret": "short" }),
        ),
        post(
            "wecom/apps",
            json!({ "corpid": "ww0123456789abcdef", "kind": "borrowed" }),
        ),
        (
            Method::GET,
            "wecom/apps/ww0123456789abcdef/1".to_owned(),
            Value::Null,
        ),
        (
            Method::GET,
            "wecom/apps/ww0123456789abcdef/first".to_owned(),
            Value::Null,
        ),
        at(
            Method::PUT,
            APP,
            "callback-url",
            json!({ "url": "ftp://example.com/" }),
        ),
        at(
            Method::PUT,
            APP,
            "callback-url",
            json!({ "url": "http://127.0.0.1:9/", "token": "a-b" }),
        ),
        at(
            Method::PUT,
            APP,
            "callback-url",
            json!({ "url": "http://127.0.0.1:9/", "encoding_aes_key": "short" }),
        ),
        at(
            Method::PUT,
            APP,
            "callback-url",
            json!({ "url": "http://127.0.0.1:9/" }),
        ),
        at(Method::PUT, APP, "programs/nobody", Value::Null),
        at(Method::PUT, APP, "programs/modelTags", Value::Null),
        at(Method::DELETE, APP, "programs/progEcho", Value::Null),
        at(
            Method::PUT,
            APP,
            "receiving-program",
            json!({ "program_id": "progEcho" }),
        ),
        at(
            Method::PUT,
            APP,
            "receiving-program",
            json!({ "program_id": "modelTags" }),
        ),
        at(Method::POST, APP, "submit", Value::Null),
        put("name", json!("")),
        put("ability", json!([])),
        put("ability", ability("{")),
        put("ability", ability(r#"{"a":1,"a":2}"#)),
        put("settings", json!({ "call_deadline_ms": 0 })),
        put("host", json!({ "kind": "url", "urls": [] })),
        put(
            "host",
            json!({ "kind": "url", "urls": ["ftp://example.com/"] }),
        ),
        put("host", json!({ "kind": "process", "command": "/bin/true" })),
        (Method::GET, "wecom/programs/nobody".to_owned(), Value::Null),
        at(Method::POST, PROGRAM, "review", json!({ "approved": true })),
        at(Method::POST, PROGRAM, "deploy", json!({})),
        at(Method::POST, PROGRAM, "undeploy", Value::Null),
        at(
            Method::PUT,
            PROGRAM,
            "log-level",
            json!({ "level": "loud" }),
        ),
        at(Method::GET, PROGRAM, "logs?level=loud", Value::Null),
        at(Method::GET, PROGRAM, "instances/2/credentials", Value::Null),
        at(Method::GET, PROGRAM, "instances/one/output", Value::Null),
        at(
            Method::PUT,
            PROGRAM,
            "debug-url",
            json!({ "url": "example.com" }),
        ),
        at(Method::POST, PROGRAM, "debug-credential", json!({})),
        at(
            Method::PUT,
            CORP,
            "public-key",
            json!({ "public_key": "key", "public_key_ver": 1 }),
        ),
        at(
            Method::PUT,
            CORP,
            "editions",
            json!({ "auth_edition_list": [{ "edition": 4, "status": 3, "msg_duration_days": 1 }] }),
        ),
        at(
            Method::POST,
            CORP,
            "archive/import",
            json!({ "kind": "poem" }),
        ),
        at(
            Method::POST,
            CORP,
            "archive/generate",
            json!({ "messages": 1 }),
        ),
        at(
            Method::POST,
            CORP,
            "archive/generate",
            json!({ "messages": 200_001 }),
        ),
        post("wecom/corps/nobody/archive/import", Value::Null),
        post("wecom/trigger", json!({ "type": "rain" })),
        post("wecom/trigger", json!({ "type": "hit_keyword" })),
        post(
            "wecom/trigger",
            json!({ "type": "hit_keyword", "count": 0 }),
        ),
        post(
            "wecom/trigger",
            json!({ "type": "hit_keyword", "corpid": "nobody" }),
        ),
        post("wecom/call", json!({ "program_id": "progEcho" })),
    ];
    let mut shown = Vec::new();
    for (method, path, body) in requests {
        let asked = format!("{method} {path} {body}");
        let answer = stage.api(method, &path, body).await;
        assert!(answer.status.is_client_error(), "{asked}: {answer:?}");
        shown.push(format!("{asked}\n    {}", answer.problem()));
    }
    insta::assert_snapshot!(shown.join("\n"));
}
