//! The zone's channel: who signs with what, what counts once, and what never prints.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ringback_dialect::zone::{
    self, Address, Credentials, Exchange, Flow, Frame, KeyRing, Keys, Message, Nonces, OpenFrame,
    Outcome, PROGRAM_TARGET, Reason, ReplyBinding, Sealed,
};
use ringback_dialect::{EncodeError, Sender, Verdict, WireRequest};
use ringback_types::{Coded, Secret};
use serde_json::json;

use crate::support::{NOW, RANDOM, answer, outgoing};

const REQUEST_ID: &str = "AAECAwQFBgcICQoLDA0ODw";
const FIRST: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const SECOND: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";

fn credentials(versions: &[(u32, &str)]) -> Credentials {
    let versions: Vec<_> = versions
        .iter()
        .map(|(version, secret)| json!({"version": version, "secret": secret}))
        .collect();
    serde_json::from_value(json!({
        "zone_url": "http://127.0.0.1:7300", "key_id": "prog1/1", "versions": versions,
    }))
    .unwrap()
}

fn sender(ring: &Arc<KeyRing>, seen: &Arc<Nonces>) -> Sender {
    Sender::Zone(zone::Sender::new(Exchange {
        ring: Arc::clone(ring),
        request_id: REQUEST_ID.to_owned(),
        plaintext: Bytes::from_static(b"the plaintext"),
        binding: ReplyBinding::Strict,
        seen: Arc::clone(seen),
        output: None,
    }))
}

fn encode(sender: &Sender) -> Result<WireRequest, EncodeError> {
    sender.encode(&outgoing("call", &Bytes::new()), NOW, RANDOM)
}

fn reply(ring: &KeyRing, nonce: [u8; 16]) -> Sealed {
    let version = ring.newest();
    let message = Message {
        flow: Flow::Reply,
        target: PROGRAM_TARGET,
        key_id: ring.key_id(),
        version,
        request_id: REQUEST_ID,
        outcome: Some(Outcome::Ok),
        plaintext: b"{}",
    };
    zone::seal(ring.of(version).unwrap(), &message, NOW, nonce)
}

#[test]
fn the_zone_uses_a_new_secret_once_the_instance_has() {
    let zone = Arc::new(credentials(&[(1, FIRST), (2, SECOND)]).ring());
    let seen = Arc::new(Nonces::new(10));
    let sender = sender(&zone, &seen);
    let asked = |sender: &Sender, program: &KeyRing| {
        let request = encode(sender).unwrap();
        let version = Address::read(&request.headers).unwrap().version;
        let message = program.admit(&request.headers, Flow::Request, NOW)?;
        let opened = message.open(PROGRAM_TARGET, &request.body, &Nonces::new(1), NOW)?;
        assert_eq!(opened, b"the plaintext");
        assert_eq!(message.head.request_id, REQUEST_ID);
        Ok::<_, Reason>(version)
    };
    let answered = |program: &KeyRing, nonce| {
        let reply = reply(program, nonce);
        sender.judge_event(&answer(200, &reply.headers, &reply.body), NOW)
    };

    let old = credentials(&[(1, FIRST)]).ring();
    assert_eq!(asked(&sender, &old), Ok(1));
    assert_eq!(answered(&old, [1; 16]), Verdict::Delivered);
    assert_eq!(asked(&sender, &old), Ok(1));

    let new = credentials(&[(2, SECOND), (1, FIRST)]).ring();
    assert_eq!(asked(&sender, &new), Ok(1));
    assert_eq!(answered(&new, [2; 16]), Verdict::Delivered);
    assert_eq!(asked(&sender, &new), Ok(2));
    assert_eq!(asked(&sender, &old), Err(Reason::VersionUnknown));

    // A late reply under the old one is still good, and nothing goes back.
    assert_eq!(answered(&old, [3; 16]), Verdict::Delivered);
    assert_eq!(zone.used(), 2);
    zone.note_used(9);
    assert_eq!(zone.used(), 2);
}

#[test]
fn a_reply_counts_once() {
    let ring = Arc::new(credentials(&[(1, FIRST)]).ring());
    let seen = Arc::new(Nonces::new(10));
    let reply = reply(&ring, [1; 16]);
    let answer = answer(200, &reply.headers, &reply.body);
    assert!(sender(&ring, &seen).judge_call(&answer, "", NOW).is_ok());
    let again = sender(&ring, &seen).judge_call(&answer, "", NOW);
    assert_eq!(again.unwrap_err().code().as_str(), "zone.nonce_seen");
}

#[test]
fn a_ring_without_versions_seals_and_opens_nothing() {
    let empty = Arc::new(KeyRing::new("prog1/1", []));
    let sender = sender(&empty, &Arc::new(Nonces::new(1)));
    assert_eq!(encode(&sender).unwrap_err(), EncodeError::NoSecret);
    let sealed = reply(&credentials(&[(1, FIRST)]).ring(), [1; 16]);
    let refused = empty.admit(&sealed.headers, Flow::Reply, NOW).unwrap_err();
    assert_eq!(refused, Reason::VersionUnknown);
}

#[test]
fn a_nonce_is_remembered_for_as_long_as_its_message_may_pass_for_fresh() {
    let nonces = Nonces::new(3);
    let at = |seconds| NOW.plus(Duration::from_secs(seconds));
    assert_eq!(nonces.remember([1; 16], at(0)), Ok(()));
    assert_eq!(nonces.remember([2; 16], at(599)), Ok(()));
    assert_eq!(nonces.remember([1; 16], at(600)), Err(Reason::NonceSeen));
    assert_eq!(nonces.remember([2; 16], at(1199)), Err(Reason::NonceSeen));
    assert_eq!(nonces.remember([3; 16], at(1199)), Ok(()));
    assert_eq!(nonces.remember([4; 16], at(1199)), Err(Reason::NoncesFull));
    assert_eq!(nonces.remember([1; 16], at(1200)), Ok(()));
    // Set back, the clock makes nothing forgotten; far ahead, everything is over.
    assert_eq!(nonces.remember([3; 16], at(0)), Err(Reason::NonceSeen));
    assert_eq!(nonces.remember([3; 16], at(599)), Err(Reason::NonceSeen));
    assert_eq!(nonces.remember([3; 16], at(5000)), Ok(()));
}

#[test]
fn who_has_no_key_refuses_unsigned_and_says_no_more_than_the_code() {
    let refusal = zone::unsigned_refusal();
    assert_eq!(zone::refusal_code(&refusal.headers), Some(-10008));
    assert_eq!((refusal.headers.len(), refusal.body.len()), (1, 0));
    let error = reply(&credentials(&[(1, FIRST)]).ring(), [1; 16]);
    let error = error.with_refusal(Reason::Decryption);
    assert_eq!(zone::refusal_code(&error.headers), Some(-10005));
}

#[test]
fn what_http_does_not_allow_in_a_header_is_refused_at_the_far_end() {
    let keys = Keys::new(&Secret::from(vec![7; 32]));
    let ring = KeyRing::new("prog\n/1", [(1, keys)]);
    let sealed = reply(&ring, [1; 16]);
    let refused = ring.admit(&sealed.headers, Flow::Reply, NOW).unwrap_err();
    assert_eq!(refused, Reason::KeyIdFormat);
}

#[test]
fn credentials_are_read_as_they_are_written_and_never_print() {
    let credentials = credentials(&[(1, FIRST), (2, SECOND)]);
    let written = serde_json::to_string(&credentials).unwrap();
    assert!(written.contains(FIRST), "{written}");
    assert_eq!(
        serde_json::from_str::<Credentials>(&written).unwrap(),
        credentials
    );
    for secret in ["", "BwcH", "no base64", &FIRST.repeat(2)] {
        let version = json!({"version": 1, "secret": secret}).to_string();
        let refused = serde_json::from_str::<zone::Version>(&version).unwrap_err();
        assert!(refused.to_string().contains("32 bytes"), "{refused}");
    }

    let ring = Arc::new(credentials.ring());
    let sender = sender(&ring, &Arc::new(Nonces::new(1)));
    let open = OpenFrame::read(br#"{"access_token":"BwcHBw"}"#).unwrap();
    let printed = format!("{credentials:?} {ring:?} {sender:?} {open:?}");
    assert!(!printed.contains("BwcH"), "{printed}");
    assert!(!printed.contains("plaintext\""), "{printed}");
    assert!(!printed.contains("7, 7"), "{printed}");
}
