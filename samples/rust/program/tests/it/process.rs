//! The program as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::stub::Stub;

/// A program that runs until it is dropped.
pub(crate) struct Program {
    child: Child,
    lines: UnboundedReceiver<String>,
    pub(crate) url: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// One with the stub's credentials file.
    pub(crate) async fn start(stub: &Stub, arguments: &[&str]) -> Self {
        let credentials = stub.credentials();
        let environment = [("RINGBACK_ZONE_CREDENTIALS", credentials.to_str().unwrap())];
        Self::start_with(&environment, arguments).await
    }

    pub(crate) async fn start_with(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zone-program"))
            .args(arguments)
            .env("RINGBACK_ZONE_LISTEN", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = unbounded_channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut program = Self {
            child,
            lines,
            url: String::new(),
        };
        let line = program.line("listening on ").await;
        let address = line.rsplit_once("listening on ").unwrap().1;
        program.url = format!("http://{address}/");
        program
    }

    /// The next log line with this text.
    pub(crate) async fn line(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.recv().await.expect("the program still runs");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Asks it to stop, and how it ended.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}
