//! WeCom: the platform's own vectors, and what people get wrong.

use http::{HeaderMap, Method};
use ringback_dialect::wecom::{self, EncodingAesKey, KeyError};
use ringback_dialect::{Incoming, Received, Receiver};
use ringback_types::{Secret, WireTime};

const TOKEN: &str = "QDG6eK";
/// Ends in `C`: the two bits beyond 256 are set.
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const RECEIVE_ID: &str = "wx5823bf96d3bd56c7";

fn key() -> EncodingAesKey {
    EncodingAesKey::parse(&KEY.into()).unwrap()
}

fn secrets() -> wecom::Secrets {
    wecom::Secrets {
        token: TOKEN.into(),
        aes_key: key(),
        receive_id: RECEIVE_ID.to_owned(),
    }
}

/// Sheet `wecom-zone-app`, section 5.3, vectors A and B. B is padded with 30 bytes, which block
/// ciphers' own padding refuses.
#[test]
fn the_platforms_own_vectors_hold() {
    let token = Secret::from(TOKEN);
    let echo =
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
    assert_eq!(
        wecom::sign(&token, "1409659589", "263014780", echo),
        "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    );
    assert_eq!(
        wecom::decrypt(&key(), echo, RECEIVE_ID).unwrap(),
        b"1616140317555161061"
    );
    assert_eq!(
        wecom::encrypt(
            &key(),
            *b"c41b64491c2468d0",
            b"1616140317555161061",
            RECEIVE_ID
        ),
        echo
    );

    let message = include_str!("../../vectors/wecom_message.txt").trim_end();
    let plain = include_str!("../../vectors/wecom_message.xml");
    assert_eq!(
        wecom::sign(&token, "1409659813", "1372623149", message),
        "477715d11cdb4164915debcba66cb864d751f3e6"
    );
    let decrypted = wecom::decrypt(&key(), message, RECEIVE_ID).unwrap();
    assert_eq!(String::from_utf8(decrypted).unwrap(), plain.trim_end());
    assert_eq!(
        wecom::encrypt(
            &key(),
            *b"0960688932c47ef1",
            plain.trim_end().as_bytes(),
            RECEIVE_ID
        ),
        message
    );
}

#[test]
fn a_key_is_43_characters_of_base64() {
    for (text, expected) in [
        (KEY, None),
        ("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2D", None),
        (&KEY[1..], Some(KeyError::Length)),
        (
            "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C=",
            Some(KeyError::Length),
        ),
        (
            "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2-",
            Some(KeyError::Base64),
        ),
    ] {
        assert_eq!(EncodingAesKey::parse(&text.into()).err(), expected);
    }
    assert_eq!(format!("{:?}", key()), "EncodingAesKey(…)");
}

#[test]
fn the_check_of_a_url_is_answered_with_the_exact_text() {
    let receiver = Receiver::Wecom(wecom::Receiver::new(secrets()));
    let now = WireTime::from_millis(1_409_659_600_000);
    let check = |query: &str| {
        receiver.receive(
            &Received {
                method: &Method::GET,
                path: "/in/wecom",
                query: Some(query),
                headers: &HeaderMap::new(),
                body: &bytes::Bytes::new(),
            },
            now,
        )
    };
    let echo = wecom::challenge(&secrets(), "1616140317555161061", now, [7; 32]);
    let Ok(Incoming::Challenge(reply)) = check(&echo) else {
        panic!("a challenge");
    };
    assert_eq!(reply.body, "1616140317555161061");
}
