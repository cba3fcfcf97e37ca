//! What holds for every message of the zone's channel, and for every document and protocol.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ringback_dialect::Sender;
use ringback_dialect::zone::{
    self, Exchange, Flow, Frame, KeyRing, Keys, Message, Mismatch, Nonces, Outcome, Protocol,
    Reason, ReplyBinding, Sealed, header,
};
use ringback_types::Secret;
use serde_json::{Map, Value, json};

use crate::properties::{flipped, nearly_json};
use crate::support::{NOW, answer};

const REQUEST_ID: &str = "AAECAwQFBgcICQoLDA0ODw";

fn ring() -> KeyRing {
    KeyRing::new("prog1/1", [(7, Keys::new(&Secret::from(vec![7; 32])))])
}

fn seal(flow: Flow, target: &str, plaintext: &[u8], nonce: [u8; 16]) -> Sealed {
    let message = Message {
        flow,
        target,
        key_id: "prog1/1",
        version: 7,
        request_id: REQUEST_ID,
        outcome: flow.is_reply().then_some(Outcome::Ok),
        plaintext,
    };
    zone::seal(ring().of(7).unwrap(), &message, NOW, nonce)
}

fn open(sealed: &Sealed, flow: Flow, target: &str) -> Result<Vec<u8>, Reason> {
    let ring = ring();
    let message = ring.admit(&sealed.headers, flow, NOW)?;
    message.open(target, &sealed.body, &Nonces::new(1), NOW)
}

fn judge(sealed: &Sealed) {
    let sender = Sender::Zone(zone::Sender::new(Exchange {
        ring: Arc::new(ring()),
        request_id: REQUEST_ID.to_owned(),
        plaintext: Bytes::new(),
        binding: ReplyBinding::Loose,
        seen: Arc::new(Nonces::new(1)),
        output: None,
    }));
    let answer = answer(200, &sealed.headers, &sealed.body);
    let _ = sender.judge_event(&answer, NOW);
    let _ = sender.judge_call(&answer, "", NOW);
}

fn flow() -> impl Strategy<Value = Flow> {
    select(&Flow::ALL[..])
}

proptest! {
    #[test]
    fn what_is_sealed_is_opened_and_by_nobody_else(
        flow in flow(), other in flow(), target: String, elsewhere: String,
        plaintext in vec(any::<u8>(), 0..200), nonce: [u8; 16],
    ) {
        let sealed = seal(flow, &target, &plaintext, nonce);
        let opened = open(&sealed, flow, &target);
        prop_assert_eq!(opened.as_deref(), Ok(plaintext.as_slice()));
        if other != flow {
            prop_assert!(open(&sealed, other, &target).is_err());
        }
        if elsewhere != target {
            prop_assert_eq!(open(&sealed, flow, &elsewhere), Err(Reason::SignatureMismatch));
        }
    }

    #[test]
    fn a_message_with_one_byte_changed_is_refused(
        flow in flow(), in_body: bool, header: Index, at: Index, with in 1_u8..,
    ) {
        let mut sealed = seal(flow, "/", b"{}", [7; 16]);
        if in_body {
            sealed.body = Bytes::from(flipped(&sealed.body, at, with));
        } else {
            let mut names: Vec<_> = sealed.headers.keys().cloned().collect();
            names.retain(|name| name.as_str().starts_with("ww-"));
            let name = header.get(&names);
            let value = flipped(sealed.headers[name].as_bytes(), at, with);
            let Ok(value) = HeaderValue::from_bytes(&value) else {
                return Ok(());
            };
            sealed.headers.insert(name, value);
        }
        prop_assert!(open(&sealed, flow, "/").is_err());
    }

    #[test]
    fn no_headers_or_body_panic(
        body in nearly_json(), values in vec(vec(any::<u8>(), 0..30), 9), kept: [bool; 9],
    ) {
        // Sealed well with some headers replaced, so that each reader is reached; then sealed as
        // a plaintext, so that it is read to the end.
        let mut sealed = seal(Flow::Reply, "/", &body, [7; 16]);
        judge(&sealed);
        for frame in [&body[..], &sealed.body] {
            let _ = zone::RequestFrame::read(frame);
            let _ = zone::OpenedFrame::read(frame);
        }
        sealed.body = body.into();
        let names = [
            header::CHANNEL, header::KEY_ID, header::VERSION, header::TIMESTAMP, header::NONCE,
            header::REQUEST_ID, header::OUTCOME, header::SIGNATURE, header::REFUSAL,
        ];
        for ((name, value), kept) in names.into_iter().zip(values).zip(kept) {
            if let (false, Ok(value)) = (kept, HeaderValue::from_bytes(&value)) {
                sealed.headers.insert(name, value);
            }
        }
        judge(&sealed);
        judge(&Sealed { headers: HeaderMap::new(), body: sealed.body });
    }

    #[test]
    fn a_protocol_takes_what_the_plain_rule_takes(
        sample in sample(), choices in vec(any::<u8>(), 1..60), strict: bool,
    ) {
        let document = subset(&sample, &mut choices.iter().copied().cycle());
        let protocol = Protocol::parse(&sample.to_string(), strict).unwrap();
        let checked = protocol.check(document.to_string().as_bytes());
        prop_assert_eq!(checked.is_ok(), matches(&document, &sample, strict), "{:?}", checked);
        // Whatever the places are where it is open, it is a subset of itself.
        prop_assert_eq!(protocol.check(sample.to_string().as_bytes()), Ok(()));
    }

    #[test]
    fn anything_means_json_without_duplicate_keys(text in nearly_json()) {
        match (Protocol::ANYTHING.check(&text), serde_json::from_slice::<Value>(&text)) {
            (Ok(()) | Err(Mismatch::DuplicateKey { .. }), Ok(_))
            | (Err(Mismatch::NotJson { .. }), Err(_)) => {}
            (checked, parsed) => prop_assert!(false, "{checked:?}, {parsed:?}"),
        }
        if let Ok(text) = std::str::from_utf8(&text) {
            let _ = Protocol::parse(text, false);
        }
    }
}

/// Samples of few keys and many arrays, so that shapes overlap.
fn sample() -> impl Strategy<Value = Value> {
    let leaf = select(vec![json!(null), json!(true), json!(1), json!("")]);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let members = vec((select(vec!["a", "b", "c"]), inner.clone()), 0..4);
        let members = members.prop_map(|members| {
            let owned = members.into_iter();
            Value::Object(owned.map(|(key, value)| (key.to_owned(), value)).collect())
        });
        prop_oneof![vec(inner, 0..4).prop_map(Value::from), members]
    })
}

/// A document that is a subset of the sample, or nearly so.
fn subset(sample: &Value, choices: &mut impl Iterator<Item = u8>) -> Value {
    let mut choose = |below: usize| usize::from(choices.next().unwrap_or_default()) % below;
    if choose(12) == 0 {
        let strange = [
            json!(null),
            json!(2.5),
            json!([1]),
            json!({"a": 1}),
            json!({"z": []}),
        ];
        return strange[choose(strange.len())].clone();
    }
    match sample {
        Value::Array(elements) if !elements.is_empty() => {
            let picked: Vec<usize> = (0..choose(4)).map(|_| choose(elements.len())).collect();
            picked
                .into_iter()
                .map(|index| subset(&elements[index], choices))
                .collect()
        }
        Value::Object(members) if !members.is_empty() => {
            let picked: Vec<_> = members.iter().filter(|_| choose(4) > 0).collect();
            let values = picked.into_iter();
            let members: Map<String, Value> = values
                .map(|(key, value)| (key.clone(), subset(value, choices)))
                .collect();
            members.into()
        }
        scalar => scalar.clone(),
    }
}

/// The rule as it is said, without any regard to cost.
fn matches(value: &Value, sample: &Value, strict: bool) -> bool {
    match (value, sample) {
        (Value::Object(members), Value::Object(known)) => {
            (known.is_empty() && !strict)
                || members.iter().all(|(key, value)| {
                    known
                        .get(key)
                        .is_some_and(|sample| matches(value, sample, strict))
                })
        }
        (Value::Array(elements), Value::Array(known)) => {
            (known.is_empty() && !strict)
                || elements
                    .iter()
                    .all(|element| known.iter().any(|sample| matches(element, sample, strict)))
        }
        _ => std::mem::discriminant(value) == std::mem::discriminant(sample),
    }
}
