//! What is refused, and how.

use crate::process::{Answer, Program};
use crate::request::{INVOCATION, Request};

const WRONG_SIGN: &str = "Sign is missing, or not made with this token";
const NOT_FRESH: &str = "RequestTime is not within 60 s of now";
const NOT_JSON: &str = "the body is not a JSON object";
const NOT_AN_ORDER: &str = "OrderID is missing or empty";
const OTHER_TYPE: &str = "type is not 1, the state of an order";

/// SHA-256 of `xxxxyyyy`.
const SIGN_OF_TOKEN_ALONE: &str =
    "024310abb337d26506849eab4a17c0bc57025cdb17637c9bf3845b850a83f79f";

/// Each row's rule, the request, and the answer.
type Row = (&'static str, Request, Answer);

/// Not the platform's protocol at all.
fn http() -> Vec<Row> {
    let method = |method, path| Request {
        method,
        path,
        ..Request::example()
    };
    let length = |header: &str, body: &str| Request {
        headers: vec![header.to_owned()],
        body: body.to_owned(),
        ..Request::example()
    };
    let missing = Answer::text(411, "Content-Length is missing");
    vec![
        ("health", method("GET", "/healthz"), Answer::text(200, "ok")),
        (
            "health is read",
            method("POST", "/healthz"),
            Answer::empty(405, Some("GET,HEAD")),
        ),
        (
            "no such path",
            method("POST", "/order-status/1"),
            Answer::empty(404, None),
        ),
        (
            "no such path for any method",
            method("PUT", "/"),
            Answer::empty(404, None),
        ),
        (
            "GET",
            method("GET", "/order-status"),
            Answer::empty(405, Some("POST")),
        ),
        (
            "HEAD",
            method("HEAD", "/order-status"),
            Answer::empty(405, Some("POST")),
        ),
        (
            "PUT",
            method("PUT", "/order-status"),
            Answer::empty(405, Some("POST")),
        ),
        (
            "DELETE",
            method("DELETE", "/notifications"),
            Answer::empty(405, Some("POST")),
        ),
        (
            "no length",
            length("Accept: */*", ""),
            Answer::text(411, "Content-Length is missing"),
        ),
        (
            "chunks have no length",
            length("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"),
            missing,
        ),
        (
            "more than 1 MiB is not even waited for",
            length("Content-Length: 1048577", ""),
            Answer::text(413, "the body is larger than 1 MiB"),
        ),
    ]
}

/// Not the platform, or not for this app.
fn foreign() -> Vec<Row> {
    let foreign = |why| Answer::text(403, why);
    let ask = Request::example;
    let other_app = "SdkAppid is not this app's";
    vec![
        (
            "another app",
            ask().with("SdkAppid", "1400000001"),
            foreign(other_app),
        ),
        ("no app", ask().without("SdkAppid"), foreign(other_app)),
        (
            "an app's beginning",
            ask().with("SdkAppid", "140000000"),
            foreign(other_app),
        ),
        (
            "another token",
            ask().signed("xxxyyy", 0),
            foreign(WRONG_SIGN),
        ),
        ("no Sign", ask().without("Sign"), foreign(WRONG_SIGN)),
        (
            "a Sign's beginning",
            ask().with("Sign", "17773bc3"),
            foreign(WRONG_SIGN),
        ),
        (
            "a Sign beyond ASCII",
            ask().with("Sign", "%E7%AD%BE"),
            foreign(WRONG_SIGN),
        ),
        (
            "a Sign of another second",
            ask().with("RequestTime", "1669872112"),
            foreign(WRONG_SIGN),
        ),
        (
            "too old",
            ask().signed("xxxxyyyy", -120),
            foreign(NOT_FRESH),
        ),
        (
            "from the future",
            ask().signed("xxxxyyyy", 120),
            foreign(NOT_FRESH),
        ),
        (
            "a Sign over no time",
            ask()
                .without("RequestTime")
                .with("Sign", SIGN_OF_TOKEN_ALONE),
            foreign(NOT_FRESH),
        ),
        (
            "the app and Sign come before the body",
            Request::asking_with("{").with("SdkAppid", "1"),
            foreign(other_app),
        ),
    ]
}

/// No JSON object, by whichever parser.
fn unreadable() -> Vec<Row> {
    let deep = "[".repeat(100_000);
    let rows = [
        ("an empty body", ""),
        ("half a body", r#"{"CallbackCommand":"#),
        ("two bodies", "{}{}"),
        ("a list", "[]"),
        ("a depth without end", &deep),
        ("NaN", r#"{"OrderID":NaN}"#),
        ("a number beyond all", r#"{"OrderID":1e999}"#),
        ("half a surrogate pair", r#"{"OrderID":"\ud800"}"#),
        ("a byte order mark", "\u{feff}{}"),
    ];
    rows.map(|(rule, body)| (rule, Request::asking_with(body), Answer::fail(NOT_JSON)))
        .to_vec()
}

/// Not what this path is for.
fn other_commands() -> Vec<Row> {
    let command = |path, command| {
        let body = format!(r#"{{"CallbackCommand":"{command}","Body":{{}}}}"#);
        Request::new(path, command, &body)
    };
    let ask = Request::example;
    let differs = "CallbackCommand is not the same in the URL and in the body";
    let no_node = "CallbackCommand is not Chatbot.InterfaceInvocation";
    let no_notice =
        "CallbackCommand is neither Chatbot.TaskFlowEventNotify nor Desk.SessionEventNotify";
    let rows = [
        ("none in the body", Request::asking_with("{}"), differs),
        ("none in the URL", ask().without("CallbackCommand"), differs),
        (
            "another in the URL",
            ask().with("CallbackCommand", "Bot.OnC2CMessage"),
            differs,
        ),
        (
            "a notice where a node asks",
            command("/order-status", "Desk.SessionEventNotify"),
            no_node,
        ),
        (
            "a node where notices go",
            command("/notifications", INVOCATION),
            no_notice,
        ),
        (
            "one that wants an answer",
            command("/notifications", "ChatBot.OnAssignHuman"),
            no_notice,
        ),
    ];
    rows.map(|(rule, request, why)| (rule, request, Answer::fail(why)))
        .to_vec()
}

/// Inputs that are no question about an order.
fn wrong_inputs() -> Vec<Row> {
    let not_a_map = "Body is not an object";
    let rows = [
        ("null", "null", not_a_map),
        ("a list", r#"["12345"]"#, not_a_map),
        ("no type", r#"{"OrderID":"12345"}"#, OTHER_TYPE),
        (
            "another type",
            r#"{"OrderID":"12345","type":"2"}"#,
            OTHER_TYPE,
        ),
        (
            "a type that is true",
            r#"{"OrderID":"12345","type":true}"#,
            OTHER_TYPE,
        ),
        (
            "no order",
            r#"{"SystemClientUserID":"user517","type":"1"}"#,
            NOT_AN_ORDER,
        ),
        (
            "nothing collected",
            r#"{"OrderID":"","type":"1"}"#,
            NOT_AN_ORDER,
        ),
        (
            "a name in another case",
            r#"{"orderid":"12345","type":"1"}"#,
            NOT_AN_ORDER,
        ),
        (
            "an order that is null",
            r#"{"OrderID":null,"type":"1"}"#,
            NOT_AN_ORDER,
        ),
        (
            "a fraction",
            r#"{"OrderID":12345.0,"type":"1"}"#,
            NOT_AN_ORDER,
        ),
    ];
    rows.map(|(rule, inputs, why)| (rule, Request::asking(inputs), Answer::fail(why)))
        .to_vec()
}

#[test]
fn what_is_refused_is_refused_by_its_rule() {
    for program in Program::BOTH {
        let server = program.start();
        for (rule, request, answer) in [
            http(),
            foreign(),
            unreadable(),
            other_commands(),
            wrong_inputs(),
        ]
        .into_iter()
        .flatten()
        {
            assert_eq!(server.send(&request.last()), answer, "{program:?}: {rule}");
        }
    }
}

#[test]
fn a_refusal_is_logged_without_what_was_sent() {
    for program in Program::BOTH {
        let server = program.start();
        server.send(&Request::example().signed("another token", 0).last());
        assert_eq!(
            server.said(),
            format!("a callback is refused: {WRONG_SIGN}")
        );
        server.send(&Request::asking("{}").last());
        assert_eq!(
            server.said(),
            format!("a callback is refused: {OTHER_TYPE}")
        );
    }
}
