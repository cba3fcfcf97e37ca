//! Programs on HTTP servers that are not ours, with a channel that is not ours (`tests/peers/README.md`):
//! Python's `http.server` and the JDK's, in every way they frame and end a reply.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use futures_util::future::join_all;
use ringback_dialect::zone::{Credentials, ReplyBinding};
use ringback_store::record::Delivery;
use ringback_types::{DeliveryId, Secret};
use ringback_zone::{ProgramInput, Settings, Trigger};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::figure::{import, with_archive};
use crate::stage::{PROGRAM, Stage, abilities, ability, data, program};

/// Whose server, and what it is told.
#[derive(Debug, Clone, Copy)]
enum Server {
    Python(&'static [&'static str]),
    Java(&'static [&'static str]),
}

/// A peer that runs until it is dropped.
struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: UnboundedReceiver<String>,
    url: String,
    credentials: PathBuf,
    _directory: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It is this test's own child; it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A variable that `cargo xtask test` sets; a peer test without it fails, it is never skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "where the peers are is said by the environment"
)]
fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("`{name}` is not set: run this test by `cargo xtask test`"))
}

impl Server {
    fn command(self) -> Command {
        let peers = variable("RINGBACK_TEST_PEERS");
        match self {
            Self::Python(arguments) => {
                let mut command = Command::new(variable("RINGBACK_TEST_PYTHON"));
                command
                    .arg(format!("{peers}/zone_program.py"))
                    .args(arguments);
                command
            }
            Self::Java(arguments) => {
                let mut command = Command::new(variable("RINGBACK_TEST_JAVA"));
                // It lives for a few requests: starting is most of what it does.
                command.args([
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                ]);
                command
                    .arg(format!("{peers}/ZoneProgram.java"))
                    .args(arguments);
                command
            }
        }
    }
}

impl Peer {
    /// A program that refuses its first event.
    async fn start(server: Server) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let credentials = directory.path().join("credentials.json");
        let mut child = server
            .command()
            .arg("--credentials")
            .arg(&credentials)
            .args(["--refuse", "1"])
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, mut lines) = unbounded_channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let line = lines.recv().await.expect("the peer says where it listens");
        let port = line.strip_prefix("listening ").unwrap();
        Self {
            url: format!("http://127.0.0.1:{port}/"),
            stdin: child.stdin.take(),
            child,
            lines,
            credentials,
            _directory: directory,
        }
    }

    fn give(&self, file: &Credentials) {
        std::fs::write(&self.credentials, serde_json::to_string(file).unwrap()).unwrap();
    }

    /// The next thing that it says, which must be of this kind.
    async fn says(&mut self, kind: &str) -> Value {
        let line = self.lines.recv().await.expect("the peer says something");
        let record: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(record["kind"], kind, "{line}");
        record
    }

    /// The next request that it opened, which must be as programs may expect it.
    async fn asked(&mut self) -> Value {
        let asked = self.says("asked").await;
        assert_well_formed(&asked);
        asked
    }
}

/// What the zone promises to every server (design, section 6, "To a program").
fn assert_well_formed(asked: &Value) {
    let line = ["method", "path", "protocol"].map(|part| asked[part].as_str().unwrap());
    assert_eq!(line, ["POST", "/", "HTTP/1.1"]);
    let headers = asked["headers"].as_object().unwrap();
    assert_eq!(headers["content-length"], asked["body_bytes"].to_string());
    assert_eq!(headers["content-type"], "application/json");
    for name in ["transfer-encoding", "expect", "ww-outcome", "ww-refusal"] {
        assert!(!headers.contains_key(name), "{name}: {asked}");
    }
    // Python's server hands names on as they came; the JDK's has capitalised them.
    for name in asked["names"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        assert_eq!(name, name.to_ascii_lowercase());
    }
}

/// A program that is described like any other, besides an ability whose answer is large.
fn described(reply_binding: ReplyBinding) -> ProgramInput {
    let mut all = abilities();
    all.push(ability("fourfold", r#"{"text":""}"#, r#"{"echo":[]}"#));
    ProgramInput {
        settings: Settings {
            reply_binding,
            ..Settings::default()
        },
        ..program(PROGRAM, all)
    }
}

async fn facing(server: Server, binding: ReplyBinding) -> (Stage, Peer) {
    let (stage, peer) = tokio::join!(Stage::new(), Peer::start(server));
    stage
        .deployed(described(binding), std::slice::from_ref(&peer.url))
        .await;
    peer.give(&credentials(&stage).await);
    (stage, peer)
}

async fn credentials(stage: &Stage) -> Credentials {
    stage.zone.instance_credentials(PROGRAM, 1).await.unwrap()
}

/// Whether the server answered more than one of several calls on one connection.
async fn answers_one_after_another(stage: &Stage, peer: &mut Peer) -> bool {
    let mut connections = HashSet::new();
    for number in 0..5 {
        let sent = json!({ "text": format!("第{number}次：你好，\"世界\" 🌏"), "list": [{ "n": number }] });
        let answer = stage.call("echo", sent.clone()).await;
        assert_eq!(data(&answer)["echo"], sent);
        let asked = peer.asked().await;
        let frame = &asked["frame"];
        assert_eq!(
            (&frame["call_type"], &frame["is_async"]),
            (&json!(1), &json!(false))
        );
        assert_eq!(frame["data"], sent.to_string());
        connections.insert(asked["client"].as_u64());
    }
    connections.len() < 5
}

async fn answers_several_at_once(stage: &Stage, peer: &mut Peer) {
    let calls = (0..8).map(async |number| {
        let sent = json!({ "text": number.to_string() });
        assert_eq!(data(&stage.call("echo", sent.clone()).await)["echo"], sent);
    });
    join_all(calls).await;
    let mut nonces = HashSet::new();
    for _ in 0..8 {
        nonces.insert(peer.asked().await["headers"]["ww-nonce"].to_string());
    }
    assert_eq!(nonces.len(), 8);
}

/// The longest `request_data` there may be, and four times that as the answer.
async fn takes_and_gives_much(stage: &Stage, peer: &mut Peer) {
    let room = (1 << 20) - r#"{"text":""}"#.len();
    let text = "界".repeat(room / 3) + &"a".repeat(room % 3);
    let answer = stage.call("fourfold", json!({ "text": text })).await;
    let echo = &data(&answer)["echo"];
    assert_eq!(echo.as_array().map(Vec::len), Some(4));
    assert_eq!(echo[3]["text"], text);
    let asked = peer.asked().await;
    assert!(asked["body_bytes"].as_u64() > Some(1 << 20));
    assert_eq!(asked["frame"]["data"].as_str().map(str::len), Some(1 << 20));
}

async fn triggered(stage: &Stage, name: &str) -> DeliveryId {
    let trigger = json!({ "type": "auth_knowledge_base", "set": { "knowledge_base_name": name } });
    let trigger: Trigger = serde_json::from_value(trigger).unwrap();
    let made = stage.zone.trigger(&trigger).await.unwrap();
    stage.engine.quiet().await;
    made[0].delivery.unwrap()
}

async fn delivery(stage: &Stage, id: DeliveryId) -> (Delivery, Vec<Option<String>>) {
    let record = stage.engine.record();
    let found = stage.delivery(id).await;
    let attempts = record.attempts(id).await.unwrap();
    (
        found,
        attempts
            .into_iter()
            .map(|attempt| attempt.failure)
            .collect(),
    )
}

/// The first event is refused by an error reply and comes again; the next is taken at once.
async fn acknowledges_events(stage: &Stage, peer: &mut Peer) {
    let set = stage
        .api("set_receive_callback", json!({ "program_id": PROGRAM }))
        .await;
    assert_eq!(set["errcode"], 0, "{set}");
    let first = triggered(stage, "产品问题").await;
    let (found, failures) = delivery(stage, first).await;
    assert_eq!(found.state.as_str(), "due");
    assert_eq!(failures, [Some("zone.error_reply".to_owned())]);
    let refused = peer.asked().await;
    peer.says("refused").await;

    stage.advance(20).await;
    let (found, failures) = delivery(stage, first).await;
    assert_eq!(found.state.as_str(), "delivered");
    assert_eq!(failures.len(), 2);
    let again = peer.asked().await;
    assert_eq!(again["frame"], refused["frame"]);
    assert_ne!(again["headers"]["ww-nonce"], refused["headers"]["ww-nonce"]);
    assert_eq!(again["frame"]["call_type"], 2);
    let event: Value = serde_json::from_str(again["frame"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(
        event["auth_knowledge_base"]["knowledge_base_name"],
        "产品问题"
    );

    let second = triggered(stage, "another").await;
    let (found, failures) = delivery(stage, second).await;
    assert_eq!((found.state.as_str(), failures), ("delivered", vec![None]));
    peer.asked().await;
}

/// The job's report may come before its acknowledgement, and after it.
async fn reports_jobs(stage: &Stage, peer: &mut Peer) {
    let request_data = r#"{"text":"做完了"}"#;
    let body = json!({ "program_id": PROGRAM, "ability_id": "late", "request_data": request_data });
    let begun = stage.api("async_program_task", body).await;
    assert_eq!(begun["errcode"], 0, "{begun}");
    let asked = peer.asked().await;
    assert_eq!(asked["frame"]["is_async"], true);
    let reported = peer.says("reported").await;
    assert_eq!(reported["answer"]["errcode"], 0, "{reported}");
    stage.engine.quiet().await;
    let fetch = json!({ "jobid": begun["jobid"] });
    let fetched = stage.api("async_program_result", fetch).await;
    assert_eq!(
        (&fetched["errcode"], &fetched["response_errcode"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(fetched["response_data"], request_data);
}

/// Neither an error reply to a signature that does not fit, nor an unsigned refusal, is an answer.
async fn refuses_other_keys(stage: &Stage, peer: &mut Peer) {
    let right = credentials(stage).await;
    let mut other_secret = right.clone();
    other_secret.versions[0].secret = Secret::from(vec![7; 32]);
    let mut other_version = right.clone();
    other_version.versions[0].version = 9;
    for (file, code) in [(other_secret, -10_004), (other_version, -10_008)] {
        peer.give(&file);
        let answer = stage.call("echo", json!({ "text": "x" })).await;
        assert_eq!(answer["errcode"], 710_677, "{answer}");
        assert_eq!(peer.says("refused").await["code"], code);
    }
    peer.give(&right);
    let answer = stage.call("echo", json!({ "text": "x" })).await;
    assert_eq!(data(&answer)["echo"]["text"], "x");
    peer.asked().await;
}

async fn asks_for_messages(stage: &Stage, peer: &mut Peer) {
    with_archive(stage).await;
    import(stage, "m1", "保修期多长？").await;
    let list = data(&stage.call("invoke_sync_msg", json!({ "limit": 200 })).await);
    assert_eq!(list["errcode"], 0, "{list}");
    assert_eq!(list["msg_list"][0]["msgid"], "m1");
    peer.asked().await;
}

/// Everything that a program does, on one server.
async fn serves_as_a_program(server: Server, keeps_connections: bool) {
    let (stage, mut peer) = facing(server, ReplyBinding::Strict).await;
    let kept = answers_one_after_another(&stage, &mut peer).await;
    assert_eq!(kept, keeps_connections);
    answers_several_at_once(&stage, &mut peer).await;
    takes_and_gives_much(&stage, &mut peer).await;
    acknowledges_events(&stage, &mut peer).await;
    reports_jobs(&stage, &mut peer).await;
    refuses_other_keys(&stage, &mut peer).await;
    // The last, because what is imported makes an event too.
    asks_for_messages(&stage, &mut peer).await;
}

#[tokio::test]
async fn python_that_closes_after_each_answer() {
    serves_as_a_program(Server::Python(&[]), false).await;
}

#[tokio::test]
async fn python_that_ends_its_answers_by_closing() {
    serves_as_a_program(Server::Python(&["--no-length"]), false).await;
}

#[tokio::test]
async fn python_that_keeps_connections() {
    serves_as_a_program(Server::Python(&["--http11"]), true).await;
}

#[tokio::test]
async fn java_that_answers_in_chunks() {
    serves_as_a_program(Server::Java(&["--reply", "chunked"]), true).await;
}

#[tokio::test]
async fn java_that_closes_after_each_answer() {
    serves_as_a_program(Server::Java(&["--reply", "close"]), false).await;
}

/// Python's reply is made by a constructor that does not see the request (sheet `wecom-zone-sdk`, 4.2).
#[tokio::test]
async fn python_that_does_not_know_what_it_answers() {
    let server = Server::Python(&["--unbound"]);
    let (stage, mut peer) = facing(server, ReplyBinding::Strict).await;
    let answer = stage.call("echo", json!({ "text": "x" })).await;
    assert_eq!(answer["errcode"], 710_677, "{answer}");
    peer.asked().await;
    drop(stage);

    let stage = Stage::new().await;
    let input = described(ReplyBinding::Loose);
    stage.deployed(input, std::slice::from_ref(&peer.url)).await;
    peer.give(&credentials(&stage).await);
    answers_one_after_another(&stage, &mut peer).await;
    let calls = (0..8).map(async |_| stage.call("echo", json!({})).await["errcode"].as_i64());
    let codes = join_all(calls).await;
    let answered = codes.iter().filter(|code| **code == Some(0)).count();
    let busy = codes.iter().filter(|code| **code == Some(45033)).count();
    assert!(
        answered > 0 && answered + busy == 8,
        "one at a time: {codes:?}"
    );
    for _ in 0..answered {
        peer.asked().await;
    }
    acknowledges_events(&stage, &mut peer).await;
    reports_jobs(&stage, &mut peer).await;
    asks_for_messages(&stage, &mut peer).await;
}
