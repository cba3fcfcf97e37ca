//! `ringback key`: the master key, under which all secrets at rest are sealed.

use std::path::{Path, PathBuf};

use ringback_store::MasterKey;
use serde_json::json;

use super::restore::STORE;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::output::Output;
use crate::server::master_key;

/// Arguments of `ringback key`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Seal the secrets of a stopped server with a new master key
    Rotate(Rotate),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The server must be stopped. The new key is on the disk before the old one goes, so that a crash in
between leaves a store that opens. Backups made before still need the old key: keep it as long as
them.

Examples:
  ringback key rotate --data ringback-data
  ringback key rotate --config ringback.toml --to /etc/ringback/master-2.key")]
struct Rotate {
    #[command(flatten)]
    store: Store,
    /// Make the new key in this file, to be named in the configuration afterwards; when left out, the
    /// one beside the data is replaced
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Which store: of a configuration, or of a data directory that needs none.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Store {
    /// The configuration file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory, for a server without a configuration file
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Store {
    fn config(self) -> Result<Config, Failure> {
        if let Some(file) = self.config {
            return Config::read(&file);
        }
        let default = config::Store::default();
        Ok(Config {
            store: config::Store {
                directory: self.data.unwrap_or_else(|| default.directory.clone()),
                ..default
            },
            ..Config::default()
        })
    }
}

/// Rotates.
pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Action::Rotate(rotate) = arguments.action;
    let config = rotate.store.config()?;
    let directory = &config.store.directory;
    let current = master_key(&config);
    check_store(directory)?;
    check_new(&current, rotate.to.as_deref())?;
    let named = rotate.to.is_some();
    let file = ringback_store::rotate_master_key(directory, &current, rotate.to)?;
    if output.is_json() {
        output.json(&json!({ "master_key_file": file }));
    } else {
        output.line(format_args!(
            "the new master key is in `{}`",
            file.display()
        ));
    }
    if named {
        output.note("name it in `store.master_key_file` before the next start");
    }
    Ok(())
}

/// Opening a directory makes a store in it; here that would be a mistyped name.
fn check_store(directory: &Path) -> Result<(), Failure> {
    if directory.join(STORE).exists() {
        return Ok(());
    }
    let message = format!("`{}` holds no store", directory.display());
    Err(Failure::usage("key.no_store", message)
        .with_hint("name the data directory of a server that has run"))
}

/// A key that lies elsewhere is not replaced where it lies, and no file that is there becomes the new
/// one: it may be in use.
fn check_new(current: &MasterKey, to: Option<&Path>) -> Result<(), Failure> {
    match (current, to) {
        (_, Some(to)) if to.exists() => {
            let message = format!("`{}` is already there", to.display());
            Err(Failure::usage("key.occupied", message)
                .with_hint("name a file that is not there yet"))
        }
        (MasterKey::File(file), None) => {
            let message = format!("the master key `{}` is not beside the data", file.display());
            Err(Failure::usage("key.elsewhere", message)
                .with_hint("name a file for the new one with `--to`"))
        }
        (MasterKey::File(_) | MasterKey::Beside, _) => Ok(()),
    }
}
