//! The doctor as WeCom, against every wrong server that people write.

use std::sync::mpsc;
use std::time::Duration;

use http::Method;
use ringback_dialect::wecom::{EncodingAesKey, Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::{Clock, Coded as _};

use crate::receiver::{Request, reply, serve};
use crate::support::{Dev, Place, settings};

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORP: &str = "wx5823bf96d3bd56c7";
const GIVEN: [&str; 7] = [
    "--token",
    TOKEN,
    "--encoding-aes-key",
    KEY,
    "--receive-id",
    CORP,
    "--local",
];

/// The whole answer to a check, made of what was decrypted.
type Answer = fn(&str) -> Vec<u8>;

/// Examines `url` with what the callback page has and snapshots the whole output under `name`.
#[track_caller]
fn examine(name: &str, url: &str, saved: bool) {
    examine_with(name, url, saved, &GIVEN);
}

#[track_caller]
fn examine_with(name: &str, url: &str, saved: bool, given: &[&str]) {
    let arguments = ["verify", url, "--as", "wecom"].into_iter();
    let ended = Place::new().run(arguments.chain(given.iter().copied()));
    assert_eq!(ended.status, Some(i32::from(!saved)), "{}", ended.whole());
    let mut settings = settings();
    if name != "slow" {
        // A busy machine may be slow; that is not what is asked here.
        settings.add_filter(r"(?m)^[✓!] timing .*$(\n +→.*warm$)?", "✓ timing");
    }
    settings.bind(|| insta::assert_snapshot!(format!("verify_wecom_{name}"), ended.out));
}

fn receiver(token: &str, key: &str, receive_id: &str) -> Receiver {
    Receiver::new(Secrets {
        token: token.into(),
        aes_key: EncodingAesKey::parse(&key.into()).unwrap(),
        receive_id: receive_id.to_owned(),
    })
}

fn taken(receiver: &Receiver, request: &Request, query: Option<&str>) -> Result<Incoming, String> {
    let incoming = Received {
        method: &request.method,
        path: "/wecom",
        query,
        headers: &request.headers,
        body: &request.body,
    };
    let taken = receiver.receive(&incoming, Clock::real().wire());
    taken.map_err(|refusal| refusal.code().to_string())
}

fn text(body: &str) -> Vec<u8> {
    reply("200 OK", "text/plain", body)
}

fn refused(code: &str) -> Vec<u8> {
    reply("500 Internal Server Error", "text/plain", code)
}

/// A server that reads the query as `read` makes it and answers a check as `answer` makes it.
fn server(
    receiver: Receiver,
    read: impl Fn(&str) -> String + Send + Sync + 'static,
    answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    serve(move |request| {
        let query = request.query.as_deref().map(&read);
        match taken(&receiver, request, query.as_deref()) {
            Ok(Incoming::Challenge(reply)) => answer(std::str::from_utf8(&reply.body).unwrap()),
            Ok(_) => text(""),
            Err(code) => refused(&code),
        }
    })
}

fn right() -> Receiver {
    receiver(TOKEN, KEY, CORP)
}

fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> String {
    server(right(), str::to_owned, answer)
}

#[test]
fn a_right_server_is_saved() {
    examine("right", &answering(text), true);
    let given = &GIVEN[..6];
    examine_with("private_address", &answering(text), false, given);
    let quiet = [&GIVEN[..], &["--no-events"]].concat();
    examine_with("no_events", &answering(text), true, &quiet);
    let event = [&GIVEN[..], &["--event-type", "program_notify"]].concat();
    let url = serve(
        |request| match taken(&right(), request, request.query.as_deref()) {
            Ok(Incoming::Challenge(reply)) => text(std::str::from_utf8(&reply.body).unwrap()),
            Ok(Incoming::Event(message)) if message.event_type == "program_notify" => {
                text("success")
            }
            _ => refused(""),
        },
    );
    examine_with("event_type", &url, true, &event);
}

#[test]
fn a_source_of_ours_passes_and_keeps_the_event() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let secrets = [
        "--callback-token",
        TOKEN,
        "--encoding-aes-key",
        KEY,
        "--receive-id",
        CORP,
    ];
    let create = [
        "source",
        "create",
        "wecom",
        "--dialect",
        "wecom",
        "--answer-success",
    ];
    dev.ask(create.into_iter().chain(secrets)).held();
    let url = format!("{}/in/wecom", dev.ready()["url"].as_str().unwrap());
    examine("ours", &url, true);
    let events = dev.json(["log", "--source", "wecom"]);
    assert_eq!(events["type"], "text", "{events}");
}

#[test]
fn events_that_are_refused_or_forged() {
    let url = serve(
        |request| match taken(&right(), request, request.query.as_deref()) {
            Ok(Incoming::Challenge(reply)) => text(std::str::from_utf8(&reply.body).unwrap()),
            _ if request.method == Method::POST => reply("204 No Content", "text/plain", ""),
            _ => refused(""),
        },
    );
    examine("events", &url, true);
}

#[test]
fn answers_in_the_wrong_form() {
    let wrong: [(&str, Answer); 9] = [
        ("quotes", |echo| text(&format!("\"{echo}\""))),
        ("byte_order_mark", |echo| text(&format!("\u{feff}{echo}"))),
        ("newline", |echo| text(&format!("{echo}\r\n"))),
        ("json", |echo| text(&format!("{{\"echostr\":\"{echo}\"}}"))),
        ("not_cut", |echo| text(&format!("{echo}{CORP}"))),
        ("empty", |_| text("")),
        ("success", |_| text("success")),
        ("html", |_| {
            let page = "<!DOCTYPE html><html><body>Log in</body></html>";
            reply("200 OK", "text/html", page)
        }),
        ("created", |echo| reply("201 Created", "text/plain", echo)),
    ];
    for (name, answer) in wrong {
        examine(name, &answering(answer), false);
    }
    let url = serve(|request| {
        let query = request.query.clone().unwrap_or_default();
        text(query.split("echostr=").nth(1).unwrap_or_default())
    });
    examine("encrypted", &url, false);
}

#[test]
fn answers_with_the_wrong_status() {
    let url = serve(|_| reply("404 Not Found", "text/plain", "no such page"));
    examine("not_found", &url, false);
    let url = serve(|request| match request.method {
        Method::GET => reply("405 Method Not Allowed", "text/plain", ""),
        _ => text("success"),
    });
    examine("only_post", &url, false);
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n";
    examine("redirect", &serve(|_| redirect.into()), false);
    let url = serve(|_| {
        reply(
            "502 Bad Gateway",
            "text/html",
            "<html><body>nginx</body></html>",
        )
    });
    examine("bad_gateway", &url, false);
}

#[test]
fn secrets_that_differ() {
    let servers = [
        ("wrong_token", receiver("another", KEY, CORP)),
        ("wrong_receive_id", receiver(TOKEN, KEY, "ww0")),
    ];
    // Under another key it is chance what is wrong first; these are a library's words.
    let url = serve(|_| refused("error:1C800064:Provider routines::bad decrypt"));
    examine("wrong_key", &url, false);
    for (name, receiver) in servers {
        examine(name, &server(receiver, str::to_owned, text), false);
    }
}

#[test]
fn parameters_that_are_not_decoded_once() {
    // Encoded once more, the server reads what stands in the query.
    let url = server(right(), |query| query.replace('%', "%25"), text);
    examine("not_decoded", &url, false);
    let twice = |query: &str| query.replace("%2B", "%20");
    examine("decoded_twice", &server(right(), twice, text), false);
}

#[test]
fn a_slow_server() {
    // It is slow, not synchronised with anything: the receiver of the channel never gets a value.
    let url = answering(|echo| {
        let (_keep, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(1_200));
        text(echo)
    });
    let quiet = [&GIVEN[..], &["--no-events"]].concat();
    examine_with("slow", &url, false, &quiet);
}

#[test]
fn no_server_and_no_secrets() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/wecom", listener.local_addr().unwrap());
    drop(listener);
    examine("not_listening", &url, false);
    examine("odd_address", "http://0x7f.1/wecom", false);

    let place = Place::new();
    let mut told = Vec::new();
    for given in [
        &GIVEN[..4],
        &[
            "--token",
            "t",
            "--encoding-aes-key",
            "short",
            "--receive-id",
            "",
        ],
    ] {
        let arguments = ["verify", &url, "--as", "wecom"].into_iter();
        let ended = place.run(arguments.chain(given.iter().copied()));
        assert_eq!(ended.status, Some(2));
        told.push(ended.err);
    }
    settings().bind(|| insta::assert_snapshot!("verify_wecom_usage", told.concat()));
}

#[test]
fn the_doctor_speaks_chinese() {
    let place = Place::new();
    let mut told = Vec::new();
    let urls = [
        answering(|echo| text(&format!("\"{echo}\""))),
        server(right(), |query| query.replace('%', "%25"), text),
    ];
    for url in &urls {
        let arguments = ["verify", url, "--as", "wecom"].into_iter().chain(GIVEN);
        let mut command = place.ringback(arguments);
        let output = command.env("LANG", "zh_CN.UTF-8").output().unwrap();
        told.push(String::from_utf8(output.stdout).unwrap());
    }
    settings().bind(|| insta::assert_snapshot!("verify_wecom_chinese", told.join("\n")));
}
