//! How answers are judged: to events, to calls, to the challenge.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ringback_dialect::feishu::{
    CardGeneration, ChallengeFailure, check_callback_answer, judge_challenge,
};
use ringback_dialect::{CallFailure, FailureKind, Sender, Verdict, feishu, standard};
use ringback_types::Coded;

use crate::support::{NOW, SIGNING_KEY, answer, feishu_secrets, header_map, signing_key};

fn senders() -> [Sender; 3] {
    [
        Sender::Feishu(feishu::Sender::new(feishu_secrets(None, "vtoken"))),
        Sender::Standard(standard::Sender::new(vec![signing_key(SIGNING_KEY)])),
        Sender::Raw,
    ]
}

fn failed(status: u16) -> Verdict {
    Verdict::Failed(FailureKind::of(StatusCode::from_u16(status).unwrap()))
}

#[test]
fn each_dialect_has_its_own_success() {
    let delivered = || Verdict::Delivered;
    for (status, feishu, standard, raw) in [
        (200, delivered(), delivered(), delivered()),
        (201, failed(201), delivered(), delivered()),
        (204, failed(204), delivered(), delivered()),
        (302, failed(302), failed(302), failed(302)),
        (400, failed(400), failed(400), failed(400)),
        (410, failed(410), Verdict::Gone, failed(410)),
        (429, failed(429), failed(429), failed(429)),
        (500, failed(500), failed(500), failed(500)),
    ] {
        let headers = HeaderMap::new();
        let answer = answer(status, &headers, b"");
        let verdicts = senders().map(|sender| sender.judge_event(&answer, NOW));
        assert_eq!(verdicts, [feishu, standard, raw], "{status}");
    }
    assert_eq!(
        failed(302),
        Verdict::Failed(FailureKind::Redirect(StatusCode::FOUND))
    );
}

#[test]
fn retry_after_is_honoured_where_the_dialect_has_it() {
    let [feishu, standard, raw] = senders();
    let wait = |seconds, status| {
        let kind = FailureKind::of(StatusCode::from_u16(status).unwrap());
        Verdict::RetryAfter(Duration::from_secs(seconds), kind)
    };
    // Now is 2023-11-14T22:13:20Z.
    for (status, value, expected) in [
        (429, "120", wait(120, 429)),
        (503, "0", wait(0, 503)),
        (503, "99999999", wait(86_400, 503)),
        (429, "Tue, 14 Nov 2023 22:15:20 GMT", wait(120, 429)),
        (429, "Tue, 14 Nov 2023 22:00:00 GMT", wait(0, 429)),
        (429, "Tue, 14 Nov 2033 22:00:00 GMT", wait(86_400, 429)),
        (429, "soon", failed(429)),
        (429, "-5", failed(429)),
        (500, "120", failed(500)),
    ] {
        let headers = header_map([("retry-after", value)]);
        let answer = answer(status, &headers, b"");
        assert_eq!(
            standard.judge_event(&answer, NOW),
            expected,
            "{status} {value}"
        );
        assert_eq!(feishu.judge_event(&answer, NOW), failed(status));
        assert_eq!(raw.judge_event(&answer, NOW), failed(status));
    }
}

#[test]
fn callback_answers_are_checked_as_the_client_would() {
    let malformed = |text| Err(CallFailure::Malformed(text));
    let invalid = |text| Err(CallFailure::CardInvalid(text));
    let (click, preview) = ("card.action.trigger", "url.preview.get");
    for (call_type, body, expected) in [
        (click, "", Ok(())),
        (click, "{}", Ok(())),
        (
            click,
            r#"{"toast":null,"card":null,"msg":"success"}"#,
            Ok(()),
        ),
        (
            click,
            r#"{"toast":{"type":"info","content":"done","i18n":{"zh_cn":"好"}}}"#,
            Ok(()),
        ),
        (
            click,
            r#"{"card":{"type":"raw","data":{"schema":"2.0","body":{}}}}"#,
            Ok(()),
        ),
        (
            click,
            r#"{"card":{"type":"template","data":{"template_id":"AAq"}}}"#,
            Ok(()),
        ),
        (click, "<html>", malformed("it is not JSON")),
        (click, "\u{feff}{}", malformed("it is not JSON")),
        (click, "[]", malformed("it is not an object")),
        (
            click,
            r#"{"toast":"done"}"#,
            malformed("`toast` is not an object"),
        ),
        (
            click,
            r#"{"toast":{"type":"loud"}}"#,
            malformed("`toast.type` is none of info, success, error, warning"),
        ),
        (
            click,
            r#"{"toast":{"content":1}}"#,
            malformed("`toast.content` is not a string"),
        ),
        (
            click,
            r#"{"toast":{"i18n":{"zh_cn":1}}}"#,
            malformed("`toast.i18n` is not an object of strings"),
        ),
        (click, r#"{"card":1}"#, invalid("`card` is not an object")),
        (
            click,
            r#"{"card":{"type":"raw"}}"#,
            invalid("`card.data` is not an object"),
        ),
        (
            click,
            r#"{"card":{"type":"raw","data":"{}"}}"#,
            invalid("`card.data` is not an object"),
        ),
        (
            click,
            r#"{"card":{"data":{}}}"#,
            invalid("`card.type` is neither raw nor template"),
        ),
        (
            click,
            r#"{"card":{"type":"template","data":{}}}"#,
            invalid("`card.data.template_id` is missing"),
        ),
        (
            preview,
            r#"{"inline":{"title":"t","i18n_title":{"zh_cn":"t"},"url":{"pc":"u"}}}"#,
            Ok(()),
        ),
        (
            preview,
            r#"{"inline":{"title":1}}"#,
            malformed("`inline.title` is not a string"),
        ),
        (
            preview,
            r#"{"card":{}}"#,
            invalid("`card.data` is not an object"),
        ),
        ("some.other.call", "anything", Ok(())),
    ] {
        let headers = HeaderMap::new();
        let answer = answer(200, &headers, body.as_bytes());
        let expected = expected.map(|()| Bytes::copy_from_slice(body.as_bytes()));
        for sender in senders() {
            assert_eq!(
                sender.judge_call(&answer, call_type, NOW),
                expected,
                "{body}"
            );
        }
    }
}

#[test]
fn callback_failures_are_what_the_client_shows() {
    let click = "card.action.trigger";
    let deep = [vec![b'['; 65], vec![b']'; 65]].concat();
    assert_eq!(
        check_callback_answer(click, &deep, None),
        Err(CallFailure::Malformed("it is nested deeper than 64"))
    );

    let old_card = br#"{"card":{"type":"raw","data":{"elements":[]}}}"#;
    let two = Some(CardGeneration::Two);
    let refused = check_callback_answer(click, old_card, two);
    assert_eq!(refused, Err(CallFailure::CardGeneration));
    assert_eq!(
        check_callback_answer(click, old_card, Some(CardGeneration::One)),
        Ok(())
    );

    let headers = HeaderMap::new();
    let [feishu, standard, _] = senders();
    let created = answer(201, &headers, b"{}");
    let status = CallFailure::Status(StatusCode::CREATED);
    assert_eq!(feishu.judge_call(&created, click, NOW), Err(status.clone()));
    assert!(standard.judge_call(&created, click, NOW).is_ok());

    let failures = [
        (status, 200_671),
        (CallFailure::Malformed(""), 200_672),
        (CallFailure::CardInvalid(""), 200_673),
        (CallFailure::CardGeneration, 200_830),
    ];
    for (failure, code) in failures {
        assert_eq!(failure.client_code(), code);
    }
}

#[test]
fn each_wrong_answer_to_a_challenge_has_its_own_diagnosis() {
    let status = |code| StatusCode::from_u16(code).unwrap();
    for (code, body, expected) in [
        (200, r#"{"challenge":"c-1"}"#, Ok(())),
        (
            200,
            " {\"extra\": 1, \"challenge\": \"c\\u002d1\"}\n",
            Ok(()),
        ),
        (301, "", Err(ChallengeFailure::Redirect(status(301)))),
        (
            500,
            r#"{"msg":"signature verification failed"}"#,
            Err(ChallengeFailure::SignatureDemanded(status(500))),
        ),
        (
            403,
            "missing X-Lark-Signature",
            Err(ChallengeFailure::SignatureDemanded(status(403))),
        ),
        (
            500,
            r#"{"msg":"invalid verification_token"}"#,
            Err(ChallengeFailure::TokenRefused(status(500))),
        ),
        (
            500,
            r#"{"msg":"invalid PKCS7 padding"}"#,
            Err(ChallengeFailure::NotDecrypted(status(500))),
        ),
        (
            500,
            r#"{"msg":"encrypt_key not found"}"#,
            Err(ChallengeFailure::NotDecrypted(status(500))),
        ),
        (
            401,
            "<!DOCTYPE html><p>signature",
            Err(ChallengeFailure::HtmlStatus(status(401))),
        ),
        (404, "not here", Err(ChallengeFailure::Status(status(404)))),
        (
            201,
            r#"{"challenge":"c-1"}"#,
            Err(ChallengeFailure::Status(status(201))),
        ),
        (200, " ", Err(ChallengeFailure::Empty)),
        (200, "<html><body>", Err(ChallengeFailure::Html)),
        (
            200,
            "\u{feff}{\"challenge\":\"c-1\"}",
            Err(ChallengeFailure::ByteOrderMark),
        ),
        (200, "c-1", Err(ChallengeFailure::Bare)),
        (200, "\"c-1\"", Err(ChallengeFailure::Bare)),
        (
            200,
            r#""{\"challenge\":\"c-1\"}""#,
            Err(ChallengeFailure::Quoted),
        ),
        (200, "challenge=c-1", Err(ChallengeFailure::NotJson)),
        (200, "{'challenge':'c-1'}", Err(ChallengeFailure::NotJson)),
        (200, r#"["c-1"]"#, Err(ChallengeFailure::NotObject)),
        (
            200,
            r#"{"encrypt":"AAAA"}"#,
            Err(ChallengeFailure::Encrypted),
        ),
        (
            200,
            r#"{"code":0,"data":{"challenge":"c-1"}}"#,
            Err(ChallengeFailure::Nested),
        ),
        (200, r#"{"msg":"success"}"#, Err(ChallengeFailure::Missing)),
        (200, r#"{"challenge":null}"#, Err(ChallengeFailure::Missing)),
        (200, r#"{"challenge":1}"#, Err(ChallengeFailure::NotString)),
        (
            200,
            r#"{"challenge":"\"c-1\""}"#,
            Err(ChallengeFailure::Padded),
        ),
        (
            200,
            r#"{"challenge":"c-1\n"}"#,
            Err(ChallengeFailure::Padded),
        ),
        (200, r#"{"challenge":"C-1"}"#, Err(ChallengeFailure::Wrong)),
    ] {
        let headers = HeaderMap::new();
        let judged = judge_challenge(&answer(code, &headers, body.as_bytes()), "c-1");
        assert_eq!(judged, expected, "{code} {body}");
        if let Err(failure) = judged {
            assert!(failure.hint().is_some() && !failure.platform_message().is_empty());
        }
    }
}
