//! What we send as Standard Webhooks is verified by the specification's own libraries
//! (`tests/peers/README.md`): an event comes in from Feishu and goes out signed.

use serde_json::{Value, json};

use crate::platform::{SIGNING_KEY, event, feishu_push};
use crate::receiver::Receiver;
use crate::stage::Stage;

async fn verified_by(file: &str) {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let start = |secret| Receiver::start(file, "/webhook", &[("STANDARD_SECRET", secret)]);
    let mut right = start(SIGNING_KEY);
    let mut wrong = start("whsec_YW5vdGhlci1zaWduaW5nLWtleS0yNC1ieXRl");
    for (name, receiver) in [("right", &right), ("wrong", &wrong)] {
        stage
            .endpoint(json!({
                "name": name, "url": receiver.url, "dialect": "standard", "key": SIGNING_KEY,
            }))
            .await;
    }
    let body = event("e1", "contact.user.created_v3");
    stage.push("feishu", &feishu_push(&body)).await;

    let handled = right.next("handled");
    let sent: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(handled["payload"], sent);
    assert!(
        handled["id"].as_str().unwrap().starts_with("evt_"),
        "{handled}"
    );
    assert_eq!(right.next("answered")["status"], 200);
    assert_eq!(wrong.next("refused")["id"], handled["id"]);
    assert_eq!(wrong.next("answered")["status"], 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_library_verifies_what_we_sign() {
    verified_by("standard_receiver.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_library_verifies_what_we_sign() {
    verified_by("standard_receiver.js").await;
}
