//! What holds for every callback of WeCom.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ringback_dialect::{Incoming, Received, Receiver, Refusal, WireRequest, wecom};

use crate::support::{NOW, RANDOM, answer, outgoing, wecom_secrets};
use crate::wecom::{CORP, KEY, TOKEN, secrets};

fn sent(method: &Method, request: &WireRequest) -> Result<Incoming, Refusal> {
    let receiver = Receiver::Wecom(wecom::Receiver::new(secrets()));
    let request = Received {
        method,
        path: "/in/source",
        query: request.query.as_deref(),
        headers: &request.headers,
        body: &request.body,
    };
    receiver.receive(&request, NOW)
}

fn check(query: String) -> Result<Incoming, Refusal> {
    let request = WireRequest {
        query: Some(query),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    sent(&Method::GET, &request)
}

fn callback(secrets: wecom::Secrets, body: &Bytes, random: [u8; 32]) -> WireRequest {
    wecom::Sender::new(secrets, Some(218)).encode(&outgoing("text", body), NOW, random)
}

fn message(content: &str) -> Bytes {
    let content = content.replace("]]>", "");
    let xml = "<xml><MsgType><![CDATA[text]]></MsgType><MsgId>1</MsgId><Content><![CDATA[";
    Bytes::from(format!("{xml}{content}]]></Content></xml>"))
}

/// Text that is XML now and then, of the elements that the code looks for.
fn nearly_xml() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(
        &[
            "<xml>",
            "</xml>",
            "<Encrypt>",
            "</Encrypt>",
            "<MsgType>",
            "</MsgType>",
            "<MsgId/>",
            "<MsgId>1</MsgId>",
            "<AgentID a=\"b\">",
            "</AgentID>",
            "<Event>program_notify</Event>",
            "<NotifyId>n</NotifyId>",
            "<![CDATA[",
            "]]>",
            "event",
            "&amp;",
            "&#x0;",
            "&e;",
            "&",
            "<",
            "<!--",
            "-->",
            "<?xml version=\"1.0\"?>",
            "<!DOCTYPE xml [<!ENTITY e \"x\">]>",
            "\u{feff}",
            " ",
        ][..],
    );
    let text = vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![text, vec(any::<u8>(), 0..80)]
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_received(content: String, random: [u8; 32]) {
        let body = message(&content);
        let Incoming::Event(received) = sent(&Method::POST, &callback(secrets(), &body, random)).unwrap() else {
            panic!("an event");
        };
        prop_assert_eq!(&received.body, &body);
        prop_assert_eq!(received.dedupe_key.as_deref(), Some("1"));
        let echo = format!("e{content}");
        let query = wecom::challenge(&secrets(), &echo, NOW, random);
        let Incoming::Challenge(reply) = check(query).unwrap() else {
            panic!("a challenge");
        };
        prop_assert_eq!(&reply.body[..], echo.as_bytes());
        let encrypted = wecom::encrypt(&secrets().aes_key, [7; 16], content.as_bytes(), &content);
        prop_assert_eq!(wecom::decrypt(&secrets().aes_key, &encrypted, &content), Ok(content.into_bytes()));
    }

    #[test]
    fn a_request_with_one_byte_changed_is_refused(in_query: bool, at: Index, with in 1_u8..128) {
        let mut request = callback(secrets(), &message("你好"), RANDOM);
        prop_assert!(sent(&Method::POST, &request).is_ok());
        // The rest of the envelope is not signed, and nothing but a label is read of it.
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let (start, end) = (body.find("t><![CDATA[").unwrap() + 11, body.len() - 19);
        let query = request.query.clone().unwrap();
        if in_query {
            let mut bytes = query.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= with;
            request.query = Some(String::from_utf8(bytes).unwrap());
        } else {
            let mut bytes = body.into_bytes();
            bytes[start + at.index(end - start)] ^= with;
            request.body = bytes.into();
        }
        prop_assert!(sent(&Method::POST, &request).is_err());
    }

    #[test]
    fn nothing_sent_with_another_secret_is_taken(body in nearly_xml(), token in "[a-z]{0,8}") {
        let body = Bytes::from(body);
        for stranger in [
            wecom_secrets(&token, KEY, CORP),
            wecom_secrets(TOKEN, &KEY.replace('j', "k"), CORP),
            wecom_secrets(TOKEN, KEY, &token),
        ] {
            let request = callback(stranger, &body, RANDOM);
            prop_assert!(sent(&Method::POST, &request).is_err());
        }
    }

    #[test]
    fn no_input_panics(body in nearly_xml(), query in "[a-z_=&%+2B3D]{0,60}", status in 100_u16..600) {
        let body = Bytes::from(body);
        let request = callback(secrets(), &body, RANDOM);
        let _ = sent(&Method::POST, &request);
        let _ = sent(&Method::POST, &WireRequest { body: body.clone(), ..request.clone() });
        let _ = check(query.clone());
        let _ = check(format!("{}{query}", request.query.unwrap()));
        let _ = wecom::decrypt(&secrets().aes_key, &STANDARD.encode(&body), CORP);
        let _ = wecom::judge_challenge(&answer(status, &HeaderMap::new(), &body), &query);
    }
}
