//! An encrypted, signed event of about 1 KiB, received and sent; the parts beside the whole.

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{HeaderMap, Method};
use ringback_dialect::{Outgoing, Received, feishu};
use ringback_types::{Secret, WireTime};
use serde_json::value::RawValue;

const NOW: WireTime = WireTime::from_millis(1_700_000_000_000);
const RANDOM: [u8; 32] = [7; 32];
const TYPE: &str = "im.message.receive_v1";

fn main() {
    divan::main();
}

fn secrets() -> feishu::Secrets {
    let key = Secret::from("kudryavka-0123456789abcdef");
    feishu::Secrets::new(Some(&key), Secret::from("066zT6pS4QCbgj5Do145GfDbbagCHGgF"))
}

fn body() -> Bytes {
    let text = "x".repeat(600);
    let event = format!(
        r#"{{"sender":{{"sender_type":"user"}},"message":{{"message_id":"om_5ce6d572455d361153b7cb51da133945","content":"{{\"text\":\"{text}\"}}"}}}}"#
    );
    let header = feishu::HeaderV2 {
        event_id: "f7984f25108f8137722bb63cee927e66",
        created_at: NOW,
        event_type: TYPE,
        tenant_key: "2ca1d211f64f6438",
        app_id: "cli_9f5343c580712544",
    };
    let event = RawValue::from_string(event).expect("JSON");
    feishu::body_v2(&header, &event)
}

fn outgoing(body: &Bytes) -> Outgoing<'_> {
    Outgoing {
        event_id: "evt_1",
        event_type: TYPE,
        body,
        raw: None,
    }
}

fn request() -> (HeaderMap, Bytes) {
    let body = body();
    let request = feishu::Sender::new(secrets()).encode(&outgoing(&body), NOW, RANDOM);
    (request.headers, request.body)
}

#[divan::bench]
fn receive(bencher: Bencher<'_, '_>) {
    let source = feishu::Receiver::new(secrets());
    let (headers, body) = request();
    let request = Received {
        method: &Method::POST,
        path: "/in/source",
        query: None,
        headers: &headers,
        body: &body,
    };
    bencher.bench(|| source.receive(black_box(&request), NOW));
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let sender = feishu::Sender::new(secrets());
    let body = body();
    bencher.bench(|| sender.encode(black_box(&outgoing(&body)), NOW, RANDOM));
}

#[divan::bench]
fn part_signature(bencher: Bencher<'_, '_>) {
    let key = secrets().encrypt_key.expect("a key");
    let (_, body) = request();
    bencher.bench(|| feishu::crypto::sign(b"1700000000", b"abcdef0123", &key, black_box(&body)));
}

#[divan::bench]
fn part_decryption(bencher: Bencher<'_, '_>) {
    let key = secrets().encrypt_key.expect("a key");
    let wire = feishu::crypto::encrypt(&key, [7; 16], &body());
    bencher.bench(|| feishu::crypto::decrypt(&key, black_box(&wire)));
}

#[divan::bench]
fn part_reading(bencher: Bencher<'_, '_>) {
    let body = body();
    bencher.bench(|| feishu::identify(black_box(&body)));
}
