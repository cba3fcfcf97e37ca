//! The golden vectors, all files: made outside our code (`vectors/make.py`).

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use ringback_dialect::feishu::crypto;
use ringback_dialect::{
    Dialect, Incoming, Message, Reason, Received, Receiver, Refusal, Reply, Sender, feishu,
    standard, wecom,
};
use ringback_types::{Secret, WireTime};
use serde::Deserialize;

use crate::support::{feishu_secrets, header_map, hex, outgoing, signing_key, wecom_secrets};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    dialect: String,
    #[serde(flatten)]
    half: Half,
}

#[derive(Deserialize)]
#[serde(tag = "half", rename_all = "snake_case")]
enum Half {
    Crypto(Crypto),
    Receive(Receive),
    Send(Send),
}

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
enum Crypto {
    Encrypt {
        encrypt_key: String,
        iv: String,
        plaintext: String,
        encrypted: String,
    },
    Sign {
        encrypt_key: String,
        timestamp: String,
        nonce: String,
        body: String,
        signature: String,
    },
    SignCardV1 {
        verification_token: String,
        timestamp: String,
        nonce: String,
        body: String,
        signature: String,
    },
    WecomEncrypt {
        encoding_aes_key: String,
        random: String,
        message: String,
        receive_id: String,
        encrypted: String,
    },
    WecomSign {
        token: String,
        timestamp: String,
        nonce: String,
        encrypted: String,
        signature: String,
    },
}

#[derive(Deserialize)]
struct Receive {
    secrets: Secrets,
    previous: Option<Secrets>,
    now: i64,
    tolerance_seconds: Option<u64>,
    request: Request,
    expect: Option<Expect>,
    refused: Option<String>,
    authenticated: Option<bool>,
}

#[derive(Deserialize)]
struct Send {
    secrets: Secrets,
    now: i64,
    random: String,
    outgoing: OutgoingVector,
    expect: Request,
}

#[derive(Deserialize)]
struct OutgoingVector {
    event_id: String,
    event_type: String,
    body: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Secrets {
    Standard {
        keys: Vec<String>,
    },
    Feishu {
        encrypt_key: Option<String>,
        verification_token: String,
    },
    Wecom {
        token: String,
        encoding_aes_key: String,
        receive_id: String,
        agent_id: Option<i64>,
    },
}

#[derive(Deserialize)]
struct Request {
    method: Option<String>,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Expect {
    Challenge { body: String },
    Event(MessageVector),
    Call(MessageVector),
}

#[derive(Deserialize)]
struct MessageVector {
    event_type: String,
    dedupe_key: Option<String>,
    order_key: Option<String>,
    app: Option<String>,
    body: String,
}

impl Request {
    fn headers(&self) -> HeaderMap {
        header_map(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }

    fn body(&self) -> Bytes {
        match (&self.body, &self.body_base64) {
            (Some(text), None) => Bytes::from(text.clone()),
            (None, Some(base64)) => Bytes::from(STANDARD.decode(base64).unwrap()),
            _ => panic!("one body"),
        }
    }
}

impl Secrets {
    fn feishu(&self) -> feishu::Secrets {
        let Self::Feishu {
            encrypt_key,
            verification_token,
        } = self
        else {
            panic!("secrets of Feishu");
        };
        feishu_secrets(encrypt_key.as_deref(), verification_token)
    }

    fn keys(&self) -> Vec<standard::SigningKey> {
        let Self::Standard { keys } = self else {
            panic!("secrets of Standard Webhooks");
        };
        keys.iter().map(|key| signing_key(key)).collect()
    }

    fn wecom(&self) -> (wecom::Secrets, Option<i64>) {
        let Self::Wecom {
            token,
            encoding_aes_key,
            receive_id,
            agent_id,
        } = self
        else {
            panic!("secrets of WeCom");
        };
        let secrets = wecom_secrets(token, encoding_aes_key, receive_id);
        (secrets, *agent_id)
    }
}

impl Receive {
    fn receiver(&self, dialect: &str) -> Receiver {
        let tolerance = self.tolerance_seconds.map(Duration::from_secs);
        match dialect {
            "standard" => {
                let receiver = standard::Receiver::new(self.secrets.keys());
                Receiver::Standard(receiver.with_tolerance(tolerance))
            }
            "wecom" => {
                let mut receiver = wecom::Receiver::new(self.secrets.wecom().0);
                if let Some(previous) = &self.previous {
                    receiver = receiver.with_previous(previous.wecom().0);
                }
                Receiver::Wecom(receiver.with_tolerance(tolerance))
            }
            _ => {
                let mut receiver = feishu::Receiver::new(self.secrets.feishu());
                if let Some(previous) = &self.previous {
                    receiver = receiver.with_previous(previous.feishu());
                }
                Receiver::Feishu(receiver.with_tolerance(tolerance))
            }
        }
    }

    fn check(&self, name: &str, receiver: &Receiver) {
        let method = self.request.method.as_deref().unwrap_or("POST");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Received {
            method: &method,
            path: "/in/source",
            query: self.request.query.as_deref(),
            headers: &self.request.headers(),
            body: &self.request.body(),
        };
        let result = receiver.receive(&request, WireTime::from_millis(self.now));
        match (&self.expect, &self.refused) {
            (Some(expect), None) => {
                let expected = expect.incoming(receiver.dialect());
                assert_eq!(result.as_ref(), Ok(&expected), "{name}");
            }
            (None, Some(reason)) => {
                let refusal = Refusal::new(
                    receiver.dialect(),
                    reason_named(reason),
                    self.authenticated.unwrap(),
                );
                assert_eq!(result, Err(refusal), "{name}");
            }
            _ => panic!("{name}: either an outcome or a refusal"),
        }
    }
}

impl Expect {
    fn incoming(&self, dialect: Dialect) -> Incoming {
        match self {
            Self::Challenge { body } => Incoming::Challenge(Reply {
                content_type: Some(match dialect {
                    Dialect::Wecom => "text/plain",
                    Dialect::Desk | Dialect::Feishu | Dialect::Standard => "application/json",
                }),
                ..Reply::json(body.clone())
            }),
            Self::Event(message) => Incoming::Event(message.message()),
            Self::Call(message) => Incoming::Call(message.message()),
        }
    }
}

impl MessageVector {
    fn message(&self) -> Message {
        Message {
            event_type: self.event_type.clone(),
            dedupe_key: self.dedupe_key.clone(),
            order_key: self.order_key.clone(),
            app: self.app.clone(),
            body: Bytes::from(self.body.clone()),
        }
    }
}

impl Send {
    fn check(&self, name: &str, dialect: &str) {
        let sender = match dialect {
            "standard" => Sender::Standard(standard::Sender::new(self.secrets.keys())),
            "wecom" => {
                let (secrets, agent_id) = self.secrets.wecom();
                Sender::Wecom(wecom::Sender::new(secrets, agent_id))
            }
            _ => Sender::Feishu(feishu::Sender::new(self.secrets.feishu())),
        };
        let body = Bytes::from(self.outgoing.body.clone());
        let mut sent = outgoing(&self.outgoing.event_type, &body);
        sent.event_id = &self.outgoing.event_id;
        let random = hex(&self.random).try_into().unwrap();
        let request = sender
            .encode(&sent, WireTime::from_millis(self.now), random)
            .unwrap();
        assert_eq!(request.query, self.expect.query, "{name}");
        assert_eq!(request.headers, self.expect.headers(), "{name}");
        assert_eq!(request.body, self.expect.body(), "{name}");
    }
}

impl Crypto {
    fn check(&self, name: &str) {
        match self {
            Self::Encrypt {
                encrypt_key,
                iv,
                plaintext,
                encrypted,
            } => {
                let key = feishu::EncryptKey::new(Secret::from(encrypt_key.as_str()));
                let iv = hex(iv).try_into().unwrap();
                assert_eq!(
                    &crypto::encrypt(&key, iv, plaintext.as_bytes()),
                    encrypted,
                    "{name}"
                );
                let decrypted = crypto::decrypt(&key, encrypted);
                assert_eq!(decrypted.as_deref(), Ok(plaintext.as_bytes()), "{name}");
            }
            Self::Sign {
                encrypt_key,
                timestamp,
                nonce,
                body,
                signature,
            } => {
                let key = feishu::EncryptKey::new(Secret::from(encrypt_key.as_str()));
                let signed = crypto::sign(
                    timestamp.as_bytes(),
                    nonce.as_bytes(),
                    &key,
                    body.as_bytes(),
                );
                assert_eq!(&signed, signature, "{name}");
            }
            Self::SignCardV1 {
                verification_token,
                timestamp,
                nonce,
                body,
                signature,
            } => {
                let token = Secret::from(verification_token.as_str());
                let (timestamp, nonce) = (timestamp.as_bytes(), nonce.as_bytes());
                let signed = crypto::sign_card_v1(timestamp, nonce, &token, body.as_bytes());
                assert_eq!(&signed, signature, "{name}");
            }
            Self::WecomEncrypt {
                encoding_aes_key,
                random,
                message,
                receive_id,
                encrypted,
            } => {
                let key = wecom_secrets("", encoding_aes_key, "").aes_key;
                let random = hex(random).try_into().unwrap();
                let message = message.as_bytes();
                assert_eq!(
                    &wecom::encrypt(&key, random, message, receive_id),
                    encrypted,
                    "{name}"
                );
                let decrypted = wecom::decrypt(&key, encrypted, receive_id);
                assert_eq!(decrypted.as_deref(), Ok(message), "{name}");
            }
            Self::WecomSign {
                token,
                timestamp,
                nonce,
                encrypted,
                signature,
            } => {
                let token = Secret::from(token.as_str());
                let signed = wecom::sign(&token, timestamp, nonce, encrypted);
                assert_eq!(&signed, signature, "{name}");
            }
        }
    }
}

fn reason_named(name: &str) -> Reason {
    let named = |reason: &&Reason| reason.as_str() == name;
    *Reason::ALL
        .iter()
        .find(named)
        .unwrap_or_else(|| panic!("no reason `{name}`"))
}

fn files() -> Vec<Vector> {
    [
        include_str!("../../vectors/feishu.json"),
        include_str!("../../vectors/standard.json"),
        include_str!("../../vectors/wecom.json"),
    ]
    .into_iter()
    .flat_map(|text| serde_json::from_str::<File>(text).unwrap().vectors)
    .collect()
}

#[test]
fn every_vector_holds() {
    for Vector {
        name,
        dialect,
        half,
    } in files()
    {
        match half {
            Half::Crypto(crypto) => crypto.check(&name),
            Half::Receive(vector) => vector.check(&name, &vector.receiver(&dialect)),
            Half::Send(vector) => vector.check(&name, &dialect),
        }
    }
}

#[test]
fn every_reason_has_a_vector() {
    let refused: BTreeSet<String> = files()
        .into_iter()
        .filter_map(|vector| match vector.half {
            Half::Receive(vector) => vector.refused,
            Half::Crypto(_) | Half::Send(_) => None,
        })
        .chain(crate::desk_vectors::refused())
        .collect();
    let all: BTreeSet<String> = Reason::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(refused, all);
    let code = Reason::SignatureMismatch.code(Dialect::Feishu);
    assert_eq!(code.as_str(), "feishu.signature_mismatch");
}
