//! A peer that receives: a library of the platform's in a process of its own (`tests/peers/README.md`).

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::peers::{interpreter, variable};

/// A receiver in a process of its own; it ends when its standard input closes.
pub(crate) struct Receiver {
    pub(crate) url: String,
    lines: Lines<BufReader<ChildStdout>>,
    _stdin: ChildStdin,
    child: Child,
}

impl Receiver {
    pub(crate) fn start(file: &str, path: &str, environment: &[(&str, &str)]) -> Self {
        let peers = variable("RINGBACK_TEST_PEERS");
        let mut child = Command::new(interpreter(file))
            .arg(format!("{peers}/{file}"))
            .env("NODE_PATH", variable("RINGBACK_TEST_NODE_PATH"))
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let port = first.strip_prefix("listening ").unwrap();
        Self {
            url: format!("http://127.0.0.1:{port}{path}"),
            lines,
            _stdin: stdin,
            child,
        }
    }

    /// The next line of that kind.
    pub(crate) fn next(&mut self, kind: &str) -> Value {
        loop {
            let line: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
            if line["kind"] == kind {
                return line;
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It is this test's own child; it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
