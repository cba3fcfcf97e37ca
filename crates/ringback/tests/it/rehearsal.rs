//! A developer's round: trigger, look, break, replay; and the same in a script with `exec`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rustix::process::Signal;

use crate::receiver::{self, Known, reply, serve};
use crate::support::{Dev, Ended, Place, settings};

const APP: Known = Known {
    key: "ringback-dev-encrypt-key-0000000",
    token: "ringbackdevverificationtoken0000",
};

/// A right server that fails while it is told to.
fn unreliable() -> (String, Arc<AtomicBool>) {
    let failing = Arc::new(AtomicBool::new(false));
    let (fails, right) = (Arc::clone(&failing), receiver::right(APP));
    let url = serve(move |request| {
        if fails.load(Ordering::SeqCst) {
            return reply("503 Service Unavailable", "text/plain", "not now");
        }
        right(request)
    });
    (url, failing)
}

#[test]
fn trigger_log_replay() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let (url, failing) = unreliable();
    dev.ask(["app", "request-url", &url]).held();

    failing.store(true, Ordering::SeqCst);
    let set = "message.chat_type=p2p";
    let trigger = [
        "trigger",
        "feishu",
        "im.message.receive_v1",
        "--set",
        set,
        "--count",
        "2",
    ];
    assert_eq!(dev.json(trigger)["count"], 2);
    let ran = dev.json(["clock", "advance", "8h"]);
    assert_eq!(ran["finished"], 2, "{ran}");

    let dead = dev.json([
        "log",
        "--state",
        "dead",
        "--retries-min",
        "4",
        "--since",
        "9h",
    ]);
    let id = dead[0]["delivery"].as_str().unwrap();
    assert_eq!(
        (dead[0]["attempts"].as_i64(), dead[1]["status"].as_i64()),
        (Some(5), Some(503))
    );
    let table = dev.ask(["log", "--text", "你好"]).held() + &dev.ask(["log"]).held();
    let shown = dev.ask(["log", "show", id]).held();
    let events = dev.ask(["app", "events"]).held();

    failing.store(false, Ordering::SeqCst);
    let would = dev.json(["replay", "--state", "dead", "--dry-run"]);
    assert_eq!(
        (
            would["chosen"].as_array().unwrap().len(),
            &would["replayed"]
        ),
        (2, &[(); 0][..].into())
    );
    let limited = dev.json(["replay", "--state", "dead", "--limit", "1", "--dry-run"]);
    assert_eq!(limited["chosen"], serde_json::json!([id]));
    let replayed = dev.json(["replay", id]);
    assert_eq!(replayed["replayed"][0]["of"], id);
    dev.ask(["clock", "advance", "0s"]).held();
    let new = replayed["replayed"][0]["delivery"].as_str().unwrap();
    assert_eq!(dev.json(["log", "show", new])["state"], "delivered");

    let told = format!(
        "$ ringback log\n{table}\n$ ringback log show\n{shown}\n$ ringback app events\n{events}"
    );
    let mut settings = settings();
    for (pattern, hidden) in [
        (r#"("(create|update)_time"): "\d+""#, r#"$1: "[ms]""#),
        (r#"("tenant_key"): "[0-9a-f]{16}""#, r#"$1: "[tenant]""#),
        (r"(\[when\] +)\d+( +failed)", "$1[µs]$2"),
        (r"(FAIL +503 +)\d+", "$1[ms]"),
    ] {
        settings.add_filter(pattern, hidden);
    }
    settings.bind(|| insta::assert_snapshot!("log", told));
}

#[test]
fn things_are_changed_cancelled_and_revoked_by_name() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    dev.ask(["endpoint", "create", "billing", "http://127.0.0.1:9/"])
        .held();
    let set = [
        "--to",
        "http://127.0.0.1:9/new",
        "--policy",
        "deadline_ms=700",
    ];
    let changed = dev.json(["endpoint", "set", "billing"].into_iter().chain(set));
    assert_eq!(
        (&changed["url"], &changed["policy"]["deadline_ms"]),
        (&"http://127.0.0.1:9/new".into(), &700.into())
    );
    assert_eq!(dev.ask(["endpoint", "set", "billing"]).status, Some(2));
    let rotate = ["app", "rotate", "--secret", "encrypt_key", "--value", ""];
    assert_eq!(dev.json(rotate)["encrypted"], false);

    let (url, _) = unreliable();
    let mut told = Vec::new();
    dev.ask(["app", "request-url", &url]).held();
    let app = "cli_a1b2c3d4e5f60718";
    dev.ask(["app", "subscribe", app, "im.message.receive_v1"])
        .held();
    for arguments in [
        &["trigger", "feishu", "im.chat.disbanded_v1"][..],
        &["trigger", "feishu", "message", "--force"],
        &["endpoint", "create", "empty", ""],
    ] {
        let refused = dev.ask(arguments.iter().copied());
        told.push(format!("$ {}\n{}", arguments.join(" "), refused.whole()));
    }
    let more = ["app", "subscribe", "--add", app, "im.chat.disbanded_v1"];
    assert_eq!(dev.json(more)["events"].as_array().unwrap().len(), 2);
    let sets = [
        "--set",
        "event.message.chat_type=p2p",
        "--set",
        "message.chat_typ=p2p",
    ];
    let trigger = ["trigger", "feishu", "im.message.receive_v1"];
    let made = dev.ask(trigger.into_iter().chain(sets));
    told.push(format!("$ trigger --set\n{}", made.whole()));
    told.push(dev.ask(["trigger", "feishu", "--list"]).held());

    let waiting = dev.json(["log", "--state", "due"]);
    let id = waiting["delivery"].as_str().unwrap();
    told.push(dev.ask(["cancel", id]).held());
    told.push(dev.ask(["cancel", id]).whole());
    dev.ask(["app", "request-url", &url]).held();
    dev.ask(["token", "create", "ci"]).held();
    dev.ask(["token", "revoke", "ci"]).held();
    assert_eq!(dev.json(["token", "list"]), serde_json::json!([]));
    told.push(dev.ask(["replay", "--state", "cancelled"]).whole());
    settings().bind(|| insta::assert_snapshot!("changes", told.join("\n")));
}

#[test]
fn faults_are_set_listed_and_cleared() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let (url, _) = unreliable();
    dev.ask(["app", "request-url", &url]).held();
    let endpoint = "feishu.cli_a1b2c3d4e5f60718.events";
    dev.ask([
        "fault",
        "set",
        "status",
        "--status",
        "500",
        "--endpoint",
        endpoint,
        "--count",
        "1",
    ])
    .held();
    dev.ask([
        "fault",
        "set",
        "delay",
        "--by",
        "2s",
        "--every-source",
        "--for",
        "10m",
    ])
    .held();
    let listed = dev.ask(["fault", "list"]).held();
    dev.ask(["trigger", "feishu", "im.message.receive_v1"])
        .held();
    dev.ask(["clock", "advance", "0s"]).held();
    assert_eq!(dev.json(["log", "--status", "500"])["state"], "due");
    dev.ask(["fault", "clear"]).held();
    assert_eq!(dev.ask(["fault", "list"]).err, "nothing to show\n");
    settings().bind(|| insta::assert_snapshot!("faults", listed));
}

#[test]
fn requests_at_a_receive_path_are_printed_refused_ones_too() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let known = ["--verification-token", APP.token, "--encrypt-key", APP.key];
    let create = ["source", "create", "orders", "--dialect", "feishu"];
    dev.ask(create.into_iter().chain(known)).held();
    let mut command = place.ringback(["listen", "--source", "orders", "--print"]);
    let mut listening = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Its first line on stderr says that it listens.
    let mut note = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(listening.stderr.take().unwrap()),
        &mut note,
    )
    .unwrap();
    let url = format!("{}/in/orders", dev.ready()["url"].as_str().unwrap());
    dev.ask(["app", "request-url", &url]).held();
    dev.ask([
        "source",
        "rotate",
        "orders",
        "--verification-token",
        "another",
        "--overlap",
        "0",
    ])
    .held();
    dev.ask(["trigger", "feishu", "im.message.receive_v1"])
        .held();
    dev.ask(["clock", "advance", "0s"]).held();
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(), Some(0));
    let printed = Ended::of(listening.wait_with_output().unwrap()).out;
    settings().bind(|| {
        let mut settings = settings();
        for (pattern, hidden) in [
            (r#""encrypt":"[^"]+""#, r#""encrypt":"[encrypted]""#),
            (r"content-length: \d+", "content-length: [bytes]"),
            (
                r"(x-lark-request-timestamp|x-lark-request-nonce): \S+",
                "$1: [fresh]",
            ),
        ] {
            settings.add_filter(pattern, hidden);
        }
        settings.bind(|| insta::assert_snapshot!("listen", printed));
    });
}

#[test]
fn exec_sets_the_environment_and_passes_the_exit_status_on() {
    let place = Place::new();
    let script = r#"
        test -n "$RINGBACK_URL" -a -n "$RINGBACK_TOKEN" || exit 90
        test "$RINGBACK_ZONE_URL" = "$RINGBACK_URL" || exit 91
        echo "$RINGBACK_FEISHU_APP_ID $RINGBACK_FEISHU_ENCRYPT_KEY"
        "$0" app list --format json
        exit 7
    "#;
    let binary = env!("CARGO_BIN_EXE_ringback");
    let exec = [
        "exec",
        "--listen",
        "127.0.0.1:0",
        "--clock",
        "virtual",
        "--",
    ];
    let ended = place.run(exec.into_iter().chain(["sh", "-c", script, binary]));
    assert_eq!(ended.status, Some(7), "{}", ended.whole());
    let mut lines = ended.out.lines();
    let first = lines.next().unwrap();
    assert_eq!(
        first,
        "cli_a1b2c3d4e5f60718 ringback-dev-encrypt-key-0000000"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .contains(r#""app_id":"cli_a1b2c3d4e5f60718""#)
    );

    let killed = place.run(exec.into_iter().chain(["sh", "-c", "kill -KILL $$"]));
    assert_eq!(killed.status, Some(137), "{}", killed.whole());
    let absent = place.run(exec.into_iter().chain(["no-such-command"]));
    assert_eq!(absent.status, Some(127), "{}", absent.whole());
    let no_program = place.run(exec.into_iter().chain(["/etc/passwd"]));
    assert_eq!(no_program.status, Some(126), "{}", no_program.whole());
}

#[test]
fn exec_passes_signals_on() {
    let place = Place::new();
    // It ends its own child: nothing may be left behind.
    let script = "trap 'kill $!; exit 42' TERM; sleep 60 & echo ready; wait";
    let exec = ["exec", "--listen", "127.0.0.1:0", "--", "sh", "-c", script];
    let mut command = place.ringback(exec);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert_eq!(line, "ready\n");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(42));
}

#[test]
fn a_call_waits_for_its_answer() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    let (seen, saw) = mpsc::channel();
    let right = receiver::right(APP);
    let receiver = receiver::receiver(APP);
    let url = serve(move |request| match receiver::receive(&receiver, request) {
        Ok(ringback_dialect::Incoming::Call(call)) => {
            seen.send(call.event_type).unwrap();
            receiver::json(r#"{"toast":{"type":"info","content":"seen"}}"#)
        }
        _ => right(request),
    });
    dev.ask(["app", "request-url", "--callbacks", &url]).held();
    let outcome = dev.json(["trigger", "feishu", "card.action.trigger"]);
    assert_eq!(saw.recv().unwrap(), "card.action.trigger");
    assert_eq!(
        (
            &outcome["client_code"],
            &outcome["answer"]["toast"]["content"]
        ),
        (&0.into(), &"seen".into())
    );
}
