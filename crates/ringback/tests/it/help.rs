//! What `--help` says, and what is said of a wrong command line.

use crate::support::{Place, exact_settings, settings};

#[test]
fn help_lists_commands_and_exit_statuses() {
    let place = Place::new();
    let help = place.run(["--help"]).held();
    exact_settings().bind(|| insta::assert_snapshot!("help", help));
    for command in [
        "verify", "trigger", "apply", "log", "fault", "key", "app", "corp", "program", "call",
        "archive", "desk", "flow",
    ] {
        let help = place.run([command, "--help"]).held();
        exact_settings().bind(|| insta::assert_snapshot!(format!("help_{command}"), help));
    }
    for [command, action] in [
        ["app", "create"],
        ["app", "set"],
        ["app", "set-url"],
        ["desk", "chat"],
        ["flow", "draw"],
        ["program", "apply"],
        ["program", "deploy"],
        ["program", "debug"],
    ] {
        let help = place.run([command, action, "--help"]).held();
        let name = format!("help_{command}_{action}");
        exact_settings().bind(|| insta::assert_snapshot!(name, help));
    }
}

#[test]
fn failures_have_codes_hints_and_exit_statuses() {
    let place = Place::new();
    let mut told = Vec::new();
    for arguments in [
        &["nonsense"][..],
        &["status"],
        &["status", "--url", "http://127.0.0.1:9", "--token", "x"],
        &["status", "--url", "127.0.0.1", "--token", "x"],
        &["replay"],
        &["restore", "absent.db", "--data", "data"],
        &[
            "trigger",
            "feishu",
            "im.message.receive_v1",
            "--set",
            "nothing",
        ],
    ] {
        let ended = place.run(arguments.iter().copied());
        told.push(format!(
            "$ ringback {}\n{}\n",
            arguments.join(" "),
            ended.whole()
        ));
    }
    settings().bind(|| insta::assert_snapshot!("failures", told.concat()));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let place = Place::new();
    let mut command = place.ringback(["status"]);
    for name in ["RINGBACK_URL", "RINGBACK_TOKEN", "RINGBACK_READY_FILE"] {
        command.env(name, "");
    }
    let ended = crate::support::Ended::of(command.output().unwrap());
    assert!(
        ended.err.contains("[client.no_server]"),
        "{}",
        ended.whole()
    );
}

#[test]
fn chinese_where_the_locale_is() {
    let place = Place::new();
    let ended = place
        .ringback(["status"])
        .env("LC_ALL", "zh_CN.UTF-8")
        .output()
        .unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    settings().bind(|| insta::assert_snapshot!("failure_in_chinese", told));
}

#[test]
fn completions_are_made() {
    let bash = Place::new().run(["completions", "bash"]).held();
    assert!(bash.contains("complete -F _ringback"));
}
