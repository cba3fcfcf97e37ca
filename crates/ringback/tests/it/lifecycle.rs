//! Start, stop, restart, crash: what was acknowledged is there, and nothing is stuck.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex, mpsc};

use rustix::process::Signal;

use crate::receiver::{self, Known, serve};
use crate::support::{Dev, Place, settings};

const APP: Known = Known {
    key: "ringback-dev-encrypt-key-0000000",
    token: "ringbackdevverificationtoken0000",
};

#[test]
fn the_ready_file_is_private_and_removed_at_stop() {
    let place = Place::new();
    let dev = Dev::start(&place, "real");
    let files = [place.path("ready.json"), place.path("ringback/dev.json")];
    for file in &files {
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let ready = dev.ready();
    assert!(
        ready["url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert_eq!(ready["feishu"]["app_id"], "cli_a1b2c3d4e5f60718");
    assert_eq!(dev.json(["status"])["ready"], true);
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(), Some(0));
    assert!(files.iter().all(|file| !file.exists()));
}

#[test]
fn a_second_dev_leaves_the_ready_file_of_the_first_alone() {
    let place = Place::new();
    let known = place.path("ringback/dev.json");
    let first = Dev::start(&place, "real");
    let url = |file: &std::path::Path| crate::support::read_json(file)["url"].clone();
    let of_first = url(&known);
    let mut second = place
        .ringback(["dev", "--listen", "127.0.0.1:0", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = second.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    assert!(line.contains("admin_token"), "{line}");
    assert_eq!(url(&known), of_first);
    let pid = rustix::process::Pid::from_child(&second);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(second.wait().unwrap().code(), Some(0));
    assert_eq!(url(&known), of_first);

    // One that was killed left its file; the next one takes it over.
    first.signal(Signal::KILL);
    drop(first);
    let _next = Dev::start(&place, "real");
    assert_ne!(url(&known), of_first);
}

#[test]
fn sigterm_lets_work_in_flight_finish() {
    let place = Place::new();
    let dev = Dev::start(&place, "real");
    let (announce, arrival) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let held = Mutex::new(goes_on);
    let (right, events) = (receiver::right(APP), receiver::receiver(APP));
    let url = serve(move |request| {
        let event = receiver::receive(&events, request);
        if matches!(event, Ok(ringback_dialect::Incoming::Event(_))) {
            announce.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
        }
        right(request)
    });
    dev.ask(["app", "request-url", &url]).held();
    dev.ask(["trigger", "feishu", "im.message.receive_v1"])
        .held();
    arrival.recv().unwrap();
    dev.signal(Signal::TERM);
    go_on.send(()).unwrap();
    assert_eq!(dev.wait(), Some(0));

    let dev = Dev::start(&place, "real");
    let delivery = dev.json(["log"]);
    assert_eq!(
        (&delivery["state"], &delivery["attempts"]),
        (&"delivered".into(), &1.into())
    );
}

#[test]
fn a_call_under_way_at_the_stop_is_answered() {
    let place = Place::new();
    let dev = Dev::start(&place, "real");
    let (announce, arrival) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let held = Mutex::new(goes_on);
    let (right, calls) = (receiver::right(APP), receiver::receiver(APP));
    let url = serve(move |request| {
        let call = receiver::receive(&calls, request);
        if matches!(call, Ok(ringback_dialect::Incoming::Call(_))) {
            announce.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
        }
        right(request)
    });
    dev.ask(["app", "request-url", &url, "--callbacks"]).held();
    let trigger = place
        .ringback(["trigger", "feishu", "card.action.trigger"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    arrival.recv().unwrap();
    dev.signal(Signal::TERM);
    go_on.send(()).unwrap();
    let answered = trigger.wait_with_output().unwrap();
    assert!(answered.status.success(), "{answered:?}");
    assert_eq!(dev.wait(), Some(0));
}

#[test]
fn the_master_key_is_rotated_while_nothing_runs() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    dev.ask([
        "source",
        "create",
        "orders",
        "--dialect",
        "feishu",
        "--verification-token",
        "t",
    ])
    .held();
    let rotate = ["key", "rotate", "--data", "data"];
    let running = place.run(rotate);
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(), Some(0));
    let key = || std::fs::read_to_string(place.path("data/master.key")).unwrap();
    let before = key();
    let mistyped = place.run(["key", "rotate", "--data", "date"]);
    assert!(!place.path("date").exists());
    let rotated = place.run(rotate);
    assert_ne!(key(), before);
    let occupied = place.run(["key", "rotate", "--data", "data", "--to", "data/master.key"]);
    let told = [running, mistyped, rotated, occupied].map(|ended| ended.whole());
    let mut settings = settings();
    settings.add_filter(r"process \d+", "process [pid]");
    settings.bind(|| insta::assert_snapshot!("key_rotate", told.join("\n")));

    let dev = Dev::start(&place, "virtual");
    assert_eq!(dev.json(["source", "list"])["name"], "orders");
    let audit = dev.json(["audit", "--limit", "1000"]);
    let actions = audit.as_array().unwrap().iter().map(|row| &row["action"]);
    assert!(
        actions.clone().any(|action| action == "source.create"),
        "{audit}"
    );
}

#[test]
fn a_restart_keeps_everything() {
    let place = Place::new();
    let url = serve(receiver::right(APP));
    let known = ["--verification-token", "t", "--encrypt-key", "k"];
    let dev = Dev::start(&place, "virtual");
    dev.ask(
        ["source", "create", "orders", "--dialect", "feishu"]
            .into_iter()
            .chain(known),
    )
    .held();
    dev.ask([
        "endpoint",
        "create",
        "billing",
        "http://127.0.0.1:9/",
        "--source",
        "orders",
    ])
    .held();
    dev.ask(["app", "request-url", &url]).held();
    dev.ask(["trigger", "feishu", "im.message.receive_v1", "--count", "3"])
        .held();
    dev.ask(["clock", "advance", "0s"]).held();
    let made = dev.json(["token", "create", "ci", "--role", "viewer"]);
    let token = made["token"].as_str().unwrap();
    let look = |dev: &Dev<'_>| {
        let lists = [
            &["source", "list"][..],
            &["endpoint", "list"],
            &["app", "list"],
            &["log"],
        ];
        lists.map(|list| dev.json(list.iter().copied()))
    };
    let before = look(&dev);
    dev.signal(Signal::INT);
    assert_eq!(dev.wait(), Some(0));

    let dev = Dev::start(&place, "virtual");
    assert_eq!(look(&dev), before);
    let url = dev.ready()["url"].as_str().unwrap().to_owned();
    dev.ask(["status", "--url", &url, "--token", token]).held();
    let refused = dev.ask(["fault", "clear", "--url", &url, "--token", token]);
    assert_eq!(refused.status, Some(3), "{}", refused.whole());
}

#[test]
fn after_kill_9_everything_acknowledged_is_there() {
    let place = Place::new();
    let dev = Dev::start(&place, "real");
    let dev = Arc::new(dev);
    dev.ask(["app", "request-url", &serve(receiver::right(APP))])
        .held();
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        let made = dev.json([
            "trigger",
            "feishu",
            "im.message.receive_v1",
            "--count",
            "40",
        ]);
        let events = made["events"].as_array().unwrap().iter();
        acknowledged.extend(events.map(|event| event["event"].as_str().unwrap().to_owned()));
    }
    // Killed in the middle of another one, whose answer nobody gets.
    let more = [
        "trigger",
        "feishu",
        "im.message.receive_v1",
        "--count",
        "5000",
    ];
    let mut under_way = place
        .ringback(more)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    dev.signal(Signal::KILL);
    under_way.wait().unwrap();
    drop(dev);

    // By the virtual clock nothing runs but when told to, so that what still runs after that is stuck.
    let dev = Dev::start(&place, "virtual");
    assert_eq!(acknowledged.len(), 200);
    let log = dev.json(["log", "--limit", "1000", "--type", "im.message.receive_v1"]);
    let there = |id: &String| {
        log.as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["event"] == id.as_str())
    };
    let missing: Vec<_> = acknowledged
        .iter()
        .filter(|id| !there(id))
        .filter(|id| dev.ask(["log", "show", id.as_str()]).status != Some(0))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    dev.ask(["clock", "advance", "1s"]).held();
    for state in ["running", "held"] {
        let stuck = dev.json(["log", "--state", state, "--until", "0s"]);
        assert_eq!(stuck, serde_json::json!([]), "{state}");
    }
}

#[test]
fn a_backup_is_restored() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    dev.ask([
        "source",
        "create",
        "orders",
        "--dialect",
        "feishu",
        "--verification-token",
        "t",
    ])
    .held();
    dev.ask(["backup", "copy.db"]).held();
    dev.ask(["source", "delete", "orders"]).held();
    let running = dev.ask(["restore", "copy.db", "--data", "data", "--replace"]);
    assert_eq!(running.status, Some(1), "{}", running.whole());
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(), Some(0));

    let occupied = place.run(["restore", "copy.db", "--data", "data"]);
    assert_eq!(occupied.status, Some(2), "{}", occupied.whole());
    let restored = place.run(["restore", "copy.db", "--data", "data", "--replace"]);
    assert_eq!(restored.status, Some(0), "{}", restored.whole());
    let told = [running, occupied, restored]
        .map(|ended| ended.whole())
        .join("\n");
    settings().bind(|| insta::assert_snapshot!("restore", told));
    let dev = Dev::start(&place, "virtual");
    assert_eq!(dev.json(["source", "list"])["name"], "orders");
}

#[test]
fn two_servers_never_share_a_data_directory() {
    let place = Place::new();
    let _dev = Dev::start(&place, "real");
    let second = place.run(["dev", "--listen", "127.0.0.1:0", "--data", "data"]);
    assert_eq!(second.status, Some(1), "{}", second.whole());
    assert!(second.err.contains("[store.locked]"), "{}", second.err);
}
