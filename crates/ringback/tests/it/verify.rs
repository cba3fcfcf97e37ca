//! The doctor against every wrong server that people write: each gets its own diagnosis.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use ringback_dialect::Incoming;
use ringback_dialect::feishu::crypto;
use ringback_types::Secret;

use crate::receiver::{self, Known, Request, json, reply, serve};
use crate::support::{Place, settings};

const KNOWN: Known = Known {
    key: "a key of the app",
    token: "token-of-the-app",
};

/// Examines `url` with what the app knows and snapshots the whole output under `name`.
#[track_caller]
fn examine(name: &str, url: &str, saved: bool) {
    examine_with(
        name,
        url,
        saved,
        &[
            "--encrypt-key",
            KNOWN.key,
            "--token",
            KNOWN.token,
            "--local",
        ],
    );
}

#[track_caller]
fn examine_with(name: &str, url: &str, saved: bool, more: &[&str]) {
    let arguments = ["verify", url, "--as", "feishu"]
        .into_iter()
        .chain(more.iter().copied());
    let ended = Place::new().run(arguments);
    assert_eq!(ended.status, Some(i32::from(!saved)), "{}", ended.whole());
    let mut settings = settings();
    // What resolver and sockets say in their own words differs between systems.
    settings.add_filter(
        r"(cannot be resolved|handshake failed): .* \[",
        "$1: [detail] [",
    );
    if name != "slow" {
        // A busy machine may be slow; that is not what is asked here.
        settings.add_filter(r"(?m)^[✓!] timing .*$(\n +→.*warm$)?", "✓ timing");
    }
    settings.bind(|| insta::assert_snapshot!(format!("verify_{name}"), ended.out));
}

/// The challenge of a request, decrypted where it must be.
fn challenge(request: &Request) -> String {
    let receiver = receiver::receiver(KNOWN);
    match receiver::receive(&receiver, request) {
        Ok(Incoming::Challenge(reply)) => {
            let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            answer["challenge"].as_str().unwrap().to_owned()
        }
        other => panic!("not a challenge: {other:?}"),
    }
}

/// Examines a server that answers every challenge by `answer`.
#[track_caller]
fn examine_answer(name: &str, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) {
    let url = serve(move |request| answer(&challenge(request)));
    examine(name, &url, false);
}

#[test]
fn a_right_server_is_saved() {
    let url = serve(receiver::right(KNOWN));
    examine("right", &url, true);
    let plain = Known { key: "", ..KNOWN };
    let url = serve(receiver::right(plain));
    examine_with(
        "right_without_key",
        &url,
        true,
        &["--token", KNOWN.token, "--local"],
    );
}

#[test]
fn a_right_server_at_a_private_address_is_not() {
    let url = serve(receiver::right(KNOWN));
    let known = [
        "--encrypt-key",
        KNOWN.key,
        "--token",
        KNOWN.token,
        "--no-events",
    ];
    examine_with("private_address", &url, false, &known);
}

#[test]
fn a_node_receiver_answers_200_to_anything() {
    let right = receiver::right(KNOWN);
    let url = serve(move |request| {
        let answer = right(request);
        if answer.starts_with(b"HTTP/1.1 200") {
            answer
        } else {
            json("")
        }
    });
    examine("forged_answered", &url, true);
}

#[test]
fn keys_and_tokens_that_differ() {
    let other_key = Known {
        key: "another key",
        ..KNOWN
    };
    let url = serve(receiver::right(other_key));
    examine("wrong_key", &url, false);

    // Without a key of its own the server only sees `{"encrypt": …}`.
    let no_key = Known { key: "", ..KNOWN };
    let url = serve(receiver::right(no_key));
    examine("key_on_one_side", &url, false);

    let url = serve(|_| {
        let body = r#"{"msg":"invalid verification_token"}"#;
        reply("500 Internal Server Error", "application/json", body)
    });
    examine("wrong_token", &url, false);
    examine_with("token_not_given", &url, false, &["--local"]);
}

#[test]
fn a_signature_demanded_on_the_challenge() {
    let right = receiver::right(KNOWN);
    let url = serve(move |request| {
        if request.headers.contains_key("x-lark-signature") {
            return right(request);
        }
        reply(
            "401 Unauthorized",
            "application/json",
            r#"{"error":"unauthorised"}"#,
        )
    });
    examine("signature_demanded", &url, false);
}

#[test]
fn answers_in_the_wrong_form() {
    examine_answer("html", |_| {
        reply(
            "200 OK",
            "text/html",
            "<!DOCTYPE html><html><body>Log in</body></html>",
        )
    });
    examine_answer("quotes", |challenge| {
        json(&serde_json::json!(format!(r#"{{"challenge":"{challenge}"}}"#)).to_string())
    });
    examine_answer("padded", |challenge| {
        json(&format!(r#"{{"challenge":"\"{challenge}\""}}"#))
    });
    examine_answer("bare", |challenge| reply("200 OK", "text/plain", challenge));
    examine_answer("encrypted_answer", |challenge| {
        let key = ringback_dialect::feishu::EncryptKey::new(Secret::from(KNOWN.key));
        let text = format!(r#"{{"challenge":"{challenge}"}}"#);
        json(&format!(
            r#"{{"encrypt":"{}"}}"#,
            crypto::encrypt(&key, [7; 16], text.as_bytes())
        ))
    });
    examine_answer("byte_order_mark", |challenge| {
        json(&format!("\u{feff}{{\"challenge\":\"{challenge}\"}}"))
    });
    examine_answer("nested", |challenge| {
        json(&format!(
            r#"{{"code":0,"data":{{"challenge":"{challenge}"}}}}"#
        ))
    });
    examine_answer("empty", |_| json(""));
    examine_answer("too_large", |challenge| {
        let padding = " ".repeat(100 << 10);
        json(&format!(r#"{{{padding}"challenge":"{challenge}"}}"#))
    });
    examine_answer("other_challenge", |_| {
        json(r#"{"challenge":"of yesterday"}"#)
    });
    examine_answer("no_challenge", |_| json(r#"{"msg":"success"}"#));
}

#[test]
fn answers_with_the_wrong_status() {
    examine_answer("not_found", |_| {
        reply("404 Not Found", "text/plain", "no such page")
    });
    examine_answer("server_error", |_| {
        reply(
            "500 Internal Server Error",
            "application/json",
            r#"{"msg":"oops"}"#,
        )
    });
    examine_answer("redirect", |_| {
        b"HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n"
            .to_vec()
    });
    examine_answer("created", |challenge| {
        reply(
            "201 Created",
            "application/json",
            &format!(r#"{{"challenge":"{challenge}"}}"#),
        )
    });
}

#[test]
fn a_slow_server() {
    // It is slow, not synchronised with anything: the receiver of the channel never gets a value.
    let url = serve(|request| {
        let (_keep, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(1_200));
        json(&format!(
            r#"{{"challenge":"{}"}}"#,
            challenge_or_nothing(request)
        ))
    });
    let known = [
        "--encrypt-key",
        KNOWN.key,
        "--token",
        KNOWN.token,
        "--local",
        "--no-events",
    ];
    examine_with("slow", &url, false, &known);
}

fn challenge_or_nothing(request: &Request) -> String {
    let receiver = receiver::receiver(KNOWN);
    match receiver::receive(&receiver, request) {
        Ok(Incoming::Challenge(_)) => challenge(request),
        _ => String::new(),
    }
}

#[test]
fn no_server_at_all() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/feishu", listener.local_addr().unwrap());
    drop(listener);
    examine("not_listening", &url, false);
    examine("no_such_host", "http://no-such-host.invalid/feishu", false);
    examine("wrong_scheme", "ftp://example.com/feishu", false);
    examine("odd_address", "http://0x7f.1/feishu", false);
    examine("userinfo", "http://me:secret@127.0.0.1/feishu", false);

    // Something listens, but it does not speak TLS.
    let url = serve(receiver::right(KNOWN)).replace("http://", "https://");
    examine("no_tls", &url, false);
}

#[test]
fn the_doctor_speaks_chinese_and_json() {
    let place = Place::new();
    let url = serve(|_| reply("404 Not Found", "text/plain", "no such page"));
    let arguments = ["verify", &url, "--as", "feishu", "--token", KNOWN.token];
    let mut command = place.ringback(arguments);
    let chinese = command.env("LANG", "zh_CN.UTF-8").output().unwrap();
    let chinese = String::from_utf8(chinese.stdout).unwrap();
    settings().bind(|| insta::assert_snapshot!("verify_chinese", chinese));

    let json = place.run(["--format", "json"].into_iter().chain(arguments));
    settings().bind(|| insta::assert_snapshot!("verify_json", json.out));
}

#[test]
fn standard_webhooks_are_examined_too() {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let receiver = ringback_dialect::standard::Receiver::new(vec![
        ringback_dialect::standard::SigningKey::parse(&Secret::from(key)).unwrap(),
    ]);
    let url = serve(move |request| {
        let incoming = ringback_dialect::Received {
            method: &http::Method::POST,
            path: "/feishu",
            query: None,
            headers: &request.headers,
            body: &request.body,
        };
        match receiver.receive(&incoming, ringback_types::Clock::real().wire()) {
            Ok(_) => json("{}"),
            Err(_) => reply("401 Unauthorized", "application/json", "{}"),
        }
    });
    let place = Place::new();
    let standard = |key| {
        place.run([
            "verify",
            &url,
            "--as",
            "standard",
            "--signing-key",
            key,
            "--local",
        ])
    };
    for wrong in [&["--signing-key", "whsec_!"][..], &[]] {
        let arguments = ["verify", &url, "--as", "standard"].into_iter();
        let refused = place.run(arguments.chain(wrong.iter().copied()));
        assert_eq!(refused.status, Some(2), "{}", refused.whole());
    }
    let right = standard(key);
    assert_eq!(right.status, Some(0), "{}", right.whole());
    let other = standard("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(other.status, Some(1), "{}", other.whole());
    settings().bind(|| {
        insta::assert_snapshot!("verify_standard", format!("{}\n{}", right.out, other.out));
    });
}
