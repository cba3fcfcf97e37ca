//! Debian packages: installed when we are root, otherwise unpacked under `target/tools/debian`.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::shell::{self, say};

/// Where unpacked packages go, and whether apt's lists are fresh.
#[derive(Debug)]
pub(crate) struct Debian {
    unpacked: PathBuf,
    state: PathBuf,
    updated: Cell<bool>,
}

impl Debian {
    pub(super) fn at(tools: &Path) -> Self {
        Self {
            unpacked: tools.join("debian"),
            state: tools.join("apt"),
            updated: Cell::new(false),
        }
    }

    /// Installs or unpacks the packages that bring `what`.
    pub(crate) fn provide(&self, what: &str, packages: &[&str]) -> anyhow::Result<()> {
        let line = format!(
            "apt-get install --no-install-recommends {}",
            packages.join(" ")
        );
        if shell::find("apt-get").is_none() {
            bail!("{what} is missing and this is no Debian; install it (on Debian: `{line}`)");
        }
        let result = if shell::is_root() {
            say(format_args!(
                "{what} is missing: installing {}",
                packages.join(", ")
            ));
            self.install(packages)
        } else {
            say(format_args!(
                "{what} is missing: unpacking {} under `{}`",
                packages.join(", "),
                self.unpacked.display()
            ));
            self.unpack(packages)
        };
        result.with_context(|| {
            format!("{what} is missing and could not be fetched; run `{line}` as root")
        })
    }

    /// The file in the unpacked packages, if it is there.
    pub(crate) fn unpacked(&self, path: &str) -> Option<PathBuf> {
        Some(self.unpacked.join(path)).filter(|file| file.exists())
    }

    /// What `LD_LIBRARY_PATH` must be for programs of unpacked packages.
    pub(crate) fn library_path(&self) -> Option<OsString> {
        let folders: Vec<_> = ["usr/lib", "lib"]
            .iter()
            .filter_map(|folder| fs::read_dir(self.unpacked.join(folder)).ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with("-linux-gnu"))
            .collect();
        if folders.is_empty() {
            return None;
        }
        std::env::join_paths(folders).ok()
    }

    fn install(&self, packages: &[&str]) -> anyhow::Result<()> {
        if !self.updated.replace(true) {
            shell::run(Command::new("apt-get").args(["update", "--quiet"]))?;
        }
        shell::run(
            Command::new("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "--quiet", "--yes", "--no-install-recommends"])
                .args(packages),
        )
    }

    /// Downloads what is not installed yet and unpacks it; needs no rights.
    fn unpack(&self, packages: &[&str]) -> anyhow::Result<()> {
        let archives = self.state.join("archives");
        for folder in [
            &self.unpacked,
            &archives,
            &self.state.join("lists/partial"),
            &archives.join("partial"),
        ] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make `{}`", folder.display()))?;
        }
        if !self.updated.replace(true) {
            shell::run(self.apt("apt-get").args(["update", "--quiet"]))?;
        }
        let plan = shell::capture(
            self.apt("apt-get")
                .args(["install", "--simulate", "--no-install-recommends"])
                .args(packages),
        )?;
        let missing = newly_installed(&plan);
        shell::run(
            self.apt("apt-get")
                .current_dir(&archives)
                .arg("download")
                .args(&missing),
        )?;
        for entry in fs::read_dir(&archives)? {
            let package = entry?.path();
            if package
                .extension()
                .is_some_and(|extension| extension == "deb")
            {
                shell::run(
                    Command::new("dpkg")
                        .arg("-x")
                        .arg(&package)
                        .arg(&self.unpacked),
                )?;
                fs::remove_file(&package)?;
            }
        }
        Ok(())
    }

    /// apt with its lists and archives in a folder of ours, because the system's belong to root.
    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .arg(format!(
                "-oDir::State::lists={}",
                self.state.join("lists").display()
            ))
            .arg(format!("-oDir::Cache={}", self.state.display()))
            .args(["-oDebug::NoLocking=1", "-oAPT::Sandbox::User="]);
        command
    }
}

/// The packages that a simulated installation would add; not upgrades, and not the compiler that
/// PostgreSQL uses only for queries we never compile.
fn newly_installed(plan: &str) -> Vec<&str> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst "))
        .filter_map(|rest| rest.split_once(' '))
        .filter(|(name, details)| !details.starts_with('[') && !name.starts_with("libllvm"))
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::newly_installed;

    #[test]
    fn only_new_packages_are_fetched() {
        let plan = "Reading package lists...\n\
            Inst libllvm14 (1:14.0.6-12 Debian:12/stable [amd64])\n\
            Inst libssl3 [3.0.14] (3.0.17 Debian:12/stable [amd64])\n\
            Inst libpq5 (15.14-0 Debian:12/stable [amd64])\n\
            Conf libpq5 (15.14-0 Debian:12/stable [amd64])\n";
        assert_eq!(newly_installed(plan), ["libpq5"]);
    }
}
