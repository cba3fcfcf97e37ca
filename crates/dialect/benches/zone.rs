//! The zone's channel with a plaintext of 10 KB, and a document of 10 KB checked against protocols.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use ringback_dialect::zone::{
    Flow, Head, Keys, Message, Outcome, PROGRAM_TARGET, Protocol, Sealed, open, seal,
};
use ringback_types::{Secret, WireTime};

const NOW: WireTime = WireTime::from_millis(1_700_000_000_000);
const NONCE: [u8; 16] = [7; 16];

/// One message of the conversation archive, as `sync_msg` answers it.
const MESSAGE: &str = concat!(
    r#"{"msgid":"CAEQ4bXkvQYY9P7Pu4OAgAMgFA==","sender":{"type":1,"#,
    r#""id":"wmJunxCQAA2lBKM5w1nQ0Vg"},"receiver_list":[{"type":1,"id":"woAAAAAAAAAAA"},"#,
    r#"{"type":2,"id":"wmXXXXXXXXXXXXX"}],"chatid":"wrXXXXXXXXXX","send_time":166666666,"#,
    r#""msgtype":2,"service_encrypt_info":{"encrypted_secret_key":"KEYAAAAAAABBBBBB","#,
    r#""public_key_ver":1}}"#,
);
/// The same with elements of three shapes where it has one.
const SEVERAL: &str = concat!(
    r#"{"errcode":0,"errmsg":"ok","has_more":1,"next_cursor":"","msg_list":[{"msgid":""},"#,
    r#"{"msgid":"","text":""},{"msgid":"","sender":{"type":1,"id":""},"#,
    r#""receiver_list":[{"type":1},{"type":1,"id":""}],"chatid":"","send_time":0,"msgtype":2,"#,
    r#""service_encrypt_info":{"encrypted_secret_key":"","public_key_ver":1}}]}"#,
);
/// The same with anything in the list.
const OPEN: &str = r#"{"errcode":0,"errmsg":"ok","has_more":1,"next_cursor":"","msg_list":[]}"#;

fn main() {
    divan::main();
}

fn answer(messages: usize) -> String {
    let list = vec![MESSAGE; messages].join(",");
    format!(
        r#"{{"errcode":0,"errmsg":"ok","has_more":1,"next_cursor":"JGNLGEHJGIE","msg_list":[{list}]}}"#
    )
}

/// 10 KB.
fn document() -> String {
    answer(30)
}

fn keys() -> Keys {
    Keys::new(&Secret::from(vec![7; 32]))
}

fn sealed(keys: &Keys, plaintext: &str) -> Sealed {
    let message = Message {
        flow: Flow::Reply,
        target: PROGRAM_TARGET,
        key_id: "prog-0123456789/1",
        version: 1,
        request_id: "AAECAwQFBgcICQoLDA0ODw",
        outcome: Some(Outcome::Ok),
        plaintext: plaintext.as_bytes(),
    };
    seal(keys, &message, NOW, NONCE)
}

#[divan::bench]
fn channel_keys(bencher: Bencher<'_, '_>) {
    let secret = Secret::from(vec![7; 32]);
    bencher.bench(|| Keys::new(black_box(&secret)));
}

#[divan::bench]
fn channel_seal(bencher: Bencher<'_, '_>) {
    let (keys, plaintext) = (keys(), document());
    bencher
        .counter(BytesCount::of_str(&plaintext))
        .bench(|| sealed(&keys, black_box(&plaintext)));
}

#[divan::bench]
fn channel_open(bencher: Bencher<'_, '_>) {
    let (keys, plaintext) = (keys(), document());
    let message = sealed(&keys, &plaintext);
    bencher.counter(BytesCount::of_str(&plaintext)).bench(|| {
        let head = Head::read(black_box(&message.headers), Flow::Reply, NOW)?;
        open(&keys, Flow::Reply, PROGRAM_TARGET, &head, &message.body)
    });
}

fn check(bencher: Bencher<'_, '_>, sample: &str) {
    let protocol = Protocol::parse(sample, false).expect("a protocol");
    let document = document();
    assert_eq!(protocol.check(document.as_bytes()), Ok(()));
    bencher
        .counter(BytesCount::of_str(&document))
        .bench(|| protocol.check(black_box(document.as_bytes())));
}

#[divan::bench]
fn protocol_one_shape(bencher: Bencher<'_, '_>) {
    check(bencher, &answer(1));
}

#[divan::bench]
fn protocol_several_shapes(bencher: Bencher<'_, '_>) {
    check(bencher, SEVERAL);
}

#[divan::bench]
fn protocol_open(bencher: Bencher<'_, '_>) {
    check(bencher, OPEN);
}

/// What reading the document as a tree costs, without checking anything.
#[divan::bench]
fn document_as_a_tree(bencher: Bencher<'_, '_>) {
    let document = document();
    bencher
        .counter(BytesCount::of_str(&document))
        .bench(|| serde_json::from_str::<serde_json::Value>(black_box(&document)));
}
