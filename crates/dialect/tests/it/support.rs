//! Requests and secrets for tests.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use ringback_dialect::{
    Answer, Incoming, Outgoing, Received, Receiver, Refusal, feishu, standard, wecom,
};
use ringback_types::{Secret, WireTime};

pub(crate) const NOW: WireTime = WireTime::from_millis(1_700_000_000_000);
pub(crate) const RANDOM: [u8; 32] = [7; 32];
pub(crate) const SIGNING_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) fn feishu_secrets(encrypt_key: Option<&str>, token: &str) -> feishu::Secrets {
    feishu::Secrets::new(encrypt_key.map(Secret::from).as_ref(), Secret::from(token))
}

pub(crate) fn wecom_secrets(token: &str, key: &str, receive_id: &str) -> wecom::Secrets {
    wecom::Secrets {
        token: token.into(),
        aes_key: wecom::EncodingAesKey::parse(&key.into()).unwrap(),
        receive_id: receive_id.to_owned(),
    }
}

pub(crate) fn signing_key(text: &str) -> standard::SigningKey {
    standard::SigningKey::parse(&Secret::from(text)).unwrap()
}

pub(crate) fn header_map<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    pairs
        .into_iter()
        .map(|(name, value)| {
            (
                HeaderName::try_from(name).unwrap(),
                HeaderValue::try_from(value).unwrap(),
            )
        })
        .collect()
}

pub(crate) fn receive(
    receiver: &Receiver,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
    now: WireTime,
) -> Result<Incoming, Refusal> {
    let request = Received {
        method,
        path: "/in/source",
        query: None,
        headers,
        body,
    };
    receiver.receive(&request, now)
}

pub(crate) fn outgoing<'a>(event_type: &'a str, body: &'a Bytes) -> Outgoing<'a> {
    Outgoing {
        event_id: "evt_1",
        event_type,
        body,
        raw: None,
    }
}

pub(crate) fn answer<'a>(status: u16, headers: &'a HeaderMap, body: &'a [u8]) -> Answer<'a> {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body,
        cut: false,
    }
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
