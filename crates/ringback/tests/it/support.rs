//! Running the binary, and waiting for it without sleeping.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own for everything that a test's processes keep: home, runtime files, data.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Puts a file there.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The binary with these arguments, in an environment that holds nothing but this place.
    pub(crate) fn ringback<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.0.path())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.0.path());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ended {
        Ended::of(self.ringback(arguments).output().unwrap())
    }
}

/// How a process ended and what it printed.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Stdout of a process that must have succeeded.
    #[track_caller]
    pub(crate) fn held(self) -> String {
        assert_eq!(
            self.status,
            Some(0),
            "stdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self.out
    }

    /// All that it printed, and its exit status.
    pub(crate) fn whole(&self) -> String {
        let status = self
            .status
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        format!(
            "exit status: {status}\n--- stdout\n{}--- stderr\n{}",
            self.out, self.err
        )
    }
}

/// A running `ringback dev`.
pub(crate) struct Dev<'a> {
    place: &'a Place,
    child: Child,
    _stdout: BufReader<ChildStdout>,
}

impl<'a> Dev<'a> {
    /// Starts on `data` below the place and returns once it is ready.
    pub(crate) fn start(place: &'a Place, clock: &str) -> Self {
        let data = place.path("data");
        let ready = place.path("ready.json");
        let arguments = [
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--clock",
            clock,
            "--format",
            "json",
        ];
        let mut command = place.ringback(arguments);
        command
            .arg("--data")
            .arg(data)
            .arg("--ready-file")
            .arg(ready)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(
            line.contains("admin_token"),
            "dev did not become ready: {line}"
        );
        Self {
            place,
            child,
            _stdout: stdout,
        }
    }

    /// Runs a command that finds this server by the well-known ready file, like a user's.
    pub(crate) fn ask<'b>(&self, arguments: impl IntoIterator<Item = &'b str>) -> Ended {
        self.place.run(arguments)
    }

    /// The same, its JSON read; it must succeed.
    #[track_caller]
    pub(crate) fn json<'b>(&self, arguments: impl IntoIterator<Item = &'b str>) -> Value {
        let arguments = ["--format", "json"].into_iter().chain(arguments);
        let out = self.ask(arguments).held();
        let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
        let mut values: Vec<Value> = lines.collect();
        if values.len() == 1 {
            values.remove(0)
        } else {
            Value::Array(values)
        }
    }

    pub(crate) fn ready(&self) -> Value {
        read_json(&self.place.path("ready.json"))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end; the exit code, or nothing after a signal.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Dev<'_> {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn read_json(path: &Path) -> Value {
    let mut text = String::new();
    std::fs::File::open(path)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Snapshot settings that hide what differs from run to run, and how wide columns are because of it.
pub(crate) fn settings() -> insta::Settings {
    let mut settings = exact_settings();
    settings.add_filter(r"(\S) {2,}", "$1  ");
    settings
}

/// The same with every space as it is: times, durations, ids and ports are hidden.
pub(crate) fn exact_settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    for (pattern, replacement) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[when]"),
        (r"\b(\d+(\.\d+)?) (ms|s)\b", "[time]"),
        (
            r"\b(evt|dlv|ep|src|key|app)_[0-9a-hjkmnp-tv-z]{13}\b",
            "${1}_[id]",
        ),
        (r"(\b|_)[0-9a-f]{32}\b", "$1[hex]"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
        (r"/tmp/\.tmp\w+", "[place]"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings
}
