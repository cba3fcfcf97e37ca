//! Decoding what the zone sends, and replying.

use std::collections::HashMap;

use ringback_dialect::zone::{Flow, Head, Outcome, PROGRAM_TARGET, Reason, Sealed, header, open};
use ringback_zone_sdk::{
    CallType, Clock, Coded, CredentialsError, Error, Refused, Reply, ReturnCode, Settings, Zone,
};

use crate::stub::{KEY_ID, Stub, call, capitalised, replace, request, ring, with};

pub(crate) fn zone(stub: &Stub) -> Zone {
    zone_at(stub, Clock::real())
}

pub(crate) fn zone_at(stub: &Stub, clock: Clock) -> Zone {
    let settings = Settings {
        credentials: Some(stub.credentials()),
        clock,
        ..Settings::default()
    };
    Zone::new(settings).unwrap()
}

fn reason(refused: &Refused) -> Reason {
    match refused.error {
        Error::Unverified { reason } => reason,
        ref other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_request_is_decoded_and_its_reply_names_it() {
    let stub = Stub::new().await;
    let zone = zone(&stub);
    let mut frame = call("summarize", r#"{"chat":"甲说：好"}"#);
    frame.is_async = true;
    frame.job_info = "job-info".to_owned();
    frame.notify_id = "notify".to_owned();

    let sealed = stub.request(&frame);
    let decoded = zone.decode(&sealed.headers, &sealed.body).unwrap();
    assert_eq!(decoded.corpid, "wwstub");
    assert_eq!(decoded.agentid, 1_000_001);
    assert_eq!(decoded.call_type, CallType::Call);
    assert!(!decoded.is_event() && decoded.is_async);
    assert_eq!(decoded.data, r#"{"chat":"甲说：好"}"#);
    assert_eq!(decoded.job_info, "job-info");
    assert_eq!(decoded.ability_id, "summarize");
    assert_eq!(decoded.notify_id, "notify");
    assert_eq!(decoded.log_id().len(), 16);
    let shown = format!("{decoded:?} {zone:?}");
    assert!(
        !shown.contains('甲') && !shown.contains("job-info"),
        "{shown}"
    );

    let reply = decoded.reply(r#"{"lines":1}"#).unwrap();
    let read = stub.read_reply(&sealed, &reply.headers, &reply.body);
    assert_eq!(read, (Outcome::Ok, r#"{"lines":1}"#.to_owned()));
    let reply = decoded.exception().unwrap();
    let read = stub.read_reply(&sealed, &reply.headers, &reply.body);
    assert_eq!(read, (Outcome::Error, String::new()));

    // One body, two sets of headers: the outcome is chosen after the body is made.
    let pending = decoded.pending_reply("{}").unwrap();
    let normal = stub.read_reply(&sealed, &pending.normal_headers, &pending.body);
    assert_eq!(normal, (Outcome::Ok, "{}".to_owned()));
    let exception = stub.read_reply(&sealed, &pending.exception_headers, &pending.body);
    assert_eq!(exception.0, Outcome::Error);
}

#[tokio::test]
async fn headers_come_in_any_shape_and_case() {
    let stub = Stub::new().await;
    let zone = zone(&stub);
    let frame = call("a", "{}");
    let sealed = stub.request(&frame);
    let pairs = capitalised(&sealed.headers);
    assert!(zone.decode(&pairs, &sealed.body).is_ok());
    let sealed = stub.request(&frame);
    let map: HashMap<String, String> = capitalised(&sealed.headers).into_iter().collect();
    assert!(zone.decode(&map, &sealed.body).is_ok());
    let sealed = stub.request(&frame);
    let pairs = capitalised(&sealed.headers);
    let slices: Vec<(&str, &[u8])> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    assert!(
        zone.decode_with_method("POST", slices.as_slice(), &sealed.body)
            .is_ok()
    );
}

#[tokio::test]
async fn what_does_not_hold_is_refused_with_a_sealed_error_reply() {
    let stub = Stub::new().await;
    let zone = zone(&stub);
    let frame = call("a", "{}");
    let now = Clock::real().wire();
    let fresh = || stub.request(&frame);
    let taken = fresh();
    zone.decode(&taken.headers, &taken.body).unwrap();
    let changed = |name, value: &str| {
        let sealed = fresh();
        Sealed {
            headers: with(&sealed.headers, name, value),
            body: sealed.body,
        }
    };
    let bare = |body: &'static str| Sealed {
        headers: fresh().headers,
        body: body.into(),
    };
    let cases = [
        (Reason::NonceSeen, taken),
        (
            Reason::TimestampStale,
            stub.request_at(&frame, KEY_ID, now.plus_millis(-301_000)),
        ),
        (
            Reason::TimestampStale,
            stub.request_at(&frame, KEY_ID, now.plus_millis(301_000)),
        ),
        (Reason::SignatureMismatch, bare(r#"{"encrypt":""}"#)),
        (
            Reason::SignatureMismatch,
            changed(
                header::TIMESTAMP,
                &now.plus_millis(1000).as_millis().to_string(),
            ),
        ),
        (Reason::SignatureFormat, changed(header::SIGNATURE, "")),
        (Reason::NonceFormat, changed(header::NONCE, "short")),
        (Reason::OutcomeFormat, changed(header::OUTCOME, "ok")),
        (Reason::Channel, changed(header::CHANNEL, "2")),
        (
            Reason::KeyIdUnknown,
            changed(header::KEY_ID, "prog-other/1"),
        ),
        (Reason::VersionUnknown, changed(header::VERSION, "7")),
        (Reason::PlaintextNotJson, {
            let mut frame = frame.clone();
            frame.corpid = "x".to_owned();
            let sealed = stub.request(&frame);
            reseal_as_text(&sealed)
        }),
    ];
    for (expected, sealed) in cases {
        let refused = zone.decode(&sealed.headers, &sealed.body).unwrap_err();
        assert_eq!(reason(&refused), expected);
        assert_eq!(refused.error.code(), expected.code());
        let read = stub.read_reply(&sealed, &refused.reply.headers, &refused.reply.body);
        assert_eq!(read, (Outcome::Error, String::new()), "{expected}");
        let code = refused.reply.headers[header::REFUSAL].to_str().unwrap();
        assert_eq!(code, expected.code().to_string());
        let told = String::from_utf8_lossy(&refused.reply.body).into_owned();
        assert!(
            !told.contains(expected.as_str()),
            "the peer learns the code only"
        );
    }
}

/// A request whose plaintext is no frame.
fn reseal_as_text(sealed: &Sealed) -> Sealed {
    use ringback_dialect::zone::{Message, seal};
    let ring = ring(KEY_ID, &[1]);
    let message = Message {
        flow: Flow::Request,
        target: PROGRAM_TARGET,
        key_id: KEY_ID,
        version: 1,
        request_id: sealed.headers[header::REQUEST_ID].to_str().unwrap(),
        outcome: None,
        plaintext: b"[]",
    };
    seal(ring.of(1).unwrap(), &message, Clock::real().wire(), [3; 16])
}

#[tokio::test]
async fn what_is_not_there_has_its_own_code() {
    let stub = Stub::new().await;
    let zone = zone(&stub);
    let none: [(&str, &str); 0] = [];
    let sealed = stub.request(&call("a", "{}"));
    let codes = [
        zone.decode_with_method("", &sealed.headers, &sealed.body),
        zone.decode(&none, &sealed.body),
        zone.decode(&sealed.headers, b""),
    ]
    .map(|refused| refused.unwrap_err().error.code());
    assert_eq!(codes, [-20001, -20002, -20003]);
    for code in ReturnCode::ALL {
        assert_eq!(ReturnCode::of(code.number()), Some(code));
    }
    assert_eq!(ReturnCode::of(-10007), None);
}

#[tokio::test]
async fn a_peer_that_does_not_speak_the_channel_reads_a_hint_and_nothing_else() {
    let stub = Stub::new().await;
    let curl = [
        ("Host", "127.0.0.1:8080"),
        ("User-Agent", "curl/8"),
        ("Accept", "*/*"),
    ];
    let refused = zone(&stub).decode(&curl, br#"{"cursor":""}"#).unwrap_err();
    let reply = &refused.reply;
    let text = String::from_utf8_lossy(&reply.body);
    assert!(
        text.contains("ringback call PROGRAM ABILITY JSON"),
        "{text}"
    );
    assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    assert!(!reply.headers.contains_key(header::SIGNATURE));
    assert!(!reply.headers.contains_key(header::KEY_ID));

    // Without any key nothing can be sealed, and the zone reads only a code.
    let keyless = Zone::new(Settings::default()).unwrap();
    let sealed = stub.request(&call("a", "{}"));
    let refused = keyless.decode(&sealed.headers, &sealed.body).unwrap_err();
    assert_eq!(refused.error.code(), -10008);
    assert!(refused.reply.body.is_empty());
    let pairs: Vec<_> = refused.reply.header_pairs().collect();
    assert_eq!(pairs, [("ww-refusal", "-10008")]);
    assert_eq!(
        keyless.decode(&curl, b"{}").unwrap_err().reply,
        Box::new(Reply::clone(reply))
    );
}

#[tokio::test]
async fn an_unbound_reply_names_no_request() {
    let stub = Stub::new().await;
    let reply = zone(&stub).unbound_reply("{}").unwrap();
    let head = Head::read(&reply.normal_headers, Flow::Reply, Clock::real().wire()).unwrap();
    assert_eq!(head.request_id, "");
    let ring = ring(KEY_ID, &[1]);
    let text = open(
        ring.of(1).unwrap(),
        Flow::Reply,
        PROGRAM_TARGET,
        &head,
        &reply.body,
    );
    assert_eq!(text.unwrap(), b"{}");
}

#[tokio::test]
async fn a_replaced_credentials_file_is_taken_up_at_once() {
    let stub = Stub::new().await;
    let zone = zone(&stub);
    let decode = |versions: &[u32]| {
        let sealed = request(
            &ring(KEY_ID, versions),
            &call("a", "{}"),
            Clock::real().wire(),
        );
        let decoded = zone.decode(&sealed.headers, &sealed.body);
        decoded.map(|request| {
            let reply = request.reply("{}").unwrap();
            reply.headers[header::VERSION].to_str().unwrap().to_owned()
        })
    };
    assert_eq!(decode(&[1]).unwrap(), "1");
    assert_eq!(reason(&decode(&[2]).unwrap_err()), Reason::VersionUnknown);
    stub.write_credentials(&[1, 2]);
    assert_eq!(
        decode(&[1]).unwrap(),
        "2",
        "the newest signs at once: that is how the zone learns that it is there"
    );
    assert_eq!(decode(&[2]).unwrap(), "2", "both are good");
    stub.write_credentials(&[2, 3]);
    assert_eq!(decode(&[3]).unwrap(), "3");
    assert_eq!(reason(&decode(&[1]).unwrap_err()), Reason::VersionUnknown);

    // A file that cannot be used leaves the keys as they are.
    replace(&stub.credentials(), b"{", 0o400);
    assert_eq!(reason(&decode(&[4]).unwrap_err()), Reason::VersionUnknown);
    assert_eq!(decode(&[3]).unwrap(), "3");
}

#[tokio::test]
async fn a_credentials_file_that_others_may_read_is_refused() {
    let stub = Stub::new().await;
    let path = stub.credentials();
    let load = || {
        let settings = Settings {
            credentials: Some(stub.credentials()),
            ..Settings::default()
        };
        match Zone::new(settings).unwrap_err() {
            Error::Credentials(error) => error,
            other => panic!("{other}"),
        }
    };
    let text = std::fs::read(&path).unwrap();
    replace(&path, &text, 0o440);
    let error = load();
    assert!(matches!(error, CredentialsError::Mode { mode: 0o440, .. }));
    assert!(error.hint().unwrap().contains("chmod 0400"));

    replace(
        &path,
        br#"{"zone_url":"http://z","key_id":"a","versions":[{"version":1,"secret":"c2VjcmV0"}]}"#,
        0o400,
    );
    let error = load();
    assert!(matches!(error, CredentialsError::Malformed { .. }));
    assert!(!error.to_string().contains("c2VjcmV0"));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(load(), CredentialsError::Unreadable { .. }));
}

#[tokio::test]
async fn a_file_without_keys_yet_is_read_again_when_it_has_some() {
    let stub = Stub::new().await;
    let empty = br#"{"zone_url":"http://127.0.0.1:1","key_id":"nobody/1","versions":[]}"#;
    replace(&stub.credentials(), empty, 0o400);
    let zone = zone(&stub);
    let client = zone.client("wwstub", 1, "a", "");
    assert_eq!(
        client.invoke("sync_msg", "{}").await.unwrap_err(),
        Error::NoKey
    );
    let sealed = stub.request(&call("a", "{}"));
    let refused = zone.decode(&sealed.headers, &sealed.body).unwrap_err();
    assert_eq!(reason(&refused), Reason::KeyIdUnknown);
    assert!(
        refused.reply.body.is_empty(),
        "there is no key to seal a reply with"
    );
    stub.write_credentials(&[1]);
    zone.decode(&sealed.headers, &sealed.body).unwrap();

    replace(&stub.credentials(), empty, 0o400);
    let zone = self::zone(&stub);
    stub.write_credentials(&[1]);
    let client = zone.client("wwstub", 1, "a", "");
    client.invoke("sync_msg", "{}").await.unwrap();
}
