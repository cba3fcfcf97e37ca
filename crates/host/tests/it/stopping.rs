//! How programs end: when they are told to, when they do not listen, when nobody is left to tell them.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ringback_host::Options;

use crate::child::role;
use crate::stage::{Stage, gone, options, program, script_around_a_server, server, this_binary};

#[tokio::test]
async fn a_start_script_ends_with_the_server_it_made() {
    let stage = Stage::new();
    stage.run_until_ready(script_around_a_server()).await;
    let pids = stage.pids();
    assert_eq!(pids.len(), 2, "the shell and the server that it made");
    stage.hosts.stop("prog1").await;
    for pid in pids {
        gone(pid).await;
    }
}

#[tokio::test]
async fn one_that_ignores_the_request_is_killed_after_the_grace() {
    let stage = Stage::with(Options {
        stop_grace: Duration::from_millis(20),
        ..options()
    });
    let script = r#"trap "" TERM; exec "$@""#;
    let mut arguments = vec!["-c".to_owned(), script.to_owned(), "script".to_owned()];
    arguments.push(server().command);
    arguments.extend(server().arguments);
    stage.run_until_ready(program("/bin/sh", arguments)).await;
    let pid = stage.status().pid.unwrap();
    stage.hosts.stop_all().await;
    gone(pid).await;
}

#[tokio::test]
async fn what_a_crashed_program_left_in_its_group_is_killed() {
    let stage = Stage::new();
    let script = r#"sleep 1000 & echo "$!"; exit 1"#;
    stage.run(program("/bin/sh", vec!["-c".to_owned(), script.to_owned()]));
    stage.until_ended().await;
    for pid in stage.pids() {
        gone(pid).await;
    }
}

#[tokio::test]
async fn programs_stop_when_nobody_holds_the_hosts_any_more() {
    let stage = Stage::new();
    stage.run_until_ready(server()).await;
    let pid = stage.status().pid.unwrap();
    drop(stage);
    gone(pid).await;
}

/// Also the server that a start script made, which the kernel's own signal does not reach.
#[tokio::test]
async fn nothing_outlives_a_ringback_that_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut ringback = Killed(
        Command::new(this_binary())
            .args(role("ringback"))
            .arg(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let output = BufReader::new(ringback.0.stdout.take().unwrap());
    let mut lines = output.lines().map_while(Result::ok);
    let started = lines.find_map(|line| {
        let pids = line.strip_prefix("started [")?.strip_suffix(']')?;
        let pids = pids.split(", ").map(|pid| pid.parse().unwrap());
        Some(pids.collect::<Vec<u32>>())
    });
    let pids = started.unwrap();
    assert_eq!(
        pids[0], pids[2],
        "the child is the shell, and made the server"
    );

    drop(ringback);
    for pid in pids {
        gone(pid).await;
    }
}

/// Killed when it is dropped, also by a test that fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
