//! The raw original, and what cannot be sent.

use bytes::Bytes;
use http::Method;
use ringback_dialect::{
    EncodeError, Incoming, RawRequest, Receiver, Sender, feishu, refusal_reply, standard,
};

use crate::support::{
    NOW, RANDOM, SIGNING_KEY, feishu_secrets, header_map, outgoing, receive, signing_key,
};

#[test]
fn the_raw_original_still_verifies_at_the_far_end() {
    let secrets = feishu_secrets(Some("test key"), "vtoken");
    let body = Bytes::from_static(
        br#"{"schema":"2.0","header":{"event_id":"e1","token":"","event_type":"t"},"event":{}}"#,
    );
    let push = feishu::Sender::new(secrets.clone()).encode(&outgoing("t", &body), NOW, RANDOM);
    let mut headers: Vec<(String, String)> = push
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.push(("Host".to_owned(), "old.example".to_owned()));
    headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
    headers.push(("Accept-Encoding".to_owned(), "gzip".to_owned()));
    let raw = RawRequest {
        query: None,
        content_type: Some("application/json;charset=utf-8".to_owned()),
        headers,
        body: push.body.clone(),
    };

    let mut again = outgoing("t", &body);
    again.raw = Some(&raw);
    let sent = Sender::Raw.encode(&again, NOW, RANDOM).unwrap();
    assert_eq!(sent, push);
    let far_end = Receiver::Feishu(feishu::Receiver::new(secrets));
    let incoming = receive(&far_end, &Method::POST, &sent.headers, &sent.body, NOW).unwrap();
    assert!(matches!(incoming, Incoming::Event(message) if message.body == body));

    let sent = Sender::Raw
        .encode(&outgoing("t", &body), NOW, RANDOM)
        .unwrap();
    assert_eq!(sent.body, body);
    assert_eq!(
        sent.headers,
        header_map([("content-type", "application/json")])
    );

    let broken = RawRequest {
        headers: vec![("x-broken".to_owned(), "line\nbreak".to_owned())],
        ..raw.clone()
    };
    assert!(!format!("{broken:?}").contains("break"));
    again.raw = Some(&broken);
    let name = "x-broken".to_owned();
    assert_eq!(
        Sender::Raw.encode(&again, NOW, RANDOM),
        Err(EncodeError::Header { name })
    );
}

#[test]
fn a_standard_endpoint_needs_a_key_and_an_id_for_a_header() {
    let body = Bytes::from_static(b"{}");
    let keyless = standard::Sender::new(Vec::new());
    let refused = keyless.encode(&outgoing("t", &body), NOW);
    assert_eq!(refused, Err(EncodeError::NoSigningKey));

    let sender = standard::Sender::new(vec![signing_key(SIGNING_KEY)]);
    let mut broken = outgoing("t", &body);
    broken.event_id = "line\nbreak";
    let name = "webhook-id".to_owned();
    assert_eq!(
        sender.encode(&broken, NOW),
        Err(EncodeError::Header { name })
    );
}

#[test]
fn signing_keys_are_checked_when_they_are_read() {
    use standard::{KeyError, SigningKey};
    for (text, expected) in [
        ("whsec_*", Some(KeyError::Base64)),
        ("whsec_c2hvcnQ=", Some(KeyError::Length)),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", None),
    ] {
        let key = SigningKey::parse(&text.into());
        assert_eq!(key.err(), expected, "{text}");
    }
    let made = SigningKey::text_of(RANDOM);
    assert!(SigningKey::parse(&made).is_ok());
}

#[test]
fn a_refusal_says_nothing() {
    let reply = refusal_reply();
    assert_eq!(reply.status, 401);
    assert_eq!(reply.body, r#"{"code":"refused"}"#);
}
