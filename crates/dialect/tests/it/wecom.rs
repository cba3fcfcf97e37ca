//! WeCom: keys, what is never shown, and each wrong answer to the check of a URL.

use http::{HeaderMap, StatusCode};
use ringback_dialect::wecom::{
    Acknowledgement, ChallengeFailure as Failure, EncodingAesKey, KeyError, ProgramNotify,
    Receiver, judge_challenge,
};
use ringback_dialect::{Answer, FailureKind, Sender, Verdict, wecom};
use ringback_types::{Coded as _, WireTime};

use crate::support::{NOW, RANDOM, answer, wecom_secrets};

pub(crate) const TOKEN: &str = "QDG6eK";
/// Ends in `C`: the two bits beyond 256 are set.
pub(crate) const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
pub(crate) const CORP: &str = "wx5823bf96d3bd56c7";
const ECHO: &str = "1616140317555161061";

pub(crate) fn secrets() -> wecom::Secrets {
    wecom_secrets(TOKEN, KEY, CORP)
}

#[test]
fn a_key_is_43_characters_of_base64() {
    for (text, expected) in [
        (KEY, None),
        (&KEY[1..], Some(KeyError::Length)),
        (&format!("{KEY}="), Some(KeyError::Length)),
        (&KEY.replace('j', "-"), Some(KeyError::Base64)),
        (&KEY.replace('C', "="), Some(KeyError::Base64)),
    ] {
        let key = EncodingAesKey::parse(&text.into());
        assert_eq!(key.err(), expected, "{text}");
    }
}

#[test]
fn secrets_never_print() {
    let sender = Sender::Wecom(wecom::Sender::new(secrets(), Some(218)));
    let query = wecom::challenge(&secrets(), ECHO, NOW, RANDOM);
    let shown = format!("{sender:?} {:?}", Receiver::new(secrets()));
    for secret in [TOKEN, KEY, &query] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn only_status_200_delivers() {
    let sender = Sender::Wecom(wecom::Sender::new(secrets(), None));
    let judged = |status| sender.judge_event(&answer(status, &HeaderMap::new(), b"anything"), NOW);
    assert_eq!(judged(200), Verdict::Delivered);
    for status in [201, 204, 400, 500] {
        let failed = FailureKind::Status(StatusCode::from_u16(status).unwrap());
        assert_eq!(judged(status), Verdict::Failed(failed));
    }
    assert_eq!(
        judged(302),
        Verdict::Failed(FailureKind::Redirect(StatusCode::FOUND))
    );
}

#[test]
fn an_event_is_acknowledged_with_nothing_or_with_a_word() {
    let receiver = Receiver::new(secrets());
    assert_eq!(receiver.acknowledgement().body, "");
    let receiver = receiver.with_acknowledgement(Acknowledgement::Success);
    assert_eq!(receiver.acknowledgement().body, "success");
}

#[test]
fn program_notify_is_written_as_the_platforms_page_has_it() {
    let notify = ProgramNotify {
        corpid: "toUser",
        create_time: WireTime::from_millis(1_348_831_860_999),
        notify_id: "a]]>b",
        notify_scene: None,
    };
    assert_eq!(
        notify.to_xml(),
        "<xml><ToUserName><![CDATA[toUser]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>\
         <CreateTime>1348831860</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[program_notify]]></Event><NotifyId><![CDATA[a]]]]><![CDATA[>b]]></NotifyId></xml>"
    );
}

#[test]
fn each_wrong_answer_to_a_check_has_its_own_diagnosis() {
    let error = StatusCode::INTERNAL_SERVER_ERROR;
    let encrypted = wecom::encrypt(&secrets().aes_key, [7; 16], ECHO.as_bytes(), CORP);
    let encoded = encrypted.replace('=', "%3D");
    let uncut = format!("0123456789abcdef\0\0\0\u{13}{ECHO}{CORP}");
    let rows: &[(u16, &str, Result<(), Failure>)] = &[
        (200, ECHO, Ok(())),
        (201, ECHO, Err(Failure::Status(StatusCode::CREATED))),
        (
            301,
            "",
            Err(Failure::Redirect(StatusCode::MOVED_PERMANENTLY)),
        ),
        (
            404,
            "<!DOCTYPE html><p>",
            Err(Failure::HtmlStatus(StatusCode::NOT_FOUND)),
        ),
        (404, "not here", Err(Failure::Status(StatusCode::NOT_FOUND))),
        (405, "", Err(Failure::MethodNotAllowed)),
        (
            500,
            "Invalid Signature",
            Err(Failure::SignatureRefused(error)),
        ),
        (500, "签名错误", Err(Failure::SignatureRefused(error))),
        (
            500,
            "ValidateCorpidError: -40005",
            Err(Failure::ReceiveIdRefused(error)),
        ),
        (500, "bad decrypt", Err(Failure::NotDecrypted(error))),
        (500, "Incorrect padding", Err(Failure::NotDecrypted(error))),
        (200, "", Err(Failure::Empty)),
        (200, " \n", Err(Failure::Empty)),
        (200, "<html><body>hello", Err(Failure::Html)),
        (
            200,
            "\u{feff}1616140317555161061",
            Err(Failure::ByteOrderMark),
        ),
        (
            200,
            "\u{feff}1616140317555161061\n",
            Err(Failure::ByteOrderMark),
        ),
        (200, "1616140317555161061\n", Err(Failure::Whitespace)),
        (200, "\"1616140317555161061\"", Err(Failure::Quotes)),
        (200, "'1616140317555161061'\r\n", Err(Failure::Quotes)),
        (200, &encrypted, Err(Failure::Encrypted)),
        (200, &format!("\"{encrypted}\""), Err(Failure::Encrypted)),
        (200, &encoded, Err(Failure::Encrypted)),
        (200, &uncut, Err(Failure::NotCut)),
        (200, &format!("{ECHO}{CORP}"), Err(Failure::NotCut)),
        (
            200,
            r#"{"echostr":"1616140317555161061"}"#,
            Err(Failure::Wrapped),
        ),
        (200, "<xml>1616140317555161061</xml>", Err(Failure::Wrapped)),
        (200, "success", Err(Failure::Wrong)),
        (200, "1616140317555161062", Err(Failure::Wrong)),
    ];
    for (status, body, expected) in rows {
        let headers = HeaderMap::new();
        let answer: Answer<'_> = answer(*status, &headers, body.as_bytes());
        assert_eq!(judge_challenge(&answer, ECHO), *expected, "{status} {body}");
        if let Err(failure) = expected {
            assert!(failure.hint().is_some());
            assert_eq!(failure.platform_message(), "openapi回调地址请求不通过");
        }
    }
}
