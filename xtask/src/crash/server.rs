//! The real binary, started on a data directory and killed.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use super::Options;
use super::api::Api;
use crate::workspace::{self, Workspace};

/// How long the binary may take until it is ready; generous, because it is no benchmark.
const STARTING: Duration = Duration::from_secs(30);

/// The binary and the folder that its runs write their logs into.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    program: PathBuf,
    work: PathBuf,
}

impl Binary {
    /// Builds the binary, unless the caller names one.
    pub(crate) fn provide(
        workspace: &Workspace,
        options: &Options,
        work: &Path,
    ) -> anyhow::Result<Self> {
        let program = match &options.binary {
            Some(program) => program.clone(),
            None => build(workspace, options.release)?,
        };
        Ok(Self {
            program,
            work: work.to_owned(),
        })
    }

    /// Starts `ringback dev` on `data` and waits until it is ready.
    pub(crate) fn start(
        &self,
        data: &Path,
        environment: &[(&str, String)],
    ) -> anyhow::Result<Server> {
        let ready_file = self.work.join("ready.json");
        if ready_file.exists() {
            fs::remove_file(&ready_file)?;
        }
        let log = self.work.join("server.log");
        let child = Command::new(&self.program)
            .args(["dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .arg("--ready-file")
            .arg(&ready_file)
            // The ready file that `dev` leaves for its user's other commands must not be a person's.
            .env("HOME", &self.work)
            .env("XDG_RUNTIME_DIR", &self.work)
            .env("XDG_STATE_HOME", &self.work)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.program.display()))?;
        let mut server = Server {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: String::new(),
        };
        server.wait_until_ready(&ready_file, &log)?;
        Ok(server)
    }
}

fn build(workspace: &Workspace, release: bool) -> anyhow::Result<PathBuf> {
    let mut command = workspace.cargo();
    command.args(["build", "--package", "ringback", "--bin", "ringback"]);
    if release {
        command.arg("--release");
    }
    crate::shell::run(&mut command)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace.target.join(profile).join("ringback"))
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    token: String,
}

impl Server {
    /// A new connection to its management API.
    pub(crate) fn api(&self) -> anyhow::Result<Api> {
        Api::new(self.address, &self.token)
    }

    /// `kill -9`: nothing is flushed, nothing said.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The exit status, if it has ended by itself.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<String>> {
        Ok(self.child.try_wait()?.map(|status| status.to_string()))
    }

    fn wait_until_ready(&mut self, ready_file: &Path, log: &Path) -> anyhow::Result<()> {
        let started = workspace::now();
        while started.elapsed() < STARTING {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the server ended with {status} instead of becoming ready:\n{}",
                    tail(log)
                );
            }
            if let Ok(text) = fs::read_to_string(ready_file) {
                return self
                    .read(&text)
                    .with_context(|| format!("`{}`", ready_file.display()));
            }
            workspace::pause(Duration::from_millis(5));
        }
        bail!(
            "the server was not ready after {STARTING:?}:\n{}",
            tail(log)
        );
    }

    fn read(&mut self, text: &str) -> anyhow::Result<()> {
        let ready: Value = serde_json::from_str(text)?;
        let url = ready["url"].as_str().context("no `url`")?;
        self.address = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()?;
        let token = ready["admin_token"].as_str().context("no `admin_token`")?;
        token.clone_into(&mut self.token);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours, and no run may leave one behind; it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of a log, for an error.
fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
