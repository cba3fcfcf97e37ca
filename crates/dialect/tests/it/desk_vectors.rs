//! The golden vectors of Desk: made outside our code (`vectors/desk.py`).

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use ringback_dialect::desk::{self, Account, Command, OptPlatform};
use ringback_dialect::{
    Answer, Dialect, Incoming, Message, Reason, Received, Receiver, Refusal, Sender, Verdict,
};
use ringback_types::{Coded as _, Secret, WireTime};
use serde::Deserialize;

use crate::support::{NOW, header_map, outgoing};

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
    Sign {
        token: String,
        request_time: String,
        sign: String,
    },
    Receive(Receive),
    Send(Send),
    Answer(AnswerVector),
    Mapped(Mapped),
}

#[derive(Deserialize)]
struct Receive {
    secrets: AccountVector,
    previous: Option<AccountVector>,
    now: i64,
    tolerance_seconds: Option<u64>,
    strict: bool,
    request: Request,
    expect: Option<Expect>,
    refused: Option<String>,
    authenticated: Option<bool>,
}

#[derive(Deserialize)]
struct Send {
    account: AccountVector,
    request_id: Option<String>,
    now: i64,
    outgoing: OutgoingVector,
    expect: Request,
}

#[derive(Deserialize)]
struct AccountVector {
    sdk_app_id: String,
    token: Option<String>,
    client_ip: Option<String>,
    opt_platform: Option<OptPlatform>,
    content_type: Option<bool>,
}

#[derive(Deserialize)]
struct OutgoingVector {
    event_id: String,
    event_type: String,
    body: String,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Expect {
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

#[derive(Deserialize)]
struct AnswerVector {
    status: u16,
    cut: bool,
    body: String,
    values: Option<Vec<(String, String)>>,
    unlike_text: Option<bool>,
    failure: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Mapped {
    command: String,
    body: String,
    expect: Option<String>,
    failure: Option<String>,
}

impl Request {
    fn headers(&self) -> HeaderMap {
        let pairs = self.headers.iter();
        header_map(pairs.map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

impl AccountVector {
    fn secrets(&self) -> desk::Secrets {
        desk::Secrets {
            sdk_app_id: self.sdk_app_id.clone(),
            token: self.token.as_deref().map(Secret::from),
        }
    }

    fn account(&self) -> Account {
        let desk::Secrets { sdk_app_id, token } = self.secrets();
        let usual = Account::new(sdk_app_id, token);
        Account {
            client_ip: self.client_ip.clone().unwrap_or(usual.client_ip),
            opt_platform: self.opt_platform.unwrap_or(usual.opt_platform),
            content_type: self.content_type.unwrap_or(usual.content_type),
            ..usual
        }
    }
}

impl Receive {
    fn check(&self, name: &str) {
        let mut receiver = desk::Receiver::new(self.secrets.secrets())
            .with_tolerance(self.tolerance_seconds.map(Duration::from_secs))
            .with_strict(self.strict);
        if let Some(previous) = &self.previous {
            receiver = receiver.with_previous(previous.secrets());
        }
        let method = Method::from_bytes(self.request.method.as_bytes()).unwrap();
        let request = Received {
            method: &method,
            path: "/in/source",
            query: Some(&self.request.query),
            headers: &self.request.headers(),
            body: &Bytes::from(self.request.body.clone()),
        };
        let now = WireTime::from_millis(self.now);
        let early = receiver.precheck(&method, request.query, now);
        let result = Receiver::Desk(receiver).receive(&request, now);
        match (&self.expect, &self.refused) {
            (Some(expect), None) => {
                assert_eq!(result, Ok(expect.incoming()), "{name}");
                assert_eq!(early, Ok(()), "{name}");
            }
            (None, Some(reason)) => {
                let reason = reason_named(reason);
                let refusal = Refusal::new(Dialect::Desk, reason, self.authenticated.unwrap());
                assert_eq!(result, Err(refusal), "{name}");
                // What the query proves wrong is said before the body is read, and nothing else is.
                let of_query = !refusal.authenticated && self.request.body != "hello";
                assert_eq!(early.err(), of_query.then_some(reason), "{name}");
            }
            _ => panic!("{name}: either an outcome or a refusal"),
        }
    }
}

impl Expect {
    fn incoming(&self) -> Incoming {
        match self {
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
    fn check(&self, name: &str) {
        let sender =
            desk::Sender::new(self.account.account()).with_request_id(self.request_id.as_deref());
        let body = Bytes::from(self.outgoing.body.clone());
        let mut sent = outgoing(&self.outgoing.event_type, &body);
        sent.event_id = &self.outgoing.event_id;
        let now = WireTime::from_millis(self.now);
        let request = Sender::Desk(sender).encode(&sent, now, [0; 32]).unwrap();
        assert_eq!(self.expect.method, "POST");
        assert_eq!(request.query.as_ref(), Some(&self.expect.query), "{name}");
        assert_eq!(request.headers, self.expect.headers(), "{name}");
        assert_eq!(request.body, self.expect.body, "{name}");
    }
}

impl AnswerVector {
    fn check(&self, name: &str) {
        let answer = Answer {
            status: StatusCode::from_u16(self.status).unwrap(),
            headers: &HeaderMap::new(),
            body: self.body.as_bytes(),
            cut: self.cut,
        };
        let sender = Sender::Desk(desk::Sender::new(Account::default()));
        let called = sender.judge_call(&answer, Command::InterfaceInvocation.as_str(), NOW);
        let told = sender.judge_event(&answer, NOW);
        let Some(failure) = &self.failure else {
            assert_eq!(called.unwrap(), self.body, "{name}");
            assert_eq!(told, Verdict::Delivered, "{name}");
            let read = desk::read_invocation_answer(answer.body).unwrap();
            assert_eq!(Some(read.values), self.values, "{name}");
            assert_eq!(Some(read.unlike_text), self.unlike_text, "{name}");
            return;
        };
        let called = called.unwrap_err();
        assert_eq!(called.code().as_str(), failure, "{name}");
        assert_eq!(Some(called.to_string()), self.message, "{name}");
        assert!(called.hint().is_some(), "{name}");
        let Verdict::Failed(told) = told else {
            panic!("{name}: {told:?}");
        };
        assert_eq!(told.code().as_str(), failure, "{name}");
        assert_eq!(Some(told.to_string()), self.message, "{name}");
        if self.status == 200 && !self.cut {
            let read = desk::read_invocation_answer(answer.body).unwrap_err();
            assert_eq!(read.code().as_str(), failure, "{name}");
        }
    }
}

impl Mapped {
    fn check(&self, name: &str) {
        let command = Command::parse(&self.command).unwrap();
        let mapped = desk::mapped_answer(command, self.body.as_bytes());
        match (&self.expect, &self.failure) {
            (Some(expect), None) => assert_eq!(mapped.unwrap(), expect, "{name}"),
            (None, Some(failure)) => {
                assert_eq!(mapped.unwrap_err().code().as_str(), failure, "{name}");
            }
            _ => panic!("{name}: either an answer or a failure"),
        }
    }
}

fn reason_named(name: &str) -> Reason {
    let named = |reason: &&Reason| reason.as_str() == name;
    *Reason::ALL.iter().find(named).unwrap()
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../vectors/desk.json");
    serde_json::from_str::<File>(text).unwrap().vectors
}

/// The reasons of refusal that a vector names.
pub(crate) fn refused() -> BTreeSet<String> {
    let refused = vectors()
        .into_iter()
        .filter_map(|vector| match vector.half {
            Half::Receive(vector) => vector.refused,
            Half::Sign { .. } | Half::Send(_) | Half::Answer(_) | Half::Mapped(_) => None,
        });
    refused.collect()
}

#[test]
fn every_vector_of_desk_holds() {
    for Vector { name, half } in vectors() {
        match half {
            Half::Sign {
                token,
                request_time,
                sign,
            } => {
                let signed = desk::sign(&Secret::from(token), &request_time);
                assert_eq!(signed, sign, "{name}");
            }
            Half::Receive(vector) => vector.check(&name),
            Half::Send(vector) => vector.check(&name),
            Half::Answer(vector) => vector.check(&name),
            Half::Mapped(vector) => vector.check(&name),
        }
    }
}

#[test]
fn every_reason_and_failure_of_desk_has_a_vector() {
    let expected = [
        "app_id_mismatch",
        "app_id_missing",
        "body_not_json",
        "body_shape",
        "command_mismatch",
        "command_missing",
        "command_spelling",
        "content_type",
        "depth",
        "identifier_format",
        "not_post",
        "parameter_repeated",
        "signature_mismatch",
        "signature_missing",
        "timestamp_format",
        "timestamp_missing",
        "timestamp_stale",
    ];
    assert_eq!(refused(), expected.map(str::to_owned).into());
    let failures: BTreeSet<String> = vectors()
        .into_iter()
        .filter_map(|vector| match vector.half {
            Half::Answer(vector) => vector.failure,
            _ => None,
        })
        .collect();
    let expected = [
        "desk.action_status",
        "desk.action_status_missing",
        "desk.answer_body_not_object",
        "desk.answer_cut",
        "desk.answer_depth",
        "desk.answer_empty",
        "desk.answer_html",
        "desk.answer_not_json",
        "desk.answer_not_object",
        "desk.answer_redirect",
        "desk.answer_repeated",
        "desk.answer_status",
        "desk.answer_truncated",
        "desk.error_code",
        "desk.error_code_missing",
        "desk.error_code_not_integer",
    ];
    assert_eq!(failures, expected.map(str::to_owned).into());
}
