//! Hosts in a directory of their own, and what the tests say to the programs in them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use ringback_host::{Hosts, InstanceStatus, Launcher, LogLevel, Options, Spec, State};
use ringback_types::{Clock, WireTime};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};
use tempfile::TempDir;

use crate::child::role;

/// Longer than anything takes, so that what never comes fails its test.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Stage {
    pub(crate) hosts: Hosts,
    pub(crate) clock: Clock,
    pub(crate) directory: PathBuf,
    _temporary: Option<TempDir>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(options())
    }

    pub(crate) fn with(options: Options) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Self::of(temporary.path().join("programs"), options, Some(temporary))
    }

    /// In a directory that stays.
    pub(crate) fn in_directory(directory: PathBuf) -> Self {
        Self::of(directory, options(), None)
    }

    fn of(directory: PathBuf, options: Options, temporary: Option<TempDir>) -> Self {
        let clock = Clock::fixed(WireTime::from_millis(1_769_847_330_250));
        Self {
            hosts: Hosts::new(clock.clone(), directory.clone(), options),
            clock,
            directory,
            _temporary: temporary,
        }
    }

    /// The same hosts after a restart of Ringback.
    pub(crate) async fn restart(&mut self, options: Options) {
        self.hosts.stop_all().await;
        self.hosts = Hosts::new(self.clock.clone(), self.directory.clone(), options);
    }

    /// Runs a program with credentials that name each instance.
    pub(crate) fn run(&self, spec: Spec) {
        let credentials = credentials("first", spec.instances);
        self.hosts.run(spec, credentials).unwrap();
    }

    pub(crate) async fn run_until_ready(&self, spec: Spec) {
        let program = spec.program.clone();
        self.run(spec);
        let ready = tokio::time::timeout(PATIENCE, self.hosts.wait_ready(&program)).await;
        ready
            .unwrap_or_else(|_| panic!("{:#?}", self.hosts.status(&program)))
            .unwrap();
    }

    /// The status of the first instance.
    pub(crate) fn status(&self) -> InstanceStatus {
        self.hosts.status("prog1").remove(0)
    }

    /// Waits until the first instance is such.
    pub(crate) async fn until(&self, is_such: impl Fn(&InstanceStatus) -> bool) -> InstanceStatus {
        let mut changes = self.hosts.changes();
        let look = async {
            while !is_such(&self.status()) {
                changes.changed().await.unwrap();
            }
        };
        let seen = tokio::time::timeout(PATIENCE, look).await;
        seen.unwrap_or_else(|_| panic!("never such: {:#?}", self.status()));
        self.status()
    }

    /// Until it has ended by itself and everything that it wrote has been read.
    pub(crate) async fn until_ended(&self) -> InstanceStatus {
        self.until(|status| status.state == State::BackingOff).await
    }

    /// Says a line to an instance of `prog1` and answers what it says.
    pub(crate) async fn say(&self, instance: u32, line: &str) -> String {
        let address = self.hosts.address("prog1", instance).unwrap();
        let line = format!("{line}\n");
        let exchange = tokio::task::spawn_blocking(move || {
            let mut stream = connect(address).unwrap();
            stream.write_all(line.as_bytes()).unwrap();
            let mut answer = String::new();
            // A program that ends on the line does not answer.
            let _ = stream.read_to_string(&mut answer);
            answer
        });
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .unwrap()
            .unwrap()
    }

    /// The processes that a script has named in its output.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let output = self.hosts.output("prog1", 1);
        output.iter().filter_map(|line| line.parse().ok()).collect()
    }

    /// Waits for the log line of this number.
    pub(crate) async fn until_logged(&self, number: u64) {
        let mut newest = self.hosts.newest_log("prog1").unwrap();
        let logged = newest.wait_for(|newest| *newest >= number);
        tokio::time::timeout(PATIENCE, logged)
            .await
            .unwrap()
            .unwrap();
    }

    pub(crate) fn place(&self, instance: u32) -> PathBuf {
        self.directory.join("prog1").join(instance.to_string())
    }
}

/// Short pauses, started through a launcher.
pub(crate) fn options() -> Options {
    Options {
        launcher: Some(Launcher {
            program: this_binary(),
            arguments: role("launcher").into_iter().map(Into::into).collect(),
        }),
        ready_interval: Duration::from_millis(2),
        backoff_first: Duration::from_millis(1),
        backoff_limit: Duration::from_hours(1),
        ..Options::default()
    }
}

/// A program that listens and does what it is told.
pub(crate) fn server() -> Spec {
    program(&this_binary().display().to_string(), role("server"))
}

/// A start script as the official images have it: a shell that waits for the server it made.
pub(crate) fn script_around_a_server() -> Spec {
    let script = r#"echo "$$"; "$@" & echo "$!"; wait"#;
    let mut arguments = vec!["-c".to_owned(), script.to_owned(), "script".to_owned()];
    arguments.push(this_binary().display().to_string());
    arguments.extend(role("server"));
    program("/bin/sh", arguments)
}

pub(crate) fn program(command: &str, arguments: Vec<String>) -> Spec {
    Spec {
        program: "prog1".to_owned(),
        command: command.to_owned(),
        arguments,
        environment: [].into(),
        instances: 1,
        memory_limit_bytes: None,
        log_level: LogLevel::default(),
    }
}

pub(crate) fn credentials(word: &str, instances: u32) -> Vec<Bytes> {
    let contents = |number| Bytes::from(format!("{word} of {number}"));
    (1..=instances).map(contents).collect()
}

pub(crate) fn this_binary() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// Waits until a process, of whoever, has ended.
pub(crate) async fn gone(pid: u32) {
    let waited = tokio::task::spawn_blocking(move || {
        let pid = Pid::from_raw(pid as i32).unwrap();
        let pidfd = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return true,
            pidfd => pidfd.unwrap(),
        };
        let patience = Timespec {
            tv_sec: PATIENCE.as_secs() as i64,
            tv_nsec: 0,
        };
        let mut polled = [PollFd::new(&pidfd, PollFlags::IN)];
        rustix::event::poll(&mut polled, Some(&patience)).unwrap() == 1
    });
    assert!(waited.await.unwrap(), "process {pid} is still there");
}

pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[expect(clippy::disallowed_methods, reason = "plays the zone")]
fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect(address)
}
