//! What the zone does not do, with its cause.

use axum::http::Method;
use serde_json::{Value, json};

use super::{APP, CORP, PROGRAM, corp_and_app, echo_at};
use crate::stage::Stage;

type Asked = (Method, String, Value);

/// The program of [`echo_at`] with another member.
fn with(member: &str, value: Value) -> Value {
    let mut program = echo_at("http://127.0.0.1:9/");
    program[member] = value;
    program
}

fn post(path: &str, body: Value) -> Asked {
    (Method::POST, path.to_owned(), body)
}

fn get(base: &str, rest: &str) -> Asked {
    (Method::GET, format!("{base}/{rest}"), Value::Null)
}

fn put(base: &str, rest: &str, body: Value) -> Asked {
    (Method::PUT, format!("{base}/{rest}"), body)
}

fn of_corps_and_apps() -> Vec<Asked> {
    let app = |member: &str, value: Value| {
        let mut app = json!({ "corpid": "ww0123456789abcdef" });
        app[member] = value;
        post("wecom/apps", app)
    };
    vec![
        post("wecom/corps", json!({ "corpid": "ww0123456789abcdef" })),
        post("wecom/corps", json!({ "corpid": "a b" })),
        post("wecom/corps", json!({ "name": "" })),
        app("corpid", json!("nobody")),
        app("agentid", json!(1_000_002)),
        app("agentid", json!(0)),
        app("secret", json!("short")),
        app("kind", json!("borrowed")),
        get("wecom/apps", "ww0123456789abcdef/1"),
        get("wecom/apps", "ww0123456789abcdef/first"),
        post(&format!("{APP}/submit"), Value::Null),
    ]
}

fn of_what_an_app_uses() -> Vec<Asked> {
    let callback = |member: &str, value: Value| {
        let mut callback = json!({ "url": "http://127.0.0.1:9/" });
        callback[member] = value;
        put(APP, "callback-url", callback)
    };
    let receiving = |program: &str| {
        let body = json!({ "program_id": program });
        put(APP, "receiving-program", body)
    };
    vec![
        callback("url", json!("ftp://example.com/")),
        callback("token", json!("a-b")),
        callback("encoding_aes_key", json!("short")),
        callback("token", Value::Null),
        put(APP, "programs/nobody", Value::Null),
        put(APP, "programs/modelTags", Value::Null),
        (
            Method::DELETE,
            format!("{APP}/programs/progEcho"),
            Value::Null,
        ),
        receiving("progEcho"),
        receiving("modelTags"),
    ]
}

fn of_programs() -> Vec<Asked> {
    let program = |member: &str, value: Value| put("wecom", "programs", with(member, value));
    let ability = |input: &str| {
        let ability = json!({ "id": "echo", "input": input, "output": "{}" });
        program("ability", json!([ability]))
    };
    let at = |rest: &str, body: Value| post(&format!("{PROGRAM}/{rest}"), body);
    let process = json!({ "kind": "process", "command": "/bin/true" });
    vec![
        program("name", json!("")),
        program("ability", json!([])),
        ability("{"),
        ability(r#"{"a":1,"a":2}"#),
        program("settings", json!({ "call_deadline_ms": 0 })),
        program("host", json!({ "kind": "url", "urls": [] })),
        program(
            "host",
            json!({ "kind": "url", "urls": ["ftp://example.com/"] }),
        ),
        program("host", process),
        get("wecom/programs", "nobody"),
        at("review", json!({ "approved": true })),
        at("deploy", json!({})),
        at("undeploy", Value::Null),
        put(PROGRAM, "log-level", json!({ "level": "loud" })),
        get(PROGRAM, "logs?level=loud"),
        get(PROGRAM, "instances/2/credentials"),
        get(PROGRAM, "instances/one/output"),
        put(PROGRAM, "debug-url", json!({ "url": "example.com" })),
        at("debug-credential", json!({})),
    ]
}

fn of_what_comes_in() -> Vec<Asked> {
    let at = |rest: &str, body: Value| post(&format!("{CORP}/archive/{rest}"), body);
    let edition = json!({ "edition": 4, "status": 3, "msg_duration_days": 1 });
    let trigger = |member: &str, value: Value| {
        let mut trigger = json!({ "type": "hit_keyword" });
        trigger[member] = value;
        post("wecom/trigger", trigger)
    };
    vec![
        put(
            CORP,
            "public-key",
            json!({ "public_key": "key", "public_key_ver": 1 }),
        ),
        put(CORP, "editions", json!({ "auth_edition_list": [edition] })),
        at("import", json!({ "kind": "poem" })),
        at("generate", json!({ "messages": 1 })),
        at("generate", json!({ "messages": 200_001 })),
        post("wecom/corps/nobody/archive/import", Value::Null),
        trigger("type", json!("rain")),
        trigger("count", json!(1)),
        trigger("count", json!(0)),
        trigger("corpid", json!("nobody")),
        post("wecom/call", json!({ "program_id": "progEcho" })),
    ]
}

#[tokio::test]
async fn what_cannot_be_in_the_zone_is_refused_with_its_cause() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let mut model = with("kind", json!("model"));
    model["program_id"] = json!("modelTags");
    for program in [echo_at("http://127.0.0.1:9/"), model] {
        stage.done(Method::PUT, "wecom/programs", program).await;
    }
    let associate = format!("{APP}/programs/modelTags");
    stage.done(Method::PUT, &associate, Value::Null).await;

    let mut shown = Vec::new();
    let requests = [
        of_corps_and_apps(),
        of_what_an_app_uses(),
        of_programs(),
        of_what_comes_in(),
    ];
    for (method, path, body) in requests.concat() {
        let asked = format!("{method} {path} {body}");
        let answer = stage.api(method, &path, body).await;
        assert!(answer.status.is_client_error(), "{asked}: {answer:?}");
        shown.push(format!("{asked}\n    {}", answer.problem()));
    }
    insta::assert_snapshot!(shown.join("\n"));
}
