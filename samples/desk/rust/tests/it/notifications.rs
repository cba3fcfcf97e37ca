//! What is only told: acknowledged each time, printed once.

use crate::process::{Answer, Program};
use crate::request::Request;

const FLOW: &str = "Chatbot.TaskFlowEventNotify";
const SESSION: &str = "Desk.SessionEventNotify";

fn step(event: &str, seq: u32) -> Request {
    let body = format!(
        r#"{{"CallbackCommand":"{FLOW}","Event":"{event}","EventTime":1754280000000,"Seq":{seq},"ExecutionId":"cf634425","TaskId":3474,"TaskName":"售后","Env":"production","SessionId":"554d4e07","NodeId":"node-start-1","NodeName":"start","NextNodeId":"node-reply-1"}}"#
    );
    Request::new("/notifications", FLOW, &body)
}

fn message(text: &str) -> Request {
    let body = format!(
        r#"{{"CallbackCommand":"{SESSION}","SessionId":"2baf4d84","Event":"{text}","ClientUserId":"your_user_id","MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"a secret"}}}}]}}"#
    );
    Request::new("/notifications", SESSION, &body)
}

fn step_line(event: &str, seq: u32) -> String {
    format!(
        r#"{{"CallbackCommand":"{FLOW}","Event":"{event}","ExecutionId":"cf634425","NextNodeId":"node-reply-1","NodeId":"node-start-1","Seq":"{seq}","SessionId":"554d4e07","TaskName":"售后"}}"#
    )
}

fn message_line(text: &str) -> String {
    format!(r#"{{"CallbackCommand":"{SESSION}","Event":"{text}","SessionId":"2baf4d84"}}"#)
}

/// Each row's rule, the notice, and the line where it is new. A line too many shows in the next row.
fn table() -> Vec<(&'static str, Request, Option<String>)> {
    let begin = || step("TaskBegin", 1);
    vec![
        ("a step", begin(), Some(step_line("TaskBegin", 1))),
        ("the step again", begin(), None),
        (
            "the next step of the run",
            step("A", 2),
            Some(step_line("A", 2)),
        ),
        ("an earlier step again", begin(), None),
        (
            "a RequestID is what counts",
            begin().with("RequestID", "r1"),
            Some(step_line("TaskBegin", 1)),
        ),
        (
            "whatever the notice says",
            step("B", 3).with("requestid", "r1"),
            None,
        ),
        (
            "another RequestID",
            step("B", 3).with("RequestID", "r2"),
            Some(step_line("B", 3)),
        ),
        (
            "a session",
            message("x").with("RequestID", "r3"),
            Some(message_line("x")),
        ),
        (
            "the session again",
            message("x").with("RequestID", "r3"),
            None,
        ),
        (
            "neither, so it is new",
            message("y"),
            Some(message_line("y")),
        ),
        (
            "neither, so it is new again",
            message("y"),
            Some(message_line("y")),
        ),
        (
            "a value starts no line",
            message(r"a\nb"),
            Some(message_line(r"a\nb")),
        ),
    ]
}

#[test]
fn a_notice_is_acknowledged_each_time_and_printed_once() {
    let acknowledged = || Answer::json(r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#);
    for program in Program::BOTH {
        let server = program.start();
        for (rule, notice, line) in table() {
            assert_eq!(
                server.send(&notice.last()),
                acknowledged(),
                "{program:?}: {rule}"
            );
            if let Some(line) = line {
                assert_eq!(server.line(), line, "{program:?}: {rule}");
            }
        }
    }
}
