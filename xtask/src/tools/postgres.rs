//! PostgreSQL's server programs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Debian;
use crate::shell;

/// Where Debian puts one folder per major version.
const DEBIAN_FOLDER: &str = "usr/lib/postgresql";

/// The folder that holds `initdb`, `postgres` and `pg_ctl`.
#[derive(Debug)]
pub(crate) struct Binaries {
    folder: PathBuf,
    /// What `LD_LIBRARY_PATH` must be for them.
    pub(crate) library_path: Option<std::ffi::OsString>,
}

impl Binaries {
    pub(super) fn provide(debian: &Debian) -> anyhow::Result<Self> {
        if search(debian).is_none() {
            debian.provide("PostgreSQL", &["postgresql"])?;
        }
        let folder =
            search(debian).context("no `initdb`; run `apt-get install postgresql` as root")?;
        Ok(Self {
            folder,
            library_path: debian.library_path(),
        })
    }

    /// One of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn search(debian: &Debian) -> Option<PathBuf> {
    on_path()
        .or_else(|| newest(&Path::new("/").join(DEBIAN_FOLDER)))
        .or_else(|| newest(&debian.unpacked(DEBIAN_FOLDER)?))
}

/// By `PATH`, through links, because the programs look for their siblings.
fn on_path() -> Option<PathBuf> {
    let initdb = shell::find("initdb")?.canonicalize().ok()?;
    complete(initdb.parent()?.to_owned())
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| {
            Some((
                path.file_name()?.to_str()?.parse::<u32>().ok()?,
                path.join("bin"),
            ))
        })
        .filter_map(|(version, path)| Some((version, complete(path)?)))
        .collect();
    found.sort_unstable();
    found.pop().map(|(_, path)| path)
}

fn complete(folder: PathBuf) -> Option<PathBuf> {
    let has_all = ["initdb", "postgres", "pg_ctl"]
        .iter()
        .all(|name| folder.join(name).is_file());
    has_all.then_some(folder)
}
