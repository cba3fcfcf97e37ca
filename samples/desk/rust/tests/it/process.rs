//! Either program as a process of its own, and HTTP to it byte by byte.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::request::{SDK_APP_ID, TOKEN};

/// Nothing takes so long; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Rust,
    Python,
}

impl Program {
    pub(crate) const BOTH: [Self; 2] = [Self::Rust, Self::Python];

    /// What starts it, told nothing yet but to take a free port.
    pub(crate) fn command(self) -> Command {
        let mut command = match self {
            Self::Rust => Command::new(env!("CARGO_BIN_EXE_desk-order-status")),
            Self::Python => {
                let mut command = Command::new(python());
                command.arg(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/../python/order_status.py"
                ));
                command
            }
        };
        command
            .env_remove("DESK_SDKAPPID")
            .env_remove("DESK_TOKEN")
            .env("DESK_LISTEN", "127.0.0.1:0");
        command
    }

    /// It runs, with authentication on.
    pub(crate) fn start(self) -> Server {
        self.start_with(&[("DESK_SDKAPPID", SDK_APP_ID), ("DESK_TOKEN", TOKEN)])
    }

    pub(crate) fn start_with(self, environment: &[(&str, &str)]) -> Server {
        let mut child = self
            .command()
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Server {
            out: lines(child.stdout.take().unwrap()),
            said: lines(child.stderr.take().unwrap()),
            child,
            address: String::new(),
        };
        let line = server.said();
        line.strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{self:?} says {line}"))
            .clone_into(&mut server.address);
        server
    }
}

/// The interpreter that `cargo xtask test` found, or the one on the path.
#[expect(
    clippy::disallowed_methods,
    reason = "where the interpreter is is said by the environment"
)]
fn python() -> std::ffi::OsString {
    std::env::var_os("RINGBACK_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// A program that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
    out: Receiver<String>,
    said: Receiver<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The next line on stdout.
    pub(crate) fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).unwrap()
    }

    /// The next line on stderr.
    pub(crate) fn said(&self) -> String {
        self.said.recv_timeout(PATIENCE).unwrap()
    }

    /// The answer to one request on a connection of its own.
    pub(crate) fn send(&self, request: &[u8]) -> Answer {
        let received = self.exchange(request);
        Answer::parse(&received).unwrap_or_else(|| panic!("no answer but `{received}`"))
    }

    /// Everything that comes back until the program closes the connection.
    #[expect(clippy::disallowed_methods, reason = "plays the platform")]
    pub(crate) fn exchange(&self, bytes: &[u8]) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(bytes).unwrap();
        let mut received = String::new();
        connection.read_to_string(&mut received).unwrap();
        received
    }
}

/// What the two programs must agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) allow: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(received: &str) -> Option<Self> {
        let (head, body) = received.split_once("\r\n\r\n")?;
        let header = |name: &str| {
            let mut headers = head.lines().filter_map(|line| line.split_once(": "));
            headers
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        Some(Self {
            status: head.split(' ').nth(1)?.parse().ok()?,
            allow: header("allow"),
            content_type: header("content-type"),
            body: body.to_owned(),
        })
    }

    /// The platform's form.
    pub(crate) fn json(body: &str) -> Self {
        Self {
            status: 200,
            allow: None,
            content_type: Some("application/json".to_owned()),
            body: body.to_owned(),
        }
    }

    /// A call that cannot be done.
    pub(crate) fn fail(why: &str) -> Self {
        Self::json(&format!(
            r#"{{"ActionStatus":"FAIL","ErrorInfo":"{why}","ErrorCode":1}}"#
        ))
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            allow: None,
            content_type: Some("text/plain; charset=utf-8".to_owned()),
            body: text.to_owned(),
        }
    }

    pub(crate) fn empty(status: u16, allow: Option<&str>) -> Self {
        Self {
            status,
            allow: allow.map(str::to_owned),
            content_type: None,
            body: String::new(),
        }
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
