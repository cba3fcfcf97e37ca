//! A platform on loopback that plays the zone program too.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeySize, Pkcs1PublicEncryptingKey, PrivateDecryptingKey};
use axum::Router;
use axum::extract::{Json, Query, State};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const SECRET: &str = "corpsecret";

#[derive(Clone)]
struct Memory {
    /// How many tokens were issued: the last one is good.
    tokens: Arc<Mutex<u32>>,
    answers: Arc<Mutex<VecDeque<Value>>>,
    calls: Arc<Mutex<Vec<Value>>>,
}

/// A platform that runs until it is dropped.
pub(crate) struct Stub {
    pub(crate) url: String,
    pub(crate) private_key_pem: String,
    pub(crate) directory: tempfile::TempDir,
    public_key: Pkcs1PublicEncryptingKey,
    memory: Memory,
    task: JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stub {
    pub(crate) async fn new() -> Self {
        let memory = Memory {
            tokens: Arc::default(),
            answers: Arc::default(),
            calls: Arc::default(),
        };
        let router = Router::new()
            .route("/cgi-bin/gettoken", get(token))
            .route("/cgi-bin/chatdata/sync_call_program", post(call))
            .with_state(memory.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der = STANDARD.encode(private.as_der().unwrap().as_ref());
        Self {
            url,
            private_key_pem: format!(
                "-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"
            ),
            directory: tempfile::tempdir().unwrap(),
            public_key: Pkcs1PublicEncryptingKey::new(private.public_key()).unwrap(),
            memory,
            task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
        }
    }

    /// What the program answers to the next calls.
    pub(crate) fn answer(&self, response_data: &[Value]) {
        let wrapped = response_data
            .iter()
            .map(|data| json!({"errcode": 0, "errmsg": "ok", "response_data": data.to_string()}));
        self.memory.answers.lock().unwrap().extend(wrapped);
    }

    /// What the platform itself answers to the next call.
    pub(crate) fn refuse(&self, errcode: i64) {
        let refusal = json!({"errcode": errcode, "errmsg": "refused"});
        self.memory.answers.lock().unwrap().push_back(refusal);
    }

    /// Ends every token that was issued.
    pub(crate) fn end_tokens(&self) {
        *self.memory.tokens.lock().unwrap() += 1;
    }

    /// The calls since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Value> {
        std::mem::take(&mut *self.memory.calls.lock().unwrap())
    }

    /// A record of a text message under this key.
    pub(crate) fn record(&self, msgid: &str, secret_key: &str) -> Value {
        let mut room = vec![0; self.public_key.ciphertext_size()];
        let encrypted = self
            .public_key
            .encrypt(secret_key.as_bytes(), &mut room)
            .unwrap();
        json!({
            "msgid": msgid, "sender": {"type": 1, "id": "wo1"},
            "receiver_list": [{"type": 1, "id": "wo2"}, {"type": 2, "id": "wm1"}],
            "chatid": "wr1", "send_time": 1_700_000_000, "msgtype": 1,
            "service_encrypt_info": {"encrypted_secret_key": STANDARD.encode(encrypted), "public_key_ver": 1},
        })
    }
}

async fn token(
    State(memory): State<Memory>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    assert_eq!(query["corpid"], crate::process::CORPID);
    assert_eq!(query["corpsecret"], SECRET);
    let mut tokens = memory.tokens.lock().unwrap();
    *tokens += 1;
    Json(
        json!({"errcode": 0, "errmsg": "ok", "access_token": tokens.to_string(), "expires_in": 7200}),
    )
}

async fn call(
    State(memory): State<Memory>,
    Query(query): Query<HashMap<String, String>>,
    Json(body): Json<Value>,
) -> Json<Value> {
    if query["access_token"] != memory.tokens.lock().unwrap().to_string() {
        return Json(json!({"errcode": 42001, "errmsg": "access_token expired"}));
    }
    assert_eq!(body["program_id"], crate::process::PROGRAM_ID);
    memory.calls.lock().unwrap().push(body);
    let answer = memory.answers.lock().unwrap().pop_front();
    Json(answer.unwrap_or_else(|| json!({"errcode": 790_020, "errmsg": "no more"})))
}
