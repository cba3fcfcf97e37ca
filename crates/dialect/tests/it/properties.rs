//! What holds for every input.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ringback_dialect::{Answer, Incoming, Receiver, Sender, WireRequest, feishu, standard};
use ringback_types::Secret;
use serde_json::value::RawValue;

use crate::support::{
    NOW, RANDOM, SIGNING_KEY, answer, feishu_secrets, outgoing, receive, signing_key,
};

const TYPE: &str = "contact.user.created_v3";

fn feishu_pair(key: Option<&str>) -> (Sender, Receiver) {
    let secrets = feishu_secrets(key, "vtoken");
    (
        Sender::Feishu(feishu::Sender::new(secrets.clone())),
        Receiver::Feishu(feishu::Receiver::new(secrets)),
    )
}

fn standard_pair() -> (Sender, Receiver) {
    let keys = vec![signing_key(SIGNING_KEY)];
    (
        Sender::Standard(standard::Sender::new(keys.clone())),
        Receiver::Standard(standard::Receiver::new(keys)),
    )
}

fn pairs() -> [(Sender, Receiver); 3] {
    [
        feishu_pair(Some("test key")),
        feishu_pair(None),
        standard_pair(),
    ]
}

fn post(receiver: &Receiver, request: &WireRequest) -> Result<Incoming, ringback_dialect::Refusal> {
    receive(
        receiver,
        &Method::POST,
        &request.headers,
        &request.body,
        NOW,
    )
}

fn push(sender: &Sender, body: &Bytes, random: [u8; 32]) -> WireRequest {
    sender.encode(&outgoing(TYPE, body), NOW, random).unwrap()
}

fn event_body(event_id: &str, event: &serde_json::Value) -> Bytes {
    let header = feishu::HeaderV2 {
        event_id,
        created_at: NOW,
        event_type: TYPE,
        tenant_key: "2ca1d211f64f6438",
        app_id: "cli_9f5343c580712544",
    };
    feishu::body_v2(&header, &RawValue::from_string(event.to_string()).unwrap())
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Text that is JSON now and then, of the members that the code looks for.
pub(crate) fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(
        &[
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            " ",
            "\"",
            "\\",
            "\\u0000",
            "\\ud800",
            "null",
            "1",
            "\"\"",
            "\"a\"",
            "\"encrypt\":",
            "\"challenge\":",
            "\"token\":",
            "\"t\\u006fken\":",
            "\"vtoken\"",
            "\"type\":",
            "\"url_verification\"",
            "\"schema\":\"2.0\"",
            "\"header\":{",
            "\"event\":{",
            "\"event_id\":\"e\"",
            "\"event_type\":\"im.message.receive_v1\"",
            "\"message\":{",
            "\"message_id\":\"m\"",
            "\"uuid\":\"u\"",
            "\"card\":",
            "\"toast\":",
            "\u{feff}",
            "<html>",
        ][..],
    );
    let text = vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes());
    let members = vec(
        select(
            &[
                "\"token\":\"a\"",
                "\"header\":{\"token\":\"b\"}",
                "\"schema\":\"2.0\"",
                "\"event\":{\"type\":\"approval_task\",\"instance_code\":\"i\"}",
                "\"uuid\":\"u\"",
                "\"x\":[{}]",
            ][..],
        ),
        0..5,
    )
    .prop_map(|members| format!("{{{}}}", members.join(",")).into_bytes());
    prop_oneof![text, members, vec(any::<u8>(), 0..80)]
}

/// `bytes` with one of them changed.
pub(crate) fn flipped(bytes: &[u8], at: Index, with: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at.index(bytes.len());
    bytes[at] ^= with;
    bytes
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_received(
        event in json(),
        event_id in "[a-z0-9]{1,40}",
        random: [u8; 32],
    ) {
        let body = event_body(&event_id, &event);
        for (sender, receiver) in pairs() {
            let request = push(&sender, &body, random);
            let Incoming::Event(message) = post(&receiver, &request).unwrap() else {
                panic!("an event");
            };
            prop_assert_eq!(&message.body, &body);
            if matches!(receiver, Receiver::Feishu(_)) {
                prop_assert_eq!(message.dedupe_key.as_deref(), Some(event_id.as_str()));
                prop_assert_eq!(message.event_type.as_str(), TYPE);
            }
        }
    }

    #[test]
    fn a_signed_request_with_one_byte_changed_is_refused(
        in_body: bool, header: Index, at: Index, with in 1_u8..,
    ) {
        let body = event_body("e1", &serde_json::json!({"name": "张三"}));
        for (sender, receiver) in [feishu_pair(Some("test key")), standard_pair()] {
            let mut request = push(&sender, &body, RANDOM);
            prop_assert!(post(&receiver, &request).is_ok());
            if in_body {
                request.body = Bytes::from(flipped(&request.body, at, with));
            } else {
                let signed: Vec<_> = request.headers.keys().filter(|name| *name != "content-type").cloned().collect();
                let name = header.get(&signed);
                let value = flipped(request.headers[name].as_bytes(), at, with);
                let Ok(value) = HeaderValue::from_bytes(&value) else {
                    return Ok(());
                };
                request.headers.insert(name, value);
            }
            prop_assert!(post(&receiver, &request).is_err());
        }
    }

    #[test]
    fn nothing_sent_without_the_key_is_taken(body in nearly_json(), key in "[a-z]{0,8}") {
        let (_, receiver) = feishu_pair(Some("test key"));
        let stranger = feishu::Sender::new(feishu_secrets(Some(&key), "vtoken"));
        let push = stranger.encode(&outgoing(TYPE, &body.into()), NOW, RANDOM);
        prop_assert!(post(&receiver, &push).is_err());
    }

    #[test]
    fn no_input_panics(body in nearly_json(), status in 100_u16..600) {
        let body = Bytes::from(body);
        for (sender, receiver) in pairs() {
            // Signed, and for Feishu encrypted, so that it is read to the end; then bare.
            let _ = post(&receiver, &push(&sender, &body, RANDOM));
            let headers = HeaderMap::new();
            let _ = post(&receiver, &WireRequest { query: None, headers, body: body.clone() });
            let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, value(&body))]);
            let answer: Answer<'_> = answer(status, &headers, &body);
            let _ = sender.judge_event(&answer, NOW);
            for call_type in ["card.action.trigger", "url.preview.get"] {
                let _ = sender.judge_call(&answer, call_type, NOW);
            }
            let _ = feishu::judge_challenge(&answer, "a");
        }
        let _ = feishu::identify(&body);
    }

    #[test]
    fn tokens_are_written_and_blanked_in_place(body in nearly_json(), token: String) {
        let body = Bytes::from(body);
        let blank = feishu::blank_token(&body);
        let set = feishu::set_token(&body, &Secret::from(token));
        prop_assert_eq!(&feishu::blank_token(&set), &blank);
        prop_assert_eq!(&feishu::blank_token(&blank), &blank);
        prop_assert_eq!(&feishu::identify(&set), &feishu::identify(&body));
    }
}

fn value(bytes: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(bytes).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
