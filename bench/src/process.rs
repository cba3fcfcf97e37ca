//! Child processes: a bare server or Ringback itself, ended when dropped.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A bare server of this binary in a process of its own.
pub(crate) struct Bare {
    _child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    /// Starts this binary again as the server of that name.
    pub(crate) async fn start(kind: &str) -> Result<Self> {
        Self::start_with(kind, String::new()).await
    }

    /// A reverse proxy before this server.
    pub(crate) async fn proxy(target: SocketAddr) -> Result<Self> {
        Self::start_with("proxy", target.to_string()).await
    }

    async fn start_with(kind: &str, argument: String) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["child", kind, &argument])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start a bare server")?;
        let output = child.stdout.take().context("its standard output")?;
        let line = BufReader::new(output)
            .lines()
            .next_line()
            .await?
            .context("its port")?;
        Ok(Self {
            _child: child,
            address: line.parse()?,
        })
    }
}

/// A zone program of this binary in a process of its own.
pub(crate) struct Program {
    _bare: Bare,
    credentials: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts it with a credentials file that has no keys yet.
    pub(crate) async fn start(directory: &Path) -> Result<Self> {
        let credentials = directory.join("credentials.json");
        let nobody = serde_json::json!({ "zone_url": "http://127.0.0.1:1", "key_id": "x/1", "versions": [] });
        write_private(&credentials, &nobody)?;
        let bare = Bare::start_with("program", credentials.display().to_string()).await?;
        let address = bare.address;
        Ok(Self {
            _bare: bare,
            credentials,
            address,
        })
    }

    /// Gives it the file of its instance, which it reads when it is first asked.
    pub(crate) fn give(&self, credentials: &serde_json::Value) -> Result<()> {
        write_private(&self.credentials, credentials)
    }
}

fn write_private(path: &Path, value: &serde_json::Value) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let next = path.with_extension("next");
    std::fs::write(&next, value.to_string())?;
    std::fs::set_permissions(&next, std::fs::Permissions::from_mode(0o400))?;
    Ok(std::fs::rename(next, path)?)
}

/// A running Ringback with its data in a directory of its own.
pub(crate) struct Ringback {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin_token: String,
    pub(crate) ready_after: Duration,
    directory: PathBuf,
}

impl Ringback {
    /// Starts the binary on this data directory, with this environment besides, and waits until it is ready.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let ready_file = directory.join("ready.json");
        // A file left by a run that was killed would be read as this run's.
        let _ = std::fs::remove_file(&ready_file);
        let began = Instant::now();
        let child = Command::new(binary)
            .args(["dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory.join("data"))
            .arg("--ready-file")
            .arg(&ready_file)
            .env("RINGBACK_LOG", "error")
            .envs(environment.iter().cloned())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", binary.display()))?;
        let ready = wait_for(&ready_file, began).await?;
        let ready_after = began.elapsed();
        let text = |name: &str| {
            ready[name]
                .as_str()
                .map(str::to_owned)
                .context("a ready file")
        };
        let url = text("url")?;
        let address = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()?;
        Ok(Self {
            child,
            address,
            admin_token: text("admin_token")?,
            ready_after,
            directory: directory.to_owned(),
        })
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.join("data").join("ringback.db")
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let id = self.child.id().context("a running process")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let kib: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .context("VmRSS")?;
        Ok(kib * 1024)
    }

    /// Processor time it has used, user and system.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let id = self.child.id().context("a running process")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The fields after the name, which may hold spaces: user and system time are the 12th and 13th.
        let rest = stat.rsplit_once(')').context("a process name")?.1;
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let id = self.child.id().context("a running process")?;
        let asked = Command::new("kill").arg(id.to_string()).status().await?;
        if !asked.success() {
            bail!("the process could not be asked to stop");
        }
        self.child.wait().await?;
        Ok(())
    }
}

async fn wait_for(ready_file: &Path, began: Instant) -> Result<serde_json::Value> {
    loop {
        if let Ok(text) = std::fs::read_to_string(ready_file)
            && let Ok(ready) = serde_json::from_str(&text)
        {
            return Ok(ready);
        }
        if began.elapsed() > Duration::from_secs(20) {
            bail!("it did not become ready in 20 s");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
