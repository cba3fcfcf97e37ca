//! A PostgreSQL that lives as long as the tests do.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::shell;
use crate::tools::Binaries;

/// `nobody` and `nogroup`: PostgreSQL refuses to run as root, so root becomes these.
const UNPRIVILEGED: u32 = 65_534;
/// How many lines of the server's log an error shows.
const LOG_TAIL: usize = 20;

/// A running server on a socket in its own temporary folder; stopped and removed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    binaries: Binaries,
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Makes a cluster and waits until the server says that it takes connections.
    pub(crate) fn start(binaries: Binaries) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("ringback-pg-")
            .tempdir()
            .context("cannot make a folder for PostgreSQL")?;
        if shell::is_root() {
            chown(folder.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED))
                .context("cannot give PostgreSQL's folder to an unprivileged user")?;
        }
        let data = folder.path().join("data");
        shell::capture(
            command(&binaries, "initdb", folder.path())
                .args([
                    "--username=ringback",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                    "-D",
                ])
                .arg(&data),
        )?;
        let mut child = command(&binaries, "postgres", folder.path())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start PostgreSQL")?;
        let stderr = child.stderr.take().context("stderr is a pipe")?;
        wait_until_ready(stderr)?;
        Ok(Self {
            binaries,
            child,
            folder,
        })
    }

    /// What `RINGBACK_TEST_POSTGRES` says.
    pub(crate) fn connection_string(&self) -> OsString {
        let mut text = OsString::from("host=");
        text.push(self.folder.path());
        text.push(" user=ringback dbname=postgres");
        text
    }
}

/// No network, and nothing that makes a throw-away server slow. `fsync` is off because the disk is
/// not what these tests are about.
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "jit=off",
    "max_connections=200",
    "timezone=UTC",
];

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = shell::succeeds(
            command(&self.binaries, "pg_ctl", self.folder.path())
                .args(["stop", "--mode=immediate", "--wait", "-D"])
                .arg(self.folder.path().join("data")),
        );
        if !stopped {
            // The child is ours; what cannot be stopped politely must not outlive the tests.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// One of PostgreSQL's programs, as somebody who may run it. It ends when we do, however we do.
fn command(binaries: &Binaries, name: &str, folder: &Path) -> Command {
    let program = binaries.program(name);
    let mut command = if let Some(setpriv) = shell::find("setpriv") {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .current_dir(folder)
        .env("LC_ALL", "C")
        .env_remove("PGDATA");
    if let Some(path) = &binaries.library_path {
        command.env("LD_LIBRARY_PATH", path);
    }
    if shell::is_root() {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    command
}

/// Reads the server's log until it is ready; a thread drains the rest so that it never blocks.
fn wait_until_ready(stderr: impl std::io::Read + Send + 'static) -> anyhow::Result<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Nobody listens once the server is ready.
            let _ = sender.send(line);
        }
    });
    let mut tail = VecDeque::new();
    for line in receiver {
        if line.contains("ready to accept connections") {
            return Ok(());
        }
        if tail.len() == LOG_TAIL {
            tail.pop_front();
        }
        tail.push_back(line);
    }
    bail!("PostgreSQL did not start:\n{}", Vec::from(tail).join("\n"));
}
