//! The zone that `dev` and `exec` bring along: it works at once, is quiet until somebody asks, and keeps
//! what was made of it.

use std::net::TcpListener;

use ringback_dialect::wecom::{EncodingAesKey, Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::Clock;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::receiver::{reply, serve};
use crate::support::{Dev, Place};

/// Calls an ability, again as long as the program is still starting.
fn called(dev: &Dev<'_>, ability: &str, request: &str) -> Value {
    let wecom = &dev.ready()["wecom"];
    let program = wecom["program_id"].as_str().unwrap();
    let call = ["--format", "json", "call", program, ability, request];
    for _ in 0..1_000 {
        let ended = dev.ask(call);
        if !ended.whole().contains("710674") {
            return serde_json::from_str(&ended.held()).unwrap();
        }
    }
    panic!("the program does not come up");
}

/// An app's server that has read the ready file; it answers the check, and nothing else.
fn app_server(wecom: &Value) -> String {
    let text = |member: &str| wecom[member].as_str().unwrap().to_owned();
    let receiver = Receiver::new(Secrets {
        token: text("token").as_str().into(),
        aes_key: EncodingAesKey::parse(&text("encoding_aes_key").as_str().into()).unwrap(),
        receive_id: text("corpid"),
    });
    serve(move |request| {
        let incoming = Received {
            method: &request.method,
            path: "/",
            query: request.query.as_deref(),
            headers: &request.headers,
            body: &request.body,
        };
        match receiver.receive(&incoming, Clock::real().wire()) {
            Ok(Incoming::Challenge(answer)) => {
                let text = std::str::from_utf8(&answer.body).unwrap();
                reply("200 OK", "text/plain", text)
            }
            _ => reply("403 Forbidden", "text/plain", ""),
        }
    })
}

#[test]
fn a_fresh_dev_has_a_zone_that_works_and_is_quiet() {
    // Where programs listen of their own accord: here, or by somebody else, it is taken.
    let _taken = TcpListener::bind(("0.0.0.0", 8080));
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let ran = dev.json(["clock", "advance", "1h"]);
    assert_eq!(ran["attempts"], 0, "nothing waits to be delivered: {ran}");
    assert_eq!(dev.ask(["log"]).err, "nothing to show\n");

    let summary = called(&dev, "summarize", r#"{"chat":"A说：你好"}"#);
    assert_eq!(summary, json!({ "result": "1 lines: A 1", "lines": 1 }));
    let list = called(&dev, "invoke_sync_msg", r#"{"limit":100}"#);
    let messages = list["msg_list"].as_array().unwrap();
    assert_eq!(messages.len(), 60);
    let info = &messages[0]["service_encrypt_info"];
    let wecom = &dev.ready()["wecom"];
    assert_eq!(info["public_key_ver"], wecom["public_key_ver"]);
}

#[test]
fn what_was_made_of_the_zone_is_there_after_a_restart() {
    let place = Place::new();
    let dev = Dev::start(&place, "real");
    let before = dev.ready()["wecom"].clone();
    assert_eq!(before["data_callback_url"], "");
    let url = app_server(&before);
    dev.ask(["app", "callback-url", &url]).held();
    dev.signal(Signal::KILL);
    dev.wait();

    let dev = Dev::start(&place, "real");
    let expected = {
        let mut expected = before;
        expected["data_callback_url"] = url.into();
        expected
    };
    assert_eq!(dev.ready()["wecom"], expected);
    let list = called(&dev, "invoke_sync_msg", r#"{"limit":100}"#);
    assert_eq!(list["msg_list"].as_array().unwrap().len(), 60);

    let program = expected["program_id"].as_str().unwrap();
    dev.ask(["program", "undeploy", program]).held();
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(), Some(0));
    let dev = Dev::start(&place, "real");
    let refused = dev.ask(["call", program, "summarize", r#"{"chat":""}"#]);
    assert!(refused.err.contains("790021"), "{}", refused.whole());
}

#[test]
fn a_command_of_exec_calls_the_program_at_once() {
    let script =
        r#""$0" --format json call "$RINGBACK_WECOM_PROGRAM_ID" summarize '{"chat":"A说：hi"}'"#;
    let exec = ["exec", "--listen", "127.0.0.1:0", "--", "sh", "-c", script];
    let binary = env!("CARGO_BIN_EXE_ringback");
    let told = Place::new().run(exec.into_iter().chain([binary])).held();
    assert!(told.contains(r#""lines":1"#), "{told}");
}
