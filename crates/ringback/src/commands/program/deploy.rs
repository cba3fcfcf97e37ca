//! Where a program runs, and the credentials of one that somebody else runs.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ringback_zone::Host;
use serde_json::{Value, json};

use super::Named;
use crate::client::Client;
use crate::commands::secret;
use crate::commands::wecom::program_path;
use crate::failure::Failure;
use crate::output::Output;
use crate::size;

/// Where a program is to run.
#[derive(Debug, clap::Args)]
pub(super) struct Deploy {
    #[command(flatten)]
    named: Named,
    /// Where it runs already; one URL an instance, may be given several times
    #[arg(long = "to", value_name = "URL", conflicts_with = "process")]
    urls: Vec<url::Url>,
    /// Run it as a process of this server, not isolated: its file, an absolute path
    #[arg(long, value_name = "CMD")]
    process: Option<String>,
    /// An argument of the process; may be given several times
    #[arg(
        long = "arg",
        value_name = "ARG",
        requires = "process",
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
    /// An environment variable of the process, its value text, env:NAME or file:PATH
    #[arg(long = "env", value_name = "NAME=VALUE", requires = "process")]
    environment: Vec<String>,
    /// How many processes
    #[arg(long, value_name = "N", requires = "process", default_value_t = 1)]
    instances: u32,
    /// How much memory each may have, such as 512MiB
    #[arg(long, value_name = "SIZE", requires = "process", value_parser = size::parse)]
    memory_limit: Option<u64>,
}

impl Deploy {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<Value, Failure> {
        let (named, host) = self.parts()?;
        let body = host.map_or_else(|| json!({}), |host| json!({ "host": host }));
        let deployed = named.post(client, "deploy", &body).await?;
        if deployed
            .pointer("/host/kind")
            .is_some_and(|kind| kind == "process")
        {
            output.note("`ringback program status` shows how its instances come up");
        }
        Ok(deployed)
    }

    /// Which program, and where; no host where what the program says itself is meant.
    fn parts(self) -> Result<(Named, Option<Host>), Failure> {
        let host = match self.process {
            Some(command) => Some(Host::Process {
                command,
                arguments: self.arguments,
                environment: environment(&self.environment)?,
                instances: self.instances,
                memory_limit_bytes: self.memory_limit,
            }),
            None if self.urls.is_empty() => None,
            None => Some(Host::Url { urls: self.urls }),
        };
        Ok((self.named, host))
    }
}

fn environment(pairs: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let read = |pair: &String| {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            let message = format!("`--env {pair}` is not of the form NAME=VALUE");
            Failure::usage("program.environment", message)
        })?;
        Ok((name.to_owned(), secret::given(value)?))
    };
    pairs.iter().map(read).collect()
}

/// Which instance, and where its credentials go.
#[derive(Debug, clap::Args)]
pub(super) struct Credentials {
    /// Its id
    program: String,
    /// Which instance, from 1
    instance: u32,
    /// Write them into this file, mode 0400; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Credentials {
    pub(super) async fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let program = program_path(&self.program);
        let path = format!("{program}/instances/{}/credentials", self.instance);
        let credentials: Value = client.get(&path).await?;
        let Some(file) = self.out else {
            output.json(&credentials);
            return Ok(());
        };
        let text = serde_json::to_string(&credentials).map_err(Failure::internal)? + "\n";
        replace(&file, text.as_bytes()).map_err(|error| Failure::file("write", &file, &error))?;
        output.note(format_args!(
            "written to `{}`; name it in RINGBACK_ZONE_CREDENTIALS",
            file.display()
        ));
        Ok(())
    }
}

/// Puts the bytes there whole: a program that reads the file again never sees half of them.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or_else(|| Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o400))?;
    file.persist(path)?;
    Ok(())
}
