//! The management API of the WeCom zone.

mod archive;
mod callback;
mod debug;
mod objects;
mod peer;
mod process;
mod refusals;
mod traffic;

use axum::http::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

/// A corp with a self-built app in it, by paths below `wecom/`.
const CORP: &str = "wecom/corps/ww0123456789abcdef";
const APP: &str = "wecom/apps/ww0123456789abcdef/1000002";
const PROGRAM: &str = "wecom/programs/progEcho";

async fn corp_and_app(stage: &Stage) {
    let corp = json!({ "corpid": "ww0123456789abcdef", "name": "Tea house" });
    stage.post("wecom/corps", corp).await;
    let app = json!({ "corpid": "ww0123456789abcdef", "name": "Helpdesk", "secret": "corp-secret-0123456789" });
    stage.post("wecom/apps", app).await;
}

/// A program `progEcho` with the ability `echo`, at this URL.
fn echo_at(url: &str) -> Value {
    let ability = json!({ "id": "echo", "input": r#"{"text":"a"}"#, "output": r#"{"text":"a"}"# });
    json!({
        "program_id": "progEcho", "name": "Echo", "ability": [ability],
        "host": { "kind": "url", "urls": [url] },
    })
}

/// The program deployed, and associated with the app as the one that receives events.
async fn deployed(stage: &Stage, url: &str) {
    stage
        .done(Method::PUT, "wecom/programs", echo_at(url))
        .await;
    stage.post(&format!("{PROGRAM}/submit"), Value::Null).await;
    let approval = json!({ "approved": true });
    stage.post(&format!("{PROGRAM}/review"), approval).await;
    stage.post(&format!("{PROGRAM}/deploy"), json!({})).await;
    let associate = format!("{APP}/programs/progEcho");
    stage.done(Method::PUT, &associate, Value::Null).await;
    let receiving = json!({ "program_id": "progEcho" });
    let receive = format!("{APP}/receiving-program");
    stage.done(Method::PUT, &receive, receiving).await;
}

/// Who did what to what, oldest first.
async fn audit(stage: &Stage) -> String {
    let audit = stage.get("audit?limit=200").await;
    let rows = audit["entries"].as_array().unwrap().iter().rev();
    let line = |row: &Value| {
        let text = |member: &str| row[member].as_str().unwrap().to_owned();
        format!("{} {} {}", text("action"), text("target"), row["detail"])
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}
