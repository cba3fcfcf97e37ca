//! What we send as Standard Webhooks is verified by the specification's own libraries
//! (`tests/peers/README.md`): an event comes in from Feishu and goes out signed.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::peers::{interpreter, variable};
use crate::platform::{SIGNING_KEY, event, feishu_push};
use crate::stage::Stage;

/// A receiver in a process of its own; it ends when its standard input closes.
struct Receiver {
    url: String,
    lines: Lines<BufReader<ChildStdout>>,
    _stdin: ChildStdin,
    child: Child,
}

impl Receiver {
    fn start(file: &str, secret: &str) -> Self {
        let peers = variable("RINGBACK_TEST_PEERS");
        let mut child = Command::new(interpreter(file))
            .arg(format!("{peers}/{file}"))
            .env("NODE_PATH", variable("RINGBACK_TEST_NODE_PATH"))
            .env("STANDARD_SECRET", secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let port = first.strip_prefix("listening ").unwrap();
        Self {
            url: format!("http://127.0.0.1:{port}/webhook"),
            lines,
            _stdin: stdin,
            child,
        }
    }

    /// The next line of that kind.
    fn next(&mut self, kind: &str) -> Value {
        loop {
            let line: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
            if line["kind"] == kind {
                return line;
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It is this test's own child; it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn verified_by(file: &str) {
    let stage = Stage::new().await;
    stage.feishu_source("feishu", json!({})).await;
    let mut right = Receiver::start(file, SIGNING_KEY);
    let mut wrong = Receiver::start(file, "whsec_YW5vdGhlci1zaWduaW5nLWtleS0yNC1ieXRl");
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
