//! The app as a process of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ringback_dialect::wecom::{EncodingAesKey, ProgramNotify, Secrets, Sender, challenge};
use ringback_dialect::{Outgoing, WireRequest};
use ringback_types::{Clock, Random, Secret};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::platform::Stub;

const TOKEN: &str = "QDG6eK";
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
pub(crate) const CORPID: &str = "wwstub";
pub(crate) const PROGRAM_ID: &str = "prog-stub";

/// An app that runs until it is dropped.
pub(crate) struct App {
    child: Child,
    url: String,
    /// What it prints.
    pub(crate) out: UnboundedReceiver<String>,
    /// What it says besides.
    pub(crate) said: UnboundedReceiver<String>,
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl App {
    /// One that is told everything by a ready file.
    pub(crate) async fn start(stub: &Stub, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zone-app"))
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(ready_file(stub))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let mut said = lines(child.stderr.take().unwrap());
        let line = next(&mut said, "listening on ").await;
        let address = line.strip_prefix("listening on ").unwrap();
        Self {
            url: format!("http://{address}/callback"),
            child,
            out,
            said,
        }
    }

    /// Checks the callback URL as the platform does; what the app answers.
    pub(crate) async fn check_url(&self, token: &str) -> (StatusCode, Bytes) {
        let secrets = secrets(token);
        let query = challenge(
            &secrets,
            "1616140317555161061",
            Clock::real().wire(),
            random(),
        );
        let request = Request::get(format!("{}?{query}", self.url));
        send(request.body(Full::default()).unwrap()).await
    }

    /// Delivers a notice as the platform does.
    pub(crate) async fn notify(&self, notify_id: &str) -> (StatusCode, Bytes) {
        let now = Clock::real().wire();
        let event = ProgramNotify {
            corpid: CORPID,
            create_time: now,
            notify_id,
            notify_scene: None,
        };
        let outgoing = Outgoing {
            event_id: "evt_0000000000000",
            event_type: ProgramNotify::EVENT,
            body: &event.to_xml(),
            raw: None,
        };
        let WireRequest {
            headers,
            body,
            query,
        } = Sender::new(secrets(TOKEN), Some(1_000_001)).encode(&outgoing, now, random());
        let mut request = Request::post(format!("{}?{}", self.url, query.unwrap()));
        request.headers_mut().unwrap().extend(headers);
        send(request.body(Full::new(body)).unwrap()).await
    }
}

/// The next line with this text.
pub(crate) async fn next(lines: &mut UnboundedReceiver<String>, text: &str) -> String {
    loop {
        let line = lines.recv().await.expect("the app still runs");
        if line.contains(text) {
            return line;
        }
    }
}

fn ready_file(stub: &Stub) -> PathBuf {
    let path = stub.directory.path().join("ready.json");
    let ready = serde_json::json!({
        "url": stub.url,
        "admin_token": "not for this app",
        "wecom": {
            "corpid": CORPID, "corpsecret": crate::platform::SECRET, "agentid": 1_000_001,
            "program_id": PROGRAM_ID, "token": TOKEN, "encoding_aes_key": AES_KEY,
            "private_key_pem": stub.private_key_pem, "public_key_ver": 1,
        },
    });
    std::fs::write(&path, ready.to_string()).unwrap();
    path
}

fn secrets(token: &str) -> Secrets {
    Secrets {
        token: Secret::from(token),
        aes_key: EncodingAesKey::parse(&Secret::from(AES_KEY)).unwrap(),
        receive_id: CORPID.to_owned(),
    }
}

fn random() -> [u8; 32] {
    Random::system().secret()
}

async fn send(request: Request<Full<Bytes>>) -> (StatusCode, Bytes) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    (head.status, body.collect().await.unwrap().to_bytes())
}

fn lines(pipe: impl Read + Send + 'static) -> UnboundedReceiver<String> {
    let (sender, lines) = unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
