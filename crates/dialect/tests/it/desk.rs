//! Desk: words, bodies, what is never shown, and what holds for every input.

use bytes::Bytes;
use http::{HeaderMap, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ringback_dialect::desk::body::{
    AssignHuman, C2CMessage, GroupMessage, InterfaceInvocation, SessionEvent, SignalMessage,
    TaskFlowEvent,
};
use ringback_dialect::desk::{self, Account, Command, Secrets};
use ringback_dialect::{
    Answer, CallFailure, Incoming, Received, Receiver, Refusal, Sender, WireRequest, standard,
};
use ringback_types::{Coded as _, Secret, WireTime};

use crate::support::{NOW, SIGNING_KEY, answer, outgoing, signing_key};

const APP: &str = "1400000000";
const TOKEN: &str = "xxxxyyyy";

fn account() -> Account {
    Account::new(APP, Some(Secret::from(TOKEN)))
}

fn receiver(strict: bool) -> Receiver {
    let secrets = Secrets {
        sdk_app_id: APP.to_owned(),
        token: Some(Secret::from(TOKEN)),
    };
    Receiver::Desk(desk::Receiver::new(secrets).with_strict(strict))
}

fn sent(command: &str, body: &Bytes) -> WireRequest {
    let sender = desk::Sender::new(account());
    sender.encode(&outgoing(command, body), NOW).unwrap()
}

fn post(request: &WireRequest, strict: bool) -> Result<Incoming, Refusal> {
    let request = Received {
        method: &Method::POST,
        path: "/in/source",
        query: request.query.as_deref(),
        headers: &request.headers,
        body: &request.body,
    };
    receiver(strict).receive(&request, NOW)
}

#[test]
fn commands_are_sent_in_their_own_capitals_and_found_in_any() {
    let words = Command::ALL.iter().map(|command| command.as_str());
    assert_eq!(
        words.collect::<Vec<_>>(),
        [
            "Chatbot.InterfaceInvocation",
            "Chatbot.TaskFlowEventNotify",
            "Desk.SessionEventNotify",
            "ChatBot.OnAssignHuman",
            "ChatBot.OnAssignAgent",
            "Chatbot.OnC2CSignalMessage",
            "Bot.OnC2CMessage",
            "Bot.OnGroupMessage",
        ]
    );
    for command in Command::ALL {
        let word = command.as_str();
        assert_eq!(Command::parse(word), Some(*command));
        assert_eq!(Command::parse(&word.to_lowercase()), None);
        assert_eq!(Command::find(&word.to_uppercase()), Some(*command));
    }
    assert_eq!(Command::find("Chatbot.OnC2CMessage"), None);
    let calls = Command::ALL.iter().filter(|command| command.is_call());
    assert_eq!(calls.count(), 4);
}

#[test]
fn secrets_never_print() {
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        account(),
        desk::Sender::new(account()),
        receiver(true),
        sent(Command::InterfaceInvocation.as_str(), &Bytes::new()),
    );
    let signature = desk::sign(&Secret::from(TOKEN), "1700000000");
    for secret in [TOKEN, &signature] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Each body against the sample of the platform's page (2.4, 3.1 to 3.5).
#[test]
fn bodies_have_the_members_and_the_order_of_the_pages() {
    let event_time = WireTime::from_millis(1_731_488_371_784);
    let values = [("SystemClientUserID", "user517"), ("testKey3", "")];
    let invocation = InterfaceInvocation {
        values: &values,
        event_time,
    };
    assert_eq!(
        invocation.to_bytes(),
        r#"{"CallbackCommand":"Chatbot.InterfaceInvocation","Body":{"SystemClientUserID":"user517","testKey3":""},"EventTime":1731488371784}"#
    );
    let step = TaskFlowEvent {
        event: "TaskBegin",
        event_time,
        seq: 1,
        execution_id: "cf634425",
        task_id: 3474,
        task_name: "售后",
        env: "production",
        session_id: "554d4e07",
        robot_id: "@RBT#DeskDefaultRobot",
        client_user_id: "your_user_id",
        customer_service_id: "@customer_service_account",
        channel_type: "SDK",
        node_id: "node-start-1",
        node_name: "start",
        next_node_id: Some("node-reply-1"),
    };
    assert_eq!(
        step.to_bytes(),
        r#"{"CallbackCommand":"Chatbot.TaskFlowEventNotify","Event":"TaskBegin","EventTime":1731488371784,"Seq":1,"ExecutionId":"cf634425","TaskId":3474,"TaskName":"售后","Env":"production","SessionId":"554d4e07","RobotId":"@RBT#DeskDefaultRobot","ClientUserId":"your_user_id","CustomerServiceId":"@customer_service_account","ChannelType":"SDK","NodeId":"node-start-1","NodeName":"start","NextNodeId":"node-reply-1"}"#
    );
    let last = TaskFlowEvent {
        next_node_id: None,
        ..step
    };
    assert!(last.to_bytes().ends_with(br#""NodeName":"start"}"#));
    let turn = SessionEvent {
        session_id: "2baf4d84",
        event: "ChatBot.UserSendMsg",
        event_time,
        channel_type: "SDK",
        client_user_id: "your_user_id",
        customer_service_id: "@customer_service_account",
        agent_id: Some("test@qq.com"),
        msg_key: Some("152_1600012345_abcdefg"),
        text: Some("How to request a refund?"),
        cloud_custom_data: Some("your cloud custom data"),
        is_contact_user: Some(false),
        satisfaction_selected: Some(5),
        forward_from_agent_id: Some(""),
    };
    assert_eq!(
        turn.to_bytes(),
        r#"{"CallbackCommand":"Desk.SessionEventNotify","SessionId":"2baf4d84","Event":"ChatBot.UserSendMsg","EventTime":1731488371784,"ChannelType":"SDK","ClientUserId":"your_user_id","CustomerServiceId":"@customer_service_account","AgentId":"test@qq.com","MsgKey":"152_1600012345_abcdefg","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"How to request a refund?"}}],"CloudCustomData":"your cloud custom data","IsContactUser":false,"SatisfactionSelected":5,"ForwardFromAgentId":""}"#
    );
}

#[test]
fn bodies_of_the_other_commands() {
    let event_time = WireTime::from_millis(1_670_574_414_123);
    let human = AssignHuman {
        session_id: "aa-bb-cc-dd",
        client_user_id: "123",
        customer_service_id: None,
        event_time,
    };
    let members = r#""SessionId":"aa-bb-cc-dd","ClientUserId":"123","EventTime":1670574414123}"#;
    assert_eq!(
        human.to_bytes(),
        format!(r#"{{"CallbackCommand":"ChatBot.OnAssignHuman",{members}"#)
    );
    assert_eq!(
        human.to_older_bytes(),
        format!(r#"{{"CallbackCommand":"ChatBot.OnAssignAgent",{members}"#)
    );
    let signal = SignalMessage {
        from_account: "jared",
        to_account: "@RBT#001",
        msg_seq: 1,
        msg_random: 2,
        msg_key: "1_2_3",
        event_time,
        data: "{}",
    };
    assert_eq!(
        signal.to_bytes(),
        r#"{"CallbackCommand":"Chatbot.OnC2CSignalMessage","From_Account":"jared","To_Account":"@RBT#001","MsgSeq":1,"MsgRandom":2,"MsgKey":"1_2_3","EventTime":1670574414123,"Data":"{}"}"#
    );
    let message = C2CMessage {
        from_account: "jared",
        to_account: "@RBT#001",
        msg_seq: 1,
        msg_random: 2,
        msg_time: 1_670_574_414,
        msg_key: "1_2_3",
        online_only_flag: 0,
        send_msg_result: 0,
        error_info: "send msg succeed",
        unread_msg_num: 7,
        text: Some("hi"),
        cloud_custom_data: "",
        event_time,
    };
    assert_eq!(
        message.to_bytes(),
        r#"{"CallbackCommand":"Bot.OnC2CMessage","From_Account":"jared","To_Account":"@RBT#001","MsgSeq":1,"MsgRandom":2,"MsgTime":1670574414,"MsgKey":"1_2_3","OnlineOnlyFlag":0,"SendMsgResult":0,"ErrorInfo":"send msg succeed","UnreadMsgNum":7,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}],"CloudCustomData":"","EventTime":1670574414123}"#
    );
    let group = GroupMessage {
        group_id: "@TGS#2J4SZEAEL",
        kind: "Public",
        from_account: "jared",
        operator_account: "admin",
        random: 2,
        msg_seq: 1,
        msg_time: 1_670_574_414,
        online_only_flag: 0,
        text: None,
        at_robots_account: &["@RBT#001"],
        cloud_custom_data: "",
        topic_id: "",
        event_time,
    };
    assert_eq!(
        group.to_bytes(),
        r#"{"CallbackCommand":"Bot.OnGroupMessage","GroupId":"@TGS#2J4SZEAEL","Type":"Public","From_Account":"jared","Operator_Account":"admin","Random":2,"MsgSeq":1,"MsgTime":1670574414,"OnlineOnlyFlag":0,"MsgBody":[],"AtRobots_Account":["@RBT#001"],"CloudCustomData":"","TopicId":"","EventTime":1670574414123}"#
    );
}

#[test]
fn an_answer_in_another_dialect_is_put_into_the_platforms_form() {
    let standard = Sender::Standard(standard::Sender::new(vec![signing_key(SIGNING_KEY)]));
    let headers = HeaderMap::new();
    for sender in [&standard, &Sender::Raw] {
        let judged = |command: Command, answer: &Answer<'_>| {
            sender.judge_call(answer, command.as_str(), NOW)
        };
        let plain = answer(201, &headers, br#"{"OrderStatus":"sent"}"#);
        assert_eq!(
            judged(Command::InterfaceInvocation, &plain).unwrap(),
            r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Body":{"OrderStatus":"sent"}}"#
        );
        let cut = Answer { cut: true, ..plain };
        assert_eq!(
            judged(Command::InterfaceInvocation, &cut),
            Err(CallFailure::Desk(desk::CallFailure::Cut))
        );
        let status = judged(Command::OnAssignHuman, &answer(500, &headers, plain.body));
        assert_eq!(status.unwrap_err().code().as_str(), "call.status");
        let refused = br#"{"ActionStatus":"FAIL","ErrorInfo":"no","ErrorCode":120001}"#;
        let refused = judged(Command::OnC2CSignalMessage, &answer(200, &headers, refused));
        assert_eq!(refused.unwrap_err().client_code(), 120_001);
        // An event's answer is nobody's, and any other call's is its own dialect's.
        let other = sender.judge_call(&plain, "zone.call", NOW).unwrap();
        assert_eq!(other, plain.body);
    }
}

fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(
        &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "0",
            "-1",
            "1e9",
            "null",
            "true",
            "\"OK\"",
            "\"a\\\"b\"",
            "\"\\ud800\"",
            " ",
            "\"CallbackCommand\"",
            "\"ErrorCode\"",
            "\"ActionStatus\"",
            "\"Body\"",
            "\"ExecutionId\"",
            "\"Seq\"",
            "\"ErrorInfo\"",
            "\u{feff}",
            "<html>",
        ][..],
    );
    let text = vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes());
    let framed = vec(any::<u8>(), 0..40).prop_map(|bytes| {
        let rest = String::from_utf8_lossy(&bytes).into_owned();
        format!(r#"{{"ActionStatus":"OK","ErrorCode":0,"Body":{rest}}}"#).into_bytes()
    });
    prop_oneof![text, framed, vec(any::<u8>(), 0..80)]
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_received(values in vec((".*", ".*"), 0..4), at in 0_i64..4_000_000_000_000) {
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (&**name, &**value)).collect();
        let event_time = WireTime::from_millis(at);
        let body = InterfaceInvocation { values: &values, event_time }.to_bytes();
        let Incoming::Call(received) = post(&sent("Chatbot.InterfaceInvocation", &body), true).unwrap() else {
            panic!("a call");
        };
        prop_assert_eq!(received.body, body);
        prop_assert_eq!(received.app.as_deref(), Some(APP));
    }

    #[test]
    fn a_changed_proof_is_refused(at: Index, with in 1_u8..128) {
        let body = Bytes::from_static(b"{}");
        let mut request = sent("Desk.SessionEventNotify", &body);
        prop_assert!(post(&request, false).is_ok());
        let mut query = request.query.take().unwrap().into_bytes();
        // Only the token, by way of `Sign`, and the second are proven (4.4).
        let start = String::from_utf8_lossy(&query).find("Sign=").unwrap();
        let at = start + at.index(query.len() - start);
        query[at] ^= with;
        let Ok(query) = String::from_utf8(query) else {
            return Ok(());
        };
        request.query = Some(query.clone());
        let folded = query.eq_ignore_ascii_case(&sent("Desk.SessionEventNotify", &body).query.unwrap());
        prop_assert!(folded || post(&request, false).is_err(), "{}", query);
    }

    #[test]
    fn a_plain_answer_always_becomes_one_that_the_platform_takes(values in vec(("[a-z]{0,6}", ".*"), 0..5)) {
        let map: std::collections::BTreeMap<_, _> = values.into_iter().collect();
        let plain = serde_json::to_vec(&map).unwrap();
        let mapped = desk::mapped_answer(Command::InterfaceInvocation, &plain).unwrap();
        let read = desk::read_invocation_answer(&mapped).unwrap();
        prop_assert_eq!(read.values, map.into_iter().collect::<Vec<_>>());
        prop_assert!(!read.unlike_text);
    }

    #[test]
    fn no_input_panics(body in nearly_json(), query in "[a-zA-Z_=&%+2B]{0,60}", status in 100_u16..600) {
        let body = Bytes::from(body);
        for strict in [false, true] {
            for command in Command::ALL {
                let _ = post(&sent(command.as_str(), &body), strict);
            }
            let mut request = sent(&query, &body);
            let _ = post(&request, strict);
            request.query = Some(format!("{}&{query}", request.query.unwrap()));
            let _ = post(&request, strict);
            request.query = Some(query.clone());
            let _ = post(&request, strict);
        }
        let headers = HeaderMap::new();
        let answer = answer(status, &headers, &body);
        let _ = desk::judge_event(&answer);
        let _ = desk::read_invocation_answer(&body);
        for command in Command::ALL {
            if let Ok(mapped) = desk::mapped_answer(*command, &body) {
                prop_assert!(desk::read_invocation_answer(&mapped).is_ok() || *command != Command::InterfaceInvocation);
            }
        }
    }
}
