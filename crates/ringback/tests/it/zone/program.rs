//! A program from its description to calls, jobs, events, logs and debug mode.

use std::os::unix::fs::PermissionsExt as _;

use super::running::deployment;
use super::stage::{APP, PROGRAM, Stage};
use crate::support::{Place, read_json};

/// The program runs as a process, and the app may use it.
fn deployed(stage: Stage<'_>) -> Stage<'_> {
    stage.dev.ask(["program", "apply", "program.toml"]).held();
    stage.dev.ask(["app", "use", APP, PROGRAM]).held();
    stage.dev.ask(["app", "receive", APP, PROGRAM]).held();
    stage.dev.ask(["program", "submit", PROGRAM]).held();
    let deployment = deployment();
    let deploy = ["program", "deploy", PROGRAM].into_iter();
    let deploy = deploy.chain(deployment.iter().map(String::as_str));
    stage.dev.ask(deploy).held();
    stage.until(&["program", "status", PROGRAM], |instances| {
        instances[0]["state"] == "ready"
    });
    stage
}

#[test]
fn a_program_is_called_as_an_app_would() {
    let place = Place::new();
    let mut stage = deployed(Stage::with_app(&place));
    stage.tell(&["call", PROGRAM, "echo", r#"{"text":"你好"}"#]);
    stage.tell(&[
        "call",
        PROGRAM,
        "echo",
        r#"{ "text" : "x" }"#,
        "--format",
        "json",
    ]);
    stage.tell(&[
        "call",
        PROGRAM,
        "echo",
        r#"{ "text" : "x" }"#,
        "--raw",
        "--app",
        APP,
    ]);
    place.write("request.json", r#"{"text":"from a file"}"#);
    stage.tell(&["call", PROGRAM, "echo", "@request.json"]);
    stage.tell(&["call", PROGRAM, "echo", "@absent.json"]);
    stage.tell(&["call", PROGRAM, "echo"]);
    stage.tell(&["call", PROGRAM, "echo", "{text:1}"]);
    stage.tell(&["call", PROGRAM, "echo", r#"{"text":1}"#]);
    stage.tell(&["call", PROGRAM, "wrong", r#"{"text":"x"}"#]);
    stage.tell(&["call", PROGRAM, "nothing"]);
    stage.tell(&["call", "progOther", "echo"]);
    stage.tell(&["call", PROGRAM, "echo", "--notify-id", "nobody"]);
    stage.tell(&["call", PROGRAM, "echo", "--app", "ww0123456789abcdef/7"]);
    stage.tell_in_chinese(&["call", PROGRAM, "echo", r#"{"text":1}"#]);

    stage.tell(&["call", PROGRAM, "echo", r#"{"text":"later"}"#, "--async"]);
    stage.tell(&[
        "call",
        PROGRAM,
        "echo",
        r#"{"text":"later"}"#,
        "--async",
        "--wait",
    ]);
    stage.tell(&["call", PROGRAM, "wrong", "--async", "--wait=5m"]);
    stage.dev.ask(["program", "undeploy", PROGRAM]).held();
    stage.tell(&["call", PROGRAM, "echo"]);
    // Nobody takes the job: it is asked for until the time is over.
    stage
        .dev
        .ask(["program", "deploy", PROGRAM, "--to", "http://127.0.0.1:9/"])
        .held();
    stage.tell(&["call", PROGRAM, "echo", "--async", "--wait=10ms"]);
    stage.tell(&["call", PROGRAM, "echo"]);
    stage.tell(&["app", "set", "--enabled", "false"]);
    stage.tell(&["call", PROGRAM, "echo"]);
    stage.matches("zone_call");
}

#[test]
fn events_reach_the_receiving_program() {
    let place = Place::new();
    let mut stage = deployed(Stage::with_app(&place));
    stage.tell(&["trigger", "zone", "--list"]);
    stage.tell(&["trigger", "zone", "conversation_new_message"]);
    let set = ["--set", "knowledge_base_name=Prices", "--set", "doc=1"];
    let trigger = [
        "trigger",
        "zone",
        "auth_knowledge_base",
        "--count",
        "2",
        "--app",
        APP,
    ];
    stage.tell(&[&trigger[..], &set].concat());
    stage.tell(&["trigger", "zone", "message"]);
    stage.tell(&["trigger", "zone", "hit_keyword", "--schema", "v2"]);
    let log = ["log", "--app", APP];
    let entries = stage.until(&log, |entries| {
        entries.len() == 3 && entries.iter().all(|it| it["state"] == "delivered")
    });
    let id = entries[0]["delivery"].as_str().unwrap();
    let sealed = stage.dev.json(["log", "show", id]);
    assert_eq!(
        (&sealed["sealed"], sealed.get("body")),
        (&true.into(), None)
    );
    let opened = stage.dev.json(["log", "show", id, "--plaintext"]);
    assert!(
        opened["body"].as_str().unwrap().contains("Prices"),
        "{opened}"
    );
    stage.tell(&["app", "receive", "--none"]);
    stage.tell(&["trigger", "zone", "hit_keyword"]);
    stage.matches("zone_trigger");
}

#[test]
fn a_process_is_watched_and_its_keys_are_rotated() {
    let place = Place::new();
    let mut stage = deployed(Stage::with_app(&place));
    let status = stage.dev.ask(["program", "status"]).held();
    assert!(status.contains("not isolated"), "{status}");
    let echo = ["call", PROGRAM, "echo", r#"{"text":"x"}"#];
    stage.dev.ask(echo).held();
    let logs = ["program", "logs", PROGRAM, "--level", "info"];
    let lines = stage.until(&logs, |lines| {
        lines
            .last()
            .is_some_and(|it| it["text"] == "asked for echo")
    });
    assert_eq!(lines.last().unwrap()["level"], "INFO");
    let output = stage.dev.ask(["program", "output", PROGRAM]).held();
    assert!(output.contains("running 1 test"), "{output}");

    stage.dev.ask(["program", "rotate", PROGRAM]).held();
    let rotated = stage.dev.json(["program", "status", PROGRAM]);
    assert_eq!(
        rotated["key"],
        serde_json::json!({ "newest": 2, "used": 1 })
    );
    stage
        .dev
        .ask(["program", "log-level", PROGRAM, "error"])
        .held();
    let shown = stage.dev.json(["program", "show", PROGRAM]);
    assert_eq!(
        (&shown["log_level"], &shown["state"]),
        (&"error".into(), &"deployed".into())
    );

    stage.tell(&["program", "credentials", PROGRAM, "1"]);
    stage.tell(&["program", "credentials", PROGRAM, "1", "--out", "keys.json"]);
    stage.tell(&["program", "credentials", PROGRAM, "2"]);
    let keys = place.path("keys.json");
    let mode = std::fs::metadata(&keys).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o400);
    assert_eq!(read_json(&keys)["key_id"], "progEcho/1");
    stage.tell(&["program", "deploy", PROGRAM, "--process", "zone-program"]);
    stage.tell(&[
        "program",
        "deploy",
        PROGRAM,
        "--process",
        "/x",
        "--memory-limit",
        "1GB",
    ]);
    stage.tell(&["program", "deploy", PROGRAM, "--instances", "2"]);
    stage.tell(&[
        "program",
        "deploy",
        PROGRAM,
        "--process",
        "/bin/false",
        "--env",
        "A",
    ]);
    stage.tell(&["program", "undeploy", PROGRAM]);
    stage.tell(&["program", "list"]);
    stage.tell(&["program", "approve", PROGRAM]);
    stage.matches("zone_process");
}

#[test]
fn the_debug_page_is_kept_and_the_credential_confirmed() {
    let place = Place::new();
    let mut stage = Stage::with_app(&place);
    stage.dev.ask(["program", "apply", "program.toml"]).held();
    stage.dev.ask(["app", "use", APP, PROGRAM]).held();
    let debug = ["program", "debug", PROGRAM];
    let mut tell = |more: &[&str]| stage.tell(&[&debug[..], more].concat());
    tell(&[]);
    tell(&["--credential"]);
    tell(&["--to", "http://127.0.0.1:8081", "--credential", "--yes"]);
    tell(&["--to", "nowhere"]);
    tell(&["--status"]);
    tell(&["--yes"]);
    let credential = [&debug[..], &["--credential", "--yes"]].concat();
    let ask = || stage.dev.json(credential.iter().copied())["debug_token"].clone();
    let first = ask();
    assert_eq!(ask(), first);
    let mut tell = |more: &[&str]| stage.tell(&[&debug[..], more].concat());
    tell(&["--clear", "--revoke", "--status"]);
    let ask = || stage.dev.json(credential.iter().copied())["debug_token"].clone();
    assert_ne!(ask(), first);
    let audit = stage.dev.json(["audit", "--limit", "1000"]);
    let shown = audit.as_array().unwrap().iter();
    // The seeded program's was shown too, in the ready file.
    let shown = shown.filter(|row| row["target"] == PROGRAM);
    let shown = shown.filter(|row| row["action"] == "zone_debug.credential");
    assert_eq!(shown.count(), 4);
    stage.tell_in_chinese(&["program", "debug", "--credential"]);
    stage.matches("zone_debug");
}
