//! The golden vectors of the zone: made outside our code (`vectors/make.py`).

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ringback_dialect::zone::{
    self, Credentials, Exchange, Flow, Frame, KeyRing, Keys, Message, Mismatch, Nonces, Outcome,
    Protocol, ProtocolError, Reason, ReplyBinding,
};
use ringback_dialect::{Answer, Sender, Verdict};
use ringback_types::{Coded, Secret, WireTime};
use serde::Deserialize;

use crate::support::{header_map, hex};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    #[serde(flatten)]
    half: Half,
}

#[derive(Deserialize)]
#[serde(tag = "half", rename_all = "snake_case")]
enum Half {
    Seal(Seal),
    Open(Open),
    Frame(FrameVector),
    Judge(Judge),
    Protocol(ProtocolVector),
    Sample(SampleVector),
}

#[derive(Deserialize)]
struct Seal {
    secret: String,
    now: i64,
    nonce: String,
    message: MessageVector,
    expect: Wire,
}

#[derive(Deserialize)]
struct MessageVector {
    flow: String,
    target: String,
    key_id: String,
    version: u32,
    request_id: String,
    outcome: Option<String>,
    plaintext: String,
}

#[derive(Deserialize)]
struct Wire {
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Deserialize)]
struct Open {
    ring: Ring,
    seen: Vec<String>,
    capacity: usize,
    flow: String,
    target: String,
    now: i64,
    request: Wire,
    #[serde(flatten)]
    result: Outcomes<Opened>,
}

/// What is expected, or the reason and the code of the refusal.
#[derive(Deserialize)]
#[serde(untagged)]
enum Outcomes<T> {
    Expected { expect: T },
    Refused { refused: String, code: i32 },
}

#[derive(Deserialize)]
struct Opened {
    version: u32,
    request_id: String,
    outcome: Option<String>,
    plaintext: String,
}

#[derive(Deserialize)]
struct Ring {
    key_id: String,
    versions: Vec<zone::Version>,
}

#[derive(Deserialize)]
struct FrameVector {
    frame: String,
    plaintext: String,
    #[serde(flatten)]
    result: Outcomes<String>,
}

#[derive(Deserialize)]
struct Judge {
    ring: Ring,
    request_id: String,
    binding: ReplyBinding,
    seen: Vec<String>,
    output: Option<Output>,
    now: i64,
    status: u16,
    cut: bool,
    answer: Wire,
    call: Judgement,
    event: Judgement,
}

#[derive(Deserialize)]
struct Output {
    sample: String,
    strict: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Judgement {
    Plaintext {
        plaintext: String,
    },
    Failure {
        failure: String,
        client_code: Option<u32>,
        message_has: Option<String>,
    },
    Delivered {
        delivered: bool,
    },
}

#[derive(Deserialize)]
struct ProtocolVector {
    sample: String,
    strict: bool,
    document: String,
    expect: Match,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Match {
    Fits(String),
    Differs {
        mismatch: String,
        path: Option<String>,
        wanted: Option<String>,
        found: Option<String>,
    },
}

#[derive(Deserialize)]
struct SampleVector {
    sample: String,
    strict: bool,
    warnings: Option<Vec<String>>,
    refused: Option<SampleRefusal>,
}

#[derive(Deserialize)]
struct SampleRefusal {
    reason: String,
    path: Option<String>,
}

impl Wire {
    fn headers(&self) -> HeaderMap {
        header_map(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }
}

impl Ring {
    fn ring(&self) -> KeyRing {
        let credentials = Credentials {
            zone_url: String::new(),
            key_id: self.key_id.clone(),
            versions: self.versions.clone(),
        };
        credentials.ring()
    }
}

impl Seal {
    fn check(&self, name: &str) {
        let keys = Keys::new(&Secret::from(STANDARD.decode(&self.secret).unwrap()));
        let message = Message {
            flow: flow(&self.message.flow),
            target: &self.message.target,
            key_id: &self.message.key_id,
            version: self.message.version,
            request_id: &self.message.request_id,
            outcome: self.message.outcome.as_deref().map(outcome),
            plaintext: self.message.plaintext.as_bytes(),
        };
        let nonce = hex(&self.nonce).try_into().unwrap();
        let sealed = zone::seal(&keys, &message, WireTime::from_millis(self.now), nonce);
        assert_eq!(sealed.headers, self.expect.headers(), "{name}");
        assert_eq!(sealed.body, self.expect.body, "{name}");
    }
}

impl Open {
    fn check(&self, name: &str) {
        let ring = self.ring.ring();
        let now = WireTime::from_millis(self.now);
        let seen = remembered(&self.seen, self.capacity, now);
        let headers = self.request.headers();
        let opened = ring
            .admit(&headers, flow(&self.flow), now)
            .and_then(|message| {
                let body = self.request.body.as_bytes();
                let plaintext = message.open(&self.target, body, &seen, now)?;
                Ok((message.head, plaintext))
            });
        match &self.result {
            Outcomes::Expected { expect } => {
                let (head, plaintext) = opened.unwrap_or_else(|reason| panic!("{name}: {reason}"));
                assert_eq!(plaintext, expect.plaintext.as_bytes(), "{name}");
                assert_eq!(head.version, expect.version, "{name}");
                assert_eq!(head.request_id, expect.request_id, "{name}");
                let outcome = head.outcome.map(Outcome::as_str);
                assert_eq!(outcome, expect.outcome.as_deref(), "{name}");
                assert_eq!(ring.used(), expect.version, "{name}");
            }
            Outcomes::Refused { refused, code } => {
                let reason = opened.map(|(head, _)| head).unwrap_err();
                assert_eq!(
                    (reason.as_str(), reason.code()),
                    (refused.as_str(), *code),
                    "{name}"
                );
            }
        }
    }
}

impl FrameVector {
    fn check(&self, name: &str) {
        let written = match self.frame.as_str() {
            "request" => rewritten::<zone::RequestFrame>(&self.plaintext),
            "invoke" => rewritten::<zone::InvokeFrame>(&self.plaintext),
            "open" => rewritten::<zone::OpenFrame>(&self.plaintext),
            "opened" => rewritten::<zone::OpenedFrame>(&self.plaintext),
            frame => panic!("{name}: no frame `{frame}`"),
        };
        match &self.result {
            Outcomes::Expected { expect } => assert_eq!(written.unwrap(), *expect, "{name}"),
            Outcomes::Refused { refused, code } => {
                let reason = written.unwrap_err();
                assert_eq!(
                    (reason.as_str(), reason.code()),
                    (refused.as_str(), *code),
                    "{name}"
                );
            }
        }
    }
}

fn rewritten<F: Frame>(plaintext: &str) -> Result<Bytes, Reason> {
    F::read(plaintext.as_bytes()).map(|frame| frame.to_json())
}

impl Judge {
    /// A sender that has judged nothing yet: a nonce counts once.
    fn sender(&self) -> Sender {
        let protocol = |output: &Output| Protocol::parse(&output.sample, output.strict).unwrap();
        Sender::Zone(zone::Sender::new(Exchange {
            ring: Arc::new(self.ring.ring()),
            request_id: self.request_id.clone(),
            plaintext: Bytes::new(),
            binding: self.binding,
            seen: Arc::new(remembered(&self.seen, 10, WireTime::from_millis(self.now))),
            output: self.output.as_ref().map(protocol).map(Arc::new),
        }))
    }

    fn check(&self, name: &str) {
        let headers = self.answer.headers();
        let answer = Answer {
            status: StatusCode::from_u16(self.status).unwrap(),
            headers: &headers,
            body: self.answer.body.as_bytes(),
            cut: self.cut,
        };
        let now = WireTime::from_millis(self.now);
        match (self.sender().judge_call(&answer, "", now), &self.call) {
            (Ok(body), Judgement::Plaintext { plaintext }) => assert_eq!(body, plaintext, "{name}"),
            (
                Err(failure),
                Judgement::Failure {
                    failure: code,
                    client_code,
                    message_has,
                },
            ) => {
                assert_eq!(failure.code().as_str(), code, "{name}");
                assert_eq!(Some(failure.client_code()), *client_code, "{name}");
                let part = message_has.as_deref().unwrap_or_default();
                assert!(failure.to_string().contains(part), "{name}: {failure}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
        match (self.sender().judge_event(&answer, now), &self.event) {
            (Verdict::Delivered, Judgement::Delivered { delivered: true }) => {}
            (Verdict::Failed(kind), Judgement::Failure { failure, .. }) => {
                assert_eq!(kind.code().as_str(), failure, "{name}");
            }
            (verdict, _) => panic!("{name}: {verdict:?}"),
        }
    }
}

impl ProtocolVector {
    fn check(&self, name: &str) {
        let protocol = Protocol::parse(&self.sample, self.strict).unwrap();
        let result = protocol.check(self.document.as_bytes());
        match (&self.expect, result) {
            (Match::Fits(word), Ok(())) if word == "match" => {}
            (
                Match::Differs {
                    mismatch,
                    path,
                    wanted,
                    found,
                },
                Err(error),
            ) => {
                assert_eq!(error.as_str(), mismatch, "{name}: {error}");
                assert_eq!(error.path(), path.as_deref(), "{name}");
                if let Mismatch::Type {
                    wanted: want,
                    found: got,
                    ..
                } = error
                {
                    assert_eq!(Some(want.as_str()), wanted.as_deref(), "{name}");
                    assert_eq!(Some(got.as_str()), found.as_deref(), "{name}");
                }
            }
            (_, result) => panic!("{name}: {result:?}"),
        }
    }
}

impl SampleVector {
    fn check(&self, name: &str) {
        let protocol = Protocol::parse(&self.sample, self.strict);
        match (&self.warnings, &self.refused) {
            (Some(warnings), None) => assert_eq!(protocol.unwrap().warnings(), warnings, "{name}"),
            (None, Some(refused)) => {
                let (reason, path) = match protocol.unwrap_err() {
                    ProtocolError::NotJson { .. } => ("not_json", None),
                    ProtocolError::Depth => ("depth", None),
                    ProtocolError::DuplicateKey { path } => ("duplicate_key", Some(path)),
                };
                assert_eq!(
                    (reason, path),
                    (&*refused.reason, refused.path.clone()),
                    "{name}"
                );
            }
            _ => panic!("{name}: either warnings or a refusal"),
        }
    }
}

fn flow(name: &str) -> Flow {
    let named = |flow: &Flow| flow.as_str() == name;
    Flow::ALL.into_iter().find(named).unwrap()
}

fn outcome(name: &str) -> Outcome {
    match name {
        "ok" => Outcome::Ok,
        "error" => Outcome::Error,
        _ => panic!("no outcome `{name}`"),
    }
}

fn remembered(nonces: &[String], capacity: usize, now: WireTime) -> Nonces {
    let seen = Nonces::new(capacity);
    for nonce in nonces {
        seen.remember(hex(nonce).try_into().unwrap(), now).unwrap();
    }
    seen
}

fn vectors() -> Vec<Vector> {
    let file: File = serde_json::from_str(include_str!("../../vectors/zone.json")).unwrap();
    file.vectors
}

#[test]
fn every_vector_of_the_zone_holds() {
    for Vector { name, half } in vectors() {
        match half {
            Half::Seal(vector) => vector.check(&name),
            Half::Open(vector) => vector.check(&name),
            Half::Frame(vector) => vector.check(&name),
            Half::Judge(vector) => vector.check(&name),
            Half::Protocol(vector) => vector.check(&name),
            Half::Sample(vector) => vector.check(&name),
        }
    }
}

#[test]
fn every_reason_and_mismatch_of_the_zone_has_a_vector() {
    let mut named = BTreeSet::new();
    let mut mismatches = BTreeSet::new();
    for vector in vectors() {
        match vector.half {
            Half::Open(Open {
                result: Outcomes::Refused { refused, .. },
                ..
            })
            | Half::Frame(FrameVector {
                result: Outcomes::Refused { refused, .. },
                ..
            }) => {
                named.insert(refused);
            }
            Half::Judge(Judge {
                call: Judgement::Failure { failure, .. },
                ..
            }) => {
                named.extend(failure.strip_prefix("zone.").map(str::to_owned));
            }
            Half::Protocol(ProtocolVector {
                expect: Match::Differs { mismatch, .. },
                ..
            }) => {
                mismatches.insert(mismatch);
            }
            _ => {}
        }
    }
    // Which APIs there are is not the channel's to know.
    named.insert(Reason::ApiUnknown.as_str().to_owned());
    for reason in Reason::ALL {
        assert!(named.contains(reason.as_str()), "{reason:?}");
        let code = Coded::code(reason).as_str();
        assert_eq!(code.strip_prefix("zone."), Some(reason.as_str()));
    }
    for failure in ["error_reply", "reply_refused", "reply_cut", "reply_status"] {
        assert!(named.contains(failure), "{failure}");
    }
    assert_eq!(mismatches.len(), 6, "{mismatches:?}");
}
