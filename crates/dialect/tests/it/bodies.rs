//! Bodies as the platform writes them, and the token inside.

use bytes::Bytes;
use http::HeaderMap;
use ringback_dialect::{Receiver, feishu};
use ringback_types::Secret;
use serde_json::value::RawValue;

use crate::support::{NOW, RANDOM, feishu_secrets};

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn header(event_type: &str) -> feishu::HeaderV2<'_> {
    feishu::HeaderV2 {
        event_id: "f7984f25108f8137722bb63cee927e66",
        created_at: NOW,
        event_type,
        tenant_key: "2ca1d211f64f6438",
        app_id: "cli_9f5343c580712544",
    }
}

#[test]
fn bodies_have_the_order_of_the_platform() {
    let event = feishu::body_v2(&header("contact.user.created_v3"), &raw(r#"{"a":1}"#));
    assert_eq!(
        event,
        r#"{"schema":"2.0","header":{"event_id":"f7984f25108f8137722bb63cee927e66","token":"","create_time":"1700000000000","event_type":"contact.user.created_v3","tenant_key":"2ca1d211f64f6438","app_id":"cli_9f5343c580712544"},"event":{"a":1}}"#
    );
    let callback = feishu::body_v2(&header("card.action.trigger"), &raw("{}"));
    assert!(String::from_utf8_lossy(&callback).contains(r#""create_time":"1700000000000000""#));
    let old = feishu::HeaderV1 {
        created_at: NOW.plus_millis(7),
        uuid: "bc447199585340d1f3728d26b1c0297a",
    };
    let event = feishu::body_v1(&old, &raw(r#"{"type":"p2p_chat_create"}"#));
    assert_eq!(
        event,
        r#"{"ts":"1700000000.007000","uuid":"bc447199585340d1f3728d26b1c0297a","token":"","type":"event_callback","event":{"type":"p2p_chat_create"}}"#
    );
}

#[test]
fn the_token_is_written_where_the_schema_has_it() {
    let token = Secret::from("a \"quoted\" token");
    for (body, set) in [
        (
            r#"{"schema":"2.0","header":{"event_id":"e","token":"x"},"event":{"token":"c-1"}}"#,
            r#"{"schema":"2.0","header":{"event_id":"e","token":"a \"quoted\" token"},"event":{"token":"c-1"}}"#,
        ),
        (
            "{\n \"token\" : 1, \"header\": {\"token\": 1}}",
            "{\n \"token\" : \"a \\\"quoted\\\" token\", \"header\": {\"token\": \"a \\\"quoted\\\" token\"}}",
        ),
        (r#"{"no":"token"}"#, r#"{"no":"token"}"#),
        ("no JSON", "no JSON"),
    ] {
        let body = Bytes::from_static(body.as_bytes());
        assert_eq!(feishu::set_token(&body, &token), set);
    }
}

#[test]
fn a_challenge_is_encrypted_but_never_signed() {
    let secrets = feishu_secrets(None, "vtoken");
    let clear = feishu::challenge(&secrets, "c \"1\"", RANDOM);
    assert_eq!(
        clear.body,
        r#"{"challenge":"c \"1\"","token":"vtoken","type":"url_verification"}"#
    );
    let secrets = feishu_secrets(Some("test key"), "vtoken");
    let sealed = feishu::challenge(&secrets, "c1", RANDOM);
    assert!(sealed.body.starts_with(br#"{"encrypt":""#));
    for request in [&clear, &sealed] {
        let mut expected = HeaderMap::new();
        let value = http::HeaderValue::from_static("application/json;charset=utf-8");
        expected.insert(http::header::CONTENT_TYPE, value);
        assert_eq!(request.headers, expected);
    }
}

#[test]
fn secrets_never_print() {
    let secrets = feishu_secrets(Some("the-encrypt-key"), "the-token");
    let request = feishu::challenge(&feishu_secrets(None, "the-token"), "c1", RANDOM);
    let receiver = Receiver::Feishu(feishu::Receiver::new(secrets.clone()));
    let printed = format!("{secrets:?} {receiver:?} {request:?}");
    assert!(!printed.contains("the-"), "{printed}");
}
