//! From the start of a program to its restart.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use ringback_host::{Ended, Options, SpecError, State};
use ringback_types::{Coded as _, Problem};

use crate::stage::{Stage, credentials, gone, mode, options, program, server};

#[tokio::test]
async fn each_instance_has_its_own_address_directory_and_credentials() {
    let stage = Stage::new();
    let mut spec = server();
    spec.instances = 2;
    stage.run_until_ready(spec).await;

    for status in stage.hosts.status("prog1") {
        assert_eq!((status.state, status.restarts), (State::Ready, 0));
        assert!(!status.isolated);
        let place = stage.place(status.number);
        let work = place.join("work").display().to_string();
        assert_eq!(stage.say(status.number, "directory").await, work);
        let credentials = stage.say(status.number, "credentials").await;
        assert_eq!(credentials, format!("first of {}", status.number));
        assert_eq!(mode(&place), 0o700);
        assert_eq!(mode(&place.join("credentials.json")), 0o400);
    }
    assert_ne!(
        stage.hosts.address("prog1", 1),
        stage.hosts.address("prog1", 2)
    );
    assert_eq!(stage.hosts.address("prog1", 3), None);
    assert_eq!(stage.hosts.address("another", 1), None);

    stage.hosts.stop("prog1").await;
    assert!(stage.hosts.status("prog1").is_empty());
    assert!(!stage.place(1).join("credentials.json").exists());
    assert!(stage.hosts.wait_ready("prog1").await.is_err());
    stage.hosts.remove("prog1").await;
    assert!(!stage.directory.join("prog1").exists());
}

#[tokio::test]
async fn a_program_finds_only_what_it_was_given_in_its_environment() {
    let stage = Stage::new();
    let mut spec = program("env", vec![]);
    spec.environment = [("MODEL".to_owned(), "large".to_owned())].into();
    stage.run(spec);
    stage.until_ended().await;

    let output = stage.hosts.output("prog1", 1);
    let listen = output
        .iter()
        .find(|line| line.starts_with("RINGBACK_ZONE_LISTEN=127.0.0.1:"));
    let mut found: Vec<&str> = output
        .iter()
        .map(String::as_str)
        .filter(|line| line.contains('='))
        .collect();
    found.sort_unstable();
    let credentials = stage.place(1).join("credentials.json");
    assert_eq!(
        found,
        [
            "LANG=C.UTF-8",
            "MODEL=large",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            &format!("RINGBACK_ZONE_CREDENTIALS={}", credentials.display()),
            listen.unwrap(),
        ]
    );
}

#[tokio::test]
async fn one_that_ends_is_started_again_after_a_pause_that_doubles() {
    let stage = Stage::new();
    stage.run(program(
        "/bin/sh",
        vec!["-c".to_owned(), "echo bye >&2; exit 3".to_owned()],
    ));
    for restarts in 1..5 {
        let status =
            stage.until(|status| status.state == State::BackingOff && status.restarts >= restarts);
        let status = status.await;
        let pause = status.next_start.unwrap().since(status.since);
        assert_eq!(pause, Duration::from_millis(1) * 2_u32.pow(status.restarts));
        assert_eq!(status.last_exit.unwrap().ended, Ended::Status(3));
        assert_eq!((status.pid, status.address), (None, None));
    }
    assert_eq!(stage.hosts.output("prog1", 1).last().unwrap(), "bye");
}

#[tokio::test]
async fn one_that_crashes_after_it_was_ready_comes_back_elsewhere() {
    let stage = Stage::new();
    stage.run_until_ready(server()).await;
    let before = stage.status();
    stage.say(1, "exit 7").await;
    let after = stage
        .until(|status| status.state == State::Ready && status.restarts == 1)
        .await;
    let exit = after.last_exit.unwrap();
    assert_eq!((exit.ended, exit.out_of_memory), (Ended::Status(7), false));
    assert_eq!(exit.to_string(), "exit status 7");
    assert_ne!(after.pid, before.pid);
    assert_eq!(stage.say(1, "credentials").await, "first of 1");
}

#[tokio::test]
async fn what_cannot_be_started_says_why_until_it_can() {
    let stage = Stage::with(Options {
        backoff_limit: Duration::from_millis(1),
        ..options()
    });
    let script = stage.directory.join("start.sh");
    for (command, code) in [
        ("./start.sh", "host.command_relative"),
        ("no-such-command", "host.command_missing"),
        (script.to_str().unwrap(), "host.command_missing"),
    ] {
        stage.run(program(command, server().arguments));
        let status = stage.until(|status| status.problem.is_some()).await;
        let problem = status.problem.unwrap();
        assert_eq!(problem.code.as_str(), code);
        assert!(
            problem.message.contains(command) && problem.hint.is_some(),
            "{problem:?}"
        );
    }

    let until = async |code: &'static str| {
        let is_such = |problem: &Problem| problem.code.as_str() == code;
        let seen = stage.until(|status| status.problem.as_ref().is_some_and(is_such));
        seen.await.problem.unwrap()
    };
    fs::write(&script, "#!/no/such/shell\n").unwrap();
    until("host.command_not_executable").await;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let problem = until("host.not_executed").await;
    assert!(problem.message.contains("No such file"), "{problem:?}");
    let exec = format!("#!/bin/sh\nexec {} \"$@\"\n", server().command);
    fs::write(&script, exec).unwrap();
    let status = stage.until(|status| status.state == State::Ready).await;
    assert!(status.problem.is_none() && status.restarts > 0);
}

#[tokio::test]
async fn one_that_does_not_listen_where_it_has_to_is_stopped_and_tried_again() {
    let stage = Stage::with(Options {
        start_deadline: Duration::from_millis(50),
        ..options()
    });
    stage.run(program("sleep", vec!["1000".to_owned()]));
    let status = stage.until_ended().await;
    let problem = status.problem.unwrap();
    assert_eq!(problem.code.as_str(), "host.not_listening");
    assert!(problem.hint.unwrap().contains("RINGBACK_ZONE_LISTEN"));
    let exit = status.last_exit.unwrap();
    assert_eq!(exit.to_string(), "signal: 15 (SIGTERM)");
}

#[tokio::test]
async fn the_memory_limit_holds_with_and_without_a_launcher() {
    let bare = Options {
        launcher: None,
        ..options()
    };
    for options in [options(), bare] {
        let stage = Stage::with(options);
        let mut spec = server();
        spec.memory_limit_bytes = Some(1 << 30);
        stage.run_until_ready(spec).await;
        assert_eq!(stage.say(1, "eat 64").await, "done");
        stage.say(1, "eat 2048").await;
        let status = stage.until(|status| status.last_exit.is_some()).await;
        let exit = status.last_exit.unwrap();
        assert_eq!(exit.to_string(), "signal: 6 (SIGABRT) at the memory limit");
        assert!(exit.out_of_memory);
    }
}

#[tokio::test]
async fn credentials_are_replaced_under_a_running_program() {
    let stage = Stage::new();
    let mut spec = server();
    spec.instances = 2;
    stage.run_until_ready(spec).await;
    let pid = stage.status().pid;

    stage
        .hosts
        .rotate("prog1", credentials("second", 2))
        .await
        .unwrap();
    assert_eq!(stage.say(2, "credentials").await, "second of 2");
    assert_eq!(mode(&stage.place(2).join("credentials.json")), 0o400);
    assert_eq!(stage.status().pid, pid);

    stage.say(2, "exit 0").await;
    let mut changes = stage.hosts.changes();
    while stage.hosts.status("prog1")[1].restarts == 0 {
        changes.changed().await.unwrap();
    }
    stage.hosts.wait_ready("prog1").await.unwrap();
    assert_eq!(
        stage.say(2, "credentials").await,
        "second of 2",
        "a restart keeps them"
    );

    let too_few = stage.hosts.rotate("prog1", credentials("third", 1)).await;
    assert_eq!(too_few.unwrap_err().code().as_str(), "host.bad_credentials");
    let nobody = stage.hosts.rotate("prog2", credentials("third", 1)).await;
    assert_eq!(nobody.unwrap_err().code().as_str(), "host.not_running");
}

#[tokio::test]
async fn running_a_program_anew_leaves_nothing_of_the_old_one() {
    let stage = Stage::new();
    let mut spec = server();
    spec.instances = 3;
    stage.run_until_ready(spec.clone()).await;
    let before = stage.hosts.status("prog1");

    spec.instances = 1;
    stage.run(spec.clone());
    stage.run(spec);
    stage.hosts.wait_ready("prog1").await.unwrap();
    assert_eq!(stage.hosts.status("prog1").len(), 1);
    for status in before {
        gone(status.pid.unwrap()).await;
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_at_once() {
    let stage = Stage::new();
    let refuse = |change: fn(&mut ringback_host::Spec)| {
        let mut spec = server();
        change(&mut spec);
        let error: SpecError = stage.hosts.run(spec, credentials("first", 1)).unwrap_err();
        error.code().as_str()
    };
    assert_eq!(
        refuse(|spec| spec.program = "../prog1".to_owned()),
        "host.bad_program_id"
    );
    assert_eq!(
        refuse(|spec| spec.program = "..".to_owned()),
        "host.bad_program_id"
    );
    assert_eq!(refuse(|spec| spec.command.clear()), "host.bad_command");
    assert_eq!(
        refuse(|spec| spec.arguments.push("\0".to_owned())),
        "host.bad_command"
    );
    assert_eq!(refuse(|spec| spec.instances = 0), "host.bad_instances");
    assert_eq!(refuse(|spec| spec.instances = 2), "host.bad_credentials");
    for name in ["", "A=B", "RINGBACK_ZONE_LISTEN"] {
        let mut spec = server();
        spec.environment.insert(name.to_owned(), String::new());
        let error = stage.hosts.run(spec, credentials("first", 1)).unwrap_err();
        assert_eq!(error.code().as_str(), "host.bad_variable");
    }
    assert!(stage.hosts.status("prog1").is_empty());
}
