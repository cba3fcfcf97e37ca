//! An archive in a temporary directory.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_archive::{Archive, Imported, Options, Owner, SCHEMA};
use ringback_store::{MasterKey, Store};
use ringback_types::{Clock, Random, ScheduleTime, WireTime};
use serde_json::{Value, json};

/// 2026-03-01T00:00:00Z, in Unix seconds.
pub(crate) const NOW: i64 = 1_772_323_200;
pub(crate) const DAY: i64 = 24 * 60 * 60;
pub(crate) const CORP: &str = "wwstage0000000001";
pub(crate) const MEMBER: &str = "woMember01";
pub(crate) const CUSTOMER: &str = "wmCustomer01";

/// A corp's key pair.
pub(crate) struct KeyPair {
    private: Pkcs1PrivateDecryptingKey,
    pub(crate) public_pem: String,
}

impl KeyPair {
    pub(crate) fn new() -> Self {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        Self {
            public_pem: pem(&private.public_key()),
            private: Pkcs1PrivateDecryptingKey::new(private).unwrap(),
        }
    }

    /// What an app does with `encrypted_secret_key`.
    pub(crate) fn decrypt(&self, encrypted_secret_key: &str) -> String {
        let encrypted = STANDARD.decode(encrypted_secret_key).unwrap();
        let mut plain = vec![0; self.private.min_output_size()];
        let plain = self.private.decrypt(&encrypted, &mut plain).unwrap();
        String::from_utf8(plain.to_vec()).unwrap()
    }
}

pub(crate) fn pem(key: &PublicEncryptingKey) -> String {
    let der: PublicKeyX509Der<'_> = key.as_der().unwrap();
    pem_of(der.as_ref())
}

/// A subject public key info as `openssl` writes it.
pub(crate) fn pem_of(der: &[u8]) -> String {
    let lines: Vec<_> = STANDARD
        .encode(der)
        .into_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}

pub(crate) struct Stage {
    pub(crate) archive: Archive,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) keys: KeyPair,
    pub(crate) directory: tempfile::TempDir,
    options: Options,
}

impl Stage {
    /// An archive whose corp has a public key, one member in scope and one customer.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let stage = Self::empty(options).await;
        stage.set_key(1).await;
        stage
            .imported(&[
                json!({ "kind": "member", "userid": MEMBER, "name": "Lin" }),
                json!({ "kind": "customer", "external_userid": CUSTOMER, "follower_list": [MEMBER] }),
            ])
            .await;
        stage
    }

    /// An archive with nothing in it.
    pub(crate) async fn empty(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(WireTime::from_millis(NOW * 1000));
        let (store, archive) = open(&directory, &clock, &options).await;
        Self {
            archive,
            store,
            clock,
            keys: KeyPair::new(),
            directory,
            options,
        }
    }

    /// Ends the process's part and begins it anew on the same directory and clock.
    pub(crate) async fn restart(self) -> Self {
        drop(self.archive);
        self.store.close().await;
        let (store, archive) = open(&self.directory, &self.clock, &self.options).await;
        Self {
            archive,
            store,
            ..self
        }
    }

    pub(crate) async fn set_key(&self, version: i64) {
        let pem = &self.keys.public_pem;
        let set = self.archive.set_public_key("tester", CORP, pem, version);
        set.await.unwrap();
    }

    /// Imports lines that must be taken.
    pub(crate) async fn imported(&self, lines: &[Value]) -> Imported {
        let lines = ndjson(lines);
        self.archive.import(CORP, lines.as_bytes()).await.unwrap()
    }

    /// What `sync_msg` answers, refusals too.
    pub(crate) async fn sync(&self, request: Value) -> Value {
        self.sync_as(&owner(), request).await
    }

    pub(crate) async fn sync_as(&self, owner: &Owner, request: Value) -> Value {
        let answer = self.archive.sync_msg(owner, &request.to_string()).await;
        value_of(answer)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        let to = self.clock.schedule().plus_millis(seconds * 1000);
        self.clock.advance_to(to).unwrap();
    }

    pub(crate) fn now(&self) -> ScheduleTime {
        self.clock.schedule()
    }
}

pub(crate) fn value_of(answer: Result<String, ringback_archive::ApiError>) -> Value {
    match answer {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(error) => json!(error),
    }
}

async fn open(directory: &tempfile::TempDir, clock: &Clock, options: &Options) -> (Store, Archive) {
    let store = Store::open(
        ringback_store::Options::new(directory.path()),
        clock.clone(),
        &MasterKey::Beside,
        &[SCHEMA],
    )
    .unwrap();
    let archive = Archive::load(store.clone(), Random::seeded(1), options.clone());
    (store, archive.await.unwrap())
}

pub(crate) fn owner() -> Owner {
    Owner {
        corp: CORP.to_owned(),
        agentid: 1_000_002,
        program: "prog1".to_owned(),
    }
}

pub(crate) fn ndjson(lines: &[Value]) -> String {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    lines.join("\n")
}

/// A text message of the customer to the member, sent so many seconds before [`NOW`].
pub(crate) fn message(msgid: &str, ago: i64, text: &str) -> Value {
    json!({
        "kind": "message", "msgid": msgid, "send_time": NOW - ago, "msgtype": 1, "text": text,
        "sender": { "type": 2, "id": CUSTOMER },
        "receiver_list": [{ "type": 1, "id": MEMBER }],
    })
}

/// The message ids of an answer.
pub(crate) fn msgids(answer: &Value) -> Vec<&str> {
    let list = answer["msg_list"].as_array();
    let list = list.unwrap_or_else(|| panic!("no msg_list: {answer}"));
    list.iter()
        .map(|item| item["msgid"].as_str().unwrap())
        .collect()
}
