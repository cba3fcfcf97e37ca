//! What a node is told.

use crate::process::{Answer, Program};
use crate::request::Request;

fn order(found: &str, status: &str, eta: &str) -> Answer {
    Answer::json(&format!(
        r#"{{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Body":{{"OrderFound":"{found}","OrderStatus":"{status}","OrderEta":"{eta}"}}}}"#
    ))
}

fn shipped() -> Answer {
    order("yes", "shipped", "tomorrow before 18:00")
}

/// Each row's rule, the request, and the answer.
fn table() -> Vec<(&'static str, Request, Answer)> {
    let mut odd_headers = Request::example();
    odd_headers
        .headers
        .push("Content-Type: text/html".to_owned());
    let example = Request::example().body;
    let largest = format!("{example}{}", " ".repeat(1024 * 1024 - example.len()));
    vec![
        ("the manual's example", Request::example(), shipped()),
        (
            "an order that is packed",
            Request::asking(r#"{"OrderID":"20001","type":"1"}"#),
            order("yes", "being packed", "in three days"),
        ),
        (
            "an order that has arrived",
            Request::asking(r#"{"OrderID":"30003","type":"1"}"#),
            order("yes", "delivered", ""),
        ),
        (
            "an unknown order is an answer, and overwrites what an earlier one said",
            Request::asking(r#"{"OrderID":"订单","type":"1"}"#),
            order("no", "", ""),
        ),
        (
            "whole numbers are their digits",
            Request::asking(r#"{"OrderID":12345,"type":1}"#),
            shipped(),
        ),
        (
            "inputs that nobody asked for do no harm",
            Request::asking(r#"{"OrderID":"12345","type":"1","testKey3":"","more":[1.5,null,{}]}"#),
            shipped(),
        ),
        (
            "case does not count in parameters and commands",
            Request::example()
                .without("SdkAppid")
                .with("SDKAppID", "1400000000")
                .with("CallbackCommand", "ChatBot.InterfaceInvocation"),
            shipped(),
        ),
        ("no Content-Type counts", odd_headers, shipped()),
        (
            "a clock that is 30 s ahead",
            Request::example().signed("xxxxyyyy", 30),
            shipped(),
        ),
        (
            "a clock that is 30 s behind",
            Request::example().signed("xxxxyyyy", -30),
            shipped(),
        ),
        (
            "the largest body",
            Request::asking_with(&largest),
            shipped(),
        ),
    ]
}

#[test]
fn a_node_is_told_the_state_of_an_order() {
    for program in Program::BOTH {
        let server = program.start();
        for (rule, request, answer) in table() {
            assert_eq!(server.send(&request.last()), answer, "{program:?}: {rule}");
        }
    }
}

/// The platform keeps its connections.
#[test]
fn one_connection_takes_request_after_request() {
    for program in Program::BOTH {
        let server = program.start();
        let requests = [
            Request::example().bytes(),
            Request::asking_with("{").bytes(),
            Request::example().with("SdkAppid", "1").bytes(),
            Request::example().last(),
        ];
        let received = server.exchange(&requests.concat());
        let statuses: Vec<_> = received
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|answer| &answer[..3])
            .collect();
        assert_eq!(
            statuses,
            ["200", "200", "403", "200"],
            "{program:?}: {received}"
        );
        assert_eq!(received.matches("shipped").count(), 2, "{program:?}");
    }
}
