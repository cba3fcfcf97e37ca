//! The official SDKs as programs beside the tests (`tests/peers/README.md`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Which SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sdk {
    Python,
    Node,
}

/// A peer that runs until it is dropped.
pub(crate) struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: UnboundedReceiver<String>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A variable that `cargo xtask test` sets; a peer test without it fails, it is never skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "where the peers are is said by the environment"
)]
fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("`{name}` is not set: run this test by `cargo xtask test`"))
}

impl Peer {
    pub(crate) fn start(
        sdk: Sdk,
        name: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let peers = variable("RINGBACK_TEST_PEERS");
        let mut command = match sdk {
            Sdk::Python => {
                let mut command = Command::new(variable("RINGBACK_TEST_PYTHON"));
                command.arg(format!("{peers}/{name}.py"));
                command
            }
            Sdk::Node => {
                let mut command = Command::new(variable("RINGBACK_TEST_NODE"));
                command
                    .arg(format!("{peers}/{name}.js"))
                    .env("NODE_PATH", variable("RINGBACK_TEST_NODE_PATH"));
                command
            }
        };
        let mut child = command
            .args(arguments)
            .envs(environment.iter().copied())
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
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
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
        }
    }

    async fn line(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// The port that a server listens on.
    pub(crate) async fn port(&mut self) -> u16 {
        let line = self.line().await.expect("the peer says where it listens");
        line.strip_prefix("listening ").unwrap().parse().unwrap()
    }

    /// The next thing that the peer says.
    pub(crate) async fn record(&mut self) -> Value {
        let line = self.line().await.expect("the peer says something");
        serde_json::from_str(&line).unwrap()
    }

    /// What was handled up to the next answer that the peer gave.
    pub(crate) async fn answered(&mut self) -> (Vec<Value>, Value) {
        let mut handled = Vec::new();
        loop {
            let record = self.record().await;
            if record["kind"] == "answered" {
                return (handled, record);
            }
            handled.push(record);
        }
    }

    /// Everything a filter says about these lines.
    pub(crate) async fn filtered(mut self, lines: impl Iterator<Item = Value>) -> Vec<Value> {
        let mut stdin = self.stdin.take().unwrap();
        for line in lines {
            writeln!(stdin, "{line}").unwrap();
        }
        drop(stdin);
        self.everything().await
    }

    /// Everything the peer says until it ends.
    pub(crate) async fn everything(&mut self) -> Vec<Value> {
        let mut records = Vec::new();
        while let Some(line) = self.line().await {
            records.push(serde_json::from_str(&line).unwrap());
        }
        records
    }
}
