//! What the other tests start: this test binary again, in a role that stands behind `--`. As tests of
//! their own these do nothing.

#![expect(
    clippy::print_stdout,
    clippy::exit,
    reason = "programs write to their output and end when they like"
)]

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

/// The arguments of this binary that lead to a role.
pub(crate) fn role(name: &str) -> Vec<String> {
    let role = format!("child::{name}");
    [
        &role,
        "--exact",
        "--nocapture",
        "--quiet",
        "--test-threads=1",
        "--",
        name,
    ]
    .map(String::from)
    .into()
}

/// What stands behind the role's own name, in the process that has this role.
fn arguments_of(name: &str) -> Option<Vec<OsString>> {
    let mut arguments = std::env::args_os().skip_while(|argument| argument != "--");
    (arguments.nth(1)? == name).then(|| arguments.collect())
}

#[test]
fn launcher() -> ExitCode {
    match arguments_of("launcher") {
        Some(order) => ringback_host::launch(order),
        None => ExitCode::SUCCESS,
    }
}

/// Listens where it is told and does what each connection asks for in one line.
#[test]
fn server() {
    if arguments_of("server").is_none() {
        return;
    }
    println!("listening at {}", variable("RINGBACK_ZONE_LISTEN"));
    let listener = TcpListener::bind(variable("RINGBACK_ZONE_LISTEN")).unwrap();
    for stream in listener.incoming().flatten() {
        serve(stream);
    }
}

/// Ringback itself, which runs one program until it is killed.
#[tokio::test]
async fn ringback() {
    let Some(arguments) = arguments_of("ringback") else {
        return;
    };
    let stage = crate::stage::Stage::in_directory(arguments[0].clone().into());
    stage.run(crate::stage::script_around_a_server());
    stage.hosts.wait_ready("prog1").await.unwrap();
    let mut pids = stage.pids();
    pids.push(stage.status().pid.unwrap());
    println!("\nstarted {pids:?}");
    std::future::pending::<()>().await;
}

fn serve(stream: TcpStream) {
    let mut line = String::new();
    let mut stream = BufReader::new(stream);
    if stream.read_line(&mut line).is_err() {
        return;
    }
    let (verb, rest) = line
        .trim_end()
        .split_once(' ')
        .unwrap_or_else(|| (line.trim_end(), ""));
    let answer = act(verb, rest);
    // Whoever only looked whether this listens has gone.
    let _ = stream.get_mut().write_all(answer.as_bytes());
}

fn act(verb: &str, rest: &str) -> String {
    match verb {
        "say" => println!("{rest}"),
        "exit" => std::process::exit(rest.parse().unwrap()),
        "eat" => drop(vec![1_u8; rest.parse::<usize>().unwrap() << 20]),
        "flood" => flood(rest.parse().unwrap()),
        "credentials" => {
            return std::fs::read_to_string(variable("RINGBACK_ZONE_CREDENTIALS")).unwrap();
        }
        "directory" => return std::env::current_dir().unwrap().display().to_string(),
        _ => {}
    }
    "done".to_owned()
}

/// Writes so many MiB: one endless line, and many short ones that are log lines.
fn flood(mebibytes: usize) {
    let mut stdout = std::io::stdout().lock();
    let endless = [b'x'; 1 << 10];
    for _ in 0..mebibytes << 9 {
        stdout.write_all(&endless).unwrap();
    }
    let short = b"\n<1,1>,2026-01-31 08:15:30.250,INFO,,flood,1,flood";
    for _ in 0..(mebibytes << 19) / short.len() {
        stdout.write_all(short).unwrap();
    }
    stdout.write_all(b"\n").unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program is told everything in its environment"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}
