//! A JDK: the peer in Java is compiled by the `java` that runs it, and its server is the JDK's own.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};

use super::Debian;
use crate::shell;

/// The oldest Java that the peer is written for.
const OLDEST_MAJOR: u32 = 17;
/// What the peer needs; a JRE has no compiler.
const MODULES: [&str; 3] = ["jdk.compiler", "jdk.httpserver", "java.net.http"];
/// Debian's usual one, and the one of releases whose usual one is older.
const PACKAGES: [&str; 2] = ["default-jdk-headless", "openjdk-17-jdk-headless"];
/// Where Debian puts one folder per JDK.
const DEBIAN_FOLDER: &str = "usr/lib/jvm";

/// The `java` of a JDK.
pub(super) fn provide(debian: &Debian) -> anyhow::Result<PathBuf> {
    let what = format!("a JDK of version {OLDEST_MAJOR} or newer");
    let mut failure = None;
    for package in PACKAGES {
        if let Some(java) = search(debian) {
            return Ok(java);
        }
        failure = debian.provide(&what, &[package]).err();
        mend_links(debian)?;
    }
    search(debian).ok_or_else(|| {
        let line = format!("apt-get install {}", PACKAGES[0]);
        failure.unwrap_or_else(|| anyhow!("{what} is missing; run `{line}` as root"))
    })
}

fn search(debian: &Debian) -> Option<PathBuf> {
    let installed = Path::new("/").join(DEBIAN_FOLDER);
    let folders = [Some(installed), debian.unpacked(DEBIAN_FOLDER)];
    shell::find("java")
        .into_iter()
        .chain(folders.into_iter().flatten().flat_map(in_folder))
        .find(|java| is_fit(java, debian))
}

fn in_folder(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/java")))
        .filter(|java| java.is_file())
        .collect()
}

/// Whether it starts, is new enough and has all modules.
fn is_fit(java: &Path, debian: &Debian) -> bool {
    let mut command = Command::new(java);
    command.arg("--list-modules");
    if let Some(path) = debian.library_path() {
        command.env("LD_LIBRARY_PATH", path);
    }
    shell::capture(&mut command).is_ok_and(|modules| has_all(&modules))
}

/// Judges lines such as `jdk.compiler@17.0.15`.
fn has_all(modules: &str) -> bool {
    MODULES.iter().all(|name| {
        modules.lines().any(|line| {
            let version = line
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('@'));
            let major = version.and_then(|version| version.split(['.', '-', '+']).next());
            major
                .and_then(|major| major.parse().ok())
                .is_some_and(|major: u32| major >= OLDEST_MAJOR)
        })
    })
}

/// Debian's JDK has its settings in `/etc`, and links there that are whole only once it is installed.
fn mend_links(debian: &Debian) -> anyhow::Result<()> {
    let (Some(folder), Some(settings)) = (debian.unpacked(DEBIAN_FOLDER), debian.unpacked("etc"))
    else {
        return Ok(());
    };
    relink(&folder, &settings)
        .with_context(|| format!("cannot mend links in `{}`", folder.display()))
}

fn relink(folder: &Path, settings: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.symlink_metadata()?.file_type();
        if kind.is_dir() {
            relink(&path, settings)?;
        } else if kind.is_symlink()
            && let Ok(inside) = fs::read_link(&path)?.strip_prefix("/etc")
        {
            fs::remove_file(&path)?;
            symlink(settings.join(inside), &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{has_all, relink};

    #[test]
    fn links_into_etc_lead_to_what_was_unpacked() {
        let unpacked = tempfile::tempdir().expect("a folder of its own");
        let (jdk, settings) = (
            unpacked.path().join("jdk/conf"),
            unpacked.path().join("etc"),
        );
        for folder in [&jdk, &settings] {
            fs::create_dir_all(folder).expect("an empty folder takes folders");
        }
        fs::write(settings.join("java.security"), "mended").expect("the folder is there");
        symlink("/etc/java.security", jdk.join("java.security")).expect("the folder is there");
        symlink("../conf", jdk.join("inside")).expect("the folder is there");
        relink(unpacked.path(), &settings).expect("everything is ours");
        let read = fs::read_to_string(jdk.join("inside/java.security"));
        assert_eq!(read.ok().as_deref(), Some("mended"));
    }

    #[test]
    fn an_old_java_and_one_without_a_compiler_will_not_do() {
        let of = |version: &str, last: &str| {
            ["java.net.http", "jdk.httpserver", last]
                .map(|name| format!("{name}@{version}"))
                .join("\n")
        };
        assert!(has_all(&of("17.0.15", "jdk.compiler")));
        assert!(has_all(&of("21", "jdk.compiler")));
        assert!(!has_all(&of("11.0.2", "jdk.compiler")));
        assert!(!has_all(&of("17.0.15", "jdk.jartool")));
    }
}
