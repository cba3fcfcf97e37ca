//! Conversations come in.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{CORP, audit, corp_and_app};
use crate::stage::{Answer, PROCESS_TOKEN, Stage, bearer};

const PUBLIC_KEY: &str = include_str!("public-key.pem");

/// A member and two messages of theirs.
const LINES: &str = r#"{"kind":"member","userid":"wo1","name":"Lin","edition_list":[1]}
{"kind":"message","msgid":"m1","sender":{"type":1,"id":"wo1"},"receiver_list":[{"type":1,"id":"wo2"}],"send_time":1767225600,"msgtype":1,"text":"the tea is ready"}
{"kind":"message","msgid":"m2","sender":{"type":1,"id":"wo1"},"receiver_list":[{"type":1,"id":"wo2"}],"send_time":1767225601,"msgtype":1,"text":"and hot"}
"#;

async fn import(stage: &Stage, lines: &'static str) -> Answer {
    let path = format!("/api/v1/{CORP}/archive/import");
    let sent = stage.request(
        Method::POST,
        &path,
        bearer(PROCESS_TOKEN),
        Bytes::from_static(lines.as_bytes()),
    );
    sent.await.unwrap()
}

#[tokio::test]
async fn conversations_are_imported_and_made_once_there_is_a_key() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let keyless = import(&stage, LINES).await;
    assert_eq!(keyless.status, StatusCode::CONFLICT);
    assert_eq!(keyless.json()["code"], "archive.no_public_key");

    let key = |version: i64| json!({ "public_key": PUBLIC_KEY, "public_key_ver": version });
    let put = format!("{CORP}/public-key");
    let corp = stage.done(Method::PUT, &put, key(1)).await;
    assert_eq!(corp["public_key_ver"], 1);
    let again = stage.api(Method::PUT, &put, key(1)).await;
    assert_eq!(again.json()["code"], "archive.key_version");

    let imported = import(&stage, LINES).await.json();
    let counts = |imported: &Value| (imported["messages"].clone(), imported["duplicates"].clone());
    assert_eq!(counts(&imported), (json!(2), json!(0)));
    assert_eq!(imported["members"], 1);
    let repeated = import(&stage, LINES).await.json();
    assert_eq!(counts(&repeated), (json!(0), json!(2)));
    let broken = import(
        &stage,
        "{\"kind\":\"member\",\"userid\":\"wo3\",\"name\":\"Yu\"}\n{\n",
    )
    .await;
    assert_eq!(broken.json()["code"], "archive.line_not_json");
    assert!(broken.body.contains("line 2"), "{broken:?}");

    let wish = json!({ "seed": 7, "messages": 1_500, "members": 4, "customers": 6, "groups": 2 });
    let generate = format!("{CORP}/archive/generate");
    let made = stage.post(&generate, wish.clone()).await;
    assert_eq!(counts(&made), (json!(1_500), json!(0)));
    let made = stage.post(&generate, wish).await;
    assert_eq!(counts(&made), (json!(0), json!(1_500)));

    let editions =
        json!({ "auth_edition_list": [{ "edition": 2, "status": 3, "msg_duration_days": 30 }] });
    let set = stage
        .done(Method::PUT, &format!("{CORP}/editions"), editions)
        .await;
    assert_eq!(set["auth_edition_list"][0]["edition"], 2);
    let audit = audit(&stage).await;
    insta::assert_snapshot!(audit);
    assert!(!audit.contains("tea is ready"));
}
