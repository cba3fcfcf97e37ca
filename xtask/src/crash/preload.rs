//! Building the preload library and telling it what to do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::shell;
use crate::workspace::Workspace;

/// The built library.
#[derive(Debug, Clone)]
pub(crate) struct Preload(PathBuf);

impl Preload {
    /// Compiles `xtask/preload/faultfs.c` with the system's C compiler.
    pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<Self> {
        let source = workspace.root.join("xtask/preload/faultfs.c");
        let library = workspace.tools().join("libfaultfs.so");
        std::fs::create_dir_all(workspace.tools())?;
        compile(&source, &library)
            .context("a C compiler is needed; run `apt-get install gcc libc6-dev` as root")?;
        Ok(Self(library))
    }

    /// Where it lies.
    pub(crate) fn library(&self) -> &Path {
        &self.0
    }

    /// The environment that puts it between a program and its files below `directory`.
    pub(crate) fn environment(
        &self,
        directory: &Path,
        settings: &[(&'static str, String)],
    ) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("LD_PRELOAD", self.0.display().to_string()),
            ("RINGBACK_FAULT_DIR", directory.display().to_string()),
        ];
        environment.extend(settings.iter().cloned());
        environment
    }
}

fn compile(source: &Path, library: &Path) -> anyhow::Result<()> {
    shell::run(
        Command::new("cc")
            .args([
                "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o",
            ])
            .arg(library)
            .arg(source),
    )
}

#[cfg(test)]
mod tests {
    use super::super::disk::{Disk, Survival};
    use super::super::record::{self, Record};
    use super::*;

    /// A real program under the real library: what it did is what the log says, and what it synced
    /// is what survives.
    #[test]
    fn the_library_records_what_a_program_does() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().canonicalize().unwrap();
        let (library, data, log) = (work.join("lib.so"), work.join("data"), work.join("log"));
        std::fs::create_dir(&data).unwrap();
        compile(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/preload/faultfs.c")),
            &library,
        )
        .unwrap();
        let environment = Preload(library)
            .environment(&data, &[("RINGBACK_FAULT_LOG", log.display().to_string())]);
        let script =
            "printf hello > a; printf outside > ../b; sync a; sync .; printf ' world' >> a; mv a c";
        shell::run(
            Command::new("sh")
                .args(["-c", script])
                .current_dir(&data)
                .envs(environment),
        )
        .unwrap();

        let entries = record::read(&log).unwrap();
        let wrote = |text: &str| {
            entries.iter().any(|entry| matches!(&entry.record, Record::Write { data, .. } if data == text.as_bytes()))
        };
        assert!(wrote("hello") && !wrote("outside"));
        let mut disk = Disk::default();
        for entry in &entries {
            disk.apply(entry).unwrap();
        }
        let show = |survival| {
            let target = tempfile::tempdir().unwrap();
            disk.cut(survival)
                .materialise(&data, target.path())
                .unwrap();
            ["a", "c"].map(|name| std::fs::read_to_string(target.path().join(name)).ok())
        };
        assert_eq!(show(Survival::Nothing), [Some("hello".into()), None]);
        assert_eq!(
            show(Survival::Prefix(1)),
            [Some("hello world".into()), None]
        );
        assert_eq!(
            show(Survival::Prefix(2)),
            [None, Some("hello world".into())]
        );
    }
}
