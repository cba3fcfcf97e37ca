//! The doctor as a Desk flow, against every wrong interface that people write.

use std::sync::mpsc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use ringback_dialect::desk::{Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::{Clock, Coded as _, Secret};
use serde_json::Value;

use crate::receiver::{Request, json, reply, serve};
use crate::support::{Dev, Place, settings};

const APP: &str = "1400000000";
const TOKEN: &str = "xxxxyyyy";
const GIVEN: [&str; 7] = [
    "--sdk-app-id",
    APP,
    "--token",
    TOKEN,
    "--set",
    "OrderID=12345",
    "--local",
];
const ANSWER: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Body":{"OrderStatus":"已发货","Carrier":"SF"}}"#;

#[track_caller]
fn examine(name: &str, url: &str, passes: bool) {
    examine_with(name, url, passes, &GIVEN);
}

/// Examines `url` and snapshots the whole output under `name`.
#[track_caller]
fn examine_with(name: &str, url: &str, passes: bool, given: &[&str]) {
    let arguments = ["verify", url, "--as", "desk"].into_iter();
    let ended = Place::new().run(arguments.chain(given.iter().copied()));
    assert_eq!(ended.status, Some(i32::from(!passes)), "{}", ended.whole());
    let mut settings = settings();
    if name != "slow" {
        // A busy machine may be slow; that is not what is asked here.
        settings.add_filter(r"(?m)^[✓!] timing .*$(\n +→.*ask again$)?", "✓ timing");
    }
    settings.bind(|| insta::assert_snapshot!(format!("verify_desk_{name}"), ended.out));
}

fn receiver(token: Option<&str>) -> Receiver {
    Receiver::new(Secrets {
        sdk_app_id: APP.to_owned(),
        token: token.map(Secret::from),
    })
}

fn taken(receiver: &Receiver, request: &Request) -> Result<Incoming, String> {
    let incoming = Received {
        method: &request.method,
        path: "/order",
        query: request.query.as_deref(),
        headers: &request.headers,
        body: &request.body,
    };
    let taken = receiver.receive(&incoming, Clock::real().wire());
    taken.map_err(|refusal| refusal.code().to_string())
}

fn refused(code: &str) -> Vec<u8> {
    reply("403 Forbidden", "text/plain", code)
}

/// An interface that checks a call and answers it as `answer` makes it of the variables.
fn interface(answer: impl Fn(&Value) -> Vec<u8> + Send + Sync + 'static) -> String {
    checking(receiver(Some(TOKEN)), answer)
}

fn checking(
    receiver: Receiver,
    answer: impl Fn(&Value) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    serve(move |request| match taken(&receiver, request) {
        Ok(Incoming::Call(message)) => {
            let body: Value = serde_json::from_slice(&message.body).unwrap();
            answer(&body["Body"])
        }
        Ok(_) => json(ANSWER),
        Err(code) => refused(&code),
    })
}

#[test]
fn a_right_interface_passes() {
    examine("right", &interface(|_| json(ANSWER)), true);
    let unsigned = checking(receiver(None), |_| json(ANSWER));
    examine_with(
        "no_token",
        &unsigned,
        true,
        &["--sdk-app-id", APP, "--local"],
    );
    examine_with(
        "private_address",
        &interface(|_| json(ANSWER)),
        false,
        &GIVEN[..6],
    );
    let alone = [&GIVEN[..], &["--no-events"]].concat();
    examine_with("one_call", &interface(|_| json(ANSWER)), true, &alone);
    // To say no to what is missing is a business's right.
    let choosy = interface(|variables| {
        json(match variables["OrderID"].as_str() {
            Some("12345") => ANSWER,
            _ => r#"{"ActionStatus":"FAIL","ErrorInfo":"no such order","ErrorCode":7}"#,
        })
    });
    examine("says_no", &choosy, true);
    examine_with(
        "no_inputs",
        &choosy,
        false,
        &["--sdk-app-id", APP, "--token", TOKEN, "--local"],
    );
}

#[test]
fn a_source_of_ours_answers_with_what_its_endpoint_says() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let business = serve(|_| json(r#"{"OrderStatus":"已发货"}"#));
    let bot = [
        "endpoint",
        "create",
        "orders",
        business.as_str(),
        "--calls-only",
    ];
    dev.ask(bot).held();
    dev.ask([
        "source",
        "create",
        "desk",
        "--dialect",
        "desk",
        "--sdk-app-id",
        APP,
        "--callback-token",
        TOKEN,
        "--call-endpoint",
        "orders",
    ])
    .held();
    let url = format!("{}/in/desk", dev.ready()["url"].as_str().unwrap());
    examine("ours", &url, true);
    dev.ask([
        "endpoint",
        "create",
        "bot",
        business.as_str(),
        "--dialect",
        "desk",
        "--callback-token",
        TOKEN,
        "--calls-only",
    ])
    .held();
    assert_eq!(dev.json(["endpoint", "show", "bot"])["dialect"], "desk");
}

#[test]
fn answers_in_the_wrong_form() {
    let ok = r#""ActionStatus":"OK","ErrorInfo":"","ErrorCode":0"#;
    for (name, body) in [
        ("empty", String::new()),
        ("html", "<!DOCTYPE html><html></html>".to_owned()),
        ("word", "success".to_owned()),
        ("truncated", format!("{{{ok}")),
        ("list", "[]".to_owned()),
        ("plain", r#"{"OrderStatus":"sent"}"#.to_owned()),
        (
            "code_in_text",
            r#"{"ActionStatus":"OK","ErrorCode":"0"}"#.to_owned(),
        ),
        ("no_status", r#"{"ErrorCode":0}"#.to_owned()),
        (
            "fail",
            r#"{"ActionStatus":"FAIL","ErrorCode":0}"#.to_owned(),
        ),
        (
            "refuses",
            r#"{"ActionStatus":"FAIL","ErrorInfo":"库存服务不可用","ErrorCode":120001}"#.to_owned(),
        ),
        ("body_list", format!("{{{ok},\"Body\":[]}}")),
        ("twice", format!("{{{ok},\"ErrorCode\":1}}")),
    ] {
        examine(name, &interface(move |_| json(&body)), false);
    }
    let large = format!("{{{ok},\"Body\":{{\"a\":\"{}\"}}}}", "x".repeat(70_000));
    examine("large", &interface(move |_| json(&large)), false);
    let numbers = format!("{{{ok},\"Body\":{{\"count\":10}}}}");
    examine("numbers", &interface(move |_| json(&numbers)), true);
}

#[test]
fn answers_with_the_wrong_status() {
    for (name, status) in [
        ("created", "201 Created"),
        ("not_found", "404 Not Found"),
        ("server_error", "500 Internal Server Error"),
        ("bad_gateway", "502 Bad Gateway"),
    ] {
        let url = serve(move |_| reply(status, "application/json", ANSWER));
        examine(name, &url, false);
    }
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n";
    examine("redirect", &serve(|_| redirect.into()), false);
    let other = checking(receiver(Some("another")), |_| json(ANSWER));
    examine("wrong_token", &other, false);
}

#[test]
fn an_interface_that_checks_nothing() {
    examine("unchecked", &serve(|_| json(ANSWER)), true);
}

#[test]
fn calls_that_flows_make_too() {
    let url = serve(|request| {
        let query = request.query.as_deref().unwrap_or_default();
        let typed = request.headers.contains_key(CONTENT_TYPE);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let set = body["Body"]["OrderID"] != "";
        let first = query.starts_with("SdkAppid=");
        match taken(&receiver(Some(TOKEN)), request) {
            Ok(_) if typed && set && first => json(ANSWER),
            Ok(_) => reply("500 Internal Server Error", "text/plain", ""),
            Err(code) => refused(&code),
        }
    });
    examine("choosy", &url, true);
}

#[test]
fn a_slow_interface() {
    // It is slow, not synchronised with anything: the receiver of the channel never gets a value.
    let url = interface(|_| {
        let (_keep, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(2_200));
        json(ANSWER)
    });
    let alone = [&GIVEN[..], &["--no-events"]].concat();
    examine_with("slow", &url, false, &alone);
}

#[test]
fn no_interface_and_wrong_arguments() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/order", listener.local_addr().unwrap());
    drop(listener);
    examine("not_listening", &url, false);
    examine("odd_address", "http://0x7f.1/order", false);

    let place = Place::new();
    let mut told = Vec::new();
    for given in [&GIVEN[2..], &["--sdk-app-id", APP, "--set", "OrderID"]] {
        let arguments = ["verify", &url, "--as", "desk"].into_iter();
        let ended = place.run(arguments.chain(given.iter().copied()));
        assert_eq!(ended.status, Some(2));
        told.push(ended.err);
    }
    settings().bind(|| insta::assert_snapshot!("verify_desk_usage", told.concat()));
}

#[test]
fn the_doctor_speaks_chinese() {
    let place = Place::new();
    let mut told = Vec::new();
    let urls = [
        serve(|_| json(ANSWER)),
        interface(|_| json("{}")),
        serve(|_| reply("404 Not Found", "text/plain", "")),
    ];
    for url in &urls {
        let arguments = ["verify", url, "--as", "desk"].into_iter().chain(GIVEN);
        let mut command = place.ringback(arguments);
        let output = command.env("LANG", "zh_CN.UTF-8").output().unwrap();
        told.push(String::from_utf8(output.stdout).unwrap());
    }
    let mut settings = settings();
    settings.add_filter(r"(?m)^[✓!] 耗时 .*$(\n +→.*再问$)?", "✓ 耗时");
    settings.bind(|| insta::assert_snapshot!("verify_desk_chinese", told.join("\n")));
}
