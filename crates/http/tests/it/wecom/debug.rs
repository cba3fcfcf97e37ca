//! The debug page of a program.

use axum::http::Method;
use serde_json::{Value, json};

use super::{PROGRAM, audit, corp_and_app, echo_at};
use crate::stage::Stage;

#[tokio::test]
async fn a_debug_credential_is_the_same_until_it_ends_or_is_revoked() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let url = "http://127.0.0.1:9/";
    stage
        .done(Method::PUT, "wecom/programs", echo_at(url))
        .await;
    let confirmed = json!({ "confirm": true });
    let path = format!("{PROGRAM}/debug-credential");
    let first = stage.post(&path, confirmed.clone()).await;
    assert_eq!(stage.post(&path, confirmed.clone()).await, first);
    let token = first["debug_token"].as_str().unwrap();
    assert!(token.starts_with("dbg_"));
    let page = |program: &Value| program["debug"]["credential_expires_at"].clone();
    assert_eq!(page(&stage.get(PROGRAM).await), first["expires_at"]);

    let three_days = json!({ "by_ms": 3 * 24 * 3_600_000_i64 });
    stage.post("clock/advance", three_days).await;
    assert_eq!(page(&stage.get(PROGRAM).await), Value::Null);
    let second = stage.post(&path, confirmed).await;
    assert_ne!(second["debug_token"], token);
    stage.done(Method::DELETE, &path, Value::Null).await;
    assert_eq!(page(&stage.get(PROGRAM).await), Value::Null);
    let audit = audit(&stage).await;
    assert_eq!(audit.matches("zone_debug.credential").count(), 3);
    assert!(!audit.contains(token), "{audit}");
}
